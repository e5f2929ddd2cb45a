"""What is due when, by name."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Final

_SLACK: Final = 64


class Agenda:
    """Each name has one time; a new one takes the place of the one before. Among equals the first to be put is first.

    Finding what is due costs what is due, however many names there are. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._times: dict[str, float] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._places: dict[str, int] = {}
        """The number of each name's entry in the heap; other entries of it are outdated."""
        self._numbers = count()

    def when(self, name: str) -> float:
        """The time of a name, also after it was taken; infinity when it has none."""
        return self._times.get(name, float("inf"))

    def put(self, name: str, when: float) -> None:
        """Give a name its time; infinity is none."""
        if when == float("inf"):
            self.drop(name)
            return
        if name in self._places and self._times[name] == when:
            return
        self._times[name] = when
        self._places[name] = next(self._numbers)
        heapq.heappush(self._heap, (when, self._places[name], name))
        if len(self._heap) > 2 * len(self._places) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_valid(entry)]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """Forget a name."""
        self._times.pop(name, None)
        self._places.pop(name, None)

    def take(self, now: float) -> list[str]:
        """The names whose time has come, in order; each is told once until it gets another time."""
        taken = []
        while self.next_due() <= now:
            _, _, name = heapq.heappop(self._heap)
            del self._places[name]
            taken.append(name)
        return taken

    def next_due(self) -> float:
        """The earliest time of all that was not taken; infinity when there is none."""
        while self._heap and not self._is_valid(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else float("inf")

    def _is_valid(self, entry: tuple[float, int, str]) -> bool:
        return self._places.get(entry[2]) == entry[1]

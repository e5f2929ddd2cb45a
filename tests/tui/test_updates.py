"""A fleet in motion is shown at a pace, and keys go first."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from gitops_tui.tui.updates import A_SECOND, Updates


class Screen:
    """Shows when it is told to, and lets time pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.typing_until = 0.0
        self.shown: list[float] = []
        self._numbers = itertools.count()
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self.updates = Updates(self._show, self._later, lambda: self.now < self.typing_until, lambda: self.now)

    def _show(self) -> None:
        self.shown.append(round(self.now - 100.0, 3))

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._calls, (self.now + seconds, next(self._numbers), call))

    def go_on(self, seconds: float, ask_every: float = 0.0) -> None:
        end, ask = self.now + seconds, self.now
        while True:
            due = min(self._calls[0][0] if self._calls else end, ask if ask_every else end)
            if due >= end:
                self.now = end
                return
            self.now = max(due, self.now)
            if ask_every and ask <= self.now:
                ask += ask_every
                self.updates.ask()
            while self._calls and self._calls[0][0] <= self.now:
                heapq.heappop(self._calls)[2]()


def test_what_comes_after_a_rest_is_shown_at_once() -> None:
    screen = Screen()
    screen.updates.ask()
    screen.go_on(5.0)
    screen.updates.ask()
    assert screen.shown == [0.0, 5.0]


def test_what_never_rests_is_shown_at_a_pace() -> None:
    screen = Screen()
    screen.go_on(2.0, ask_every=0.01)
    assert len(screen.shown) == 2 * A_SECOND


def test_the_last_of_many_is_shown() -> None:
    screen = Screen()
    screen.updates.ask()
    screen.go_on(0.05)
    screen.updates.ask()
    screen.go_on(1.0)
    assert screen.shown == [0.0, 0.2]


def test_a_key_goes_first() -> None:
    screen = Screen()
    screen.typing_until = screen.now + 0.012
    screen.updates.ask()
    assert screen.shown == []
    screen.go_on(1.0)
    assert screen.shown == [0.015]


def test_somebody_who_never_stops_typing_sees_what_changes() -> None:
    screen = Screen()
    screen.typing_until = screen.now + 60.0
    screen.go_on(3.0, ask_every=0.01)
    assert len(screen.shown) == 10

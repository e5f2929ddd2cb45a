"""Who computes in the background stands aside while the screen has something to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_LONGEST: Final = 0.03
"""Seconds that a job waits at most: a screen that is busy for longer has to share."""
_STALLED: Final = 0.5
"""Seconds at work without a pause after which nobody waits: a terminal that does not read holds the screen up."""


class Courtesy:
    """Between two jobs a thread asks `give_way`; it waits there while the screen is at work.

    The interpreter runs one thread at a time and changes between them in turns of a switch interval, so a screen that
    has to share each of its turns with two busy threads takes three times as long to answer a key.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = 0.0
        self._free = threading.Event()
        self._free.set()

    @property
    def is_free(self) -> bool:
        """Whether the screen waits for input, or there is none."""
        return self._free.is_set()

    def begin(self) -> None:
        """The screen has something to do."""
        self._began = self._clock()
        self._free.clear()

    def end(self) -> None:
        """The screen waits for input."""
        self._free.set()

    def give_way(self) -> None:
        """Wait while the screen is at work, but not for long."""
        if not self._free.is_set() and self._clock() - self._began < _STALLED:
            self._free.wait(_LONGEST)

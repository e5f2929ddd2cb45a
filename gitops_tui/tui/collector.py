"""Full garbage collections, when nobody is at the keyboard: one over a large fleet stops all for half a second."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

_YOUNG, _MIDDLE, _NEVER = 700, 3, 1_000_000
_QUIET: Final = 5.0
"""Seconds without a key after which nobody is taken to be typing."""
_ENOUGH: Final = 150
"""Collections of the middle generation after which a full one is worth it."""
_LEAST: Final = 60.0
"""Seconds between two full ones."""


class Collector:
    """Takes full collections away from the interpreter. What dies young is collected as ever."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._typed = self._collected = clock()

    def take_over(self) -> None:
        """From now on a full collection is made by `tidy` only."""
        gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)

    def hold(self) -> None:
        """Collect nothing while the screen is at work: 5 ms of another one's garbage would be in a key.

        By the threshold, since who must not be disturbed by a collection for another reason disables the collector.
        """
        gc.set_threshold(0)

    def go_on(self) -> None:
        """The screen waits: whoever makes an object too many collects what has died young."""
        gc.set_threshold(_YOUNG)

    def typed(self) -> None:
        """Somebody is at the keyboard."""
        self._typed = self._clock()

    def tidy(self) -> bool:
        """Collect all if it is due and nobody would feel it; whether it was done."""
        now = self._clock()
        if now - self._typed < _QUIET or now - self._collected < _LEAST or gc.get_count()[2] < _ENOUGH:
            return False
        self._collected = now
        gc.collect()
        return True

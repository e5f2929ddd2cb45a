"""When the screen shows the newest snapshot: at a pace that an eye can follow, and never before a key."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

A_SECOND: Final = 5
"""Updates, while very much changes."""
_BRIEF: Final = 0.005
"""Seconds until it is seen again whether somebody still types."""
_LATEST: Final = 0.1
"""Seconds by which an update is late at most because keys go first."""


class Updates:
    """Shows as often as makes sense, and always once more after the last time it was asked to.

    show: shows the newest. later: calls something after so many seconds. is_typing: whether a key was typed of which
    not all is there that it did. clock: monotonic seconds.
    """

    def __init__(
        self,
        show: Callable[[], None],
        later: Callable[[float, Callable[[], None]], object],
        is_typing: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show = show
        self._later = later
        self._is_typing = is_typing
        self._clock = clock
        self._shown = float("-inf")
        self._waits = False

    def ask(self) -> None:
        """There is something newer."""
        if not self._waits:
            self._waits = True
            self._go_on(max(self._shown + 1 / A_SECOND, self._clock()))

    def _go_on(self, due: float) -> None:
        now = self._clock()
        if now < due:
            self._later(due - now, lambda: self._go_on(due))
        elif self._is_typing() and now < due + _LATEST:
            self._later(_BRIEF, lambda: self._go_on(due))
        else:
            self._waits, self._shown = False, now
            self._show()

"""Waiting that ends: at a condition, at a deadline, or when a person stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gitops_tui.model.errors import ClusterError
from gitops_tui.model.values import dataclass

POLL: Final = 1.0
"""Seconds between two looks at something that is waited for; the first ones follow each other sooner."""
_FIRST: Final = 0.0625


class StoppedError(Exception):
    """A person stopped the operation; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Pace:
    """clock: monotonic seconds. wait: sleeps up to so many seconds; true at once when the operation is stopped."""

    clock: Callable[[], float]
    wait: Callable[[float], bool]
    is_stopped: Callable[[], bool]

    def check(self) -> None:
        """Raise StoppedError when the operation is stopped."""
        if self.is_stopped():
            raise StoppedError

    def until(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Look until `is_done`, at most so many seconds. False: the time is over. Raises StoppedError.

        A look that fails for a passing reason (an API server that restarts) is one that found nothing.
        """
        deadline = self.clock() + seconds
        poll = _FIRST
        while not _looked(is_done):
            self.check()
            left = deadline - self.clock()
            if left <= 0:
                return False
            if self.wait(min(poll, left)):
                raise StoppedError
            poll = min(2 * poll, POLL)
        return True

    def pause(self, seconds: float) -> None:
        """Let so many seconds pass. Raises StoppedError."""
        self.until(lambda: False, seconds)


def _looked(is_done: Callable[[], bool]) -> bool:
    try:
        return is_done()
    except ClusterError as error:
        if error.temporary:
            return False
        raise

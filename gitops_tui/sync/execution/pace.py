"""Waiting that ends: at a condition, at a deadline, or when a person stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gitops_tui.model.errors import ClusterError
from gitops_tui.model.values import dataclass

POLL: Final = 1.0
"""Seconds between two looks at something that is waited for; the first ones follow each other sooner."""
_FIRST: Final = 0.0625
_LONG: Final = 2.0
"""Seconds after which one who waits makes room for others."""


class StoppedError(Exception):
    """A person stopped the operation; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Pace:
    """clock: monotonic seconds. wait: sleeps up to so many seconds; true at once when the operation is stopped.

    rests: told true when something has been waited for rather long, and false when that is over.
    """

    clock: Callable[[], float]
    wait: Callable[[float], bool]
    is_stopped: Callable[[], bool]
    rests: Callable[[bool], None]

    def check(self) -> None:
        """Raise StoppedError when the operation is stopped."""
        if self.is_stopped():
            raise StoppedError

    def until(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Look until `is_done`, at most so many seconds. False: the time is over. Raises StoppedError.

        A look that fails for a passing reason (an API server that restarts) is one that found nothing.
        """
        started = self.clock()
        poll, is_resting = _FIRST, False
        try:
            while not _looked(is_done):
                self.check()
                waited = self.clock() - started
                if waited >= seconds:
                    return False
                if waited >= _LONG and not is_resting:
                    is_resting = True
                    self.rests(True)
                if self.wait(min(poll, seconds - waited)):
                    raise StoppedError
                poll = min(2 * poll, POLL)
            return True
        finally:
            if is_resting:
                self.rests(False)

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

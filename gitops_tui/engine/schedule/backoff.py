"""When to try again."""

from __future__ import annotations

from gitops_tui.chance import between
from gitops_tui.model.values import dataclass


@dataclass(slots=True)
class Backoff:
    """Growing delays in seconds: first, first times factor, … up to most, each with up to `jitter` of itself added."""

    first: float
    factor: float
    most: float
    jitter: float = 0.0
    failures: int = 0

    def fail(self) -> float:
        """Count a failure and return the seconds to wait."""
        exponent = min(self.failures, 64)
        self.failures += 1
        delay = min(self.first * self.factor**exponent, self.most)
        return delay * between(1, 1 + self.jitter)

    def succeed(self) -> None:
        """Begin anew."""
        self.failures = 0


def spread(interval: float, share: float = 0.1) -> float:
    """`interval` with up to `share` of itself added, so that many repositories do not beat in time."""
    return interval * between(1, 1 + share)

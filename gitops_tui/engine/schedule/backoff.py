"""When to try again."""

from __future__ import annotations

import random

from gitops_tui.model.values import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Growing delays in seconds: first, first times factor, … up to most, each with up to `jitter` of itself added."""

    first: float
    factor: float
    most: float
    jitter: float = 0.0
    failures: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def fail(self) -> float:
        """Count a failure and return the seconds to wait."""
        exponent = min(self.failures, 64)
        self.failures += 1
        delay = min(self.first * self.factor**exponent, self.most)
        return delay * (1 + self.jitter * self._random.random())

    def succeed(self) -> None:
        """Begin anew."""
        self.failures = 0


def spread(interval: float, share: float = 0.1) -> float:
    """`interval` with up to `share` of itself added, so that many repositories do not beat in time."""
    return interval * (1 + share * random.random())  # noqa: S311 - spreads load, guards nothing

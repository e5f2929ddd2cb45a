"""What time it is in the simulated cluster, and how long things take there."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Seconds since the epoch."""


class SystemClock:
    """The real time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class ManualClock:
    """A time that only moves when it is told to."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def move_to(self, now: float) -> None:
        """Go forward to a time; an earlier one changes nothing."""
        self._now = max(self._now, now)


@dataclass(frozen=True, slots=True)
class Timings:
    """How many seconds things take.

    schedule: until a pod is put on a node. pull: until its image is there. ready: from a container's start to its
    readiness. stop: from a pod's deletion to its end. crash: how long a crashing container runs. work: how long a
    container of a Job runs. retry: until a Job tries again, doubled each time. backoff: the first pause before a
    container or a pull is tried again, doubled each time up to longest_backoff. bind: until a claim has its volume.
    address: until a load balancer has its address.
    """

    schedule: float = 0.1
    pull: float = 0.9
    ready: float = 0.6
    stop: float = 0.8
    crash: float = 1.0
    work: float = 2.0
    retry: float = 3.0
    backoff: float = 10.0
    longest_backoff: float = 300.0
    bind: float = 0.4
    address: float = 1.5

    def faster(self, factor: float) -> Timings:
        """The same, each `factor` times as fast."""
        return replace(self, **{row.name: getattr(self, row.name) / factor for row in fields(self)})


def as_text(now: float) -> str:
    """`2026-01-31T10:00:00Z`, as objects carry times."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_seconds(text: object) -> float | None:
    """Seconds since the epoch of a time in an object; None when there is none."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None

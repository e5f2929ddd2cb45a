"""Repeated measurements, and what is compared."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_DEADLINE = 600.0


@dataclass(frozen=True, slots=True)
class Series:
    """Seconds that the same thing took, run after run."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{_shown(self.median)} ({_shown(low)} to {_shown(high)})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. most: the largest ratio (or, without a peer, seconds) that reaches the goal."""

    what: str
    ours: Series
    peer: Series | None
    most: float
    note: str = ""

    @property
    def value(self) -> float:
        """What is held against the goal."""
        return self.ours.median / self.peer.median if self.peer else self.ours.median

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.most

    def cells(self) -> tuple[str, ...]:
        """The line of the table."""
        peer = str(self.peer) if self.peer else "-"
        value, most = (f"{self.value:.2f}", f"{self.most:g}") if self.peer else (_shown(self.value), _shown(self.most))
        return self.what, str(self.ours), peer, value, most, "yes" if self.reached else "**no**", self.note


def timed(command: Sequence[str], folder: Path, codes: Sequence[int] = (0,)) -> float:
    """Seconds of one process. RuntimeError with its words when it ends with another code."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE,
    )
    seconds = time.perf_counter() - start
    if done.returncode not in codes:
        raise RuntimeError(f"{command[:8]} ended with {done.returncode}: {done.stderr[-2000:]} {done.stdout[-500:]}")
    return seconds


def in_turn(repeats: int, ours: Callable[[int], float], peer: Callable[[int], float]) -> tuple[Series, Series]:
    """Measure two things one after the other, over and over, so that a machine that slows down slows both."""
    pairs = [(ours(number), peer(number)) for number in range(repeats)]
    return Series(tuple(pair[0] for pair in pairs)), Series(tuple(pair[1] for pair in pairs))


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.2f} ms"

"""Repeated measurements, and what is compared."""

from __future__ import annotations

import math
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.setting import Setting

_DEADLINE = 600.0
WITHOUT_GOAL = math.inf
"""The goal of a row that is only told."""


class Unit(StrEnum):
    """What is counted. NUMBER: a count, a slope, a ratio."""

    SECONDS = "s"
    MEBIBYTES = "MiB"
    NUMBER = ""

    def shown(self, value: float) -> str:
        """A value as one reads it."""
        if self is Unit.SECONDS:
            return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
        if self is Unit.MEBIBYTES:
            return f"{value:.0f} MiB"
        return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


class Figure(StrEnum):
    """Which value of a series is held against the goal."""

    MEDIAN = "median"
    P95 = "p95"
    MOST = "max"


@dataclass(frozen=True, slots=True)
class Series:
    """What the same thing took, run after run."""

    values: tuple[float, ...]
    unit: Unit = Unit.SECONDS

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def take(self, figure: Figure) -> float:
        """One value for all."""
        if figure is Figure.MOST:
            return max(self.values)
        if figure is Figure.P95:
            return sorted(self.values)[math.ceil(len(self.values) * 0.95) - 1]
        return self.median

    def told(self, figure: Figure = Figure.MEDIAN) -> str:
        """The value, and between which the others are."""
        value = self.unit.shown(self.take(figure))
        if len(self.values) == 1:
            return value
        low, high = (self.unit.shown(end) for end in (min(self.values), max(self.values)))
        if figure is Figure.MEDIAN:
            return f"{value} ({low} to {high})"
        return f"{figure} {value} (median {self.unit.shown(self.median)}, {low} to {high})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report.

    most: the largest value that reaches the goal: a ratio beside a peer, else in the unit of `ours`.
    note: the peer, or how it was measured. held: what holds it where it is missed, kept up with the design.
    """

    what: str
    ours: Series
    peer: Series | None
    most: float
    note: str = ""
    held: str = ""
    figure: Figure = Figure.MEDIAN

    @property
    def value(self) -> float:
        """What is held against the goal."""
        mine = self.ours.take(self.figure)
        return mine / self.peer.take(self.figure) if self.peer else mine

    @property
    def has_goal(self) -> bool:
        """Whether anything is to be reached."""
        return self.most < WITHOUT_GOAL

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.most


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: its name, and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A plot of the report. name: of its file. logarithmic: both axes, so that a slope is a power."""

    name: str
    title: str
    across: str
    up: str
    lines: tuple[Line, ...]
    logarithmic: bool = True


Measure = Callable[[Setting], Iterator[Row | Curve]]
"""Measures some rows; what it yielded before it failed is kept."""


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


def quantiles(values: Sequence[float], most: int = 201) -> tuple[float, ...]:
    """At most so many of the values, at even ranks and with both extremes: what a report needs of a long series."""
    ordered = sorted(values)
    if len(ordered) <= most:
        return tuple(ordered)
    return tuple(ordered[round(rank * (len(ordered) - 1) / (most - 1))] for rank in range(most))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How a value grows with what it is for, as a power (1: in proportion), by least squares over the logarithms."""
    across = [math.log(x) for x, _ in points]
    return statistics.linear_regression(across, [math.log(y) for _, y in points]).slope

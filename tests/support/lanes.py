"""Lanes in which the test says when something comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gitops_tui.engine.future import Future
from gitops_tui.engine.schedule.lanes import InlineLanes

T = TypeVar("T")


class Slow(InlineLanes):
    """Runs each job at once, but tells what those of a lane have found only when the test says so."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.is_slow = False
        self.told: list[Callable[[], None]] = []

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        done = super().submit(lane, width, job)
        if not (self.is_slow and lane.startswith(self.lane)):
            return done
        later: Future[Any] = Future()
        self.told.append(lambda: later.set_result(done.result()))
        return later

    def go_on(self) -> None:
        """Tell what is held back, and hold nothing back any more."""
        self.is_slow = False
        while self.told:
            self.told.pop(0)()

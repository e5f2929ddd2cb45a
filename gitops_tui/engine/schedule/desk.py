"""What every part of the worker works with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gitops_tui.engine.schedule.books import Books
from gitops_tui.journal import Journal
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.values import dataclass

RunJob = Callable[[str, int, Callable[[], Any], Callable[[Any], None], Callable[[GitopsError], None]], None]
"""(lane, width, job, done, failed): run the job in the lane; done or failed is called in the worker's thread."""

Post = Callable[[Callable[[], None]], None]
"""Call something in the worker's thread, soon. Thread-safe."""


class Rest(Protocol):
    """A job in a lane only waits, or goes on: `Lanes.rest`."""

    def __call__(self, lane: str, *, begins: bool) -> None:
        """Tell so."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The books, the journal, the lanes, the queue and the clock. clock: monotonic seconds."""

    books: Books
    journal: Journal
    run: RunJob
    rest: Rest
    post: Post
    clock: Callable[[], float]

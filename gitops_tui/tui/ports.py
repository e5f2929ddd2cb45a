"""What the terminal application needs of the engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from gitops_tui.engine.requests import Request
from gitops_tui.model.status import Snapshot


class EnginePort(Protocol):
    """The engine as the screens see it. Starting and stopping it is the composition root's."""

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `listener`, in any thread, with each new Snapshot; the returned function ends that."""

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something; the answer is the Future's result, a failure its GitopsError."""

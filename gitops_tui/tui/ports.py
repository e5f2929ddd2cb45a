"""What the terminal application needs of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Request
from gitops_tui.model.status import Snapshot

T = TypeVar("T")


class EnginePort(Protocol):
    """The engine as the screens see it. Starting and stopping it is the composition root's."""

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `listener`, in any thread, with each new Snapshot; the returned function ends that."""

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something; the answer is the Future's result, a failure its GitopsError."""


async def answered(future: Future[T]) -> T:
    """Wait for what the engine answers. Who is cancelled meanwhile stops to wait; the engine goes on."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[None] = loop.create_future()

    def arrive() -> None:
        if not arrived.done():
            arrived.set_result(None)

    def over(_: Future[T]) -> None:
        # A loop that has ended waits for nothing any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(arrive)

    future.add_done_callback(over)
    await arrived
    if future.cancelled():
        raise asyncio.CancelledError
    return future.result()

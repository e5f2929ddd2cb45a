"""A terminal that goes without a word: one that does not control the process sends no signal when it is closed."""

from __future__ import annotations

import asyncio
import select
import threading
from collections.abc import Callable
from contextlib import suppress


def watch(terminal: int, loop: asyncio.AbstractEventLoop, gone: Callable[[], object]) -> None:
    """Call `gone` in a loop when a terminal has been closed. Costs nothing until then.

    Where the system cannot tell of a terminal that it was closed, nothing is ever called.
    """
    threading.Thread(target=_wait, args=(terminal, loop, gone), name="hangup", daemon=True).start()


def _wait(terminal: int, loop: asyncio.AbstractEventLoop, gone: Callable[[], object]) -> None:
    waiting = select.poll()
    # Asked for nothing, it tells of an end or of an error alone.
    waiting.register(terminal, 0)
    if any(told & (select.POLLHUP | select.POLLERR) for _, told in waiting.poll()):
        with suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(gone)

"""Signals that the screen hears of, whatever its loop is busy with."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable


def hear(
    loop: asyncio.AbstractEventLoop,
    numbers: Iterable[signal.Signals],
    told: Callable[[int], object],
    at_once: Callable[[], object],
) -> None:
    """Call `told` in a loop with the number of each signal that comes, at least once. From the main thread, the loop's.

    at_once: called between two instructions of whatever the loop is busy with; what it raises is raised there.

    asyncio hears of a signal by a byte in the pipe that wakes its loop, and misses it where the pipe is full: while a
    slow terminal holds the loop up, the engine and the keyboard have ever more to tell it.
    """

    def came(number: int, _: object) -> None:
        loop.call_soon_threadsafe(told, number)
        at_once()

    for number in numbers:
        loop.add_signal_handler(number, told, number)
        signal.signal(number, came)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)

"""Signals that the screen hears of, whatever its loop is busy with."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable


def hear(loop: asyncio.AbstractEventLoop, numbers: Iterable[signal.Signals], told: Callable[[int], object]) -> None:
    """Call `told` in a loop with the number of each signal that comes, at least once. From the main thread, the loop's.

    asyncio hears of a signal by a byte in the pipe that wakes its loop, and misses it where the pipe is full: while a
    slow terminal holds the loop up, the engine and the keyboard have ever more to tell it.
    """
    for number in numbers:
        loop.add_signal_handler(number, told, number)
        signal.signal(number, lambda number, _: loop.call_soon_threadsafe(told, number))
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)

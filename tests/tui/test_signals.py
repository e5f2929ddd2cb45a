"""A signal ends the screen, whatever it is busy with."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.tui.cockpit import cockpit


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("waiting", [0, 5_000])
async def test_a_signal_is_heard_whatever_else_waits_for_the_loop(number: signal.Signals, waiting: int) -> None:
    """A terminal that is slow holds the loop up, while the engine and the keyboard have ever more to tell it."""
    async with cockpit() as driver:
        loop = asyncio.get_running_loop()
        for _ in range(waiting):
            loop.call_soon_threadsafe(int)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(60):
            while driver.app.return_code is None:
                await asyncio.sleep(0)
    assert driver.app.return_code == 128 + number

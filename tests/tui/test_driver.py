"""A frame reaches the terminal in one piece, whatever the terminal is like."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest

from gitops_tui.tui.app import GitopsApp
from gitops_tui.tui.driver import Driver
from tests.tui.scenes import ScriptedEngine

PARTS = ("\x1b[?2026h", "▌ app-0001", "\x1b[?2026l")


class Wire:
    """A driver at one end, a terminal that shows nothing at the other."""

    def __init__(self) -> None:
        self.terminal, end = os.pipe()
        self.driver = Driver(GitopsApp(ScriptedEngine()))
        self.file = self.driver._file = os.fdopen(end, "w")

    @property
    def is_silent(self) -> bool:
        return not select.select([self.terminal], [], [], 0)[0]


@pytest.fixture
def _signals() -> Iterator[None]:
    """A driver takes over what suspends a process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
async def wire(_signals: None) -> Wire:
    return Wire()


async def test_the_parts_of_a_frame_go_out_together(wire: Wire) -> None:
    for part in PARTS:
        wire.driver.write(part)
    assert wire.is_silent
    wire.driver.flush()
    assert os.read(wire.terminal, 100).decode() == "".join(PARTS)


async def test_what_is_no_frame_goes_out_by_itself(wire: Wire) -> None:
    wire.driver.write("\a")
    await asyncio.sleep(0)
    assert os.read(wire.terminal, 100) == b"\a"


async def test_a_terminal_that_takes_little_at_a_time_gets_all_of_it(wire: Wire) -> None:
    os.set_blocking(wire.file.fileno(), False)
    frame, got = "".join(f"row {number}\n" for number in range(50_000)), bytearray()

    def take() -> None:
        while len(got) < len(frame):
            got.extend(os.read(wire.terminal, 1000))

    slow = threading.Thread(target=take)
    slow.start()
    wire.driver.write(frame)
    wire.driver.flush()
    slow.join(90)
    assert got.decode() == frame


async def test_a_terminal_that_takes_nothing_does_not_hold_up_the_end(wire: Wire) -> None:
    """A signal that ends the program comes while a frame waits for a terminal, or right before."""
    wire.driver.patience = 0.01
    before = signal.signal(signal.SIGUSR1, lambda *_: wire.driver.hurry())

    def end_once_it_is_full() -> None:
        select.select([wire.terminal], [], [])
        os.kill(os.getpid(), signal.SIGUSR1)

    ending = threading.Thread(target=end_once_it_is_full)
    ending.start()
    wire.driver.write("x" * 1_000_000)
    wire.driver.flush()
    ending.join(90)
    signal.signal(signal.SIGUSR1, before)
    for part in PARTS:
        wire.driver.write(part)
        wire.driver.flush()


async def test_a_program_that_ends_gives_back_a_terminal_that_takes_it(wire: Wire) -> None:
    wire.driver.hurry()
    wire.driver.write(PARTS[0])
    wire.driver.flush()
    assert os.read(wire.terminal, 100).decode() == PARTS[0]


async def test_a_terminal_that_is_gone_is_no_fault_of_ours(wire: Wire) -> None:
    os.close(wire.terminal)
    wire.driver.write("frame")
    wire.driver.flush()

"""A frame reaches the terminal in one piece, and keys come from it in turn, whatever the terminal is like."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from textual import constants, events
from textual.message import Message

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
    before = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)}
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


class Keys:
    """A driver that has taken over a terminal, and what it tells the application of."""

    def __init__(self) -> None:
        self.terminal, self._end = os.openpty()
        self.driver = Driver(GitopsApp(ScriptedEngine()))
        self.driver.fileno = self._end
        self.driver._file = os.fdopen(os.dup(self._end), "w")
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self.driver.process_message = self._tell  # type: ignore[method-assign]
        self.driver.start_application_mode()

    def _tell(self, message: Message) -> None:
        self._told.put_nowait(message)

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    async def told(self, count: int) -> list[str]:
        """The next of what the application was told of: keys by name, a paste by its text."""
        return [_name(await asyncio.wait_for(self._told.get(), 60)) for _ in range(count)]

    @property
    def are_read_by_a_thread(self) -> bool:
        thread = self.driver._key_thread
        assert thread is not None
        thread.join(30)
        return thread.is_alive()

    def close(self) -> None:
        self.driver.stop_application_mode()
        self.driver.close()
        for file in (self.terminal, self._end):
            with suppress(OSError):
                os.close(file)


def _name(message: Message) -> str:
    match message:
        case events.Key():
            return message.key
        case events.Paste():
            return f"paste {message.text}"
        case _:
            return type(message).__name__


@pytest.fixture
async def keys(_signals: None) -> AsyncIterator[Keys]:
    keys = Keys()
    yield keys
    keys.close()


@pytest.fixture
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, what follows an Escape follows it soon."""
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 600.0)


@pytest.mark.usefixtures("_slow")
async def test_keys_come_in_turn_and_by_no_thread(keys: Keys) -> None:
    keys.type("jk/")
    assert await keys.told(3) == ["j", "k", "slash"]
    keys.type("\x1b[A\x1b[<64;5;5M\x1b[I\x1b[200~two words\x1b[201~q")
    assert await keys.told(5) == ["up", "MouseScrollUp", "AppFocus", "paste two words", "q"]
    assert not keys.are_read_by_a_thread


async def test_an_escape_is_a_key_when_nothing_follows(keys: Keys) -> None:
    keys.type("\x1b")
    assert await keys.told(1) == ["escape"]
    keys.type("j\x1b")
    assert await keys.told(2) == ["j", "escape"]


@pytest.mark.usefixtures("_slow")
async def test_a_sequence_that_comes_in_pieces_is_one_key(keys: Keys) -> None:
    for piece in ("\x1b", "[", "B"):
        keys.type(piece)
        await _read_all(keys)
    assert await keys.told(1) == ["down"]


async def _read_all(keys: Keys) -> None:
    while select.select([keys._end], [], [], 0)[0]:
        await asyncio.sleep(0)


async def test_keys_are_left_to_others_until_the_terminal_is_taken_again(keys: Keys) -> None:
    keys.type("j")
    assert await keys.told(1) == ["j"]
    keys.driver.suspend_application_mode()
    keys.driver.resume_application_mode()
    keys.type("k")
    assert await keys.told(1) == ["k"]

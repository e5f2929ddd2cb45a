"""How the screen reaches the terminal: keys in, frames out in one piece, both in the thread that works on them."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from gitops_tui.tui.typed import Typed

_ESCAPE: Final = "\x1b"


class _GivenUpError(Exception):
    """A frame that is being written is not waited for."""


class Driver(LinuxDriver):
    """Reads keys and writes what makes a frame at once, where Textual has a thread for each.

    Such a thread would have to get a processor and the interpreter before the key comes in or the frame goes out, in
    turn with all others that compute. A terminal that is slow to read holds the loop up instead of falling behind by
    thirty frames; what the engine does goes on in its own threads.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._loop_thread = threading.get_ident()
        self._parts: list[str] = []
        self._keys: _Keys | None = None
        self._is_writing = False
        self._is_ending = False
        self.patience = 2.0
        """Seconds for which a program that ends waits for a terminal that takes nothing."""

    def write(self, data: str) -> None:
        """Write text: with the frame that it is a part of, else in this turn of the loop."""
        if threading.get_ident() != self._loop_thread:
            super().write(data)
            return
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def flush(self) -> None:
        """Write what is to be written."""
        parts, self._parts = self._parts, []
        if not parts or self._file is None:
            return
        frame = memoryview("".join(parts).encode(errors="backslashreplace"))
        terminal = self._file.fileno()
        if self._is_ending:
            self._write_the_last(terminal, frame)
            return
        with suppress(_GivenUpError):
            try:
                self._is_writing = True
                _write(terminal, frame)
            finally:
                self._is_writing = False

    def _write_the_last(self, terminal: int, frame: memoryview) -> None:
        writer = threading.Thread(target=_write, args=(terminal, frame), name="last-frame", daemon=True)
        writer.start()
        writer.join(self.patience)
        if writer.is_alive():
            self._file = None  # what follows would wait for it

    def hurry(self) -> None:
        """Let no terminal that takes nothing hold up the end. Called by the handler of a signal, in the loop's thread.

        A frame that is being written is left as it is; what gives the terminal back has `patience` seconds.
        """
        is_first, self._is_ending = not self._is_ending, True
        if self._is_writing and is_first:
            raise _GivenUpError

    def start_application_mode(self) -> None:
        """Take the terminal, if we may have it."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._key_thread is not None and self._keys is None:
            self._keys = _Keys(self._loop, self.fileno, self.process_message, XTermParser(self._debug))

    def run_input_thread(self) -> None:
        """Leave the keys to the loop."""

    def send_message(self, message: Message) -> None:
        """Tell the application of a key or an answer: without a turn of the loop from the loop itself."""
        if threading.get_ident() == self._loop_thread:
            self._app.post_message(message)
        else:
            super().send_message(message)

    def disable_input(self) -> None:
        """Take no more keys."""
        if self._keys is not None:
            self._keys.close()
            self._keys = None
        super().disable_input()

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again. Who was stopped without a word still has it, as the shell may have changed it."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()


class _Keys:
    """Reads keys in a loop, whatever the terminal sends, until it is closed or the terminal is gone.

    take: is told of each key, paste and answer in turn.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, terminal: int, take: Callable[[Message], None], parser: XTermParser
    ) -> None:
        self._loop = loop
        self._terminal = terminal
        self._take = take
        self._parser = parser
        self._typed = Typed()
        self._late: asyncio.TimerHandle | None = None
        loop.add_reader(terminal, self._read)

    def close(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._terminal)
        if self._late is not None:
            self._late.cancel()

    def _read(self) -> None:
        data = _read(self._terminal)
        if not data:
            self.close()  # it is gone, for which others watch
            return
        text = self._typed.take(data)
        for message in self._parser.feed(text) if text else ():
            self._take(message)
        if self._late is not None:
            self._late.cancel()
        elif _ESCAPE not in text:
            return
        # It is a key, or the beginning of a sequence: that shows by what follows soon, or does not.
        self._late = self._loop.call_later(constants.ESCAPE_DELAY, self._nothing_followed)

    def _nothing_followed(self) -> None:
        self._late = None
        for message in self._parser.tick():
            self._take(message)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def _write(terminal: int, left: memoryview) -> None:
    while left:
        try:
            left = left[os.write(terminal, left) :]
        except BlockingIOError:
            select.select((), (terminal,), ())
        except OSError:
            return  # it is gone, for which others watch

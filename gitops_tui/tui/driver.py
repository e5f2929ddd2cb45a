"""How the screen reaches the terminal, a frame in one piece from the thread that made it, and how keys come from it."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from gitops_tui.tui.typed import Typed


class _GivenUpError(Exception):
    """A frame that is being written is not waited for."""


class Driver(LinuxDriver):
    """Writes at once what makes a frame, where Textual hands each part of it to a thread.

    That thread would have to get a processor and the interpreter before the frame goes out, in turn with all others
    that compute. A terminal that is slow to read holds the loop up instead of falling behind by thirty frames; what
    the engine does goes on in its own threads.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._loop_thread = threading.get_ident()
        self._parts: list[str] = []
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

    def run_input_thread(self) -> None:
        """Read keys, whatever the terminal sends, until the screen is left or the terminal is gone."""
        parser, typed = XTermParser(self._debug), Typed()
        while not self.exit_event.is_set():
            # Not poll, which some systems have for no terminal.
            if select.select([self.fileno], [], [], 0.1)[0]:
                data = _read(self.fileno)
                if not data:
                    return  # it is gone, for which others watch
                text = typed.take(data)
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again. Who was stopped without a word still has it, as the shell may have changed it."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()


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

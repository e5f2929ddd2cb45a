"""How the screen reaches the terminal: a frame in one piece, from the thread that made it."""

from __future__ import annotations

import os
import select
import threading
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


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
        left = memoryview("".join(parts).encode(errors="backslashreplace"))
        terminal = self._file.fileno()
        while left:
            try:
                left = left[os.write(terminal, left) :]
            except BlockingIOError:
                select.select((), (terminal,), ())
            except OSError:
                return  # it is gone, for which others watch

"""The program in a pseudo-terminal, as a terminal sees it: bytes in, frames out."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LARGE: Final = (140, 40)
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;?$<>=]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[=>()][A-B0]?)")
_ASKED: Final = b"\x1b[?2026$p"
_CAN: Final = b"\x1b[?2026;2$y"
_END: Final = "\x1b[?2026l"
_MOST: Final = 1 << 16


class Terminal:
    """What is written to it, with the time at which each frame was complete.

    It answers, as terminals do, that it shows a frame when it is complete; the program marks the end of each.
    """

    def __init__(self, master: int, process: subprocess.Popen[bytes], started: float) -> None:
        self.process = process
        self.started = started
        self._master = master
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._read_at = started
        self.bytes = 0

    def send(self, keys: bytes) -> float:
        """Type; returns when."""
        self._text = ""
        now = time.perf_counter()
        os.write(self._master, keys)
        return now

    def until(self, wanted: str, timeout: float = 60.0) -> float:
        """When a frame was complete that shows text of this pattern, painted since the last key or call.

        TimeoutError with what was painted instead.
        """
        pattern, deadline = re.compile(wanted), time.perf_counter() + timeout
        while True:
            end = self._text.rfind(_END)
            if end >= 0 and pattern.search(_ESCAPE.sub("", self._text[:end])):
                self._text = self._text[end:]
                return self._read_at
            if not self._take(deadline - time.perf_counter()):
                raise TimeoutError(f"{wanted!r} was not painted in {timeout} s: {_ESCAPE.sub('', self._text)[-3000:]}")

    def rest(self, seconds: float) -> None:
        """Let time pass, taking what is painted meanwhile."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self._take(left)
            self._text = self._text[-_MOST:]

    def _take(self, timeout: float) -> bool:
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        data = os.read(self._master, _MOST)
        self._read_at = time.perf_counter()
        self.bytes += len(data)
        if _ASKED in data:
            os.write(self._master, _CAN)
        self._text += self._decoder.decode(data)
        return True

    def cpu(self) -> float:
        """Seconds of processor time that it has used, with all its threads, without its children."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def terminal(arguments: Sequence[str], folder: Path, size: tuple[int, int] = LARGE) -> Iterator[Terminal]:
    """The program with these arguments, in a terminal of that size; ended at the end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITOPS_TUI", "TMUX"))}
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_STATE_HOME": str(folder / "xdg")}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitops_tui", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(master, process, started)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)

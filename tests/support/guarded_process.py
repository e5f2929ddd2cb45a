"""A server process that never outlives the test that started it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

# Blocks until its standard input closes, which happens at the latest when whoever holds the other end dies,
# by whatever signal; then the server's whole process group goes. Works wherever there is a POSIX shell.
_GUARD = 'read -r _; kill -KILL "-$0" 2>/dev/null'


class GuardedProcess:
    """One server in a process group of its own, its output in a log file.

    If the process that started it dies, even by SIGKILL, the whole group is killed.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], guard: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._guard = guard

    @classmethod
    def start(cls, argv: Sequence[str | Path], log: Path) -> Self:
        """Start `argv`, appending all of its output to `log`. Raises OSError if it cannot be executed."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(argument) for argument in argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                start_new_session=True,
            )
        guard = subprocess.Popen(["sh", "-c", _GUARD, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True)
        return cls(Path(argv[0]).name, process, guard, log)

    @property
    def pid(self) -> int:
        """The server's process id, which is its group's id too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative after a signal."""
        return self._process.poll()

    def stop(self, grace: float = 0.0) -> None:
        """End the whole group and wait for it: SIGTERM first if there is a `grace` in seconds, then SIGKILL."""
        if grace > 0 and self.exit_code is None:
            os.killpg(self.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):  # SIGKILL follows
                self._process.wait(grace)
        if self.exit_code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        # Killed rather than released: its number could be another group's by the time it acts.
        self._guard.kill()
        self._guard.communicate()

    def log_tail(self, lines: int = 25) -> str:
        """The last lines of its log, for a message that says why it did not do its work."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

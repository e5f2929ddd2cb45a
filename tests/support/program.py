"""The real program in processes of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """`gitops-tui` with the options that every call gets."""

    options: tuple[str, ...]

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "gitops_tui", *self.options, *arguments]

    def __call__(self, *arguments: str, code: int | None = None) -> Answer:
        """Run a verb to its end. code: what it has to exit with."""
        done = subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEADLINE,
            env=_environment(),
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        if code is not None:
            assert answer.code == code, f"{arguments}: {answer}"
        return answer

    def json(self, *arguments: str, code: int | None = None) -> Any:
        """Run a verb with `-o json` and decode its answer."""
        return self(*arguments, "-o", "json", code=code).json

    @contextmanager
    def daemon(self, *arguments: str, as_configured: bool = False) -> Iterator[Daemon]:
        """`--headless` in the background; killed at the end if it still runs.

        as_configured: it listens where the configuration says.
        """
        # Two daemons of tests that run side by side must not want the same port.
        listen = () if as_configured or "--listen" in arguments else ("--listen", "127.0.0.1:0")
        process = subprocess.Popen(
            self.command("--headless", *listen, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        running = Daemon(process)
        try:
            yield running
        finally:
            process.kill()
            process.wait(_DEADLINE)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run a verb in the background."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )


class Daemon:
    """A running daemon and its log."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next log event that is as wanted; each line has to be JSON."""
        while True:
            try:
                line = self._lines.get(timeout=_DEADLINE)
            except queue.Empty:
                raise AssertionError(f"no such event; the log: {self.events}") from None
            assert line is not None, f"the daemon ended; the log: {self.events}"
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)
            if wanted(event):
                return event

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_DEADLINE)


def _environment() -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("GITOPS_TUI", "XDG_"))}
    return {**keep, "KUBECONFIG": os.devnull}

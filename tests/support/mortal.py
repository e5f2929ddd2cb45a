"""The real program in a process of its own that is killed at a step of the test's choice.

Processes are forked from one that has loaded the program already, so that a kill at each of a hundred steps takes
seconds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_DEADLINE = 120.0
_LOADED = ("pytest", "gitops_tui.__main__", "gitops_tui.cli.run", "gitops_tui.engine.worker", "gitops_tui.headless")
_FORKS = multiprocessing.get_context("forkserver")


class Death(Protocol):
    """Arranges, inside the process, that it kills itself at one step."""

    def __call__(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AtCommit:
    """Dies right before the end of the k-th transaction (counted from 0) that writes to the journal."""

    step: int

    def __call__(self) -> None:
        count = iter(range(sys.maxsize))
        death, open_file = self, sqlite3.connect

        class Connection(sqlite3.Connection):
            writes = False

            def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
                if sql.startswith("BEGIN"):
                    self.writes = sql == "BEGIN IMMEDIATE"
                if sql == "COMMIT" and self.writes and next(count) == death.step:
                    _die()
                return super().execute(sql, *more)

        sqlite3.connect = lambda *given, **named: open_file(*given, factory=Connection, **named)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class AtChild:
    """Dies right after it has started its k-th child process (counted from 0), which is most often a git."""

    step: int

    def __call__(self) -> None:
        count = iter(range(sys.maxsize))
        death = self

        def deadly(begin: Callable[..., Any]) -> Any:
            def start(*given: Any, **named: Any) -> Any:
                begun = begin(*given, **named)
                if next(count) == death.step:
                    _die()
                return begun

            return start

        subprocess.Popen.__init__ = deadly(subprocess.Popen.__init__)  # type: ignore[method-assign]
        os.posix_spawnp = deadly(os.posix_spawnp)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Mortal:
    """A running program. log: what it printed."""

    process: Any
    log: Path

    def wait(self) -> int:
        """Its exit code; -9 when it was killed."""
        self.process.join(_DEADLINE)
        code = self.process.exitcode
        assert code is not None, f"it still runs: {self.log.read_text()}"
        self.process.close()
        return int(code)

    def kill_when(self, met: Callable[[], bool]) -> bool:
        """Kill it as soon as something is so; False when it ended before."""
        deadline = time.monotonic() + _DEADLINE
        while not met():
            if not self.process.is_alive():
                return False
            assert time.monotonic() < deadline, f"neither ended nor there: {self.log.read_text()}"
            time.sleep(0.002)
        self.process.kill()
        return self.wait() == -signal.SIGKILL


def start(log: Path, arguments: Sequence[str], death: Death | None = None) -> Mortal:
    """Run the program with these arguments; what it prints is added to `log`."""
    process = _FORKS.Process(target=_live, args=(str(log), tuple(arguments), death))
    process.start()
    return Mortal(process, log)


def _live(log: str, arguments: tuple[str, ...], death: Death | None) -> None:
    from gitops_tui.__main__ import main  # noqa: PLC0415

    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(output, number)
    for name in [name for name in os.environ if name.startswith(("GITOPS_TUI", "XDG_"))]:
        del os.environ[name]
    os.environ["KUBECONFIG"] = os.devnull
    if death is not None:
        death()
    sys.exit(main(arguments))


@contextmanager
def prepared() -> Iterator[None]:
    """Have the program loaded, ready to be forked, until the block ends."""
    from multiprocessing import forkserver  # noqa: PLC0415

    _FORKS.set_forkserver_preload([*_LOADED, __name__])
    forkserver.ensure_running()
    try:
        yield
    finally:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]

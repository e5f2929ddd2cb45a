"""The terminal is tiny, dumb, closed, or none at all: no crash, nothing left running, the screen given back."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.manifests import config_map
from tests.support.orphans import no_orphans
from tests.support.work_tree import WorkTree

_DEADLINE = 60.0
TAKEN, GIVEN_BACK, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"


class Session:
    """The program in a pseudo-terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master, self.seen = process, master, b""

    def until(self, wanted: bytes) -> None:
        """Read until it is there."""
        deadline = time.monotonic() + _DEADLINE
        while wanted not in self.seen:
            assert time.monotonic() < deadline, self.seen[-2000:]
            assert self._read(), self.seen[-2000:]

    def rest(self) -> bytes:
        """Everything up to the end of the program."""
        while self._read():
            pass
        self.process.wait(_DEADLINE)
        return self.seen

    def _read(self) -> bool:
        with suppress(OSError):  # the other end is closed
            data = os.read(self._master, 1 << 16)
            self.seen += data
            return bool(data)
        return False

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self._master)


@pytest.fixture
def arguments(tmp_path: Path) -> tuple[str, ...]:
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First release", {"app/settings.yaml": config_map("settings", colour="blue")})
    where = ("--kubeconfig", str(tmp_path / "none"), "--state-dir", str(tmp_path / "state"))
    return ("--repo", str(repository.path), "--path", "app", *where)


@contextmanager
def terminal(
    arguments: tuple[str, ...],
    columns: int,
    rows: int,
    name: str,
    *,
    controls: bool = True,
    errors: int | None = None,
    program: tuple[str, ...] = ("-m", "gitops_tui"),
) -> Iterator[Session]:
    """controls: it is the program's controlling terminal, whose end is told by a signal. errors: where stderr goes."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with no_orphans():
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave if errors is None else errors,
            start_new_session=True,
            # No thread of ours runs yet.
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controls else None,  # noqa: PLW1509
            env={**os.environ, "TERM": name, "KUBECONFIG": os.devnull},
        )
        os.close(slave)
        session = Session(process, master)
        try:
            yield session
        finally:
            with suppress(OSError):
                os.close(master)
            process.kill()
            process.wait(_DEADLINE)


def test_the_screen_is_on_the_terminal_wherever_errors_go(arguments: tuple[str, ...], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as errors, terminal(arguments, 80, 24, "xterm-256color", errors=errors.fileno()) as session:
        session.until(TAKEN)
        session.type(b"Q")
        assert GIVEN_BACK in session.rest()
    assert log.read_bytes() == b""


@pytest.mark.parametrize("name", ["xterm-256color", "dumb", "unknown-terminal"])
@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (80, 24)])
def test_any_terminal_of_any_size_is_given_back(
    arguments: tuple[str, ...], *, columns: int, rows: int, name: str
) -> None:
    with terminal(arguments, columns, rows, name) as session:
        session.until(TAKEN)
        session.until(b"\x1b[?2026$p")
        session.type(b"Q")
        seen = session.rest()

        assert session.process.returncode == 0
        assert seen.rindex(GIVEN_BACK) > seen.rindex(TAKEN)
        assert CURSOR in seen[seen.rindex(TAKEN) :]
        assert b"Traceback" not in seen


@pytest.mark.parametrize("controls", [True, False], ids=["told by a signal", "told by nobody"])
def test_a_terminal_that_is_closed_ends_the_program(arguments: tuple[str, ...], *, controls: bool) -> None:
    with terminal(arguments, 80, 24, "xterm-256color", controls=controls) as session:
        session.until(TAKEN)
        session.until(b"\x1b[?2026$p")
        session.hang_up()
        assert session.process.wait(_DEADLINE) is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(arguments: tuple[str, ...], number: signal.Signals) -> None:
    with terminal(arguments, 80, 24, "xterm-256color") as session:
        session.until(TAKEN)
        session.until(b"Unknown")
        session.process.send_signal(number)
        seen = session.rest()
        assert session.process.returncode == 128 + number
        assert seen.rindex(GIVEN_BACK) > seen.rindex(TAKEN)
        assert b"Traceback" not in seen


FAULTS = {
    "in a screen": "from gitops_tui.tui.screens import info; info.InfoView.update = fail",
    "in a worker": "from gitops_tui.tui.keyboard import Keyboard; Keyboard._hand_on = fail",
    "between the terminal and a key": "from gitops_tui.tui import typed; typed.Typed.take = fail",
}
FAULTY = """
import sys
from gitops_tui.__main__ import main

def fail(*_):
    canary = "hunter2-" + "canary"
    raise LookupError(canary)

{fault}
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_the_program_shows_no_stack_and_nothing_that_it_holds(
    arguments: tuple[str, ...], fault: str
) -> None:
    program = ("-c", FAULTY.format(fault=fault))
    with terminal(arguments, 80, 24, "xterm-256color", program=program) as session:
        session.until(TAKEN)
        session.until(b"Unknown")
        session.type(b"i")
        seen = session.rest()
        assert session.process.returncode == 2
        after = seen[seen.rindex(GIVEN_BACK) :]
        assert b"stopped by a fault of its own (LookupError)" in after
        assert b"Traceback" not in seen
        assert b"canary" not in seen


def test_what_is_no_key_and_no_text_is_survived(arguments: tuple[str, ...]) -> None:
    with terminal(arguments, 80, 24, "xterm-256color") as session:
        session.until(b"Unknown")
        session.type(b"/\xff\xfe\x80")
        session.until("\ufffd".encode())
        session.type(b"\x03")
        seen = session.rest()
        assert session.process.returncode == 0
        assert b"Traceback" not in seen


def test_what_was_pasted_presses_no_keys(arguments: tuple[str, ...]) -> None:
    """Colours are copied with a text from some terminals: what follows them is no command to quit."""
    with terminal(arguments, 80, 24, "xterm-256color") as session:
        session.until(b"Unknown")
        session.type(b"\x1b[200~\x1b[31mQQQ\x1b[201~")
        session.type(b"?")
        session.until(b"KEYS")
        session.type(b"Q")
        session.rest()
        assert session.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP], ids=["asked to", "made to"])
def test_a_program_that_was_stopped_paints_all_of_the_screen_when_it_goes_on(
    arguments: tuple[str, ...], number: signal.Signals
) -> None:
    with terminal(arguments, 80, 24, "xterm-256color") as session:
        session.until(b"Unknown")
        session.process.send_signal(number)
        assert os.WIFSTOPPED(os.waitpid(session.process.pid, os.WUNTRACED)[1])
        session.seen = b""
        session.process.send_signal(signal.SIGCONT)
        session.until(TAKEN)
        for part in (b"Applications", b"NAME", b"Open"):
            session.until(part)
        session.type(b"Q")
        seen = session.rest()
        assert session.process.returncode == 0
        assert GIVEN_BACK in seen[seen.rindex(b"Open") :]


def test_without_a_terminal_it_says_what_to_do_instead(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gitops_tui", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DEADLINE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: the terminal application: needs a terminal",
        "hint: use a verb such as `status`, or --headless",
    ]

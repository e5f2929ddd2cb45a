"""What a terminal shows more than a pipe, and what it is protected from."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cli.diagnostics import Diagnostics
from gitops_tui.cli.output import Cell, Output, facts
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Refresh, Request
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.model.status import RunningOperation, Snapshot
from tests.cli.prepared import DRIFTED, PreparedSession, Run, Terminal, snapshot, status

HOSTILE = "\x1b]0;owned\x07\u202etxt.exe\x9b31m"


def test_colours_are_for_terminals(terminal: Terminal) -> None:
    assert terminal.run(PreparedSession(snapshot(status())), "status") == 0
    assert "\x1b[32m✓ Synced" in terminal.read()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_they_are_not_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert terminal.run(PreparedSession(snapshot(DRIFTED)), "status") == 1
    seen = terminal.read()
    assert "≠ OutOfSync" in seen
    assert "\x1b" not in seen


def test_the_last_column_ends_at_the_edge_of_the_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    wrong = status("cart", summary="界" * 200)
    terminal.run(PreparedSession(snapshot(wrong)), "status")
    line = terminal.read().splitlines()[1]
    assert line.endswith("…")
    assert len(line) + line.count("界") <= 100


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_hostile_text_cannot_command_the_terminal(gitops: Run, form: str) -> None:
    hostile = status("cart", summary=HOSTILE, health=Health(HealthCode.DEGRADED, HOSTILE), context=HOSTILE)
    said = gitops(PreparedSession(snapshot(hostile)), "status", "-o", form)
    assert not set(said.out) & set("\x1b\x07\x9b\u202e")


def test_symbols_are_left_out_where_they_cannot_be_printed() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    Output(stream).table(("A", "B"), [(Cell("Synced", symbol="✓"), Cell("→ é"))])
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    assert written.getvalue().decode("latin-1") == "A       B\nSynced  ? é\n"


def test_facts(capsys: pytest.CaptureFixture[str]) -> None:
    facts((("kubeconfig", "/a/b"), ("repository", "/c")), "table")
    facts((("kubeconfig", "/a/b"),), "json")
    assert (
        capsys.readouterr().out == 'WHAT        WHERE\nkubeconfig  /a/b\nrepository  /c\n{\n  "kubeconfig": "/a/b"\n}\n'
    )


class SlowSession(PreparedSession):
    """Answers a Refresh when it is told to."""

    def submit(self, request: Request) -> Future[Any]:
        if not isinstance(request, Refresh):
            return super().submit(request)
        self.waiting: Future[Any] = Future()
        return self.waiting


def test_progress_is_shown_when_it_takes_long_and_wiped_when_it_ends(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_tui.cli.diagnostics._PATIENCE", 0.0)
    running = RunningOperation("1", "sync", OperationPhase.RUNNING, 2, 5, f"apps/Deployment shop/web{HOSTILE}")
    session = SlowSession(snapshot(status(running=running)))
    codes: list[int] = []
    verb = threading.Thread(target=lambda: codes.append(terminal.run(session, "status")))
    verb.start()
    seen = terminal.read_until("shop: Running 2/5 apps/Deployment shop/web")
    assert "\x1b]0" not in seen
    session.waiting.set_result(session.current)
    verb.join(60)
    assert codes == [0]
    assert "\r\x1b[K\x1b[2mNAME" in terminal.read()


def test_no_progress_in_a_pipe() -> None:
    stream, before = io.StringIO(), threading.active_count()
    with Diagnostics(stream, io.StringIO()).progress(lambda: "never"):
        assert threading.active_count() == before
    assert stream.getvalue() == ""


def test_an_engine_that_died_is_not_waited_for() -> None:
    session = SlowSession(Snapshot(), failure=RuntimeError("a bug"))
    terminal = Terminal()
    try:
        with pytest.raises(RuntimeError, match="a bug"):
            terminal.run(session, "status")
    finally:
        terminal.close()


def program(body: str) -> list[str]:
    return [sys.executable, "-c", body]


ROOT = Path(__file__).parents[2]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    body = """
import sys
from gitops_tui.cli import change, configure, look, parser, run
heavy = {"textual", "rich", "kubernetes", "git", "deepdiff", "jsonschema", "pygments"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run(program(body), cwd=ROOT, check=True, timeout=120)


def test_the_parser_needs_nothing_but_the_standard_library() -> None:
    body = """
import sys
from gitops_tui.cli.parser import build_parser
build_parser("0").parse_args(["status"])
ours = [name for name in sys.modules if name.startswith("gitops_tui")]
command_line = ["gitops_tui.cli", "gitops_tui.cli.parser", "gitops_tui.cli.options"]
assert set(ours) == {"gitops_tui", "gitops_tui.finder", *command_line}, ours
"""
    subprocess.run(program(body), cwd=ROOT, check=True, timeout=120)


WAITING = """
import signal
from tests.cli.prepared import *
import sys
# Whoever runs the tests in the background has had the signal ignored for all below.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Silent(PreparedSession):
    def submit(self, request):
        print("waiting", flush=True)
        return Future()
sys.exit(run(build_parser("0").parse_args(["status"]), Silent(Snapshot())))
"""


def test_ctrl_c_ends_with_130_and_one_line() -> None:
    with subprocess.Popen(
        program(WAITING), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as verb:
        assert verb.stdout is not None
        assert verb.stdout.readline() == "waiting\n"
        verb.send_signal(signal.SIGINT)
        _, said = verb.communicate(timeout=120)
    assert (verb.returncode, said) == (130, "note: interrupted\n")


MANY = """
from tests.cli.prepared import *
import sys
many = snapshot(*(status(f"app-{number}") for number in range(20_000)))
sys.exit(run(build_parser("0").parse_args(["status"]), PreparedSession(many)))
"""


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    with subprocess.Popen(program(MANY), cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True) as verb:
        os.close(write)
        os.read(read, 10)
        os.close(read)
        _, said = verb.communicate(timeout=120)
    assert (verb.returncode, said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_without_room_is_told_as_that() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gitops_tui", "config", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: the output: cannot be written: No space left on device\nhint: is the disk full?\n"

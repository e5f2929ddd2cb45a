"""Verbs run in a pipe, and on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gitops_tui.cli.parser import build_parser
from gitops_tui.cli.run import run
from tests.cli.prepared import PreparedSession, Run, Said, Terminal


@pytest.fixture
def gitops(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a verb in a pipe, as a script does, in a time zone that golden texts can name."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    def call(session: PreparedSession, *words: str) -> Said:
        code = run(build_parser("0").parse_args(words), session)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal that knows colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made = Terminal()
    yield made
    made.close()

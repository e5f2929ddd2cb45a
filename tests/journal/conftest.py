from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gitops_tui
from gitops_tui.journal import Journal

_ROOT = Path(gitops_tui.__file__).parent.parent
_PRELUDE = """
import json, os, signal, sys, time
from dataclasses import replace
from pathlib import Path
from gitops_tui.journal import Journal
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import OperationKind, OperationPhase, Pin, Receipt, ResourceResult, Result
from gitops_tui.model.resources import ResourceKey

KEY = ResourceKey("apps", "Deployment", "shop", "web")
def say(text):
    print(text, flush=True)
def receipt(operation, **more):
    fields = dict(application="shop", revision="a" * 40, kind=OperationKind.SYNC, actor="alice@host",
                  phase=OperationPhase.RUNNING, started=time.time())
    return Receipt(operation, **{**fields, **more})
journal = Journal.open(Path(sys.argv[1]))
"""

Process = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    opened = Journal.open(folder)
    assert opened.claim_writer("the test")
    yield opened
    opened.close()


@pytest.fixture
def process(folder: Path) -> Iterator[Process]:
    """Runs a script that finds `journal` open on the same state folder, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _PRELUDE + textwrap.dedent(script), str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        child = subprocess.Popen(
            command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()

"""The git commands that the program runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.source.transport.runner import Runner


def git_commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that each command is added to as it is run: `ls-remote`, `fetch`, ..."""
    commands: list[str] = []
    start = Runner._start

    def counted(self: Runner, git_dir: Path | None, arguments: Sequence[str], *more: Any, **options: Any) -> Any:
        commands.append(arguments[0])
        return start(self, git_dir, arguments, *more, **options)

    monkeypatch.setattr(Runner, "_start", counted)
    return commands

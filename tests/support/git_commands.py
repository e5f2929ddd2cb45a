"""The git commands that the program runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitops_tui.source.transport.runner import Runner


def git_commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that each command is added to as it is run: `ls-remote`, `fetch`, ..."""
    commands: list[str] = []
    stream = Runner.stream

    def counted(self: Runner, git_dir: Path | None, *arguments: str, **more: Any) -> Any:
        commands.append(arguments[0])
        return stream(self, git_dir, *arguments, **more)

    monkeypatch.setattr(Runner, "stream", counted)
    return commands

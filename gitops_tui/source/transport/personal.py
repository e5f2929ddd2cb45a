"""The few things that the user's own Git configuration is asked for, by name; git itself never sees the rest."""

from __future__ import annotations

import os
from pathlib import Path

from gitops_tui.source.transport.runner import Runner


def personal_settings(runner: Runner, pattern: str) -> list[tuple[str, bytes]]:
    """Return (name in lower case, value) of all settings whose name matches, later ones win.

    pattern: a POSIX regular expression on the whole name. GitFailedError for a file that is malformed.
    """
    return [row for file in _files() for row in _stated(runner, file, pattern, "--includes")]


def settings_in(runner: Runner, repository: Path, pattern: str) -> list[tuple[str, bytes]]:
    """Return the same of a repository on this machine, without what its file includes."""
    files = (repository / ".git" / "config", repository / "config")
    return [row for file in files if file.is_file() for row in _stated(runner, file, pattern, "--no-includes")]


def _stated(runner: Runner, file: Path, pattern: str, includes: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    query = ("config", f"--file={file}", includes, "--null", "--get-regexp", pattern)
    for row in runner.run(None, *query, accept=(0, 1)).stdout.split(b"\0")[:-1]:
        name, stated, value = row.partition(b"\n")
        # A name alone is git's short form of true.
        found.append((os.fsdecode(name).lower(), value if stated else b"true"))
    return found


def _files() -> tuple[Path, ...]:
    """The system's file, then the user's, as git looks for them."""
    system = Path("/etc/gitconfig")
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    if named:
        return system, Path(named)
    home = Path.home()
    base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return system, base / "git" / "config", home / ".gitconfig"

"""Commits as values, read from `git log`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gitops_tui.model.patterns import pattern
from gitops_tui.model.revision import Revision
from gitops_tui.model.text import one_line, sanitize
from gitops_tui.source.objects import lines as lines_of
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Runner

_FORMAT: Final = "%H%x00%an%x00%ae%x00%at%x00%s%x00%B"
_LOG: Final = ("log", "-z", f"--format={_FORMAT}", "--encoding=UTF-8", "--no-mailmap", "--no-notes", "--no-color")
_FIELDS: Final = _FORMAT.count("%x00") + 1
_LONGEST_MESSAGE: Final = 10_000
_LONGEST_PATH: Final = 5
"""Moves of a folder that are followed."""
_BLAME: Final = Limits(timeout=20.0, output=16 << 20)
_BLAMED: Final = pattern(rb"^([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$", re.MULTILINE)


def commits(
    runner: Runner, copy: Path, sha: str, path: str = "", *, limit: int, offset: int = 0
) -> tuple[Revision, ...]:
    """Return the commits that touch a path, newest first; "" is everything."""
    arguments = [*_LOG, f"--max-count={limit}", f"--skip={offset}", "--end-of-options", sha]
    output = runner.run(copy, *arguments, "--", *([path] if path else []))
    return tuple(_parsed(output.stdout))


def count(runner: Runner, copy: Path, sha: str, path: str) -> int:
    """Return how many commits touch a path."""
    output = runner.run(copy, "rev-list", "--count", "--end-of-options", sha, "--", *([path] if path else []))
    return int(output.stdout)


def blamed(runner: Runner, copy: Path, sha: str, path: str, ranges: Iterable[tuple[int, int]]) -> dict[int, Revision]:
    """Return the commit that last changed each line of these ranges of a file (from, to; counted from 1)."""
    wanted = [f"-L{first},{last}" for first, last in ranges]
    if not wanted:
        return {}
    output = runner.run(copy, "blame", "--porcelain", *wanted, sha, "--", path, limits=_BLAME)
    found = {int(match[2]): match[1].decode() for match in _BLAMED.finditer(output.stdout)}
    known = _named(runner, copy, set(found.values()))
    return {line: known[name] for line, name in found.items() if name in known}


def _named(runner: Runner, copy: Path, shas: Iterable[str]) -> dict[str, Revision]:
    arguments = (*_LOG, "--no-walk=unsorted", "--stdin")
    with lines_of(sorted(shas)) as wanted:
        output = runner.run(copy, *arguments, stdin=wanted)
    return {revision.sha: revision for revision in _parsed(output.stdout)}


def followed(runner: Runner, copy: Path, sha: str, path: str, *, limit: int, offset: int) -> tuple[Revision, ...]:
    """Return the commits that touch a folder, through moves of it to its present place."""
    found: list[Revision] = []
    for _ in range(_LONGEST_PATH):
        found += commits(runner, copy, sha, path, limit=limit - len(found), offset=offset)
        if len(found) >= limit or not path:
            break
        total = count(runner, copy, sha, path)
        offset = max(offset - total, 0)
        origin = _moved_from(runner, copy, sha, path, total)
        if origin is None:
            break
        sha, path = origin
    return tuple(found)


def _moved_from(runner: Runner, copy: Path, sha: str, path: str, total: int) -> tuple[str, str] | None:
    """The parent and the folder that the files of `path` came from, when its first commit moved it here."""
    first = commits(runner, copy, sha, path, limit=1, offset=max(total - 1, 0))
    if not first:
        return None
    arguments = ("diff-tree", "-r", "-M", "-l1000", "--diff-filter=R", "--name-status", "-z", "--no-commit-id")
    output = runner.run(copy, *arguments, "--end-of-options", first[0].sha)
    parts = output.stdout.decode(errors="surrogateescape").split("\0")
    origins = {_origin(old, new, path) for _, old, new in zip(parts[::3], parts[1::3], parts[2::3], strict=False)}
    origins.discard(None)
    # Files that came together from several places are a new folder, not a moved one.
    if len(origins) != 1 or not (origin := origins.pop()):
        return None
    return f"{first[0].sha}^", origin


def _origin(old: str, new: str, path: str) -> str | None:
    if not new.startswith(f"{path}/"):
        return None
    rest = new.removeprefix(path)
    return old.removesuffix(rest) if old.endswith(rest) and old != rest else None


def _parsed(data: bytes) -> Iterator[Revision]:
    parts = data.decode(errors="replace").split("\0")
    for start in range(0, len(parts) - _FIELDS + 1, _FIELDS):
        sha, author, email, seconds, subject, message = parts[start : start + _FIELDS]
        yield Revision(
            sha,
            one_line(author, limit=120),
            one_line(email, limit=120),
            _time(seconds),
            one_line(subject),
            sanitize(message.strip("\n"), limit=_LONGEST_MESSAGE),
        )


def _time(text: str) -> float:
    """A broken commit may hold no time, or one beyond all calendars."""
    seconds = int(text) if text.isdigit() else 0
    return float(seconds) if seconds < 1 << 40 else 0.0

"""A path as it was at another commit: which files that changes, and the commit that does it.

Trees are put together in an index of their own, in the bare mirror: no working tree, no hooks, no filters.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, cast

from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.revision import FileChange
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace
from gitops_tui.source import objects
from gitops_tui.source.remote import Workshop
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, said_by_git
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Access, Runner
from gitops_tui.source.writing.identity import Identity

_DIFF: Final = Limits(timeout=120.0, output=128 << 20)
_COMMIT: Final = Limits(timeout=120.0)
_RAW: Final = pattern(rb":\d{6} (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]")
_COUNTS: Final = pattern(rb"(\d+|-)\t(\d+|-)\t(.+)", re.DOTALL)
_ABSENT: Final = b"000000"

Entry = tuple[bytes, bytes, bytes]
"""(mode, id, path) of a file as it shall be; mode 000000 takes it away."""


def compared(runner: Runner, copy: Path, old: str, new: str, path: str) -> tuple[tuple[FileChange, ...], list[Entry]]:
    """Return what changes below a path from one commit to another, for showing and for an index."""
    wanted = ("diff-tree", "-r", "-z", "--raw", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv")
    below = ["--", path] if path else []
    output = runner.run(copy, *wanted, "--no-abbrev", "--end-of-options", old, new, *below, limits=_DIFF)
    changes: dict[bytes, FileChange] = {}
    entries: list[Entry] = []
    parts = iter(output.stdout.split(b"\0")[:-1])
    for part in parts:
        if raw := _RAW.fullmatch(part):
            name = next(parts)
            before, after = ("" if not value.strip(b"0") else value.decode() for value in raw.groups()[1:])
            changes[name] = FileChange(one_line(os.fsdecode(name), limit=500), None, None, before, after)
            entries.append((raw[1], raw[3], name))
        elif counted := _COUNTS.fullmatch(part):
            added, removed = (None if value == b"-" else int(value) for value in counted.groups()[:2])
            changes[counted[3]] = replace(changes[counted[3]], added=added, removed=removed)
    return tuple(changes.values()), entries


def tree_with(at: Workshop, tip: str, entries: Iterable[Entry]) -> str:
    """Return the id of the tree of `tip` with these entries in it."""
    # What goes comes first: a file may take the place of a folder, and the other way round.
    ordered = sorted(entries, key=lambda entry: entry[0] != _ABSENT)
    with tempfile.TemporaryDirectory(prefix="gitops-tui-index-") as folder, tempfile.TemporaryFile() as listing:
        own = Access(environment={"GIT_INDEX_FILE": str(Path(folder) / "index")})
        listing.writelines(b"%s %s\t%s\0" % entry for entry in ordered)
        listing.seek(0)
        at.run("read-tree", "--end-of-options", tip, access=own)
        at.run("update-index", "-z", "--index-info", access=own, stdin=cast(BinaryIO, listing))
        return at.run("write-tree", access=own)


def commit(at: Workshop, tree: str, parent: str, message: str, identity: Identity) -> str:
    """Return the id of a new commit of a tree on top of another commit. SourceError when it cannot be signed."""
    sign = "--gpg-sign" if identity.signs else "--no-gpg-sign"
    try:
        return at.run("commit-tree", sign, "-p", parent, "-m", message, tree, access=identity.access, limits=_COMMIT)
    except GitFailedError as error:
        if not identity.signs:
            raise
        raise SourceError(
            "the commit",
            f"it could not be signed: {said_by_git(error)}",
            hint="unlock the key, or set `signCommits: false` in the settings",
        ) from error


def verify(at: Workshop, made: str, tip: str, revision: str, path: str) -> None:
    """See that a commit has the path of `revision` and everything else of `tip`."""
    runner = at.remote.runner
    here, there = (objects.ids(runner, at.copy, sha, [path])[path] for sha in (made, revision))
    _, changed = compared(runner, at.copy, tip, made, "")
    _, wanted = compared(runner, at.copy, tip, revision, path)
    if here != there or sorted(changed) != sorted(wanted):
        raise DamagedError(f"the tree of {made[:7]} is not what was asked for")

"""What a commit holds, as Git tells it: each file with its id and size, and what is in some of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source.objects import lines
from gitops_tui.source.transport.failures import DamagedError
from gitops_tui.source.transport.process import Limits, Running
from gitops_tui.source.transport.runner import Runner

LARGEST_COUNT: Final = 200_000
LARGEST_SIZE: Final = 2 << 30
_LISTING: Final = Limits(timeout=60.0, output=128 << 20)
EXTRACTION: Final = Limits(timeout=300.0, output=LARGEST_SIZE + (64 << 20))
CONTENTS: Final = ("cat-file", "--batch", "--buffer")

LINK: Final = "120000"
_MODULE: Final = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit. mode: as Git writes it. size: bytes."""

    path: str
    mode: str
    id: str
    size: int


def listed(runner: Runner, copy: Path, sha: str) -> list[Entry]:
    """Return all files of a commit; submodules are left out.

    SourceError for a commit over the caps or with a path that climbs, DamagedError when it cannot be read.
    """
    output = runner.run(copy, "ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", sha, limits=_LISTING)
    entries: list[Entry] = []
    total = 0
    for row in output.stdout.split(b"\0")[:-1]:
        head, _, name = row.partition(b"\t")
        mode, _, identity, size = head.decode().split()
        if mode == _MODULE:
            continue
        path = os.fsdecode(name)
        _refuse_climbing(sha, path)
        if not size.isdigit():
            raise DamagedError(f"object {identity[:7]} of {one_line(path)} is missing")
        entries.append(Entry(path, mode, identity, int(size)))
        total += entries[-1].size
    if len(entries) > LARGEST_COUNT or total > LARGEST_SIZE:
        raise SourceError(
            f"commit {sha[:7]}",
            f"it holds {len(entries)} files with {total >> 20} MiB; the most are {LARGEST_COUNT} files and"
            f" {LARGEST_SIZE >> 20} MiB",
            hint="keep manifests in a repository of their own",
        )
    return entries


def _refuse_climbing(sha: str, path: str) -> None:
    parts = path.split("/")
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts):
        raise SourceError(f"commit {sha[:7]}", f"the path {one_line(path)} is not allowed")


def contents(runner: Runner, copy: Path, entries: Sequence[Entry]) -> list[bytes]:
    """Return what is in these files, with one process. DamagedError when an object cannot be read."""
    found: list[bytes] = []
    with (
        lines(entry.id for entry in entries) as wanted,
        runner.stream(copy, *CONTENTS, stdin=wanted, limits=EXTRACTION) as running,
    ):
        for entry in entries:
            expect(running, entry)
            data = running.read(entry.size)
            if len(data) != entry.size or running.read(1) != b"\n":
                raise DamagedError(f"object {entry.id[:7]} ends early")
            found.append(data)
        running.finish()
    return found


def expect(running: Running, entry: Entry) -> None:
    """Read what stands before the content of a file in the output of git. DamagedError when it is another."""
    header = running.read_line().split()
    if len(header) != 3 or header[0] != entry.id.encode() or int(header[2]) != entry.size:
        raise DamagedError(f"object {entry.id[:7]} of {one_line(entry.path)} cannot be read")

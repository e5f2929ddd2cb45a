"""What was read of a copy, for the next process: its refs, and what commits of it are and hold.

It is believed while the files of the copy are those that it was read from, by their names, sizes and times. A commit
that is damaged without such a trace is found out where its objects are read.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass, field
from gitops_tui.private import write_private
from gitops_tui.source.refs import Refs

_FORMAT: Final = 1
_MOST: Final = 2000
"""Commits, paths and patterns that are remembered of one repository, each."""


@dataclass(slots=True)
class Memory:
    """What is known of one copy.

    kept: the commits that refs of ours guard, None when that is not known. trees: by commit and path. folders: by
    commit and pattern.
    """

    refs: Refs | None = None
    kept: frozenset[str] | None = None
    revisions: dict[str, Revision] = field(default_factory=dict)
    trees: dict[tuple[str, str], str | None] = field(default_factory=dict)
    folders: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def fingerprint(copy: Path) -> str:
    """Names, sizes and times of what a bare repository is made of, loose objects by their folders; as a digest."""
    made = blake2b(f"{_FORMAT} {copy.name}".encode(), digest_size=16)
    with suppress(OSError):
        for path, size, time in _files(copy):
            made.update(f"\n{path} {size} {time}".encode(errors="surrogateescape"))
    return made.hexdigest()


def _files(copy: Path) -> Iterator[tuple[str, int, int]]:
    for name in ("HEAD", "config", "packed-refs"):
        with suppress(FileNotFoundError):
            status = os.stat(copy / name)  # noqa: PTH116 - hundreds of them at each start
            yield name, status.st_size, status.st_mtime_ns
    waiting = [str(copy / "refs"), str(copy / "objects")]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            yield entry.path, status.st_size, status.st_mtime_ns
            if entry.is_dir(follow_symlinks=False) and (len(entry.name) > 2 or "/refs" in folder):
                waiting.append(entry.path)


def recalled(path: Path, copy: Path) -> Memory | None:
    """What is remembered of a copy; None when that is nothing, or the copy is not what it was."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_bytes())
        if data["print"] != fingerprint(copy):
            return None
        refs = data["refs"]
        return Memory(
            Refs(refs["ids"], refs["default"], refs["head"]),
            None if data["kept"] is None else frozenset(data["kept"]),
            {name: Revision(*row) for name, row in data["revisions"]},
            {(sha, tree): value for sha, tree, value in data["trees"]},
            {(sha, pattern): tuple(found) for sha, pattern, found in data["folders"]},
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def remember(path: Path, memory: Memory, known: str) -> None:
    """Write it down for the next process. known: the fingerprint of the copy that it was read from."""
    refs = memory.refs
    if refs is None:
        return
    revisions = list(memory.revisions.items())[-_MOST:]
    data = {
        "print": known,
        "refs": {"ids": dict(refs.ids), "default": refs.default, "head": refs.head},
        "kept": None if memory.kept is None else sorted(memory.kept),
        "revisions": [[name, [r.sha, r.author, r.email, r.time, r.subject, r.message]] for name, r in revisions],
        "trees": [[*place, value] for place, value in list(memory.trees.items())[-_MOST:]],
        "folders": [[*place, found] for place, found in list(memory.folders.items())[-_MOST:]],
    }
    # What cannot be written would only have saved time.
    with suppress(OSError, ValueError):
        write_private(path, json.dumps(data, separators=(",", ":"), ensure_ascii=True))


class Known:
    """The memory of the copy in use, and the file that it outlives the process in. path: the file. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._print = ""
        self._written: tuple[object, ...] = ()
        self.is_asked = False
        """Whether what the process before has left was taken over, or cannot be any more."""
        self.memory = Memory()

    def recall(self, copy: Path) -> bool:
        """Take over what the process before has left, once; whether the copy is as it was then."""
        with self._lock:
            if self.is_asked:
                return False
            self.is_asked = True
            found = recalled(self._path, copy)
            if found is None:
                return False
            self.memory, self._print = found, fingerprint(copy)
            self._written = self._state()
            return True

    def is_current(self, copy: Path) -> bool:
        """Whether the copy is still what `note` was called for."""
        return self._print == fingerprint(copy)

    def note(self, copy: Path) -> None:
        """The refs that are known were just read from this copy, under its lock."""
        self._print = fingerprint(copy)

    def forget(self) -> None:
        """Another copy is in use: what was read from the one before may not be in it."""
        with self._lock:
            self.memory, self._print, self.is_asked = Memory(), "", True

    def write(self, copy: Path | None) -> None:
        """Leave it to the next process, if there is anything new, and if the copy is what it was read from."""
        with self._lock:
            if copy is not None and self._state() != self._written and self.is_current(copy):
                remember(self._path, self.memory, self._print)
                self._written = self._state()

    def _state(self) -> tuple[object, ...]:
        memory = self.memory
        return self._print, memory.kept, len(memory.revisions), len(memory.trees), len(memory.folders)

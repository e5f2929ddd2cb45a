"""The files of one commit, read from Git's objects as they are asked for."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gitops_tui.source.listing import LINK, Entry

_BATCH: Final = 8 << 20
_AHEAD: Final = 32 << 20
"""Bytes that are read at once, and that are held for those who will ask."""

Read = Callable[[Sequence[Entry]], list[bytes]]


class CommitFiles:
    """The files of one commit: nothing is written to a disk. Paths are relative to its root, "" is the root.

    read: what is in some of them. folder: makes a checkout of the commit.
    """

    def __init__(self, entries: Sequence[Entry], read: Read, folder: Callable[[], Path]) -> None:
        self.entries = entries
        self.folder = folder
        self._read = read
        self._files = {entry.path: entry for entry in entries}
        self._folders = _folders(self._files)
        self._expected: tuple[Entry, ...] = ()
        self._ahead: dict[str, bytes] = {}

    def mode(self, path: str) -> int:
        """The file type bits of a path (`stat.S_IFREG`, ...), 0 when it is not there."""
        entry = self._files.get(path)
        if entry is not None:
            return stat.S_IFLNK if entry.mode == LINK else stat.S_IFREG
        return stat.S_IFDIR if path in self._folders else 0

    def size(self, path: str) -> int:
        """The bytes in a file."""
        return self._files[path].size

    def names(self, folder: str) -> Sequence[str]:
        """The names in a folder."""
        return self._folders.get(folder, ())

    def contents(self, paths: Iterable[str]) -> Iterator[bytes]:
        """What is in these files, in this order, with as few processes as can be. SourceError when one is damaged."""
        for batch in _batches([self._files[path] for path in paths]):
            found = self._taken(batch)
            yield from (found[entry.path] for entry in batch)

    def expect(self, folders: Iterable[str], suffixes: tuple[str, ...]) -> None:
        """Others will ask for the files with these suffixes below these folders: read them with the first of them."""
        wanted: dict[str, Entry] = {}
        room = _AHEAD
        waiting = list(folders)
        while waiting and room > 0:
            folder = waiting.pop()
            for name in self.names(folder):
                path = f"{folder}/{name}" if folder else name
                entry = self._files.get(path)
                if entry is None:
                    waiting.append(path)
                elif path.lower().endswith(suffixes) and path not in wanted:
                    wanted[path] = entry
                    room -= entry.size
        self._expected = tuple(wanted.values()) if room > 0 else ()

    def _taken(self, batch: Sequence[Entry]) -> dict[str, bytes]:
        """What is in these files, by path. Several threads may ask, so nothing is looked at before it is taken."""
        held = ((entry.path, self._ahead.pop(entry.path, None)) for entry in batch)
        found = {path: data for path, data in held if data is not None}
        missing = {entry.path: entry for entry in batch if entry.path not in found}
        if missing:
            expected, self._expected = self._expected, ()
            asked = missing | {entry.path: entry for entry in expected if entry.path not in found}
            read = dict(zip(asked, self._read(tuple(asked.values())), strict=True))
            found |= {path: read.pop(path) for path in missing}
            self._ahead.update(read)
        return found


def _folders(files: Iterable[str]) -> dict[str, list[str]]:
    """The names in each folder, sorted."""
    found: dict[str, list[str]] = {"": []}
    for file in files:
        path, is_new = file, True
        while is_new:
            parent, _, name = path.rpartition("/")
            is_new = parent not in found
            found.setdefault(parent, []).append(name)
            path = parent
    return {folder: sorted(names) for folder, names in found.items()}


def _batches(entries: Iterable[Entry]) -> Iterator[Sequence[Entry]]:
    """In turns of some megabytes."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += entry.size
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

"""A store's memory on disk: an append-only log of JSON lines, compacted into a snapshot now and then.

`snapshot.jsonl` has a header line and one line an item; `log.jsonl` has one line a change since. Both are replaced or
appended to so that a kill at any instant leaves them readable: a torn last line is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gitops_tui.embedded.store.items import Event, Item, Key, encode

COMPACT_AFTER = 5_000


class DiskLog:
    """The log of one store in one folder. One process at a time: BlockingIOError when another has it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        guard = _open(folder / "lock")
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(guard)
            raise
        self._guard: int | None = guard
        self._log: int | None = None
        self._lines = 0

    def read(self) -> tuple[list[Item], int]:
        """Everything that was kept, and the newest revision; then the log is open for appending."""
        items: dict[Key, Item] = {}
        revision = 1
        for row in _rows(self._folder / "snapshot.jsonl"):
            revision = max(revision, _replay(row, items))
        for row in _rows(self._folder / "log.jsonl"):
            revision = max(revision, _replay(row, items))
        self._compact(iter(items.values()), revision)
        return list(items.values()), revision

    def append(self, event: Event, items: Callable[[], Iterator[Item]]) -> None:
        """Write one change down."""
        if self._log is None:
            return
        item = event.item
        row: dict[str, Any] = {"revision": item.revision, "key": item.key}
        if event.type != "DELETED":
            row["body"] = item.body
        os.write(self._log, encode(row) + b"\n")
        self._lines += 1
        if self._lines >= COMPACT_AFTER:
            self._compact(items(), item.revision)

    def close(self) -> None:
        """Let go of the folder."""
        if self._log is not None:
            os.fsync(self._log)
            os.close(self._log)
            self._log = None
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None

    def _compact(self, items: Iterator[Item], revision: int) -> None:
        fresh = self._folder / "snapshot.new"
        descriptor = _open(fresh, os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encode({"revision": revision}) + b"\n")
            for item in items:
                file.write(encode({"revision": item.revision, "key": item.key, "body": item.body}) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / "snapshot.jsonl")
        if self._log is not None:
            os.close(self._log)
        self._log = _open(self._folder / "log.jsonl", os.O_TRUNC | os.O_APPEND)
        self._lines = 0


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                return
            yield row


def _replay(row: dict[str, Any], items: dict[Key, Item]) -> int:
    revision = int(row["revision"])
    if "key" in row:
        key = Key(*row["key"])
        if "body" in row:
            items[key] = Item(key, row["body"], revision)
        else:
            items.pop(key, None)
    return revision

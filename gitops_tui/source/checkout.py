"""Read-only folders of whole commits, made from Git's objects, named by their sha.

A folder is complete when it has its name: it is made under another one and renamed. Its content is checked
against the commit once in each process, so that a power failure or a stray editor cannot change what a commit
means. Symbolic links are made as such; whoever reads through them must see to it that they stay inside.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.source.listing import CONTENTS, EXTRACTION, LINK, Entry, expect, listed
from gitops_tui.source.storage import locked_file, make_private, remove_tree
from gitops_tui.source.told import unwritable
from gitops_tui.source.transport.failures import DamagedError
from gitops_tui.source.transport.process import Running
from gitops_tui.source.transport.runner import Runner

_CHUNK: Final = 1 << 20
_NEWEST: Final = 20
_REST: Final = 3600.0
"""Seconds for which a folder that was handed out is not removed: somebody may still be reading it."""

_EXECUTABLE: Final = "100755"


class Checkouts:
    """The checkouts of one mirror, below `folder`. Safe for several threads and processes."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        self._folder = folder
        self._runner = runner
        self._checked: set[str] = set()
        self._lock = threading.Lock()
        self.kept: frozenset[str] = frozenset()

    def get(self, copy: Path, sha: str, entries: Sequence[Entry] | None = None) -> Path:
        """Return the folder of a commit, made when it is not there. entries: what it holds, if that is known.

        SourceError for a commit over the caps, with a path that climbs, or when the disk is full.
        DamagedError when an object cannot be read.
        """
        path = self._folder / sha
        with self._lock:
            if sha in self._checked and path.is_dir():
                os.utime(path)
                return path
            make_private(self._folder)
            with locked_file(self._folder / "lock", EXTRACTION.timeout):
                self._make(copy, sha, path, listed(self._runner, copy, sha) if entries is None else entries)
                self._checked.add(sha)
                os.utime(path)
                self._sweep()
        return path

    def _make(self, copy: Path, sha: str, path: Path, entries: Sequence[Entry]) -> None:
        if path.is_dir() and _holds(path, entries):
            return
        self._remove_unfinished()
        making = self._folder / f"making-{os.urandom(4).hex()}"
        try:
            making.mkdir(mode=0o700)
            _extract(self._runner, copy, entries, making)
            if path.exists():
                path.rename(self._folder / f"making-{os.urandom(4).hex()}")
            making.rename(path)
        except OSError as error:
            raise unwritable(f"checkout of {sha[:7]}", error, self._folder) from error
        finally:
            self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        for path in self._folder.glob("making-*"):
            remove_tree(path)

    def _sweep(self) -> None:
        """Remove what is neither kept, nor among the newest, nor in use a short while ago."""
        found = [(path.stat().st_mtime, path) for path in self._folder.iterdir() if path.is_dir()]
        oldest = time.time() - _REST
        for used, path in sorted(found, reverse=True)[_NEWEST:]:
            if used < oldest and path.name not in self.kept:
                self._checked.discard(path.name)
                remove_tree(path)


def _extract(runner: Runner, copy: Path, entries: Sequence[Entry], folder: Path) -> None:
    import tempfile  # noqa: PLC0415 - for a commit that is new

    links: list[tuple[str, bytes]] = []
    made: set[str] = {""}
    with tempfile.TemporaryFile() as wanted:
        wanted.writelines(f"{entry.id}\n".encode() for entry in entries)
        wanted.seek(0)
        with runner.stream(copy, *CONTENTS, stdin=wanted, limits=EXTRACTION) as running:
            for entry in entries:
                expect(running, entry)
                if entry.mode == LINK:
                    links.append((entry.path, running.read(entry.size)))
                else:
                    _make_folders(folder, entry.path.rpartition("/")[0], made)
                    _write(folder / entry.path, entry, running)
                running.read(1)
    # Links come last, so that no file is ever written through one.
    for path, target in links:
        _make_folders(folder, path.rpartition("/")[0], made)
        if not target or b"\0" in target or len(target) > 4000:
            raise SourceError("checkout", f"the symbolic link {one_line(path)} has no valid target")
        (folder / path).symlink_to(os.fsdecode(target))
    for parent in sorted(made - {""}, reverse=True):
        (folder / parent).chmod(0o500)
    folder.chmod(0o500)


def _make_folders(folder: Path, path: str, made: set[str]) -> None:
    if path in made:
        return
    _make_folders(folder, path.rpartition("/")[0], made)
    (folder / path).mkdir(mode=0o700)
    made.add(path)


def _write(path: Path, entry: Entry, running: Running) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o500 if entry.mode == _EXECUTABLE else 0o400)
        left = entry.size
        while left:
            data = running.read(min(left, _CHUNK))
            if not data:
                raise DamagedError(f"object {entry.id[:7]} ends early")
            file.write(data)
            left -= len(data)


def _holds(folder: Path, entries: Sequence[Entry]) -> bool:
    """Whether a folder holds exactly these entries, byte for byte."""
    expected = {entry.path: entry for entry in entries}
    try:
        found = set(_found(folder))
        return found == set(expected) and all(_is(folder / path, entry) for path, entry in expected.items())
    except OSError:
        return False


def _found(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        base = Path(parent)
        links = (name for name in folders if (base / name).is_symlink())
        for name in (*files, *links):
            yield (base / name).relative_to(folder).as_posix()


def _is(path: Path, entry: Entry) -> bool:
    if path.is_symlink() is not (entry.mode == LINK):
        return False
    digest = hashlib.sha256() if len(entry.id) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(f"blob {entry.size}\0".encode())
    if entry.mode == LINK:
        digest.update(os.fsencode(path.readlink()))
    else:
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                digest.update(data)
    return digest.hexdigest() == entry.id

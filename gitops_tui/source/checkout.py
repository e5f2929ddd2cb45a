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
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source.storage import locked_file, make_private, remove_tree
from gitops_tui.source.told import unwritable
from gitops_tui.source.transport.failures import DamagedError
from gitops_tui.source.transport.process import Limits, Running
from gitops_tui.source.transport.runner import Runner

LARGEST_COUNT: Final = 200_000
LARGEST_SIZE: Final = 2 << 30
_LISTING: Final = Limits(timeout=60.0, output=128 << 20)
_EXTRACTION: Final = Limits(timeout=300.0, output=LARGEST_SIZE + (64 << 20))
_CHUNK: Final = 1 << 20
_NEWEST: Final = 20
_REST: Final = 3600.0
"""Seconds for which a folder that was handed out is not removed: somebody may still be reading it."""

_LINK, _MODULE, _EXECUTABLE = "120000", "160000", "100755"


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    mode: str
    id: str
    size: int


class Checkouts:
    """The checkouts of one mirror, below `folder`. Safe for several threads and processes."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        self._folder = folder
        self._runner = runner
        self._checked: set[str] = set()
        self._lock = threading.Lock()
        self.kept: frozenset[str] = frozenset()

    def get(self, copy: Path, sha: str) -> Path:
        """Return the folder of a commit, made when it is not there.

        SourceError for a commit over the caps, with a path that climbs, or when the disk is full.
        DamagedError when an object cannot be read.
        """
        path = self._folder / sha
        with self._lock:
            if sha in self._checked and path.is_dir():
                os.utime(path)
                return path
            make_private(self._folder)
            with locked_file(self._folder / "lock", _EXTRACTION.timeout):
                self._make(copy, sha, path)
                self._checked.add(sha)
                os.utime(path)
                self._sweep()
        return path

    def _make(self, copy: Path, sha: str, path: Path) -> None:
        entries = _listed(self._runner, copy, sha)
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


def _listed(runner: Runner, copy: Path, sha: str) -> list[_Entry]:
    output = runner.run(copy, "ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", sha, limits=_LISTING)
    entries: list[_Entry] = []
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
        entries.append(_Entry(path, mode, identity, int(size)))
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


def _extract(runner: Runner, copy: Path, entries: list[_Entry], folder: Path) -> None:
    import tempfile  # noqa: PLC0415 - for a commit that is new

    links: list[tuple[str, bytes]] = []
    made: set[str] = {""}
    with tempfile.TemporaryFile() as wanted:
        wanted.writelines(f"{entry.id}\n".encode() for entry in entries)
        wanted.seek(0)
        with runner.stream(copy, "cat-file", "--batch", stdin=wanted, limits=_EXTRACTION) as running:
            for entry in entries:
                _expect(running, entry)
                if entry.mode == _LINK:
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


def _expect(running: Running, entry: _Entry) -> None:
    header = running.read_line().split()
    if len(header) != 3 or header[0] != entry.id.encode() or int(header[2]) != entry.size:
        raise DamagedError(f"object {entry.id[:7]} of {one_line(entry.path)} cannot be read")


def _make_folders(folder: Path, path: str, made: set[str]) -> None:
    if path in made:
        return
    _make_folders(folder, path.rpartition("/")[0], made)
    (folder / path).mkdir(mode=0o700)
    made.add(path)


def _write(path: Path, entry: _Entry, running: Running) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o500 if entry.mode == _EXECUTABLE else 0o400)
        left = entry.size
        while left:
            data = running.read(min(left, _CHUNK))
            if not data:
                raise DamagedError(f"object {entry.id[:7]} ends early")
            file.write(data)
            left -= len(data)


def _holds(folder: Path, entries: list[_Entry]) -> bool:
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


def _is(path: Path, entry: _Entry) -> bool:
    if path.is_symlink() is not (entry.mode == _LINK):
        return False
    digest = hashlib.sha256() if len(entry.id) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(f"blob {entry.size}\0".encode())
    if entry.mode == _LINK:
        digest.update(os.fsencode(path.readlink()))
    else:
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                digest.update(data)
    return digest.hexdigest() == entry.id

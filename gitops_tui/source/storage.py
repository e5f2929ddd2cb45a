"""The folder of one mirror: its lock, and how a fresh copy takes the place of a damaged one.

<folder>/lock             held while refs or objects change, by git's processes too
<folder>/current          symbolic link to the copy in use, replaced atomically
<folder>/copy-<random>    a bare repository
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError

_POLL: Final = 0.05


class Storage:
    """Where one mirror lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = folder / "current"
        self._named: tuple[str, Path, Path] = ("", folder, folder)
        """What the link said last, the copy that this is, and the file that every repository has."""

    @property
    def copy(self) -> Path | None:
        """The bare repository in use, None when there is none."""
        try:
            name = os.readlink(self._current)  # noqa: PTH115 - each pass asks, and a name is all that is wanted
        except OSError:
            return None
        if name != self._named[0]:
            path = self._folder / name
            self._named = (name, path, path / "HEAD")
        _, path, head = self._named
        return path if head.is_file() else None

    @contextmanager
    def locked(self, timeout: float) -> Iterator[int]:
        """Hold the lock; yield its descriptor for git's processes to inherit.

        A git process that outlives a killed parent keeps the lock, so whoever holds it knows that every lock
        file and temporary pack in the copy is a dead process's. SourceError when it is not free in time.
        """
        make_private(self._folder)
        with locked_file(self._folder / "lock", timeout) as descriptor:
            yield descriptor

    def fresh(self) -> Path:
        """Return a new name for a copy."""
        return self._folder / f"copy-{os.urandom(4).hex()}"

    def promote(self, copy: Path) -> None:
        """Make a copy the one in use. The one before stays until `sweep`, for those who still read it."""
        link = self._folder / f"next-{os.urandom(4).hex()}"
        link.symlink_to(copy.name)
        link.replace(self._current)

    def sweep(self) -> None:
        """Under the lock: remove what a killed process left behind."""
        in_use = self.copy
        for path in self._folder.iterdir():
            if path.name.startswith("next-"):
                path.unlink(missing_ok=True)
            elif path.name.startswith("copy-") and path != in_use:
                remove_tree(path)
        if in_use is not None:
            for path in _left_behind(in_use):
                path.unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are not there, for this user alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _left_behind(copy: Path) -> list[Path]:
    found = [*copy.glob("*.lock"), *(copy / "refs").rglob("*.lock"), *(copy / "objects").glob("??/tmp_obj_*")]
    found += [copy / "gc.pid", *(copy / "objects" / "info").glob("*.lock")]
    return [*found, *(copy / "objects" / "pack").glob("tmp_*"), *(copy / "objects" / "pack").glob(".tmp-*")]


@contextmanager
def locked_file(path: Path, timeout: float) -> Iterator[int]:
    """Hold an advisory lock that the kernel drops with its last holder; SourceError after `timeout` seconds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise SourceError(
                    str(path.parent), f"another process has been working on it for {timeout:.0f} s", temporary=True
                )
            time.sleep(_POLL)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_tree(folder: Path) -> None:
    """Remove a folder whose files and folders may be read-only."""
    for parent, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(parent).chmod(stat.S_IRWXU)
    import shutil  # noqa: PLC0415 - it imports every packer that there is

    shutil.rmtree(folder, ignore_errors=True)

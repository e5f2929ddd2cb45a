"""Who uses the demo's cluster, told by file locks: they end with their process, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Self


class FileLock:
    """An advisory lock on a file that this process holds, alone or with others."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path, *, shared: bool = False) -> Self:
        """Wait for the lock."""
        descriptor = _open(path)
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        return cls(descriptor)

    @classmethod
    def try_take(cls, path: Path) -> Self | None:
        """The lock for this process alone; None when somebody has it."""
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Let go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds a lock on a file, this process included."""
    lock = FileLock.try_take(path) if path.exists() else None
    if lock is None:
        return path.exists()
    lock.release()
    return False


def wait_until_free(path: Path, seconds: float) -> bool:
    """Whether nobody holds the lock any more within some seconds."""
    deadline = time.monotonic() + seconds
    while is_held(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

"""One writer for each state folder, by an advisory lock that the kernel drops when its process dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gitops_tui.model.text import one_line

_PROBES: Final = 10
_PROBE_PAUSE: Final = 0.01


class WriterLock:
    """The right to write. Not reentrant; give it back with `release`, or die."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds it."""
        return self._held is not None

    def claim(self, who: str) -> bool:
        """Take the lock, or return False when another holds it. who: shown to others."""
        if self.is_held:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # A process that only asks who writes holds the lock for an instant, so one refusal proves nothing.
        for attempt in range(_PROBES):
            if _try_lock(descriptor, fcntl.LOCK_EX):
                break
            if attempt + 1 < _PROBES:
                time.sleep(_PROBE_PAUSE)
        else:
            os.close(descriptor)
            return False
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "who": who})
        # On a full disk the right to write holds all the same; others then see that somebody has it, not who.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
        self._held = descriptor
        return True

    def release(self) -> None:
        """Give it back."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @property
    def holder(self) -> str:
        """Who writes ("pid 12 on host, alice: gitops-tui"), "" when nobody does."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return ""
        try:
            if not self.is_held and _try_lock(descriptor, fcntl.LOCK_SH):
                return ""
            return _description(os.pread(descriptor, 4096, 0))
        finally:
            os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file for a short time, waiting for other processes that do the same."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _description(data: bytes) -> str:
    try:
        found = json.loads(data)
        return one_line(f"pid {found['pid']} on {found['host']}, {found['who']}")
    except (ValueError, KeyError, TypeError):
        return "another process"

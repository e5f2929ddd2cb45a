"""Processes whose parent was killed come to this one, so that they can be counted."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
_DEADLINE = 60.0


@contextmanager
def no_orphans() -> Iterator[None]:
    """What was started below this process inside the block, by whomever, has ended a moment after it.

    Linux only. Inside, no child of this process itself may be started that outlives the block.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _children()
    try:
        yield
        deadline = time.monotonic() + _DEADLINE
        while left := _reaped(_children() - before):
            assert time.monotonic() < deadline, f"still running: {[_command(pid) for pid in left]}"
            time.sleep(0.01)
    finally:
        library.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # the thread ended meanwhile
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def _reaped(pids: set[int]) -> set[int]:
    """Bury those that have ended; return the others."""
    left = set()
    for pid in pids:
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                left.add(pid)
    return left


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return str(pid)

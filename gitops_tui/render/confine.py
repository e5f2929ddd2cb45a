"""Keeps what a renderer may reach to a few paths, where the kernel can: Landlock, on Linux.

Landlock (kernel documentation: userspace-api/landlock) restricts the thread that asks for it, and whatever that thread
starts. It needs no privilege. So a thread made for it restricts itself and starts the renderer, and no code has to run
between fork and exec, where Python can deadlock as soon as there are threads.
"""

from __future__ import annotations

import errno
import gc
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    import ctypes

T = TypeVar("T")

_PR_SET_NO_NEW_PRIVS: Final = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH: Final = 1

_READ: Final = (1 << 2) | (1 << 3)
_FILE_RIGHTS: Final = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14)
_ALL_BY_VERSION: Final = {1: (1 << 13) - 2, 2: (1 << 14) - 2, 3: (1 << 15) - 2}
"""Every right to files but the one to execute, which is not limited, by version of Landlock; later ones as 3."""
LACKING: Final = frozenset((errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM))
"""What the machine lacks for a moment: processes, descriptors, memory."""
_STARTING: Final = threading.Lock()


def confined(start: Callable[[], T], read: Iterable[Path | str], write: Iterable[Path | str]) -> T:
    """Return what `start` does, called where a process that it starts, and all below, can reach these paths alone.

    read, write: files, or folders with all that is in them. Services on TCP are out of reach too. Where the kernel
    cannot confine (macOS, an old Linux), it is called all the same. Raises what `start` does, and OSError where there
    is no room for a thread or the rules.
    """
    ruleset = _ruleset(read, write) if sys.platform == "linux" else None
    if ruleset is None:
        return start()
    thread = _Confined(ruleset, start)
    with _STARTING, _without_collections():
        try:
            thread.start()
        except RuntimeError as e:
            os.close(ruleset)
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from e
        thread.join()
    return thread.answer()


@contextmanager
def _without_collections() -> Iterator[None]:
    """Have no thread look for garbage: whose it was could not be tidied up without a right to any file.

    The screen holds them back by their threshold, many times a second.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class _Confined(threading.Thread, Generic[T]):
    """A thread that restricts itself, makes one call and ends. The descriptor is its own."""

    def __init__(self, ruleset: int, start: Callable[[], T]) -> None:
        super().__init__(name="confined", daemon=True)
        self._ruleset = ruleset
        self._call = start
        self._made: list[T] = []
        self._failed: BaseException | None = None

    def run(self) -> None:
        """Make the call."""
        try:
            _restrict(self._ruleset)
            self._made.append(self._call())
        except BaseException as e:  # noqa: BLE001 - it belongs to the thread that waits
            self._failed = e

    def answer(self) -> T:
        """What the call returned; raises what it raised."""
        if self._failed is not None:
            raise self._failed
        return self._made[0]


def _restrict(ruleset: int) -> None:
    """Have this thread keep to the rules, whose descriptor is closed. OSError where there is no room for that."""
    _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = _failure() if _call(_RESTRICT_SELF, ruleset, 0) < 0 else None
    os.close(ruleset)
    if refused is not None and refused.errno in LACKING:
        raise refused


@cache
def _libc() -> ctypes.PyDLL:
    """The C library. None of these calls waits for anything, so nobody else gets a turn meanwhile."""
    import ctypes  # noqa: PLC0415 - plain files need no renderer

    return ctypes.PyDLL(None, use_errno=True)


def _call(number: int, *values: bytes | int | None) -> int:
    """Make a system call; negative where it is refused."""
    import ctypes  # noqa: PLC0415

    longs = [ctypes.c_long(value) if isinstance(value, int) else value for value in (number, *values)]
    return int(_libc().syscall(*longs))


def _failure() -> OSError:
    """Why the last call failed."""
    import ctypes  # noqa: PLC0415

    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _ruleset(read: Iterable[Path | str], write: Iterable[Path | str]) -> int | None:
    """A descriptor of the rules, None where the kernel knows none. OSError where it knows them, and has no room."""
    version = _call(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return None
    rights = _ALL_BY_VERSION[min(version, 3)]
    attributes = struct.pack("QQQ", rights, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        raise _failure()
    try:
        for allowed, paths in ((_READ, read), (rights, write)):
            for path in paths:
                _allow(ruleset, path, allowed)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def _allow(ruleset: int, path: Path | str, rights: int) -> None:
    try:
        descriptor = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError as e:
        if e.errno in LACKING:
            raise
        return  # not every system has every path
    for each in (rights, rights & _FILE_RIGHTS):  # what only a folder can be given is refused for a file
        if _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", each, descriptor), 0) == 0:
            break
    os.close(descriptor)

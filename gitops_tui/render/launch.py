"""Runs as a program of its own: limits what this process may use and reach, then becomes the renderer.

    python -I -S launch.py OPTION VALUE ... -- PROGRAM ARGUMENT...

Options: parent (process id), cpu (seconds), memory, file (bytes), read, write (a path; may come several times).

Limits are set here and not between fork and exec in the calling process, where Python code can deadlock as soon
as there are threads. Standard library only, and as little of it as possible: this starts with every rendering, and
`signal` alone takes it a quarter longer.

On Linux, Landlock (kernel documentation: userspace-api/landlock) keeps the renderer to the paths it is given and
away from TCP. It needs no privilege. Where the kernel lacks it, the checks made before the start remain.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

_SIGKILL = 9
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1

_READ = (1 << 2) | (1 << 3)
_FILE_RIGHTS = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14)
_ALL_BY_VERSION = {1: (1 << 13) - 2, 2: (1 << 14) - 2, 3: (1 << 15) - 2}
"""Every right to files but the one to execute, which is not limited, by version of Landlock; later ones as 3."""


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    try:
        resource.setrlimit(what, (amount, amount))
    except (OSError, ValueError):
        return  # macOS knows the address space limit but refuses to set it


def _die_with(parent: int, libc: ctypes.CDLL) -> None:
    """Ask Linux to end this process when the one that started it is gone, however it went."""
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _confine(libc: ctypes.CDLL, read: list[str], write: list[str]) -> None:
    """Leave this process and its children only these paths to read and to write, and no TCP."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return
    rights = _ALL_BY_VERSION[min(version, 3)]
    attributes = struct.pack("QQQ", rights, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return
    for allowed, paths in ((_READ, read), (rights, write)):
        for path in paths:
            _allow(libc, ruleset, path, allowed)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return  # not every system has every path
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib is slow to load
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, descriptor)
    libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, ctypes.c_uint32(0))
    os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Limit this process and replace it."""
    end = arguments.index("--")
    options: dict[str, list[str]] = {}
    for name, value in zip(arguments[:end:2], arguments[1:end:2], strict=True):
        options.setdefault(name, []).append(value)
    for name, what in (("cpu", resource.RLIMIT_CPU), ("memory", resource.RLIMIT_AS), ("file", resource.RLIMIT_FSIZE)):
        _limit(what, int(options[name][0]))
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        _die_with(int(options["parent"][0]), libc)
        _confine(libc, options.get("read", []), options.get("write", []))
    program = arguments[end + 1 :]
    os.execv(program[0], program)  # noqa: S606 - the caller found the program itself


if __name__ == "__main__":
    main(sys.argv[1:])

"""Runs as a program of its own: limits what this process may use, then becomes the renderer.

    python -I -S launch.py PARENT CPU_SECONDS ADDRESS_SPACE FILE_SIZE PROGRAM ARGUMENT...

Limits are set here and not between fork and exec in the calling process, where Python code can deadlock as soon
as there are threads. Standard library only, and as little of it as possible: this starts with every rendering.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    try:
        resource.setrlimit(what, (amount, amount))
    except (OSError, ValueError):
        return  # macOS knows the address space limit but refuses to set it


def _die_with(parent: int) -> None:
    """Ask Linux to end this process when the one that started it is gone, however it went."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only where it is needed, it is slow to load

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def main(arguments: list[str]) -> None:
    """Limit this process and replace it."""
    parent, cpu, space, size = (int(argument) for argument in arguments[:4])
    _die_with(parent)
    _limit(resource.RLIMIT_CPU, cpu)
    _limit(resource.RLIMIT_AS, space)
    _limit(resource.RLIMIT_FSIZE, size)
    _limit(resource.RLIMIT_CORE, 0)
    os.execv(arguments[4], arguments[4:])  # noqa: S606 - the caller found the program itself


if __name__ == "__main__":
    main(sys.argv[1:])

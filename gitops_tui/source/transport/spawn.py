"""Starting a child process: by one call of the system where that will do, since `Popen` costs more than the fork."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from typing import Final

from gitops_tui.children import Child

_RESTORED: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""What the interpreter ignores, and programs expect to be ended by."""


def spawn(
    command: list[str],
    environment: Mapping[bytes, bytes],
    *,
    stdin: int | None,
    stdout: int,
    stderr: int,
    inherit: Sequence[int] = (),
) -> Child:
    """Start a program in a session and group of its own, with these descriptors and no others. OSError.

    stdin: nothing to read when None. inherit: more descriptors that it keeps, with whatever number.
    """
    given = (stdout, stderr, *inherit) if stdin is None else (stdin, stdout, stderr, *inherit)
    # One below three could be taken by another before its turn: `Popen` knows how to move them.
    if sys.platform == "linux" and min(given) > 2:
        _keep_to_ourselves()
        first = (os.POSIX_SPAWN_DUP2, stdin, 0) if stdin is not None else _NOTHING
        # To its own number some C libraries do not move one, and it would be closed.
        free = (number for number in count(3) if number not in given)
        with suppress(NotImplementedError):  # raised where the C library can make no session: `Popen` can
            pid = os.posix_spawnp(
                command[0],
                command,
                environment,
                file_actions=(
                    first,
                    (os.POSIX_SPAWN_DUP2, stdout, 1),
                    (os.POSIX_SPAWN_DUP2, stderr, 2),
                    *((os.POSIX_SPAWN_DUP2, kept, number) for kept, number in zip(inherit, free, strict=False)),
                ),
                setsid=True,
                setsigdef=_RESTORED,
            )
            return _Spawned(pid)
    import subprocess  # noqa: PLC0415 - few systems are without what is above

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        start_new_session=True,
        pass_fds=tuple(inherit),
    )


class _Spawned:
    """One that the system started for us. Only the thread that started it asks how it is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


_NOTHING: Final = (getattr(os, "POSIX_SPAWN_OPEN", 0), 0, os.devnull, os.O_RDONLY, 0)


@cache
def _keep_to_ourselves() -> None:
    """Let no child have what this process was given by its parent; the interpreter passes on nothing that it opens."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are all that is wanted
        # The listing's own is gone by now.
        with suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)

"""Starts a renderer: confined, limited, and tied to this process.

A shell sets the limits, waits for a line and becomes the renderer. Until that line comes nothing of it runs, so what
has to be told about a process once it is there is told in time.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gitops_tui.model.values import dataclass
from gitops_tui.render.confine import confined

SHELL: Final = "/bin/sh"
_SCRIPT: Final = (
    '{ ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; } 2>/dev/null; shift 3; '
    'read -r _ && exec "$@" </dev/null'
)
"""A limit that is refused is lower already, or (macOS, of the address space) is none that can be set."""
_FIRST: Final = 3
"""The number of the first descriptor that is not the input, the output or the errors."""
_KIBIBYTE: Final = 1024
_BLOCK: Final = 512
_PIPE: Final = 1 << 20
"""Bytes that a renderer may be ahead of who reads what it prints: it is gone the sooner."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a renderer may touch. home: its folder, which it starts in. read, write: files and folders."""

    home: Path
    read: Sequence[Path | str]
    write: Sequence[Path | str]


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a renderer and each of its children may use. cpu: seconds. memory, file: bytes."""

    cpu: int = 300
    memory: int = 4 * 1024**3
    file: int = 256 * 1024**2

    def arguments(self) -> tuple[str, ...]:
        """As the script takes them."""
        return (str(self.cpu), str(self.memory // _KIBIBYTE), str(self.file // _BLOCK))


@contextmanager
def started(
    arguments: Sequence[str], reach: Reach, amounts: Amounts, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a program that runs, the leader of a session of its own, with its output and errors to be read.

    Whoever asked for it ends it. On Linux the kernel does, with all its children, where this process is gone, however
    it went. OSError when it cannot be started, ValueError when no program can be given such arguments.
    """
    command = [SHELL, "-c", _SCRIPT, "sh", *amounts.arguments(), *arguments]
    near, far = _tether()
    try:
        process = confined(
            lambda: subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=reach.home,
                env=environment,
                start_new_session=True,
                pass_fds=(near,),
            ),
            reach.read,
            reach.write,
        )
        with process:
            _tie(near, process.pid)
            _widen(process)
            _let_go(process)
            yield process
    finally:
        os.close(near)
        os.close(far)


def _tether() -> tuple[int, int]:
    """A pipe, of which the end to be read goes to a child."""
    near, far = os.pipe()
    if near > _FIRST:
        return near, far
    # Popen closes what is not passed on in ranges. If the first is passed on, the range before it is empty, and it
    # closes each number that there may be, one by one: up to a million.
    try:
        return fcntl.fcntl(near, fcntl.F_DUPFD_CLOEXEC, _FIRST + 1), far
    except OSError:
        os.close(far)
        raise
    finally:
        os.close(near)


def _tie(near: int, group: int) -> None:
    """Have Linux kill a process group when the other end of its pipe closes, as it does with this process.

    Where a container refuses one of these calls, the group is left to whoever asked for it, as on macOS.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(near, fcntl.F_SETOWN, -group)
            fcntl.fcntl(near, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(near, fcntl.F_SETFL, fcntl.fcntl(near, fcntl.F_GETFL) | os.O_ASYNC)


def _widen(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "linux" and process.stdout is not None:
        with suppress(OSError):  # somebody has had their share of pipes
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):  # what ended it shows in its code
            process.stdin.write(b"\n")
        process.stdin.close()

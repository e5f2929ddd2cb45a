"""Starts a renderer: confined, limited, and tied to this process. The shell that it begins as sets the limits."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from gitops_tui.children import Tether, tethered
from gitops_tui.model.values import dataclass
from gitops_tui.render.confine import confined

_LIMITS: Final = '{ ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; } 2>/dev/null; shift 3; '
"""A limit that is refused is lower already, or (macOS, of the address space) is none that can be set."""
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
        """As the shell takes them."""
        return (str(self.cpu), str(self.memory // _KIBIBYTE), str(self.file // _BLOCK))


@contextmanager
def started(
    arguments: Sequence[str], reach: Reach, amounts: Amounts, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a program that runs, the leader of a session of its own, with its output and errors to be read.

    Whoever asked for it ends it; where this process is gone, however it went, it is killed with all its children.
    OSError when it cannot be started, ValueError when no program can be given such arguments.
    """
    command = tethered(*amounts.arguments(), *arguments, first=_LIMITS)
    with closing(Tether()) as tether:
        process = confined(
            lambda: subprocess.Popen(
                command,
                bufsize=0,
                stdin=tether.stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=reach.home,
                env=environment,
                start_new_session=True,
                pass_fds=(tether.kept,),
            ),
            reach.read,
            reach.write,
        )
        # One that was not let go would wait for its line, and we for its end.
        with process, closing(tether):
            _widen(process)
            tether.tie(process)
            yield process


def _widen(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "linux" and process.stdout is not None:
        with suppress(OSError):  # somebody has had their share of pipes
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)

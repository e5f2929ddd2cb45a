"""Child processes, each the leader of a group of its own: tied to this process, and ended with all they have started.

Linux kills a group when told to by a pipe that closes, as it does with this process, however that went. But it can be
told so only of a group that is there: so a shell waits for a line before it becomes the program. Where this is refused
(macOS has none of it, a container may forbid it), the shell stays, and another one beside it watches the pipe.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Protocol

SHELL: Final = "/bin/sh"
_SCRIPT: Final = (
    'read -r how || exit; [ "$how" ] || exec "$@" </dev/null; '
    "trap : TERM; exec 3<&0; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & watcher=$!; "
    '"$@" </dev/null 3<&-; status=$?; { kill -KILL $watcher; wait $watcher; } 2>/dev/null; exit $status'
)
_FIRST: Final = 3
"""The number of the first descriptor that is not the input, the output or the errors."""
_NAP: Final = 0.02


class Child(Protocol):
    """A child process, as `Popen` has it. returncode: None until its end was asked for; minus the signal it died of."""

    returncode: int | None

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def poll(self) -> int | None:
        """How it ended, None while it runs."""
        ...

    def wait(self) -> int:
        """Wait for its end; return how it was."""
        ...


def tethered(*command: str, first: str = "") -> list[str]:
    """The command to start in place of this one: it reads nothing, and begins when its `Tether` is tied.

    first: what the shell does before, with the words of the command in `$@`. Where the shell stays and watches, a
    signal that ends the program shows as an exit status, 128 and its number.
    """
    return [SHELL, "-c", first + _SCRIPT, "sh", *command]


class Tether:
    """Ties one child, and all in its group, to this process. OSError where no descriptor is left.

    stdin: what its input is to be. kept: what it is to inherit besides. `close` gives everything back; where the system
    ties, that kills what is left of the group.
    """

    def __init__(self) -> None:
        self._open: set[int] = set()
        try:
            self.kept, self._far = self._pipe()
            self.stdin, self._gate = self._pipe()
            if self.kept <= _FIRST:
                self.kept = self._moved(self.kept)
        except BaseException:
            self.close()
            raise

    def tie(self, child: Child) -> None:
        """Tie it, once it was started, and let it begin."""
        is_tied = _tie(self.kept, child.pid)
        with suppress(BrokenPipeError):  # what ended it shows in its code
            os.write(self._gate, b"\n" if is_tied else b"watch\n")
        self._close((self.stdin, self.kept, self._gate if is_tied else self._far))

    def close(self) -> None:
        """Let go of it."""
        self._close(tuple(self._open))

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._open.update(ends)
        return ends

    def _moved(self, descriptor: int) -> int:
        """The same with another number.

        `Popen` closes what is not passed on in ranges. If the first is passed on, the range before it is empty, and it
        closes each number that there may be, one by one: up to a million.
        """
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST + 1)
        self._open.add(moved)
        self._close((descriptor,))
        return moved

    def _close(self, descriptors: Iterable[int]) -> None:
        for descriptor in descriptors:
            self._open.discard(descriptor)
            os.close(descriptor)


def _tie(end: int, group: int) -> bool:
    """Have Linux kill a process group when the other end of its pipe closes. Return whether it will."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(end, fcntl.F_SETOWN, -group)
            fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
            return True
    return False


def has_ended(child: Child) -> bool:
    """Whether it has ended.

    It is not reaped yet where the system can tell without (macOS cannot, before Python 3.13), so that the number of
    its group cannot be another's meanwhile.
    """
    if child.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def wait_for_end(child: Child, seconds: float) -> None:
    """Wait for its end, for so long at most: told by the system where it tells (Linux), as naps take as long as git."""
    if has_ended(child):
        return
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):
        # Another system, or an older kernel.
        _look_for_end(child, seconds)
        return
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll(seconds * 1000)
    finally:
        os.close(descriptor)


def _look_for_end(child: Child, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not has_ended(child) and time.monotonic() < until:
        time.sleep(_NAP)


def signal_group(child: Child, number: int) -> None:
    """Send a signal to it and to all that it has started."""
    with suppress(ProcessLookupError, PermissionError):  # it is gone, or (macOS) only its leader's remains are there
        os.killpg(child.pid, number)


def ask_to_end(child: Child, grace: float) -> None:
    """Send SIGTERM to its group, and give it so many seconds."""
    signal_group(child, signal.SIGTERM)
    wait_for_end(child, grace)

"""One child process: its output read piecewise up to a deadline and a limit, its whole group ended."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, Final, Self

from gitops_tui.children import Child, Tether, ask_to_end, has_ended, signal_group, tethered, wait_for_end
from gitops_tui.model.errors import SourceError
from gitops_tui.model.values import dataclass
from gitops_tui.source.transport.failures import TimedOutError
from gitops_tui.source.transport.spawn import spawn

_STDERR_KEPT: Final = 64 << 10
_CHUNK: Final = 1 << 20
_GRACE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """timeout: seconds for the whole call. output: bytes of stdout."""

    timeout: float = 60.0
    output: int = 64 << 20


STANDARD: Final = Limits()


class Running:
    """A git process whose output is being read.

    ends: our ends of its stdout and stderr. tether: what it is tied to us by, if it is. `close` closes them.
    """

    def __init__(self, process: Child, ends: Sequence[int], limits: Limits, tether: Tether | None) -> None:
        self.process = process
        self._tether = tether
        self.stderr = bytearray()
        self._deadline = time.monotonic() + limits.timeout
        self._limits = limits
        self._seen = 0
        self._buffer = bytearray()
        self._ends = ends
        self._stdout, self._stderr = ends
        self._open = {self._stdout, self._stderr}
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        self._poll.register(self._stderr, select.POLLIN)

    @classmethod
    def start(
        cls,
        command: list[str],
        environment: Mapping[bytes, bytes],
        *,
        stdin: BinaryIO | None,
        inherit: Sequence[int],
        limits: Limits,
        tied: bool,
    ) -> Self:
        """Start one, in a group of its own. OSError.

        stdin: nothing to read when None. inherit: see `Runner.run`. tied: it ends with this process, and reads nothing.
        """
        tether = Tether() if tied else None
        ours: list[int] = []
        theirs: list[int] = []
        try:
            for _ in range(2):
                near, far = os.pipe()
                ours.append(near)
                theirs.append(far)
            process = spawn(
                tethered(*command) if tether else command,
                environment,
                stdin=tether.stdin if tether else None if stdin is None else stdin.fileno(),
                stdout=theirs[0],
                stderr=theirs[1],
                inherit=(tether.kept, *inherit) if tether else inherit,
            )
        except BaseException:
            _close(ours)
            if tether:
                tether.close()
            raise
        finally:
            _close(theirs)
        if tether:
            tether.tie(process)
        return cls(process, ours, limits, tether)

    def read(self, size: int) -> bytes:
        """Return `size` bytes of stdout, fewer only at its end. TimedOutError; SourceError over the output limit."""
        while len(self._buffer) < size and self._pump():
            pass
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def read_line(self) -> bytes:
        """Return one line of stdout with its newline, or what is left."""
        while (end := self._buffer.find(b"\n")) < 0 and self._pump():
            pass
        return self.read(end + 1 if end >= 0 else len(self._buffer))

    def read_rest(self) -> bytes:
        """Return everything that is left of stdout."""
        while self._pump():
            pass
        return self.read(len(self._buffer))

    def finish(self) -> int:
        """Wait for the end; return the exit status."""
        while self._pump():
            pass
        wait_for_end(self.process, max(self._deadline - time.monotonic(), 0.1))
        status = self.process.poll()
        if status is None:
            raise TimedOutError(self._limits.timeout)
        return status

    def close(self) -> None:
        """Kill what still runs, and give everything back."""
        _terminate(self.process)
        _close(self._ends)
        if self._tether:
            self._tether.close()

    def _pump(self) -> bool:
        """Take what is there, wait for it if need be; return False at the end of the output."""
        if not self._open:
            return False
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOutError(self._limits.timeout)
        # A daemon that git started may hold the pipes open for ever, so the end of git itself counts too.
        ready = self._poll.poll(min(left, 0.1) * 1000)
        if not ready:
            if not has_ended(self.process):
                return True
            # It may have written between the two, while this thread waited for its turn.
            ready = self._poll.poll(0)
        for descriptor, _ in ready:
            self._take(descriptor)
        return bool(ready)

    def _take(self, descriptor: int) -> None:
        data = os.read(descriptor, _CHUNK)
        if not data:
            self._poll.unregister(descriptor)
            self._open.discard(descriptor)
        elif descriptor == self._stderr:
            self.stderr += data[: max(_STDERR_KEPT - len(self.stderr), 0)]
        else:
            self._seen += len(data)
            if self._seen > self._limits.output:
                raise SourceError("git", f"it printed more than {self._limits.output >> 20} MiB")
            self._buffer += data


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _terminate(process: Child) -> None:
    """End a process and its whole group: SIGTERM, then SIGKILL for what is left after two seconds."""
    if process.returncode is not None:
        return
    if not has_ended(process):
        ask_to_end(process, _GRACE)
        # The ended leader is reaped only below, so its group's number cannot have become another's.
        signal_group(process, signal.SIGKILL)
    process.wait()

"""Running git: a fixed argument list, a clean environment, a process group, a deadline, a bounded output."""

from __future__ import annotations

import os
import re
import signal
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from gitops_tui.children import Child, signal_group
from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field
from gitops_tui.source.storage import make_private
from gitops_tui.source.transport.failures import GitFailedError
from gitops_tui.source.transport.process import STANDARD, Limits, Running

_OLDEST: Final = (2, 32)
_MISSING: Final = "the program is not there"
_REMEDY: Final = "install git 2.32 or newer"
_PASSED_ON: Final = {b"GIT_SSL_CAINFO", b"GIT_SSL_CAPATH"}
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
    "LANGUAGE": "C",
    "LC_ALL": "C",
}
_OPTIONS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.askPass=",
    "credential.helper=",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
    "submodule.recurse=false",
)


@dataclass(frozen=True, slots=True)
class Access:
    """What one kind of call may reach. options: `name=value` for `-c`. secrets: never shown in a message."""

    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


LOCAL: Final = Access()
"""Objects of a local mirror only; no transport at all."""


@dataclass(frozen=True, slots=True)
class Output:
    """stderr: the first 64 KiB, decoded, without secrets."""

    stdout: bytes
    stderr: str
    status: int


class Runner:
    """Starts git. `close` ends everything that runs and refuses more.

    git sees the environment as it was at its first start. stamp: a file that tells the next process which git was found
    to be new enough; None to find out each time.
    """

    def __init__(self, stamp: Path | None = None) -> None:
        self._stamp = stamp
        self._running: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._is_checked = False
        self._surroundings: Mapping[bytes, bytes] = {}

    def run(
        self,
        git_dir: Path | None,
        *arguments: str,
        access: Access = LOCAL,
        limits: Limits = STANDARD,
        stdin: BinaryIO | None = None,
        inherit: Sequence[int] = (),
        accept: Sequence[int] = (0,),
    ) -> Output:
        """Run git to its end.

        inherit: descriptors that the process keeps open, such as a lock. accept: exit statuses that are no
        failure; any other raises GitFailedError. TimedOutError past the deadline; SourceError when git is missing.
        """
        with self.stream(git_dir, *arguments, access=access, limits=limits, stdin=stdin, inherit=inherit) as running:
            stdout = running.read_rest()
            status = running.finish()
            said = _redacted(running.stderr.decode(errors="replace"), access)
        if status not in accept:
            raise GitFailedError(arguments[0], status, said)
        return Output(stdout, said, status)

    @contextmanager
    def stream(
        self,
        git_dir: Path | None,
        *arguments: str,
        access: Access = LOCAL,
        limits: Limits = STANDARD,
        stdin: BinaryIO | None = None,
        inherit: Sequence[int] = (),
    ) -> Iterator[Running]:
        """Start git and read its output piecewise; it is killed when the block ends before it does."""
        self._check_version()
        running = self._start(git_dir, arguments, access, limits=limits, stdin=stdin, inherit=inherit)
        try:
            yield running
        finally:
            self._end(running)

    def close(self) -> None:
        """End every process; calls in progress raise GitFailedError, later ones SourceError."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            signal_group(process, signal.SIGTERM)

    def _check_version(self) -> None:
        """An older git would take no notice of what keeps the user's configuration away."""
        if self._is_checked:
            return
        program = _program()
        if not self._is_stamped(program):
            self._ask_version()
            self._put_stamp(program)
        self._is_checked = True

    def _ask_version(self) -> None:
        running = self._start(None, ["version"], LOCAL)
        try:
            said = running.read_rest().decode(errors="replace")
        finally:
            self._end(running)
        found = re.search(r"(\d+)\.(\d+)", said)
        if found is None:
            raise _stopping() if self._closed else SourceError("git", _MISSING, hint=_REMEDY)
        if (int(found[1]), int(found[2])) < _OLDEST:
            raise SourceError("git", f"{one_line(said)} is too old", hint=_REMEDY)

    def _is_stamped(self, program: str) -> bool:
        try:
            return self._stamp is not None and bool(program) and self._stamp.read_text() == program
        except (OSError, ValueError):
            return False

    def _put_stamp(self, program: str) -> None:
        if self._stamp is not None and program:
            with suppress(OSError):
                make_private(self._stamp.parent)
                self._stamp.write_text(program)

    def _start(
        self,
        git_dir: Path | None,
        arguments: Sequence[str],
        access: Access,
        *,
        limits: Limits = STANDARD,
        stdin: BinaryIO | None = None,
        inherit: Sequence[int] = (),
    ) -> Running:
        command, tied = _command(git_dir, arguments, access), access is not LOCAL and stdin is None
        with self._lock:
            if self._closed:
                raise _stopping()
            try:
                running = Running.start(
                    command, self._environment(access), stdin=stdin, inherit=inherit, limits=limits, tied=tied
                )
            except FileNotFoundError as error:
                raise SourceError("git", _MISSING, hint=_REMEDY) from error
            except OSError as error:
                raise SourceError("git", f"it cannot be started: {error.strerror}", temporary=True) from error
            self._running.add(running.process)
        return running

    def _end(self, running: Running) -> None:
        running.close()
        with self._lock:
            self._running.discard(running.process)

    def _environment(self, access: Access) -> Mapping[bytes, bytes]:
        self._surroundings = self._surroundings or _surroundings()
        more = {os.fsencode(name): os.fsencode(value) for name, value in access.environment.items()}
        return {**self._surroundings, **more}


def _command(git_dir: Path | None, arguments: Sequence[str], access: Access) -> list[str]:
    command = ["git"]
    for option in (*_OPTIONS, *access.options):
        command += ["-c", option]
    if git_dir is not None:
        command.append(f"--git-dir={git_dir}")
    return [*command, *arguments]


def _program() -> str:
    """Which git would be started, and what tells it from another one in its place; "" when there is none."""
    for folder in os.get_exec_path():
        path = Path(folder, "git")
        with suppress(OSError, ValueError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and os.access(path, os.X_OK):
                return f"{_OLDEST} {path} {status.st_size} {status.st_mtime_ns} {status.st_ino}"
    return ""


def _surroundings() -> Mapping[bytes, bytes]:
    """Our environment, without a GIT_DIR or GIT_TRACE that would change what git does; with messages in English."""
    inherited = {
        name: value for name, value in os.environb.items() if not name.startswith(b"GIT_") or name in _PASSED_ON
    }
    return {**inherited, **{name.encode(): value.encode() for name, value in _ENVIRONMENT.items()}}


def _stopping() -> SourceError:
    return SourceError("git", "the program is stopping", temporary=True)


def _redacted(text: str, access: Access) -> str:
    for secret in access.secrets:
        text = text.replace(secret, "***")
    return text

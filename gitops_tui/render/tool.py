"""Runs helm, kustomize and kubectl: no shell, a clean environment, bounded in time, memory and output."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from gitops_tui.children import SHELL, ask_to_end, has_ended, signal_group
from gitops_tui.model.errors import RenderError
from gitops_tui.model.values import dataclass
from gitops_tui.render.confine import LACKING
from gitops_tui.render.start import Amounts, Reach, started

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
_READABLE: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/dev/null", "/dev/urandom"),
    "/sys/kernel/mm/transparent_hugepage",
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
)
"""What programs need of the system. None of it belongs to the user, and no cluster keeps a secret in it."""
_LOOK: Final = 0.2
"""Seconds between two looks at whether the program has ended or should be."""
_PREFIX: Final = "gitops-tui-render-"
_OLD: Final = 3600.0
"""Seconds after which no rendering can be at work in a folder any more."""
_CHUNK: Final = 1 << 18
_SIGNALLED: Final = 128
_NOWHERE: Final = "http://127.0.0.1:9"
_GO: Final = {"GOMEMLIMIT": "1GiB", "GOMAXPROCS": "2"}
"""It works in one thread beside the collector; how many it might have, it would ask a file that it cannot read."""
_COLLECTING: Final = {"helm": {"GOGC": "200"}}
"""A chart makes much garbage in a moment. kustomize pays more for a heap that it fills anew than for collecting."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. time: seconds until SIGTERM. grace: seconds until SIGKILL. output, errors: bytes."""

    time: float = 90.0
    grace: float = 2.0
    amounts: Amounts = Amounts()
    output: int = 64 * 1024**2
    errors: int = 256 * 1024


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program printed, and its exit code (negative: the signal that ended it)."""

    code: int
    output: bytes
    errors: str


def find(name: str) -> str | None:
    """The path of a program: on PATH, or beside the Python that runs this (a virtual environment's folder)."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user can read, gone at the end."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        yield Path(name)


@cache
def _sweep() -> None:
    """Remove the folders that were left where this program was killed: values of a chart may be in them."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            state = left.lstat()
            if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and time.time() - state.st_mtime > _OLD:
                shutil.rmtree(left, ignore_errors=True)


def environment(home: Path, program: str = "") -> dict[str, str]:
    """What a renderer gets to know: where programs are, and a home of its own.

    Nothing of the user's: no credentials, no kubeconfig, no helm repositories or plugins. Proxies lead nowhere and
    Git may use no transport, so that a remote base fails at once instead of reaching the network. The folders below
    home are those that a program makes if it wants them.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    folders = {
        "HOME": "",
        "TMPDIR": "",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "HELM_CACHE_HOME": "cache/helm",
        "HELM_CONFIG_HOME": "config/helm",
        "HELM_DATA_HOME": "data/helm",
        "HELM_PLUGINS": "data/helm/plugins",
        "KUSTOMIZE_PLUGIN_HOME": "data/kustomize",
    }
    return {
        **kept,
        **_GO,
        **_COLLECTING.get(program, {}),
        **{name: str(home / folder) for name, folder in folders.items()},
        "KUBECONFIG": str(home / "config" / "no-kubeconfig"),
        "HELM_NO_PLUGINS": "1",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), _NOWHERE),
        "NO_PROXY": "",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def run(
    arguments: Sequence[str],
    *,
    home: Path,
    subject: str,
    readable: Sequence[Path] = (),
    stop: threading.Event | None = None,
    limits: Limits | None = None,
    heard: Callable[[bytearray], None] | None = None,
) -> Answer:
    """Run a program to its end, in the private folder `home`.

    readable: what it may read, besides the system's programs and its home; enforced where the system can (Linux).
    heard: is called with all that has been printed, as soon as there is more of it: nobody knows yet how it will end.
    Raises RenderError about `subject` when a limit is passed, or when `stop` is set meanwhile.
    """
    limits = limits or LIMITS
    name = Path(arguments[0]).name
    with ExitStack() as stack:
        try:
            reach = _reach(arguments[0], home, readable)
            process = stack.enter_context(started(arguments, reach, limits.amounts, environment(home, name)))
        except OSError as e:
            raise RenderError(subject, f"{name} cannot be started: {_reason(e)}", temporary=e.errno in LACKING) from e
        except ValueError as e:
            message = f"{name} cannot be started: an argument of it holds a character that none may hold"
            raise RenderError(subject, message) from e
        running = _Run(process, name=name, subject=subject, stop=stop or threading.Event(), limits=limits, heard=heard)
        try:
            running.collect()
        finally:
            _end_group(process)
    return running.answer()


def _reason(error: OSError) -> str:
    """Why nothing was started; a program that is missing is the shell, which says itself if another one is."""
    return f"{error.filename}: {error.strerror}" if error.filename == SHELL else str(error.strerror)


def _reach(program: str, home: Path, readable: Sequence[Path]) -> Reach:
    beside = (Path(program).parent, Path(program).resolve().parent)
    return Reach(home, (*_READABLE, *beside, *readable), (home, os.devnull))


class _Run:
    """A running program whose output is collected."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        *,
        name: str,
        subject: str,
        stop: threading.Event,
        limits: Limits,
        heard: Callable[[bytearray], None] | None,
    ) -> None:
        self._process = process
        self._name = name
        self._subject = subject
        self._stop = stop
        self._limits = limits
        self._heard = heard
        self._deadline = time.monotonic() + limits.time
        self._output = bytearray()
        self._errors = bytearray()
        self._told = 0

    def collect(self) -> None:
        """Collect what is printed until the program ends, even if a child of it keeps the output open."""
        ended = False
        with selectors.DefaultSelector() as selector:
            for stream, buffer in ((self._process.stdout, self._output), (self._process.stderr, self._errors)):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, buffer)
            while selector.get_map():
                self._check_time()
                ready = selector.select(timeout=0 if ended else _LOOK)
                if not ready and ended:
                    break
                ended = ended or (not ready and has_ended(self._process))
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    key.data.extend(chunk)
                    if not chunk:
                        selector.unregister(key.fileobj)
                self._check_size()
                self._tell()
        pause = 0.0002
        while not has_ended(self._process):
            self._check_time()
            time.sleep(pause)
            pause = min(pause * 2, _LOOK)

    def _tell(self) -> None:
        if self._heard is not None and len(self._output) > self._told:
            self._told = len(self._output)
            self._heard(self._output)

    def answer(self) -> Answer:
        """What was printed, once the program has been reaped."""
        return Answer(_code(self._process), bytes(self._output), self._errors.decode(errors="replace"))

    def _check_time(self) -> None:
        if self._stop.is_set():
            ask_to_end(self._process, self._limits.grace)
            raise RenderError(self._subject, f"{self._name} was stopped before it was done", temporary=True)
        if time.monotonic() > self._deadline:
            ask_to_end(self._process, self._limits.grace)
            raise RenderError(self._subject, f"{self._name} took longer than {self._limits.time:g} s", temporary=True)

    def _check_size(self) -> None:
        if len(self._output) > self._limits.output:
            message = f"{self._name} printed more than {self._limits.output} bytes"
            raise RenderError(self._subject, message, hint="split the application")
        del self._errors[: -self._limits.errors]


def _code(process: subprocess.Popen[bytes]) -> int:
    """How it ended. No renderer has a code above 128 of its own: a shell that watched one says so of its signal."""
    return process.returncode if process.returncode <= _SIGNALLED else _SIGNALLED - process.returncode


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the group, then reap its leader."""
    signal_group(process, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()

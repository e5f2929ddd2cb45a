"""The embedded cluster in a process of its own, so that it shares no interpreter with the screen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gitops_tui.embedded.server import EmbeddedServer
from gitops_tui.model.errors import GitopsError

START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass
class Running:
    """A cluster that runs in a child process, or in one that another session left running."""

    kubeconfig: Path
    url: str
    pid: int
    _child: subprocess.Popen[str] | None = field(default=None, repr=False)

    def stop(self) -> None:
        """End the process and wait until it has let go of its folder."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def start_process(state_dir: Path, *, port: int = 0, arguments: tuple[str, ...] = ()) -> Running:
    """Start a cluster in a child process that ends with this one; it answers when this returns.

    The port of the last run is taken again when it is free. Raises GitopsError when the process does not come up.
    """
    command = [
        sys.executable,
        "-m",
        "gitops_tui.embedded",
        "--state-dir",
        str(state_dir),
        "--port",
        str(port),
        *arguments,
    ]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if child.stdout is None or child.stderr is None:
        raise GitopsError("the embedded cluster", "its output could not be read")
    watchdog = threading.Timer(START_SECONDS, child.kill)
    watchdog.start()
    line = child.stdout.readline()
    watchdog.cancel()
    if not line:
        child.kill()
        told = child.stderr.read().strip().splitlines()
        raise GitopsError("the embedded cluster", told[-1] if told else "it ended before it was ready")
    ready = json.loads(line)
    return Running(Path(ready["kubeconfig"]), ready["url"], child.pid, child)


def serve(
    state_dir: Path | None,
    port: int = 0,
    *,
    attach: Callable[[EmbeddedServer], Callable[[], None]] | None = None,
) -> None:
    """Run a cluster in this process until a signal or the end of standard input, whose writer is the parent.

    One JSON line on standard output says when it is ready: kubeconfig, url, pid. `attach` starts controllers on the
    server and returns what stops them.
    """
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    with _started(state_dir, port) as server:
        detach = attach(server) if attach else None
        ready = {"kubeconfig": str(server.kubeconfig), "url": server.url, "pid": os.getpid()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        threading.Thread(target=_wait_for_parent, args=(ended,), daemon=True).start()
        ended.wait()
        if detach:
            detach()


def _started(state_dir: Path | None, port: int) -> EmbeddedServer:
    """A server on the wanted port, else on that of the last run, else on any."""
    if port or state_dir is None:
        return EmbeddedServer.start(state_dir, port=port)
    try:
        return EmbeddedServer.start(state_dir, port=_last_port(state_dir))
    except BlockingIOError:
        raise
    except OSError:
        return EmbeddedServer.start(state_dir)


def _last_port(state_dir: Path) -> int:
    try:
        config = json.loads((state_dir / "kubeconfig").read_text())
        return int(config["clusters"][0]["cluster"]["server"].rpartition(":")[2])
    except (OSError, ValueError, KeyError, IndexError):
        return 0


def _wait_for_parent(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()

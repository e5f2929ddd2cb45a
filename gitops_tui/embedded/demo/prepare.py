"""The demo made ready: cluster, repository and configuration, on a first start and on every later one."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gitops_tui
from gitops_tui.embedded.demo.configuration import configuration
from gitops_tui.embedded.demo.lease import FileLock, is_held, wait_until_free
from gitops_tui.embedded.demo.past import receipts
from gitops_tui.embedded.demo.places import Places
from gitops_tui.embedded.demo.repository import create_repository
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.operations import Receipt
from gitops_tui.private import write_private

_SUBJECT = "demo cluster"
_START_SECONDS = 90.0
_STOP_SECONDS = 5.0
_ANSWER_SECONDS = 6.0
_LOG_LIMIT = 1_000_000

_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process has started; they outlive it, and are kept here only to be reaped when they end first."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo in use. facts: what a user wants to know, as (what, text); the texts are paths and commands."""

    kubeconfig: Path
    repository: Path
    config: Path
    state_dir: Path
    facts: tuple[tuple[str, str], ...]
    _lease: FileLock

    def past(self) -> tuple[Receipt, ...]:
        """What was deployed before the first start, oldest first, for a journal that is empty yet.

        Raises SourceError when the repository cannot be read.
        """
        return receipts(self.repository)

    def close(self) -> None:
        """Say that this process no longer uses the cluster, which ends some time after its last user."""
        self._lease.release()


def prepare(state_dir: Path, *, reset: bool = False, idle: float | None = None, speed: float = 1.0) -> Demo:
    """Make the demo below a state folder ready: join its running cluster or start it, and make what is missing.

    reset: throw away cluster, repository, configuration and journal first. idle: seconds after its last user at
    which a cluster started here ends. speed: how many times as fast its workloads come alive.
    Raises GitopsError.
    """
    places = Places.below(state_dir)
    if reset:
        forget(state_dir)
    try:
        for folder in (places.root, places.state):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.root.chmod(0o700)
        lease = FileLock.take(places.lease, shared=True)
    except OSError as error:
        raise _folder_error(places, error) from error
    try:
        _make_ready(places, idle, speed)
    except BaseException:
        lease.release()
        raise
    return Demo(places.kubeconfig, places.repository, places.config, places.state, _facts(places), lease)


def facts(state_dir: Path) -> tuple[tuple[str, str], ...]:
    """What a user of the demo wants to know, as (what, text); the texts are paths and commands. Touches nothing."""
    return _facts(Places.below(state_dir))


def forget(state_dir: Path) -> None:
    """End the demo's cluster and throw away all the demo holds: cluster, repository, configuration, journal."""
    places = Places.below(state_dir)
    stop(state_dir)
    try:
        if places.root.exists():
            shutil.rmtree(places.root)
    except OSError as error:
        raise _folder_error(places, error) from error


def stop(state_dir: Path) -> bool:
    """End the demo's cluster now, whoever uses it; what it holds is kept. Returns whether there was one."""
    places = Places.below(state_dir)
    if not places.root.exists():
        return False
    with FileLock.take(places.start_lock):
        return _end_server(places)


def _folder_error(places: Places, error: OSError) -> GitopsError:
    return GitopsError(f"demo folder {places.root}", error.strerror or str(error))


def _make_ready(places: Places, idle: float | None, speed: float) -> None:
    with FileLock.take(places.start_lock):
        child = None if _answers(places) else _launch(places, idle, speed)
        try:
            create_repository(places.repository, time.time())
            if not places.config.exists():
                write_private(places.config, configuration(places.repository, places.kubeconfig, places.state))
        finally:
            if child is not None:
                _wait_for(child, places)


def _launch(places: Places, idle: float | None, speed: float) -> subprocess.Popen[bytes]:
    """Start the server, which takes its time; a deaf one is ended first."""
    _end_server(places)
    _reap()
    arguments = [str(places.root), "--speed", str(speed)] + ([] if idle is None else ["--idle", str(idle)])
    if places.server_log.exists() and places.server_log.stat().st_size > _LOG_LIMIT:
        places.server_log.unlink()
    log = os.open(places.server_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "gitops_tui.embedded.demo.server", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=places.root,
            env=os.environ | {"PYTHONPATH": _import_path()},
            start_new_session=True,
        )
    except OSError as error:
        raise GitopsError(_SUBJECT, f"cannot be started: {error.strerror}") from error
    finally:
        os.close(log)
    _children.append(child)
    return child


def _import_path() -> str:
    """Where the server finds this very package, whatever the working folder holds."""
    own = str(Path(gitops_tui.__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH", ""))))


def _wait_for(child: subprocess.Popen[bytes], places: Places) -> None:
    if child.stdout is None:
        raise GitopsError(_SUBJECT, "its output cannot be read")
    watchdog = threading.Timer(_START_SECONDS, child.kill)
    watchdog.daemon = True
    watchdog.start()
    with child.stdout as pipe:
        line = pipe.readline()
    watchdog.cancel()
    if not line:
        child.wait()
        hint = f"read {places.server_log}, or start over with --reset"
        raise GitopsError(_SUBJECT, _last_words(places) or "ended before it was ready", hint=hint)


def _last_words(places: Places) -> str:
    try:
        lines = places.server_log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _end_server(places: Places) -> bool:
    """End the process that holds the server's lock; the caller holds the start lock."""
    if not is_held(places.server_lock):
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = _record(places).get("pid")
        if isinstance(process, int) and is_held(places.server_lock):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        if wait_until_free(places.server_lock, _STOP_SECONDS):
            _reap()
            return True
    raise GitopsError(_SUBJECT, "does not end", hint=f"end the process named in {places.server_record}")


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _record(places: Places) -> dict[str, Any]:
    try:
        record = json.loads(places.server_record.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _answers(places: Places) -> bool:
    """Whether a server runs that lets us in with the kubeconfig's token."""
    if not is_held(places.server_lock) or not _record(places):
        return False
    try:
        config = json.loads(places.kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        host, _, port = cluster["server"].removeprefix("https://").rpartition(":")
        context = ssl.create_default_context(cadata=authority)
        connection = http.client.HTTPSConnection(host, int(port), timeout=_ANSWER_SECONDS, context=context)
        try:
            connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {user['token']}"})
            return connection.getresponse().status == 200
        finally:
            connection.close()
    except (OSError, ValueError, KeyError, IndexError, http.client.HTTPException):
        return False


def _facts(places: Places) -> tuple[tuple[str, str], ...]:
    repository = shlex.quote(str(places.repository))
    return (
        ("kubeconfig", str(places.kubeconfig)),
        ("repository", str(places.repository)),
        ("use kubectl", f"export KUBECONFIG={shlex.quote(str(places.kubeconfig))}"),
        ("see drift", "kubectl -n payments scale deployment/payments --replicas=5"),
        ("see it healed", "kubectl -n payments scale statefulset/ledger --replicas=1"),
        ("mend search by a commit", f"git -C {repository} revert --no-edit ':/crash fix'"),
        ("mend reports by a commit", f"git -C {repository} revert --no-edit ':/board as well'"),
    )

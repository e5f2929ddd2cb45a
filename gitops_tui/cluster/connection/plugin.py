"""Credentials from the user's own login program (kubeconfig `exec`, client.authentication.k8s.io).

The kubernetes package lends such a program our terminal and waits for it without end. A screen is being
painted there, so ours runs without a terminal, with a deadline, in a process group of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitops_tui.children import signal_group
from gitops_tui.cluster.connection.kubeconfig import Target
from gitops_tui.model.errors import ClusterError, Stage
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

_DEADLINE = 60.0
_SLICE = 0.1
_OUTPUT = 1 << 20
_EXTENSION = "client.authentication.k8s.io/exec"
_CLUSTER_FIELDS = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)


@dataclass(frozen=True, slots=True)
class Login:
    """What a login program gave: entries of a kubeconfig user, and when they expire (seconds since the epoch)."""

    user: Mapping[str, str] = field(repr=False)
    expires: float | None = None


def run(target: Target, ending: threading.Event) -> Login:
    """Run the login program of `target`, until `ending` at most; ClusterError names it and what it said on stderr."""
    plugin = target.user["exec"]
    if not isinstance(plugin, dict) or not plugin.get("command") or not plugin.get("apiVersion"):
        raise _error(target, "`exec` needs a command and an apiVersion", "mend this user in the kubeconfig")
    if plugin.get("interactiveMode") == "Always":
        raise _error(target, "its login program wants a terminal", "log in with kubectl first")
    command = [str(plugin["command"]), *(str(argument) for argument in plugin.get("args") or [])]
    process = _start(target, command, _environment(target, plugin), str(plugin.get("installHint") or ""))
    with process:
        output, errors = _finished(target, process, ending)
    if process.returncode or len(output) > _OUTPUT:
        said = one_line(errors[:4096].decode(errors="replace"), limit=300)
        text = f"{one_line(command[0], limit=120)} ended with {process.returncode}: {said}"
        raise _error(target, text, "log in again")
    return _login(target, command[0], output)


def _environment(target: Target, plugin: Mapping[str, Any]) -> dict[str, str]:
    extra = {str(item["name"]): str(item.get("value", "")) for item in plugin.get("env") or [] if item.get("name")}
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {name: target.cluster[name] for name in _CLUSTER_FIELDS if name in target.cluster}
        extensions = target.cluster.get("extensions") or []
        configs = [item.get("extension") for item in extensions if item.get("name") == _EXTENSION]
        if configs:
            spec["cluster"]["config"] = configs[0]
    info = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    return {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(info)}


def _start(target: Target, command: list[str], environment: Mapping[str, str], hint: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        hint = one_line(hint) or "install it, or name its full path in the kubeconfig"
        raise _error(target, f"cannot run {one_line(command[0], limit=120)}: {error.strerror}", hint) from error


def _finished(target: Target, process: subprocess.Popen[bytes], ending: threading.Event) -> tuple[bytes, bytes]:
    """What the program printed; it is killed with its children when it takes too long or we end."""
    deadline = time.monotonic() + _DEADLINE
    while not ending.is_set() and time.monotonic() < deadline:
        try:
            return process.communicate(timeout=_SLICE)
        except subprocess.TimeoutExpired:
            continue
    signal_group(process, signal.SIGKILL)
    raise _error(target, f"its login program gave no credentials within {_DEADLINE:.0f} s", "run it by hand")


def _login(target: Target, program: str, output: bytes) -> Login:
    try:
        status = json.loads(output)["status"]
        if status.get("token"):
            user = {"token": str(status["token"])}
        else:
            pem = {"client-certificate": "clientCertificateData", "client-key": "clientKeyData"}
            user = {f"{name}-data": b64encode(str(status[key]).encode()).decode() for name, key in pem.items()}
        stamp = status.get("expirationTimestamp")
        return Login(user, datetime.fromisoformat(stamp).timestamp() if stamp else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # What it printed may hold a credential, also in the text of the original error.
        text = f"{one_line(program, limit=120)} printed no usable ExecCredential"
        raise _error(target, text, "run it by hand and compare") from None


def _error(target: Target, message: str, hint: str) -> ClusterError:
    return ClusterError(f"context {one_line(target.name)}", message, hint=hint, stage=Stage.CONNECT)

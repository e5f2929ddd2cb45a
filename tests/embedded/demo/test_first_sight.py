"""The demo as its user meets it: every state worth seeing at once, and commits and kubectl that have their effect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitops_tui.embedded import demo

ROOT = Path(__file__).parents[3]
DEADLINE = 180.0


def environ() -> dict[str, str]:
    """With the tools of the development environment, and no colours."""
    path = os.pathsep.join((str(ROOT / ".venv/bin"), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "NO_COLOR": "1"}


def run(state: Path, *arguments: str, code: int = 0) -> Any:
    """What a verb answers, as data."""
    command = [sys.executable, "-m", "gitops_tui", *arguments, "--demo", "--state-dir", str(state), "-o", "json"]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE, check=False, cwd=ROOT, env=environ()
    )
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout)


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.2)


def test_the_first_look_shows_every_state(state: Path) -> None:
    rows = {row["name"]: row for row in run(state, "status", code=2)}
    seen = {name: (row["sync"], row["health"]) for name, row in rows.items()}
    assert seen == {
        "storefront": ("Synced", "Healthy"),
        "payments": ("Synced", "Healthy"),
        "ledger": ("Synced", "Healthy"),
        "monitoring": ("Synced", "Healthy"),
        "catalog": ("OutOfSync", "Healthy"),
        "checkout": ("OutOfSync", "Healthy"),
        "notifications": ("OutOfSync", "Missing"),
        "search": ("Synced", "Degraded"),
        "reports": ("Unknown", "Unknown"),
    }
    (problem,) = rows["reports"]["problems"]
    assert problem["subject"].startswith("apps/reports/configmap.yaml:10")


def test_drift_names_its_fields(state: Path) -> None:
    answer = run(state, "diff", "catalog", code=1)
    (resource,) = answer["resources"]
    assert {change["path"]: (change["desired"], change["live"]) for change in resource["changes"]} == {
        "spec.replicas": (2, 5),
        "spec.template.spec.containers[catalog].env[LOG_LEVEL].value": ("info", "debug"),
    }


def test_history_and_journal_have_a_past(state: Path) -> None:
    history = run(state, "history", "checkout")
    assert [bool(row["deployed"]) for row in history] == [False, True, True]
    told = run(state, "journal", "search")
    assert told
    assert {row["application"] for row in told} == {"search"}


def test_a_waiting_commit_is_synced_and_rolled_back(state: Path) -> None:
    receipt = run(state, "sync", "checkout")
    results = {(row["kind"], row["result"]) for row in receipt["resources"]}
    assert results >= {("ConfigMap", "Created"), ("ConfigMap", "Pruned"), ("Deployment", "Configured")}
    (row,) = run(state, "status", "checkout")
    assert (row["sync"], row["health"]) == ("Synced", "Healthy")
    older = run(state, "history", "checkout")[1]["sha"]
    assert run(state, "rollback", "checkout", older, "--yes")["phase"] == "Succeeded"


def test_commits_and_kubectl_have_their_effect_while_the_worker_runs(state: Path) -> None:
    ready = demo.prepare(state)
    command = [sys.executable, "-m", "gitops_tui", "--headless", "--demo", "--state-dir", str(state)]
    worker = subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stderr=subprocess.DEVNULL, cwd=ROOT, env=environ())
    try:
        kubectl = ["kubectl", "--kubeconfig", str(ready.kubeconfig), "-n", "payments"]
        revert = ["git", "-C", str(ready.repository), "revert", "--no-edit", ":/crash fix"]
        subprocess.run(revert, check=True, capture_output=True)
        scale = [*kubectl, "scale", "statefulset/ledger", "--replicas=1"]
        subprocess.run(scale, check=True, capture_output=True, env=environ())

        def asked(what: str, namespace: str, field: str) -> str:
            get = [*kubectl[:3], "-n", namespace, "get", what, "-o", f"jsonpath={{{field}}}"]
            return subprocess.run(get, check=True, capture_output=True, text=True, env=environ()).stdout

        image = ".spec.template.spec.containers[0].image"
        until(lambda: asked("deployment/search", "search", image).endswith(":3.7.0"))
        until(lambda: asked("deployment/search", "search", ".status.unavailableReplicas") == "")
        until(lambda: asked("statefulset/ledger", "payments", ".status.readyReplicas") == "3")
    finally:
        worker.terminate()
        worker.wait(DEADLINE)
        ready.close()

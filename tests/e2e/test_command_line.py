"""The whole path by the command line, as a script would take it, on a real API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.yamlio import load_all
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

CANARY = "canary-5ecret-value"


class Shell:
    """A user's shell in a folder with a gitops-tui.yaml and a repository. Remembers all that was ever printed."""

    def __init__(self, folder: Path, kubeconfig: Path, namespace: str) -> None:
        self.folder = folder
        self.repository = WorkTree(folder / "fleet")
        self.printed = ""
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITOPS_TUI_", "XDG_"))},
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(folder),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        application = {
            "name": namespace,
            "project": "tests",
            "source": {"repository": "./fleet", "revision": "main", "path": "app"},
            "destination": {"namespace": namespace},
        }
        (folder / "gitops-tui.yaml").write_text(json.dumps({"applications": [application]}), encoding="utf-8")

    def gitops(self, *words: str) -> tuple[int, str]:
        """Exit code and stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "gitops_tui", *words],
            check=False,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.printed += done.stdout + done.stderr
        return done.returncode, done.stdout

    def read(self, *words: str, code: int) -> Any:
        """The JSON that a verb prints when it ends with this code."""
        found, out = self.gitops(*words, "-o", "json")
        assert found == code, self.printed
        return json.loads(out)


@pytest.fixture
def shell(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Shell:
    return Shell(tmp_path, control_plane.kubeconfig, namespace)


def manifests(value: str, secret: str = CANARY) -> dict[str, str | None]:
    text = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: web}}
data: {{greeting: {value}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: db}}
stringData: {{password: {secret}}}
"""
    return {"app/all.yaml": text}


def test_see_sync_drift_and_roll_back(shell: Shell, control_plane: RealCluster, namespace: str) -> None:
    app = namespace
    first = shell.repository.commit("First release", manifests("hello"))

    (status,) = shell.read("status", code=1)
    assert (status["name"], status["sync"], status["health"], status["revision"]) == (
        app,
        "OutOfSync",
        "Missing",
        first,
    )
    assert (status["resources"], status["drifted"], status["problems"]) == (2, 2, [])

    planned = shell.read("plan", app, code=1)
    assert [(each["action"], each["kind"]) for each in planned["changes"]] == [
        ("create", "Secret"),
        ("create", "ConfigMap"),
    ]
    assert shell.read("sync", app, "--dry-run", code=0)["operation"] == ""
    assert shell.read("status", code=1)[0]["drifted"] == 2

    receipt = shell.read("sync", app, code=0)
    assert (receipt["phase"], receipt["revision"]) == ("Succeeded", first)
    assert {each["result"] for each in receipt["resources"]} == {"Created"}
    assert shell.read("status", code=0)[0]["verified"] is True
    assert shell.read("diff", app, code=0)["resources"] == []

    path = f"/api/v1/namespaces/{namespace}/configmaps/web"
    patch = {"data": {"greeting": "changed by hand"}}
    assert control_plane.request("PATCH", path, patch, content_type="application/merge-patch+json")[0] == 200
    (drifted,) = shell.read("diff", app, code=1)["resources"]
    assert (drifted["kind"], drifted["drift"]) == ("ConfigMap", "Changed")
    assert drifted["changes"] == [{"path": "data.greeting", "desired": "hello", "live": "changed by hand"}]

    second = shell.repository.commit("Second release", manifests("bye", CANARY + "-2"))
    (only,) = shell.read("sync", app, "--resource", f"/ConfigMap/{namespace}/web", code=0)["resources"]
    assert (only["name"], only["result"]) == ("web", "Configured")
    assert [each["kind"] for each in shell.read("diff", app, code=1)["resources"]] == ["Secret"]
    assert shell.read("sync", "--all", code=0)[0]["revision"] == second

    assert shell.gitops("rollback", app, first[:8])[0] == 2
    assert shell.read("rollback", app, first[:8], "--yes", code=0)["revision"] == first
    assert shell.read("status", app, code=0)[0]["revision"] == first
    newest, oldest = shell.read("history", app, code=0)
    assert (newest["sha"], oldest["sha"], newest["subject"]) == (second, first, "Second release")
    assert None not in (newest["deployed"], oldest["deployed"])

    assert shell.read("unpin", app, code=0)["quarantined"] == second
    assert shell.read("status", app, code=1)[0]["revision"] == second
    operations = shell.read("journal", app, code=0)
    assert [(each["kind"], each["phase"]) for each in operations] == [
        ("rollback", "Succeeded"),
        *[("sync", "Succeeded")] * 3,
    ]
    assert CANARY not in shell.printed


def test_a_rendering_can_be_applied_with_its_secrets_and_only_with_them(
    shell: Shell, control_plane: RealCluster, namespace: str
) -> None:
    shell.repository.commit("First release", manifests("hello"))

    def apply(*options: str) -> int:
        code, text = shell.gitops("render", namespace, *options)
        assert code == 0
        _, secret = load_all(text.encode(), name="stdout")
        path = f"/api/v1/namespaces/{namespace}/secrets/db?fieldManager=kubectl"
        kind = "application/apply-patch+yaml"
        return control_plane.request("PATCH", path, secret.value, content_type=kind)[0]

    assert apply() >= 400  # 500 for a server-side apply of what is no base64
    assert CANARY not in shell.printed
    assert apply("--show-secrets") == 201


def test_what_is_wrong_is_told_and_the_rest_goes_on(shell: Shell, namespace: str) -> None:
    shell.repository.commit("Broken", {"app/all.yaml": "kind: ConfigMap\nkind: Secret\n"})
    (status,) = shell.read("status", code=2)
    assert status["sync"] == "Unknown"
    (problem,) = status["problems"]
    assert problem["stage"] == "render"
    assert "app/all.yaml:2" in problem["subject"]
    assert shell.gitops("sync", namespace)[0] == 2
    assert shell.read("history", namespace, code=0)[0]["subject"] == "Broken"

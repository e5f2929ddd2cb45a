"""Going back on a real API server: by itself, by a commit, and one step, with the daemon and other processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import Daemon, Program
from tests.support.real_cluster import RealCluster
from tests.support.served import wait_until_served
from tests.support.work_tree import WorkTree

MERGE = "application/merge-patch+json"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def eventually(wanted: Callable[[], Any]) -> Any:
    """Ask until the answer is true; the deadline is for a broken program, not for a slow machine."""
    deadline = time.monotonic() + 120
    while not (answer := wanted()):
        assert time.monotonic() < deadline
    return answer


class World:
    """A repository that can be pushed to, and Widgets whose controller is the test."""

    def __init__(self, folder: Path, cluster: RealCluster, namespace: str) -> None:
        self.cluster, self.namespace, self.group = cluster, namespace, f"{namespace}.example.org"
        self.repository = WorkTree(folder / "repository")
        self.repository.git("config", "receive.denyCurrentBranch", "updateInstead")
        config = folder / "gitops-tui.yaml"
        config.write_text(
            f"repositories:\n  - {{name: shop, url: {self.repository.path}, interval: 1s}}\n"
            f"applications:\n  - name: {namespace}\n"
            "    source: {repository: shop, revision: main, path: app}\n"
            f"    destination: {{namespace: {namespace}}}\n"
            "    sync: {mode: auto, prune: true, selfHeal: true, autoRollback: true, soak: 5m}\n"
            f"settings:\n  stateDir: {folder / 'state'}\n  kubeconfig: {cluster.kubeconfig}\n"
            "  author: {name: Fleet Bot, email: bot@example.org}\n  signCommits: false\n"
        )
        self.gitops = Program(("--config", str(config)))

    def define(self) -> None:
        names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": schema}
        body = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"widgets.{self.group}"},
            "spec": {"group": self.group, "scope": "Namespaced", "names": names, "versions": [version]},
        }
        code, answer = self.cluster.request("POST", DEFINITIONS, body)
        assert code == 201, answer
        wait_until_served(self.cluster, self.group, "widgets")

    def release(self, message: str, size: int) -> str:
        text = f"apiVersion: {self.group}/v1\nkind: Widget\nmetadata:\n  name: main\nspec:\n  size: {size}\n"
        return self.repository.commit(message, {"app/main.yaml": text})

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/v1/namespaces/{self.namespace}/widgets/main"

    def size(self) -> Any:
        code, body = self.cluster.request("GET", self.path)
        return body["spec"]["size"] if code == 200 else None

    def says(self, ready: str, why: str) -> None:
        """The Widgets' controller tells how it is."""
        condition = {"type": "Ready", "status": ready, "message": why, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        body = {"status": {"conditions": [condition]}}
        code, answer = self.cluster.request("PATCH", f"{self.path}/status", body, content_type=MERGE)
        assert code == 200, answer

    def status(self) -> dict[str, Any]:
        (found,) = self.gitops.json("status", self.namespace)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def world(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[World]:
    made = World(tmp_path, control_plane, namespace)
    made.define()
    yield made
    control_plane.request("DELETE", f"{DEFINITIONS}/widgets.{made.group}")


def deployed(daemon: Daemon, sha: str) -> None:
    daemon.until(lambda e: e["event"] == "operation-ended" and e["revision"] == sha and e["phase"] == "Succeeded")


def test_health_that_is_lost_is_taken_back_then_reverted_in_git(world: World) -> None:
    good = world.release("Good", 1)
    with world.gitops.daemon() as daemon:
        deployed(daemon, good)
        bad = world.release("Bad", 2)
        deployed(daemon, bad)
        world.says("False", "it is too large")

        eventually(lambda: world.size() == 1)
        world.says("True", "it fits")
        back = daemon.until(lambda e: e["event"] == "operation-ended" and e["kind"] == "rollback")
        assert (back["phase"], back["actor"], back["revision"]) == ("Succeeded", "auto-rollback", good)
        pin = world.status()["pin"]
        assert (pin["revision"], pin["quarantined"], pin["until"]) == (good, bad, "next-commit")
        assert "it is too large" in pin["why"]

        words = ["rollback", world.namespace, good, "--mode", "revert", "--yes", "--why", "too large"]
        receipt = world.gitops.json(*words, code=0)
        assert receipt["commit"] == world.repository.git("rev-parse", "main")
        assert world.repository.git("log", "-1", "--format=%an", "main") == "Fleet Bot"
        eventually(lambda: world.status()["pin"] is None)
        assert (world.status()["sync"], world.size()) == ("Synced", 1)

        receipt = world.gitops.json("undo", world.namespace, "--yes", code=0)
        assert receipt["commit"] == world.repository.git("rev-parse", "main")
        assert world.repository.git("rev-parse", "main:app") == world.repository.git("rev-parse", f"{bad}:app")
        eventually(lambda: world.size() == 2)
        assert daemon.terminate() == 0

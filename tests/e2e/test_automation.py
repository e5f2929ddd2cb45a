"""Automation of the real program on a real API server: superseded, stopped, healed, told in the journal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.manifests import config_map
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

_ENDLESS = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {argocd.argoproj.io/hook: PreSync}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: example.org/migrate}]
"""
"""Without a kubelet its pod never runs, so it never ends."""


class Shop:
    def __init__(self, folder: Path, cluster: RealCluster, namespace: str) -> None:
        self.cluster, self.name = cluster, namespace
        self.repository = WorkTree(folder / "repository")
        self.config = folder / "gitops-tui.yaml"
        self.settings = f"{{stateDir: {folder / 'state'}, kubeconfig: {cluster.kubeconfig}}}"
        self.configure("{mode: auto, prune: true, selfHeal: true}")
        self.gitops = Program(("--config", str(self.config)))

    def configure(self, sync: str) -> None:
        self.config.write_text(
            f"repositories: [{{name: shop, url: {self.repository.path}, interval: 1s}}]\n"
            "applications:\n"
            f"  - name: {self.name}\n"
            "    source: {repository: shop, revision: main, path: app}\n"
            f"    destination: {{namespace: {self.name}}}\n"
            f"    sync: {sync}\n"
            f"settings: {self.settings}\n"
        )

    def patch(self, name: str, **data: str) -> None:
        path = f"/api/v1/namespaces/{self.name}/configmaps/{name}"
        code, _ = self.cluster.request("PATCH", path, {"data": data}, content_type="application/merge-patch+json")
        assert code == 200

    def data(self, name: str) -> Any:
        code, body = self.cluster.request("GET", f"/api/v1/namespaces/{self.name}/configmaps/{name}")
        return body["data"] if code == 200 else None

    def journal(self, *more: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.gitops.json("journal", "--app", self.name, *more, code=0)
        return found


@pytest.fixture
def shop(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Shop:
    return Shop(tmp_path, control_plane, namespace)


def started(event: dict[str, Any]) -> bool:
    return bool(event["event"] == "operation-started")


def ended(event: dict[str, Any]) -> bool:
    return bool(event["event"] == "operation-ended")


def test_a_newer_commit_supersedes_a_sync_that_waits(shop: Shop) -> None:
    old = shop.repository.commit("With a migration", {"app/a.yaml": config_map("a", b="1"), "app/hook.yaml": _ENDLESS})
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        daemon.until(started)
        new = shop.repository.commit("Without", {"app/a.yaml": config_map("a", b="2"), "app/hook.yaml": None})
        first, second = daemon.until(ended), daemon.until(ended)
        assert daemon.terminate() == 0
    assert (first["phase"], first["revision"], first["level"]) == ("Superseded", old, "info")
    assert (second["phase"], second["revision"]) == ("Succeeded", new)
    assert shop.data("a") == {"b": "2"}
    newest, oldest = shop.journal()
    assert (oldest["phase"], newest["phase"]) == ("Superseded", "Succeeded")
    assert oldest["message"] == f"a newer commit took over: {new[:7]}"


def test_a_daemon_that_is_ended_in_a_sync_says_interrupted_and_the_next_one_makes_it_again(shop: Shop) -> None:
    shop.repository.commit("With a migration", {"app/a.yaml": config_map("a", b="1"), "app/hook.yaml": _ENDLESS})
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        daemon.until(started)
        deadline = time.monotonic() + 120
        while not shop.journal():  # it is told before its plan is made, and journaled after
            assert time.monotonic() < deadline
        assert daemon.terminate() == 0
    (interrupted,) = shop.journal()
    assert interrupted["phase"] == "Interrupted"
    shop.repository.commit("Without", {"app/hook.yaml": None})
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        assert daemon.until(ended)["phase"] == "Succeeded"
        assert daemon.terminate() == 0
    assert shop.data("a") == {"b": "1"}


def test_drift_is_healed_at_once_and_journaled_with_before_and_after(shop: Shop) -> None:
    shop.repository.commit("First", {"app/a.yaml": config_map("a", b="mine")})
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        daemon.until(lambda event: event["event"] == "status" and event["sync"] == "Synced")
        drifted = time.time()
        shop.patch("a", b="theirs")
        healed = daemon.until(lambda event: ended(event) and event["kind"] == "self-heal")
        took = time.time() - drifted
        assert daemon.terminate() == 0
    assert (healed["actor"], healed["phase"]) == ("self-heal", "Succeeded")
    newest, first = shop.journal()
    assert newest["kind"] == "self-heal"
    (row,) = newest["resources"]
    assert (row["action"], row["result"]) == ("update", "Configured")
    assert row["changes"] == [{"path": "data.b", "desired": "mine", "live": "theirs"}]
    assert newest in shop.journal("--since", newest["started"])
    assert shop.journal("--since", "2999-01-01") == []
    assert [entry["operation"] for entry in shop.journal("--since", "1d")] == [
        newest["operation"],
        first["operation"],
    ]
    print(f"healed {took:.2f} s after the drift")  # noqa: T201 - a measurement, not a claim


def test_why_automation_waits_stands_in_the_status_of_any_process(shop: Shop) -> None:
    shop.repository.commit("First", {"app/a.yaml": config_map("a", b="1")})
    shop.configure("{mode: auto, windows: [{kind: deny, schedule: '* * * * *', duration: 1h}]}")
    (status,) = shop.gitops.json("status", code=1)
    assert status["waiting"].startswith("sync window: deny")
    assert "sync window: deny" in shop.gitops("status").out
    said = shop.gitops("sync", shop.name, code=2)
    assert "sync window: deny" in said.err
    assert "manualSync" in said.err


def test_a_namespace_that_is_going_holds_a_sync_until_it_is_gone(shop: Shop, controllers: RealCluster) -> None:
    place = f"{shop.name}-again"
    path, merge = f"/api/v1/namespaces/{place}", "application/merge-patch+json"
    hold = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hold", "finalizers": ["example.org/hold"]}}
    controllers.request("POST", "/api/v1/namespaces", {"metadata": {"name": place}})
    controllers.request("POST", f"{path}/configmaps", hold)
    controllers.request("DELETE", path)
    shop.configure("{mode: auto, createNamespace: true}")
    shop.config.write_text(shop.config.read_text().replace(f"namespace: {shop.name}}}", f"namespace: {place}}}"))
    shop.repository.commit("First release", {"app/a.yaml": config_map("a", b="c")})
    try:
        with shop.gitops.daemon() as daemon:
            daemon.until(lambda e: e["event"] == "problem" and "is being terminated" in str(e))
            controllers.request(
                "PATCH", f"{path}/configmaps/hold", {"metadata": {"finalizers": None}}, content_type=merge
            )
            assert daemon.until(ended)["phase"] == "Succeeded"
            assert daemon.terminate() == 0
    finally:
        controllers.request("DELETE", path)

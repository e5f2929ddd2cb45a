"""A user takes an application away from a real cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.manifests import config_map, deployment
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

_TOLD = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: told
  annotations:
    argocd.argoproj.io/hook: PreDelete
    argocd.argoproj.io/hook-delete-policy: HookFailed
"""


class Shop:
    def __init__(self, folder: Path, cluster: RealCluster, namespace: str) -> None:
        self.cluster, self.name = cluster, namespace
        self.repository = WorkTree(folder / "repository")
        files = {
            "app/a.yaml": config_map("a", b="1"),
            "app/web.yaml": deployment("web", replicas=0),
            "app/hook.yaml": _TOLD,
        }
        self.repository.commit("First", dict(files))
        self.config = folder / "gitops-tui.yaml"
        self.config.write_text(
            f"repositories: [{{name: shop, url: {self.repository.path}, interval: 1s}}]\n"
            "applications:\n"
            f"  - name: {self.name}\n"
            "    source: {repository: shop, revision: main, path: app}\n"
            f"    destination: {{namespace: {self.name}}}\n"
            "    sync: {mode: auto, selfHeal: true}\n"
            f"settings: {{stateDir: {folder / 'state'}, kubeconfig: {cluster.kubeconfig}}}\n"
        )
        self.gitops = Program(("--config", str(self.config)))
        self.gitops("sync", self.name, code=0)

    def exists(self, path: str) -> bool:
        return self.cluster.request("GET", path)[0] == 200

    @property
    def config_map(self) -> str:
        return f"/api/v1/namespaces/{self.name}/configmaps/a"

    @property
    def workload(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.name}/deployments/web"

    def journal(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.gitops.json("journal", "--app", self.name, code=0)
        return found


@pytest.fixture
def shop(tmp_path: Path, controllers: RealCluster, namespace: str) -> Shop:
    return Shop(tmp_path, controllers, namespace)


def test_without_its_name_nothing_is_done(shop: Shop) -> None:
    said = shop.gitops("delete", shop.name, "--cascade", code=2)
    assert f"--yes {shop.name}" in said.err
    assert "names other" in shop.gitops("delete", shop.name, "--cascade", "--yes", "other", code=2).err
    assert shop.exists(shop.config_map)
    assert len(shop.journal()) == 1


def test_by_default_its_objects_are_left_and_its_automation_is_paused(shop: Shop) -> None:
    said = shop.gitops("delete", shop.name, "--yes", shop.name, code=0)
    assert str(shop.config) in said.err
    assert shop.exists(shop.config_map)
    (status,) = shop.gitops.json("status", code=0)
    assert str(shop.config) in status["pause"]["why"]
    assert [entry["kind"] for entry in shop.journal()] == ["delete", "sync"]


def test_cascade_deletes_what_is_its_own_with_hooks_and_is_not_made_anew(shop: Shop) -> None:
    other = f"/api/v1/namespaces/{shop.name}/configmaps"
    theirs = {"metadata": {"name": "theirs"}}
    assert shop.cluster.request("POST", other, theirs)[0] == 201

    receipt = shop.gitops.json("delete", shop.name, "--cascade", "--yes", shop.name, code=0)

    assert receipt["phase"] == "Succeeded"
    assert {(row["name"], row["action"], row["result"]) for row in receipt["resources"]} == {
        ("told", "hook", "Created"),
        ("a", "delete", "Pruned"),
        ("web", "delete", "Pruned"),
    }
    assert not shop.exists(shop.config_map)
    assert not shop.exists(shop.workload)
    assert not shop.exists(f"{other}/told"), "its hook has gone with it"
    assert shop.exists(f"{other}/theirs")
    assert shop.exists(f"/api/v1/namespaces/{shop.name}"), "others may live in the namespace"
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        daemon.until(lambda event: bool(event["event"] == "status"))
        (status,) = shop.gitops.json("status", code=1)
        assert status["waiting"].startswith("paused by")
        assert daemon.terminate() == 0
    assert not shop.exists(shop.config_map)
    shop.gitops("resume", shop.name, code=0)
    shop.gitops("sync", shop.name, code=0)
    assert shop.exists(shop.config_map), "it may be had back"


def test_a_repository_that_is_gone_does_not_keep_it(shop: Shop) -> None:
    shop.repository.path.rename(shop.repository.path.with_name("elsewhere"))
    shop.gitops("delete", shop.name, "--cascade", "--no-hooks", "--yes", shop.name)
    assert not shop.exists(shop.config_map)
    assert not shop.exists(shop.workload)


def test_a_daemon_does_it_for_another_process(shop: Shop) -> None:
    with shop.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        daemon.until(lambda event: bool(event["event"] == "status"))
        receipt = shop.gitops.json("delete", shop.name, "--cascade", "--yes", shop.name, code=0)
        assert receipt["phase"] == "Succeeded"
        assert daemon.terminate() == 0
    assert not shop.exists(shop.workload)

"""What many applications cost together: nothing that grows with those of which nothing moves."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault
from gitops_tui.engine.requests import Refresh
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.status import SyncCode
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, fleet

MANY = 12
AUTO = SyncPolicy(SyncMode.AUTO, health_timeout=0.0)
FILES: dict[str, str | None] = {"web.yaml": deployment("web", replicas=0), "settings.yaml": config_map("settings")}


class Watched(Fault):
    """Hears which watches are opened, and lets them pass."""

    def __init__(self) -> None:
        super().__init__("answer")
        self.paths: list[str] = []

    def takes(self, method: str, target: str) -> bool:
        if "watch=" in target:
            self.paths.append(target.partition("?")[0])
        return False


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def watched(server: EmbeddedServer) -> Iterator[Watched]:
    heard = Watched()
    server.faults.add(heard)
    yield heard
    server.faults.clear()


def names(count: int) -> list[str]:
    mark = secrets.token_hex(3)
    return [f"shop-{mark}-{number:02}" for number in range(count)]


def all_synced(stage: Stage) -> None:
    stage.until(lambda _: all(each.sync is SyncCode.SYNCED for each in stage.store.current.applications.values()))


def test_in_many_namespaces_a_kind_is_watched_once(tmp_path: Path, server: EmbeddedServer, watched: Watched) -> None:
    with fleet(tmp_path, server.kubeconfig, names(MANY), FILES, AUTO) as stage:
        all_synced(stage)
        watching = {thread.name for thread in threading.enumerate() if thread.name.startswith("watch ")}
        assert watching == {"watch Pod", "watch apps/ReplicaSet", "watch apps/Deployment", "watch ConfigMap"}
        assert {"/api/v1/pods", "/apis/apps/v1/replicasets"} <= set(watched.paths)


def test_in_a_few_namespaces_only_those_are_looked_into(
    tmp_path: Path, server: EmbeddedServer, watched: Watched
) -> None:
    few = names(2)
    with fleet(tmp_path, server.kubeconfig, few, FILES, AUTO) as stage:
        all_synced(stage)
        assert {f"/api/v1/namespaces/{name}/pods" for name in few} <= set(watched.paths)
        assert "/api/v1/pods" not in watched.paths


def test_a_status_of_which_nothing_moves_is_the_same_object(tmp_path: Path, server: EmbeddedServer) -> None:
    three = names(3)
    with fleet(tmp_path, server.kubeconfig, three, FILES, AUTO) as stage:
        all_synced(stage)
        before = stage.refresh().applications
        after = stage.ask(Refresh((three[0],))).applications
        assert [name for name in three if before[name] is not after[name]] == [three[0]]

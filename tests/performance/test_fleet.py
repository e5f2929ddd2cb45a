"""What many applications cost together: nothing that grows with those of which nothing moves."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Live
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault
from gitops_tui.engine.requests import Refresh
from gitops_tui.engine.schedule.snapshots import Snapshots
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import SyncCode
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, fleet

MANY = 12
AUTO = SyncPolicy(SyncMode.AUTO, health_timeout=0.0)
FILES: dict[str, str | None] = {"web.yaml": deployment("web", replicas=0), "settings.yaml": config_map("settings")}


NEXT: dict[str, str | None] = {
    "web.yaml": deployment("web", "example.org/shop:2", replicas=0),
    "settings.yaml": config_map("settings", colour="blue"),
}


class Asked(Fault):
    """Hears of every request but the watches, and lets it pass."""

    def __init__(self) -> None:
        super().__init__("answer")
        self.requests: list[tuple[str, str]] = []

    def takes(self, method: str, target: str) -> bool:
        if "watch=" not in target:
            self.requests.append((method, target))
        return False


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


@pytest.fixture
def asked(server: EmbeddedServer) -> Iterator[Asked]:
    heard = Asked()
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


def test_what_is_deployed_into_a_new_namespace_is_written_and_hardly_asked_about(
    tmp_path: Path, server: EmbeddedServer, asked: Asked
) -> None:
    (shop,) = names(1)
    with fleet(tmp_path, server.kubeconfig, [shop], FILES, AUTO) as stage:
        all_synced(stage)
        stage.refresh()
    about = [
        (method, "dryRun" in target)
        for method, target in asked.requests
        if f"/namespaces/{shop}" in target and "/events" not in target
    ]
    # The namespace: by the look, twice for the plan, and before it is made. The objects in it: when they are written.
    assert about.count(("GET", False)) == 4
    assert about.count(("PATCH", True)) == 1
    assert about.count(("PATCH", False)) == 1 + len(FILES)
    assert [target for method, target in asked.requests if method == "GET" and "/web" in target] == []


def test_an_upgrade_asks_once_about_each_object_and_writes_it(
    tmp_path: Path, server: EmbeddedServer, asked: Asked
) -> None:
    (shop,) = names(1)
    with fleet(tmp_path, server.kubeconfig, [shop], FILES, AUTO) as stage:
        all_synced(stage)
        stage.until(lambda status: status.total == len(FILES) and stage.clusters.get().ready(()))
        asked.requests.clear()
        sha = stage.repository.commit("All", {f"{shop}/{path}": text for path, text in NEXT.items()})
        stage.clock.now += 10
        stage.until(lambda status: status.revision is not None and status.revision.sha == sha)
        all_synced(stage)
        stage.refresh()
    kinds = [(method, "dryRun" in target) for method, target in asked.requests if "/events" not in target]
    assert kinds.count(("PATCH", True)) == len(FILES)
    assert kinds.count(("PATCH", False)) == len(FILES)
    # The namespace, whether it has to be made; none of the objects.
    assert kinds.count(("GET", False)) == 1


def test_a_status_of_which_nothing_moves_is_the_same_object(tmp_path: Path, server: EmbeddedServer) -> None:
    three = names(3)
    with fleet(tmp_path, server.kubeconfig, three, FILES, AUTO) as stage:
        all_synced(stage)
        before = stage.refresh().applications
        after = stage.ask(Refresh((three[0],))).applications
        assert [name for name in three if before[name] is not after[name]] == [three[0]]


def test_a_snapshot_is_composed_of_what_is_news(
    tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = names(3)
    with fleet(tmp_path, server.kubeconfig, three, FILES, AUTO) as stage:
        all_synced(stage)
        stage.refresh()
        composed: list[str] = []
        made = Snapshots._composed

        def counted(self: Snapshots, name: str, *more: Any) -> Any:
            composed.append(name)
            return made(self, name, *more)

        monkeypatch.setattr(Snapshots, "_composed", counted)
        shown = stage.ask(Refresh((three[1],)))
        assert set(composed) == {three[1]}
        assert list(shown.applications) == three


def test_a_look_at_what_has_not_moved_judges_nothing_anew(
    tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = names(2)
    calm: dict[str, str | None] = {"settings.yaml": config_map("settings"), "more.yaml": config_map("more")}
    with fleet(tmp_path, server.kubeconfig, [shop, other], calm, AUTO) as stage:
        all_synced(stage)
        stage.refresh()
        decoded: list[str] = []
        body = Live.body

        def counted(live: Live) -> dict[str, Any]:
            decoded.append(live.key.name)
            return body(live)

        monkeypatch.setattr(Live, "body", counted)
        before = stage.status()
        assert decoded == []

        sha = stage.repository.commit("Elsewhere", {f"{other}/more.yaml": config_map("more", colour="blue")})
        stage.clock.now += 10
        after = stage.ask(Refresh((shop,))).applications[shop]
        assert after.revision is not None
        assert (after.revision.sha, after.resources) == (sha, before.resources)
        assert (after.compared_at or 0) > (before.compared_at or 0)

        all_synced(stage)
        live = stage.live("", "ConfigMap", "settings")
        assert live is not None
        key = ResourceKey("", "ConfigMap", shop, "settings")
        stage.clusters.get().delete(key, uid=live["metadata"]["uid"])
        stage.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

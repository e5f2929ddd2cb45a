"""What comes of a look, whatever moves meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Cluster
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine.requests import Reload, Sync
from gitops_tui.engine.schedule.live import LiveChanges
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.ownership import TRACKING_ANNOTATION, owner_of
from gitops_tui.model.resources import DriftCode, HealthCode, ResourceKey
from gitops_tui.model.status import SyncCode, WorkerState
from gitops_tui.model.values import replace
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, stage

NAMESPACE = "default"
WELL = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
HEALING = SyncPolicy(mode=SyncMode.AUTO, self_heal=True)
Body = dict[str, Any]


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


def put(server: EmbeddedServer, storage: str, name: str, change: Callable[[Body], Body]) -> None:
    """Somebody changes an object in the cluster."""
    item = server.store.get(Key(storage, NAMESPACE, name))
    assert item is not None
    server.store.put(item.key, change(dict(item.body)), expected=item.revision)


def paint(server: EmbeddedServer, colour: str) -> None:
    """Somebody edits the ConfigMap by hand."""
    put(server, "configmaps", "settings", lambda body: {**body, "data": {"colour": colour}})


def test_nothing_is_begun_on_the_ground_of_a_look_that_was_overtaken(
    tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    with stage(tmp_path, server.kubeconfig, NAMESPACE, files, policy=HEALING) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED and status.running is None)
        shop.clock.now += 600.0
        shop.worker.step()
        before = [receipt.operation for receipt in shop.journal.receipts(shop.name)]
        told = threading.Event()
        sight = Reconciler.sight
        seen: list[DriftCode] = []

        def overtaken(self: Reconciler, *given: Any, **more: Any) -> Any:
            found = sight(self, *given, **more)
            if not seen and found.own[0].status.drift is DriftCode.CHANGED:
                seen.append(found.own[0].status.drift)
                unsubscribe = shop.clusters.get().subscribe(lambda *_: told.set())
                paint(server, "blue")
                assert told.wait(90.0)
                unsubscribe()
            return found

        monkeypatch.setattr(Reconciler, "sight", overtaken)
        paint(server, "red")
        shop.until(lambda _: bool(seen))
        shop.until(lambda status: status.sync is SyncCode.SYNCED)

        assert [receipt.operation for receipt in shop.journal.receipts(shop.name)] == before


def test_an_object_nested_too_deeply_is_a_problem_of_its_application_and_of_nothing_else(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    deep: Any = "blue"
    for _ in range(900):
        deep = [deep]
    with stage(tmp_path, server.kubeconfig, NAMESPACE, files) as shop:
        shop.sync()
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        put(server, "configmaps", "settings", lambda body: {**body, "data": {"colour": deep}})

        shown = shop.until(lambda status: bool(status.problems))

        assert "nested too deeply" in shown.problems[0].message
        assert shop.store.current.worker is WorkerState.IDLE


def test_what_a_new_configuration_masks_is_masked_at_once(tmp_path: Path, server: EmbeddedServer) -> None:
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", password="hunter2")}
    with stage(tmp_path, server.kubeconfig, NAMESPACE, files) as shop:
        shop.sync()
        shop.repository.commit("Change it", {"app/settings.yaml": config_map("settings", password="hunter3")})
        shop.refresh()
        assert "hunter3" in repr(shop.plan())
        ours = replace(shop.config.applications[0], masked_paths=("data.password",))
        shop.ask(Reload(replace(shop.config, applications=(ours,))))

        assert "hunter" not in repr([change.changes for change in shop.plan().changes])


def test_what_two_applications_state_is_followed_for_both(tmp_path: Path, server: EmbeddedServer) -> None:
    files: dict[str, str | None] = {"app/web.yaml": deployment("web")}
    with stage(tmp_path, server.kubeconfig, NAMESPACE, files) as shop:
        shop.sync()
        put(server, "deployments.apps", "web", lambda body: {**body, "status": WELL})
        shop.until(lambda status: status.health.code is HealthCode.HEALTHY)
        ours = shop.config.applications[0]
        shop.ask(Reload(replace(shop.config, applications=(ours, replace(ours, name="other")))))
        assert "belongs to application default" in shop.refresh().applications["other"].problems[0].message

        start_pod(shop, server)

        assert [each.name for each in below(shop, "other")] == ["web-1"]
        assert [each.name for each in below(shop, shop.name)] == ["web-1"]

        shop.ask(Reload(shop.config))
        shop.refresh()
        start_pod(shop, server, "web-2")

        assert [each.name for each in below(shop, shop.name)] == ["web-1", "web-2"]


def start_pod(shop: Stage, server: EmbeddedServer, name: str = "web-1") -> None:
    """A Pod comes below the Deployment, and the program hears of it and does what it does at once."""
    web = server.store.get(Key("deployments.apps", NAMESPACE, "web"))
    assert web is not None
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web.body["metadata"]["uid"]}
    metadata = {"name": name, "namespace": NAMESPACE, "uid": name, "ownerReferences": [owner]}
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": ready}
    told = threading.Event()
    unsubscribe = shop.clusters.get().subscribe(lambda live, _: told.set() if live.key.name == name else None)
    server.store.put(Key("pods", NAMESPACE, name), pod, expected=0)
    assert told.wait(90.0)
    unsubscribe()
    for _ in range(3):
        shop.clock.now += 1.0
        shop.worker.step()


def below(shop: Stage, name: str) -> list[ResourceKey]:
    """The Pods that are shown of an application."""
    resources = shop.store.current.applications[name].resources
    return [each.key for each in resources if each.key.kind == "Pod"]


def test_a_renamed_application_takes_its_objects_over_once_a_person_has_let_go_of_them(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    with stage(
        tmp_path, server.kubeconfig, NAMESPACE, {"app/settings.yaml": config_map("settings", colour="blue")}
    ) as shop:
        shop.sync()
        renamed = replace(shop.config.applications[0], name="renamed")
        shop.ask(Reload(replace(shop.config, applications=(renamed,))))
        refusals = shop.plan("renamed").refusals
        command = f"kubectl annotate --namespace {NAMESPACE} configmap/settings gitops-tui.dev/tracking-id-"
        assert any(command in refusal for refusal in refusals)

        def let_go(body: Body) -> Body:
            metadata = body["metadata"]
            kept = {name: value for name, value in metadata["annotations"].items() if name != TRACKING_ANNOTATION}
            return {**body, "metadata": {**metadata, "annotations": kept}}

        told = threading.Event()
        unsubscribe = shop.clusters.get().subscribe(lambda live, _: told.set() if live.key.name == "settings" else None)
        put(server, "configmaps", "settings", let_go)
        assert told.wait(90.0)
        unsubscribe()
        receipt = shop.ask(Sync("renamed", shop.plan("renamed"), "tester"))
        assert receipt.phase is OperationPhase.SUCCEEDED
        live = shop.live("", "ConfigMap", "settings")
        assert live is not None
        assert owner_of(live) == "renamed"


def test_the_objects_of_an_application_that_is_tracked_no_longer_are_let_go(
    tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[LiveChanges] = []
    subscribe = LiveChanges.subscribe

    def kept(self: LiveChanges, cluster: Cluster) -> None:
        made.append(self)
        subscribe(self, cluster)

    monkeypatch.setattr(LiveChanges, "subscribe", kept)
    with stage(tmp_path, server.kubeconfig, NAMESPACE, {"app/settings.yaml": config_map("settings")}) as shop:
        shop.sync()
        shop.refresh()
        assert made[0].followed == 1
        shop.ask(Reload(replace(shop.config, applications=())))
        assert made[0].followed == 0
        shop.ask(Reload(shop.config))
        shop.refresh()
        assert made[0].followed == 1

"""An application that opted in goes back by itself, once, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.controllers.attach import attach
from gitops_tui.engine.requests import Operations, Unpin
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, health_timeout=3.0, auto_rollback=True, max_prune=1.0)
WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.org"},
    "spec": {
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}
Open = Callable[[SyncPolicy], AbstractContextManager[Stage]]


@pytest.fixture(scope="module")
def living() -> Iterator[EmbeddedServer]:
    """A cluster in which workloads live, and in which there are Widgets."""
    with EmbeddedServer.start() as server:
        detach = attach(server, speed=20)
        client = ApiClient(server.kubeconfig)
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        with client.watch(definitions) as events:
            client.create(definitions, WIDGETS).ok()
            next(event for event in events if event["object"]["status"]["conditions"])
        client.close()
        yield server
        detach()


@pytest.fixture
def embedded(living: EmbeddedServer) -> EmbeddedServer:
    return living


@pytest.fixture
def opened(tmp_path: Path, embedded: EmbeddedServer, namespace: str, repository: WorkTree) -> Open:
    """The application with a policy; the state folder is the same every time, as after a restart."""

    def begin(policy: SyncPolicy = AUTO) -> AbstractContextManager[Stage]:
        return stage(tmp_path, embedded.kubeconfig, namespace, {}, policy=policy, repository=repository)

    return begin


def widget(size: int) -> str:
    return f"apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: main\nspec:\n  size: {size}\n"


def release(repository: WorkTree, message: str, **files: str | None) -> str:
    return repository.commit(message, {f"app/{name}.yaml": text for name, text in files.items()})


def is_settled(sha: str) -> Callable[[ApplicationStatus], bool]:
    return lambda status: status.sync is SyncCode.SYNCED and status.deployed == sha and status.verified


def breaks(embedded: EmbeddedServer, shop: Stage, why: str) -> None:
    """The controller of Widgets says that it does not work."""
    client = ApiClient(embedded.kubeconfig)
    condition = {"type": "Ready", "status": "False", "message": why, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    path = f"/apis/example.org/v1/namespaces/{shop.namespace}/widgets/main/status"
    client.patch(path, {"status": {"conditions": [condition]}}).ok()
    client.close()


def back(shop: Stage) -> list[Receipt]:
    return [each for each in shop.ask(Operations(shop.name)) if each.kind is OperationKind.ROLLBACK]


def test_a_failed_sync_is_taken_back_and_held_off(opened: Open, repository: WorkTree) -> None:
    good = release(repository, "Good", web=deployment("web", "example.org/shop:1"))
    with opened(AUTO) as shop:
        shop.until(is_settled(good))
        bad = release(repository, "Bad", web=deployment("web", "example.org/shop:broken"))
        status = shop.until(lambda status: status.pin is not None and status.verified)
        assert status.pin is not None
        assert (status.pin.revision, status.pin.quarantined, status.pin.who) == (good, bad, "auto-rollback")
        assert status.pin.until == "next-commit"
        assert f"the sync of {bad[:7]} failed" in status.pin.why
        (receipt,) = back(shop)
        assert (receipt.phase, receipt.actor, receipt.quarantined) == (OperationPhase.SUCCEEDED, "auto-rollback", bad)
        assert f"the sync of {bad[:7]} failed" in receipt.message
        live = shop.live("apps", "Deployment", "web")
        assert live is not None
        assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "example.org/shop:1"
        status = shop.until(lambda status: status.sync is SyncCode.SYNCED)
        assert status.summary.startswith(f"went back to {good[:7]}: the sync of {bad[:7]} failed")
        better = release(repository, "Better", web=deployment("web", "example.org/shop:3"))
        status = shop.until(is_settled(better))
        assert (status.pin, len(back(shop))) == (None, 1)


def test_health_that_is_lost_within_the_soak_is_blamed_on_the_commit(
    opened: Open, embedded: EmbeddedServer, repository: WorkTree
) -> None:
    good = release(repository, "Good", main=widget(1))
    with opened(AUTO) as shop:
        shop.until(is_settled(good))
        bad = release(repository, "Bad", main=widget(2))
        shop.until(is_settled(bad))
        breaks(embedded, shop, "it is too large")
        status = shop.until(lambda status: status.pin is not None and status.running is None)
        assert status.pin is not None
        assert (status.pin.revision, status.pin.quarantined) == (good, bad)
        assert "was Degraded" in status.pin.why
        assert "it is too large" in status.pin.why
        (receipt,) = back(shop)
        assert receipt.revision == good


def test_after_the_soak_or_without_opting_in_nothing_goes_back(
    opened: Open, embedded: EmbeddedServer, repository: WorkTree
) -> None:
    release(repository, "Good", main=widget(1))
    with opened(replace(AUTO, soak=0.001)) as shop:
        shop.until(lambda status: status.verified)
        bad = release(repository, "Bad", main=widget(2))
        shop.until(is_settled(bad))
        breaks(embedded, shop, "it is too large")
        shop.until(lambda status: status.health.code is HealthCode.DEGRADED)
        for _ in range(30):
            shop.clock.now += 1.0
            shop.worker.step()
        assert (shop.status().pin, back(shop)) == (None, [])


def test_it_goes_back_once_also_after_a_restart(opened: Open, embedded: EmbeddedServer, repository: WorkTree) -> None:
    release(repository, "Good", main=widget(1))
    with opened(AUTO) as shop:
        shop.until(lambda status: status.verified)
        bad = release(repository, "Bad", main=widget(2))
        shop.until(is_settled(bad))
        breaks(embedded, shop, "it is too large")
        shop.until(lambda status: status.pin is not None and status.running is None)
        assert len(back(shop)) == 1
    with opened(AUTO) as again:
        again.ask(Unpin(again.name, "a person who insists"))
        again.until(lambda status: status.deployed == bad and status.health.code is HealthCode.DEGRADED)
        for _ in range(30):
            again.clock.now += 1.0
            again.worker.step()
        assert again.status().pin is None
        assert len(back(again)) == 1


def test_a_plan_that_would_lose_data_waits_for_a_person(opened: Open, repository: WorkTree) -> None:
    claim = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\nspec:\n"
        "  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n"
    )
    release(repository, "Good", settings=config_map("settings", colour="blue"))
    with opened(AUTO) as shop:
        shop.until(lambda status: status.verified)
        bad = release(repository, "Bad", data=claim, web=deployment("web", "example.org/shop:broken"))
        status = shop.until(lambda status: any("auto-rollback" in each.subject for each in status.problems))
        assert (status.pin, back(shop)) == (None, [])
        (problem,) = [each for each in status.problems if "auto-rollback" in each.subject]
        assert problem.subject == f"auto-rollback from {bad[:7]}"
        assert "prunes PersistentVolumeClaim" in problem.message
        assert shop.live("", "PersistentVolumeClaim", "data") is not None


def test_with_nothing_good_to_go_back_to_it_says_so(opened: Open, repository: WorkTree) -> None:
    release(repository, "Bad from the start", web=deployment("web", "example.org/shop:broken"))
    with opened(AUTO) as shop:
        status = shop.until(lambda status: any("auto-rollback" in each.subject for each in status.problems))
        (problem,) = [each for each in status.problems if "auto-rollback" in each.subject]
        assert "no other deployment" in problem.message
        assert status.pin is None


def test_a_sync_by_hand_is_taken_back_too(opened: Open, repository: WorkTree) -> None:
    good = release(repository, "Good", web=deployment("web", "example.org/shop:1"))
    with opened(replace(AUTO, mode=SyncMode.MANUAL)) as shop:
        shop.sync()
        release(repository, "Bad", web=deployment("web", "example.org/shop:broken"))
        shop.clock.now += 10
        shop.refresh()
        assert shop.sync().phase is OperationPhase.FAILED
        status = shop.until(lambda status: status.pin is not None and status.verified)
        assert status.pin is not None
        assert status.pin.revision == good

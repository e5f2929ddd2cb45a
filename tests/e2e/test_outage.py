"""The real API server and etcd go away in the middle of a sync, and come back as they were or as they once were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Timing
from gitops_tui.engine.requests import Sync
from gitops_tui.engine.schedule.lanes import ThreadLanes
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase, Receipt, Result
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.support.control_plane import ControlPlane
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, stage

SHOP = "default"
HASTY = Timing(connect=10.0, read=10.0, total=20.0, silence=5.0, first_pause=0.1, longest_pause=0.5)
MAPS = f"/api/v1/namespaces/{SHOP}/configmaps"
WEB = f"/apis/apps/v1/namespaces/{SHOP}/deployments/web"


def in_wave(wave: int, text: str) -> str:
    note = f"metadata:\n  annotations: {{argocd.argoproj.io/sync-wave: '{wave}'}}"
    return text.replace("metadata:", note, 1)


def release(colour: str) -> dict[str, str | None]:
    """Three waves; nobody makes the workload of the middle one ready but the test."""
    return {
        "app/first.yaml": in_wave(1, config_map("first", colour=colour)),
        "app/web.yaml": in_wave(2, deployment("web", image=f"example.org/shop:{colour}")),
        "app/last.yaml": in_wave(3, config_map("last", colour=colour)),
    }


@pytest.fixture(scope="module")
def plane(control_plane_assets: Path) -> Iterator[ControlPlane]:
    """A control plane that these tests alone may stop."""
    with ControlPlane.start(control_plane_assets) as started:
        yield started


@pytest.fixture
def bystander(plane: ControlPlane) -> Iterator[dict[str, Any]]:
    """Somebody else's object in the same namespace, as it is live."""
    body = {"metadata": {"name": "theirs"}, "data": {"colour": "theirs"}}
    code, made = plane.request("POST", MAPS, body)
    assert code == 201
    yield made
    assert plane.request("GET", f"{MAPS}/theirs")[1] == made, "it was not touched"
    for path in (f"{MAPS}/theirs", f"{MAPS}/first", f"{MAPS}/last", WEB):
        plane.request("DELETE", path)


def make_ready(plane: ControlPlane) -> None:
    """Do what controllers and a kubelet would."""
    generation = live(plane, WEB)["metadata"]["generation"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    status = {"status": {**counts, "observedGeneration": generation}}
    code, answer = plane.request("PATCH", f"{WEB}/status", status, content_type="application/merge-patch+json")
    assert code == 200, answer


def live(plane: ControlPlane, path: str) -> Any:
    code, body = plane.request("GET", path)
    assert code == 200, body
    return body


def colours(plane: ControlPlane) -> list[str]:
    return [live(plane, f"{MAPS}/{name}")["data"]["colour"] for name in ("first", "last")]


def waits_for_web(status: ApplicationStatus) -> bool:
    return status.running is not None and status.running.done == 2 and "web" in status.running.current


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def results(receipt: Receipt) -> dict[str, Result]:
    return {row.key.name: row.result for row in receipt.resources}


def begun(shop: Stage, timeout: float) -> Any:
    """A sync that has come to its middle, and waits there for the workload. timeout: for how long."""
    shop.refresh()
    running = shop.worker.submit(Sync(shop.name, shop.plan(), "tester", timeout=timeout))
    shop.until(waits_for_web)
    return running


def ended(shop: Stage, running: Any) -> Receipt:
    shop.until(lambda _: running.done())
    receipt: Receipt = running.result()
    return receipt


def test_a_server_that_is_killed_and_comes_back_while_a_sync_waits(
    tmp_path: Path, plane: ControlPlane, bystander: dict[str, Any]
) -> None:
    with stage(tmp_path, plane.kubeconfig, SHOP, release("blue"), timing=HASTY, lanes=ThreadLanes()) as shop:
        running = begun(shop, 120.0)

        plane.stop_apiserver()
        shop.until(lambda status: status.stale)
        plane.start_apiserver()
        make_ready(plane)
        receipt = ended(shop, running)

        assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
        assert set(results(receipt).values()) == {Result.CREATED}
        shop.until(is_synced)
        assert colours(plane) == ["blue", "blue"]
        assert live(plane, WEB)["metadata"]["generation"] == 1, "it was applied once"


def test_a_server_that_stays_away_ends_the_sync_and_the_next_run_converges(
    tmp_path: Path, plane: ControlPlane, bystander: dict[str, Any]
) -> None:
    policy = SyncPolicy(max_prune=1.0)
    with stage(
        tmp_path, plane.kubeconfig, SHOP, release("blue"), timing=HASTY, lanes=ThreadLanes(), policy=policy
    ) as shop:
        first = begun(shop, 120.0)
        make_ready(plane)
        assert ended(shop, first).phase is OperationPhase.SUCCEEDED
        shop.repository.commit("Green", release("green"))
        shop.clock.now += 10
        running = begun(shop, 6.0)

        plane.stop_apiserver()
        receipt = ended(shop, running)

        assert receipt.phase is OperationPhase.FAILED
        assert results(receipt) == {"first": Result.CONFIGURED, "web": Result.CONFIGURED, "last": Result.SKIPPED}
        plane.start_apiserver()
        assert colours(plane) == ["green", "blue"]
        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC and not status.stale)
        make_ready(plane)
        again = begun_and_ended(shop)
        assert again.phase is OperationPhase.SUCCEEDED, again.message
        assert colours(plane) == ["green", "green"]
        shop.until(is_synced)


def begun_and_ended(shop: Stage) -> Receipt:
    return ended(shop, shop.worker.submit(Sync(shop.name, shop.plan(), "tester", timeout=60.0)))


def test_an_etcd_that_is_restored_to_an_older_copy_is_brought_up_to_date(
    tmp_path: Path, plane: ControlPlane, bystander: dict[str, Any]
) -> None:
    policy = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)
    maps: dict[str, str | None] = {f"app/{name}.yaml": config_map(name, colour="blue") for name in ("first", "last")}
    with stage(tmp_path, plane.kubeconfig, SHOP, maps, timing=HASTY, policy=policy) as shop:
        shop.until(is_synced)
        backup = plane.back_up()
        green = config_map("first", colour="green")
        new = config_map("new", colour="green")
        shop.repository.commit("Green, and one more", {"app/first.yaml": green, "app/new.yaml": new})
        shop.until(lambda status: is_synced(status) and plane.request("GET", f"{MAPS}/new")[0] == 200)
        assert plane.request("DELETE", f"{MAPS}/theirs")[0] == 200
        for number in range(50):
            change = {"data": {"more": str(number)}}
            plane.request("PATCH", f"{MAPS}/last", change, content_type="application/merge-patch+json")

        plane.restore(backup)

        assert live(plane, f"{MAPS}/first")["data"]["colour"] == "blue"
        assert plane.request("GET", f"{MAPS}/new")[0] == 404
        shop.until(lambda status: is_synced(status) and plane.request("GET", f"{MAPS}/new")[0] == 200)
        assert colours(plane) == ["green", "blue"]
        assert "more" not in live(plane, f"{MAPS}/last")["data"]
        assert is_synced(shop.status())
        plane.request("DELETE", f"{MAPS}/new")

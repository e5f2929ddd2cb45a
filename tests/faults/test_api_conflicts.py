"""409 and 410: others own a field, an object moved in between, or history is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.ownership import APPLICATION_LABEL
from gitops_tui.model.status import SyncCode
from tests.faults.conftest import FILES, PATIENT, SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, outcome, undisturbed
from tests.support.stage import Stage, stage

MAPS = "/api/v1/namespaces/default/configmaps"
LEAVING = SyncPolicy(force_conflicts=False)
REPLACED = "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Replace=true}\n"


def contested(shop: Stage, server: EmbeddedServer) -> None:
    """Git says green, and meanwhile somebody has made it red, and holds it."""
    shop.sync()
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "red"}}
    shop.hears(ApiClient(server.kubeconfig).apply(f"{MAPS}/settings", config, "painter", force=True).ok())
    shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.clock.now += 10
    shop.refresh()


def test_a_field_of_another_manager_is_named_and_left(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=LEAVING) as shop:
        contested(shop, server)
        diary = Diary(server, SHOP)

        with pytest.raises(PlanError, match=r"other field managers own \.data\.colour: painter"):
            shop.sync()

        assert diary() == {}


def test_automation_does_not_ask_again_and_again_for_a_contested_field(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=replace(LEAVING, mode=SyncMode.AUTO, self_heal=True)) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        diary = Diary(server, SHOP)
        contest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "red"}}
        ApiClient(server.kubeconfig).apply(f"{MAPS}/settings", contest, "painter", force=True).ok()

        status = shop.until(lambda status: bool(status.waiting))
        for _ in range(20):
            shop.clock.now += 400
            shop.worker.step()

        assert "not tried again until something changes" in status.waiting
        assert "painter" in status.waiting
        assert diary() == {"MODIFIED configmaps/settings": 1}, "what the painter did, and nothing else"


def test_by_policy_it_is_taken_over_and_that_is_written_down(enter: Enter, server: EmbeddedServer) -> None:
    with enter() as shop:
        contested(shop, server)
        plan = shop.plan()
        assert any("painter" in warning for change in plan.writes for warning in change.warnings)
        receipt = shop.sync()
        assert receipt.phase is OperationPhase.SUCCEEDED
        (row,) = (row for row in shop.journal.receipts(shop.name, limit=1)[0].resources if row.key.name == "settings")
        assert any("painter" in warning for warning in row.warnings)


@pytest.fixture
def replacing(enter: Enter) -> Iterator[Stage]:
    """A shop with an object that is put whole, by PUT with its resourceVersion."""
    whole = config_map("settings", colour="blue").replace("metadata:\n", REPLACED)
    with enter({**FILES, "app/settings.yaml": whole}, policy=SyncPolicy(max_prune=1.0)) as shop:
        shop.sync()
        green = whole.replace("blue", "green")
        shop.repository.commit("Green, no prices", {"app/settings.yaml": green, "app/prices.yaml": None})
        shop.clock.now += 10
        shop.refresh()
        yield shop


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_object_that_moves_meanwhile_is_read_again(
    replacing: Stage, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, method: str, times: int
) -> None:
    server.faults.answer(409, method=method, path="configmaps/[a-z]+", times=times, skip=1)
    diary = Diary(server, SHOP)

    receipt = replacing.sync(prune=True)

    assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
    assert diary()["MODIFIED configmaps/settings"] == 1
    calm = tmp_path_factory.mktemp("calm")
    assert outcome(server, replacing) == undisturbed(calm, replacing, prune=True)


def test_an_object_that_never_rests_is_left_alone_after_three_tries(replacing: Stage, server: EmbeddedServer) -> None:
    moving = server.faults.answer(409, method="DELETE", path="configmaps/prices", times=-1, skip=1)

    receipt = replacing.sync(prune=True)

    assert moving.hits == 3
    assert receipt.phase is OperationPhase.FAILED
    assert "changes too often to be deleted safely" in receipt.message
    assert "configmaps/prices" in held(server, SHOP)
    server.faults.clear()
    assert replacing.sync(prune=True).phase is OperationPhase.SUCCEEDED
    assert "configmaps/prices" not in held(server, SHOP)


def test_a_list_that_expires_between_two_pages_begins_anew(tmp_path: Path, unmarked: EmbeddedServer) -> None:
    server = unmarked
    with stage(tmp_path, server.kubeconfig, SHOP, FILES, timing=PATIENT) as shop:
        shop.sync()
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        client = ApiClient(server.kubeconfig)
        for number in range(251):
            body = {"metadata": {"name": f"of-another-{number}", "labels": {APPLICATION_LABEL: "another"}}}
            client.create(MAPS, body).ok()
        server.faults.answer(400, path="sendInitialEvents", times=-1)
        expired = server.faults.answer(410, path="configmaps.*continue=")
        server.faults.lose_events(1000)
        client.delete(f"{MAPS}/prices").ok()
        seen: list[SyncCode] = []
        shop.store.subscribe(lambda snapshot: seen.append(snapshot.applications[shop.name].sync))
        server.faults.expire_history()
        server.faults.drop_watches()

        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        assert expired.hits == 1
        assert set(seen) <= {SyncCode.SYNCED, SyncCode.OUT_OF_SYNC}

"""The API server cannot be reached, or says nothing: what it holds is unknown and old, never empty, never in sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, HASTY, PATIENT, SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held
from tests.support.stage import stage

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def is_unknown(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.UNKNOWN


def test_a_server_that_goes_down_and_comes_back(tmp_path: Path) -> None:
    server = EmbeddedServer.start(tmp_path / "cluster", bookmark_seconds=0.3)
    with stage(tmp_path, server.kubeconfig, SHOP, FILES, timing=HASTY) as shop:
        shop.sync()
        before = shop.until(is_synced)
        port = int(server.url.rpartition(":")[2])
        server.stop()

        down = shop.until(is_unknown)

        assert down.stale
        assert down.compared_at == before.compared_at
        assert [each.key for each in down.resources] == [each.key for each in before.resources]
        (problem,) = down.problems
        assert problem.retry_at is not None
        assert shop.store.current.clusters["demo"].problem is not None

        with EmbeddedServer.start(tmp_path / "cluster", port=port, bookmark_seconds=0.3) as again:
            diary = Diary(again, SHOP)
            up = shop.until(is_synced)
            assert not up.problems
            assert shop.store.current.clusters["demo"].problem is None
            assert diary() == {}


def test_nothing_is_pruned_while_the_cluster_cannot_be_read(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        server.faults.answer(503, method="GET", times=-1)
        server.faults.drop_watches()
        shop.repository.commit("Drop prices", {"app/prices.yaml": None})

        shop.until(is_unknown)
        for _ in range(20):
            shop.clock.now += 5
            shop.worker.step()

        assert "configmaps/prices" in held(server, SHOP)
        server.faults.clear()
        shop.until(is_synced)
        assert "configmaps/prices" not in held(server, SHOP)


def test_a_cluster_that_falls_silent_is_heard_again(enter: Enter, server: EmbeddedServer) -> None:
    with enter() as shop:
        shop.sync()
        shop.until(is_synced)
        server.faults.freeze_watches()
        ApiClient(server.kubeconfig).patch(
            "/api/v1/namespaces/default/configmaps/settings", {"data": {"colour": "red"}}
        ).ok()

        status = shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        assert not status.problems


@pytest.mark.parametrize("code", [401, 403, 500])
def test_a_kind_that_may_no_longer_be_read_is_unknown_and_the_others_are_not(
    enter: Enter, server: EmbeddedServer, code: int
) -> None:
    secret = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n"
    with enter({**FILES, "app/robot.yaml": secret}) as shop:
        shop.sync()
        shop.until(is_synced)
        refused = server.faults.answer(code, path="/serviceaccounts", times=-1)
        server.faults.drop_watches()

        status = shop.until(is_unknown)

        drifts = {each.key.name: each.drift for each in status.resources}
        assert drifts == {
            "robot": DriftCode.UNKNOWN,
            "settings": DriftCode.IN_SYNC,
            "prices": DriftCode.IN_SYNC,
        }
        assert not status.stale
        assert refused.hits
        server.faults.clear()
        shop.until(is_synced)


def test_deletions_that_were_missed_are_noticed_and_nothing_flaps(tmp_path: Path, unmarked: EmbeddedServer) -> None:
    server = unmarked
    with stage(tmp_path, server.kubeconfig, SHOP, FILES, timing=PATIENT) as shop:
        shop.sync()
        shop.until(is_synced)
        diary = Diary(server, SHOP)
        seen: list[SyncCode] = []
        shop.store.subscribe(lambda snapshot: seen.append(snapshot.applications[shop.name].sync))
        server.faults.lose_events(100)
        ApiClient(server.kubeconfig).delete("/api/v1/namespaces/default/configmaps/prices").ok()
        server.faults.expire_history()
        server.faults.drop_watches()

        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        changes = [code for code, before in zip(seen, [SyncCode.SYNCED, *seen], strict=False) if code is not before]
        assert changes == [SyncCode.OUT_OF_SYNC]
        assert diary() == {"DELETED configmaps/prices": 1}
        server.faults.clear()
        shop.sync()
        assert is_synced(shop.status())


def test_an_event_that_was_lost_is_made_good_by_a_hard_refresh(enter: Enter, server: EmbeddedServer) -> None:
    from gitops_tui.engine.requests import Refresh  # noqa: PLC0415

    with enter() as shop:
        shop.sync()
        shop.until(is_synced)
        server.faults.lose_events(1)
        client = ApiClient(server.kubeconfig)
        client.delete("/api/v1/namespaces/default/configmaps/prices").ok()
        client.patch("/api/v1/namespaces/default/configmaps/settings", {"metadata": {"labels": {"a": "b"}}}).ok()
        shop.until(lambda status: status.compared_at is not None)

        snapshot = shop.ask(Refresh((shop.name,), hard=True))

        assert snapshot.applications[shop.name].sync is SyncCode.OUT_OF_SYNC


def test_events_that_come_twice_change_nothing(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        diary = Diary(server, SHOP)
        server.faults.repeat_events()
        shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        shop.until(lambda status: is_synced(status) and "green" in str(held(server, SHOP)))
        assert diary() == {"MODIFIED configmaps/settings": 1}

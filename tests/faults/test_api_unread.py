"""What can no longer be read is Unknown, and nothing is concluded from what was read of it before."""

from __future__ import annotations

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.resources import DriftCode, HealthCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import deployment
from tests.support.oracle import held
from tests.support.stage import Stage

ROBOT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n"
WAITING = {"name": "web", "ready": False, "restartCount": 5, "image": "web:1", "imageID": ""}
CRASHES = {**WAITING, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}


def with_a_crashing_pod(shop: Stage, server: EmbeddedServer) -> None:
    """A Deployment below which one pod crashes, as its controllers would have it."""
    client = ApiClient(server.kubeconfig)
    web = shop.live("apps", "Deployment", "web")
    assert web is not None
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web["metadata"]["uid"]}
    pod = {
        "metadata": {"name": "web-1", "labels": {"app": "web"}, "ownerReferences": [{**owner, "controller": True}]},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    pods = "/api/v1/namespaces/default/pods"
    client.create(pods, pod).ok()
    client.patch(f"{pods}/web-1/status", {"status": {"phase": "Running", "containerStatuses": [CRASHES]}}).ok()


def crashes(status: ApplicationStatus) -> bool:
    return "crash" in status.health.message


@pytest.mark.parametrize("code", [403, 500, 503])
def test_pods_that_can_no_longer_be_listed_explain_nothing(enter: Enter, server: EmbeddedServer, code: int) -> None:
    with enter({"app/web.yaml": deployment("web")}) as shop:
        shop.sync()
        with_a_crashing_pod(shop, server)
        before = shop.until(crashes)
        assert before.health.code is HealthCode.DEGRADED
        server.faults.answer(code, path="/pods", times=-1)
        server.faults.drop_watches()

        status = shop.until(lambda status: not crashes(status))

        assert status.health.code is HealthCode.PROGRESSING, "what the Deployment says of itself"
        health = {each.key.name: each.health for each in status.resources}
        assert health["web-1"].code is HealthCode.UNKNOWN
        assert "cannot be listed" in health["web-1"].message
        assert not status.stale
        server.faults.clear()
        shop.until(crashes)


def test_a_sync_does_not_explain_itself_by_pods_that_it_cannot_see(enter: Enter, server: EmbeddedServer) -> None:
    with enter({"app/web.yaml": deployment("web")}) as shop:
        shop.sync()
        with_a_crashing_pod(shop, server)
        shop.until(crashes)
        server.faults.answer(403, path="/pods", times=-1)
        server.faults.drop_watches()
        shop.until(lambda status: not crashes(status))
        shop.repository.commit("Again", {"app/web.yaml": deployment("web", image="web:2")})
        shop.clock.now += 10
        shop.refresh()

        receipt = shop.sync()

        assert "crash" not in receipt.message
        assert "not healthy after" in receipt.message


@pytest.mark.parametrize("code", [401, 403, 500])
def test_what_git_dropped_is_unknown_while_its_kind_cannot_be_listed(
    enter: Enter, server: EmbeddedServer, code: int
) -> None:
    with enter({**FILES, "app/robot.yaml": ROBOT}) as shop:
        shop.sync()
        shop.repository.commit("No robot", {"app/robot.yaml": None})
        shop.clock.now += 10
        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)
        server.faults.answer(code, path="/serviceaccounts", times=-1)
        server.faults.drop_watches()

        status = shop.until(lambda status: status.sync is SyncCode.UNKNOWN)

        (robot,) = (each for each in status.resources if each.key.name == "robot")
        assert (robot.drift, robot.desired) == (DriftCode.UNKNOWN, False)
        assert robot.health.code is HealthCode.UNKNOWN
        assert shop.plan(prune=True).writes == ()
        assert "serviceaccounts/robot" in held(server, SHOP)
        server.faults.clear()
        shop.until(lambda _: bool(shop.plan(prune=True).writes))
        shop.sync(prune=True)
        assert "serviceaccounts/robot" not in held(server, SHOP)

"""What only an event tells is heard soon, whoever asked for it, and no cluster is asked for too much at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.cluster import Timing
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Reload, Sync
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.values import replace
from tests.support.events import warn
from tests.support.lanes import Slow
from tests.support.manifests import deployment
from tests.support.stage import Stage, fleet, stage

NAMESPACE = "default"
NEWS = Timing(news=0.0)


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


def warn_of(server: EmbeddedServer, shop: Stage, name: str, message: str) -> None:
    live = shop.live("apps", "Deployment", name)
    assert live is not None
    warn(server, live, "FailedCreate", message)


def test_a_warning_that_another_application_asked_for_during_a_look_is_heard_at_its_end(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    lanes = Slow("look ")
    files: dict[str, str | None] = {"app/web.yaml": deployment("web"), "api/api.yaml": deployment("api")}
    with stage(tmp_path, server.kubeconfig, NAMESPACE, files, timing=NEWS, lanes=lanes) as shop:
        (ours,) = shop.config.applications
        both = replace(
            shop.config, applications=(ours, replace(ours, name="api", source=replace(ours.source, path="api")))
        )
        shop.ask(Reload(both))
        for name in (shop.name, "api"):
            shop.ask(Sync(name, shop.plan(name), "tester", timeout=0.1))
        shop.ask(Reload(shop.config))
        warn_of(server, shop, "web", "exceeded quota: small")
        shop.until(lambda status: "small" in status.summary)
        for _ in range(2):
            shop.refresh()

        lanes.is_slow = True
        shop.ask(Reload(both))
        shop.worker.step()
        assert len(lanes.told) == 1, "the other one is looked at, and has no warning of its own"
        warn_of(server, shop, "api", "exceeded quota: tiny")
        shop.clock.now += 0.1
        shop.worker.step()
        lanes.go_on()
        for _ in range(3):
            shop.clock.now += 0.1
            shop.worker.step()

        assert "tiny" in shop.store.current.applications["api"].summary


def test_a_cluster_is_asked_for_the_warnings_of_one_namespace_after_the_other(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    names = ["one", "two", "three"]
    asked = server.faults.delay(0.0, path="/events")
    with fleet(tmp_path, server.kubeconfig, names, {"web.yaml": deployment("web")}, SyncPolicy(), timing=NEWS) as shop:
        for name in names:
            shop.ask(Sync(name, shop.plan(name), "tester", timeout=0.1))
        shop.refresh()
        shop.refresh()
        before = asked.hits
        shop.worker.step()
        assert asked.hits == before, "no time has passed since it was asked"
        for more in (1, 2, 3):
            shop.clock.now += 0.02
            shop.worker.step()
            assert asked.hits == before + more

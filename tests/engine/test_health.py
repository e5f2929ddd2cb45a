"""An application says in one sentence what is wrong with it, also where only an event tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Timing
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.rules import Expression, HealthRule, KindRules, Template
from gitops_tui.model.status import SyncCode
from tests.support.events import warn
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""
PLAIN = KindRules(
    "",
    "ConfigMap",
    (HealthRule(Expression.parse("exists data.fault"), HealthCode.DEGRADED, Template.parse("says {data.fault}")),),
)


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


def enter(folder: Path, server: EmbeddedServer, files: dict[str, str | None], **more: Any) -> Any:
    return stage(folder, server.kubeconfig, "default", files, **more)


def test_what_only_an_event_tells_reaches_the_application(tmp_path: Path, server: EmbeddedServer) -> None:
    with enter(tmp_path, server, {"app/web.yaml": WEB}, timing=Timing(news=0.0)) as shop:
        shop.sync()
        web = shop.live("apps", "Deployment", "web")
        assert web is not None
        warn(server, dict(web), "FailedCreate", "exceeded quota: small")

        status = shop.until(lambda status: "quota" in status.summary)

        assert status.health.code is HealthCode.PROGRESSING
        assert status.health.message.startswith("Deployment web: ")
        assert status.health.message.endswith("FailedCreate: exceeded quota: small")


def test_where_all_is_well_nobody_asks_for_events(tmp_path: Path, server: EmbeddedServer) -> None:
    asked = server.faults.delay(0.0, path="/events")
    with enter(tmp_path, server, {"app/map.yaml": config_map("settings", a="b")}) as shop:
        shop.sync()
        assert shop.status().sync is SyncCode.SYNCED
        assert asked.hits == 0


def test_who_may_not_read_events_sees_all_the_rest(tmp_path: Path, server: EmbeddedServer) -> None:
    refused = server.faults.answer(403, path="/events", times=-1)
    with enter(tmp_path, server, {"app/web.yaml": WEB}) as shop:
        shop.sync()
        for _ in range(3):
            status = shop.status()
        assert (status.sync, status.health.code) == (SyncCode.SYNCED, HealthCode.PROGRESSING)
        assert not status.problems
        assert refused.hits == 1


@pytest.fixture
def judged(tmp_path: Path, server: EmbeddedServer) -> Iterator[Stage]:
    files: dict[str, str | None] = {"app/map.yaml": config_map("settings", fault="canary")}
    with enter(tmp_path, server, files, health=(PLAIN,), masked_paths=("data.fault",)) as made:
        yield made


def test_a_users_rule_judges_in_the_status_and_in_a_sync_and_shows_nothing_that_is_masked(judged: Stage) -> None:
    receipt = judged.sync()

    assert receipt.phase is OperationPhase.FAILED
    assert "not healthy" in receipt.message
    health = judged.status().health
    assert health.code is HealthCode.DEGRADED
    assert health.message.startswith("ConfigMap settings: says ••••")
    assert "canary" not in repr(receipt) + repr(judged.store.current)

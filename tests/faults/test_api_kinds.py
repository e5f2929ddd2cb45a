"""Kinds come and go: definitions added, removed and changed, and an aggregated API whose server is down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Refresh
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase, Result
from gitops_tui.model.resources import DriftCode, HealthCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, HASTY, SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held
from tests.support.stage import Stage, stage

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "example.org"
WIDGET = f"apiVersion: {GROUP}/v1\nkind: Widget\nmetadata: {{name: left}}\nspec: {{size: 1}}\n"
WITH_WIDGET: dict[str, str | None] = {**FILES, "app/widget.yaml": WIDGET}
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)


def definition(*versions: str) -> dict[str, Any]:
    """A definition of Widgets, stored at its last version."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": {"openAPIV3Schema": schema},
                }
                for version in versions
            ],
        },
    }


def define(server: EmbeddedServer, *versions: str) -> None:
    """Create the definition, and wait until Widgets are served."""
    client = ApiClient(server.kubeconfig)
    with client.watch(DEFINITIONS, resourceVersion=server.store.revision) as events:
        client.create(DEFINITIONS, definition(*versions)).ok()
        next(event for event in events if event["object"]["status"]["conditions"])


def drifts(status: ApplicationStatus) -> dict[str, DriftCode]:
    return {each.key.name: each.drift for each in status.resources}


def ours(server: EmbeddedServer) -> list[str]:
    return sorted(name for name in held(server, SHOP) if name != "services/kubernetes")


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.problems


def test_a_kind_that_comes_is_found_and_what_waits_for_it_is_synced(enter: Enter, server: EmbeddedServer) -> None:
    with enter(WITH_WIDGET, policy=AUTO) as shop:
        status = shop.until(lambda status: bool(status.waiting))
        assert "the cluster serves no such kind" in status.waiting
        assert drifts(status)["left"] is DriftCode.MISSING

        define(server, "v1")

        shop.until(is_synced)
        assert "widgets.example.org/left" in held(server, SHOP)


def test_a_kind_that_goes_takes_nothing_else_with_it(enter: Enter, server: EmbeddedServer) -> None:
    define(server, "v1")
    with enter(WITH_WIDGET) as shop:
        shop.sync()
        shop.until(is_synced)
        diary = Diary(server, SHOP)
        ApiClient(server.kubeconfig).delete(f"{DEFINITIONS}/widgets.{GROUP}").ok()

        status = shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)
        shop.until(lambda status: "serves no such kind" in str(status.problems))

        assert drifts(status) == {
            "left": DriftCode.MISSING,
            "settings": DriftCode.IN_SYNC,
            "prices": DriftCode.IN_SYNC,
        }
        shop.repository.commit("No prices", {"app/prices.yaml": None})
        shop.clock.now += 10
        shop.refresh()
        assert any("serves no such kind" in refusal for refusal in shop.plan(prune=True).refusals)
        assert diary() == {"DELETED widgets.example.org/left": 1}
        shop.repository.commit("No widget either", {"app/widget.yaml": None})
        shop.clock.now += 10
        shop.refresh()
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert ours(server) == ["configmaps/settings"]


def test_a_kind_that_is_served_at_another_version_is_still_the_same_object(
    enter: Enter, server: EmbeddedServer
) -> None:
    define(server, "v1")
    with enter(WITH_WIDGET) as shop:
        shop.sync()
        shop.until(is_synced)
        before = shop.live(GROUP, "Widget", "left")
        diary = Diary(server, SHOP)
        client = ApiClient(server.kubeconfig)
        with client.watch(DEFINITIONS, resourceVersion=server.store.revision) as events:
            client.patch(f"{DEFINITIONS}/widgets.{GROUP}", {"spec": definition("v1", "v2")["spec"]}).ok()
            next(event for event in events if "v2" in event["object"]["status"]["storedVersions"])
        server.faults.drop_watches()
        shop.ask(Refresh(hard=True))
        status = shop.until(is_synced)

        assert len(status.resources) == 3
        after = shop.live(GROUP, "Widget", "left")
        assert before is not None
        assert after is not None
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        shop.repository.commit("Newer", {"app/widget.yaml": WIDGET.replace("/v1", "/v2").replace("1}", "2}")})
        shop.clock.now += 10
        shop.refresh()
        receipt = shop.sync()
        assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
        assert is_synced(shop.status())
        assert diary() == {"MODIFIED widgets.example.org/left": 1}


def down(shop: Stage, server: EmbeddedServer) -> ApplicationStatus:
    """Its state once the server of the aggregated API has gone down."""
    server.faults.lose_group(GROUP)
    server.faults.drop_watches()
    return shop.until(lambda status: status.sync is SyncCode.UNKNOWN)


def believe_nothing_of_before(folder: Path) -> None:
    """Let the next start be a late one: what a cluster served is believed for ten minutes."""
    shutil.rmtree(folder / "state" / "served")


UNKNOWN_WIDGET = {"left": DriftCode.UNKNOWN, "settings": DriftCode.IN_SYNC, "prices": DriftCode.IN_SYNC}


def test_an_aggregated_api_that_is_down_makes_its_own_objects_unknown_alone(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    define(server, "v1")
    with enter(WITH_WIDGET, policy=AUTO) as shop:
        shop.until(is_synced)
        diary = Diary(server, SHOP)

        status = down(shop, server)

        assert drifts(status) == UNKNOWN_WIDGET
        assert status.drifted == 0, "of what cannot be read nobody knows whether it differs"
        assert not status.stale
        (widget,) = (each for each in status.resources if each.key.name == "left")
        assert widget.health.code is HealthCode.UNKNOWN
        for files in ({"app/widget.yaml": None}, {"app/prices.yaml": None}):
            shop.repository.commit("Less", files)
            for _ in range(10):
                shop.clock.now += 5
                shop.worker.step()
            assert diary() == {}, "nothing is pruned while one kind cannot be read"
        server.faults.clear()
        shop.until(is_synced)
        assert ours(server) == ["configmaps/settings"]


def test_after_a_start_while_it_is_down_the_rest_is_seen_all_the_same(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    define(server, "v1")
    with enter(WITH_WIDGET) as shop:
        shop.sync()
    server.faults.lose_group(GROUP)
    believe_nothing_of_before(tmp_path)
    with stage(
        tmp_path, server.kubeconfig, SHOP, {}, repository=shop.repository, timing=HASTY, policy=AUTO
    ) as restarted:
        diary = Diary(server, SHOP)
        status = restarted.until(lambda status: bool(status.resources))
        assert drifts(status) == UNKNOWN_WIDGET
        assert "its group cannot be asked" in json.dumps([problem.message for problem in status.problems])
        restarted.repository.commit("No prices", {"app/prices.yaml": None})
        for _ in range(10):
            restarted.clock.now += 5
            restarted.worker.step()
        assert diary() == {}
        server.faults.clear()
        restarted.until(is_synced)
        assert ours(server) == ["configmaps/settings", "widgets.example.org/left"]


CHART: dict[str, str | None] = {
    "app/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "app/templates/settings.yaml": config_map("settings", colour="blue"),
    "app/templates/dashboard.yaml": '{{- if .Capabilities.APIVersions.Has "example.org/v1" }}\n'
    + config_map("dashboard", shows="widgets")
    + "{{- end }}\n",
}


def test_a_chart_that_may_render_less_since_a_group_cannot_be_asked_prunes_nothing(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    define(server, "v1")
    with enter(CHART) as shop:
        shop.sync()
    everything = ["configmaps/dashboard", "configmaps/settings"]
    assert ours(server) == everything
    server.faults.lose_group(GROUP)
    believe_nothing_of_before(tmp_path)
    with stage(
        tmp_path, server.kubeconfig, SHOP, {}, repository=shop.repository, timing=HASTY, policy=AUTO
    ) as restarted:
        restarted.until(lambda status: bool(status.resources))

        receipt = restarted.sync(prune=True)

        (kept,) = (each for each in receipt.resources if each.key.name == "dashboard")
        assert kept.result is Result.PRUNE_SKIPPED
        assert f"{GROUP} cannot be asked what it serves" in kept.message
        assert ours(server) == everything
        server.faults.clear()
        restarted.ask(Refresh(hard=True))
        restarted.until(is_synced)
        assert ours(server) == everything

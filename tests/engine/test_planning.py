"""Given an application and a cluster, see what a plan takes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Sync
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import StalePlanError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import SyncCode
from gitops_tui.yamlio import load_all
from tests.support.manifests import config_map
from tests.support.oracle import held
from tests.support.stage import stage

FILES: dict[str, str | None] = {"app/a.yaml": config_map("a", b="c"), "app/b.yaml": config_map("b", b="c")}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


def test_a_chosen_resource_brings_the_namespace_that_the_policy_makes(tmp_path: Path, server: EmbeddedServer) -> None:
    place = "new"
    with stage(tmp_path, server.kubeconfig, place, FILES, policy=SyncPolicy(create_namespace=True)) as shop:
        chosen = (ResourceKey("", "ConfigMap", place, "a"),)
        plan = shop.plan(resources=chosen)

        assert [str(change.key) for change in plan.writes] == [f"Namespace {place}", f"ConfigMap {place}/a"]
        assert shop.sync(resources=chosen).phase is OperationPhase.SUCCEEDED
        assert shop.live("", "ConfigMap", "a") is not None
        assert shop.live("", "ConfigMap", "b") is None
        assert [str(change.key) for change in shop.plan(resources=chosen).writes] == []


@pytest.fixture
def two(tmp_path: Path, server: EmbeddedServer) -> Iterator[tuple[Path, EmbeddedServer, EmbeddedServer]]:
    """A kubeconfig that names two clusters, of which the first is current, and both of them."""
    with EmbeddedServer.start() as other:
        config = tmp_path / "config"
        make_current(config, "first", server, other)
        yield config, server, other


def make_current(config: Path, name: str, *servers: EmbeddedServer) -> None:
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": name}
    for context, each in zip(("first", "second"), servers, strict=True):
        found = yaml_of(each.kubeconfig)
        for part, single in (("clusters", "cluster"), ("users", "user")):
            merged.setdefault(part, []).append({"name": context, single: found[part][0][single]})
        entry = {"name": context, "context": {"cluster": context, "user": context}}
        merged.setdefault("contexts", []).append(entry)
    config.write_text(json.dumps(merged))


def yaml_of(file: Path) -> Any:
    return load_all(file.read_bytes(), name=file.name)[0].value


def maps_in(server: EmbeddedServer) -> set[str]:
    return {name for name in held(server, "default") if name in {"configmaps/a", "configmaps/b"}}


def test_whoever_makes_another_context_current_moves_no_application_to_another_cluster(
    tmp_path: Path, two: tuple[Path, EmbeddedServer, EmbeddedServer]
) -> None:
    config, first, second = two
    policy = SyncPolicy(mode=SyncMode.AUTO, self_heal=True)
    with stage(tmp_path, config, "default", FILES, policy=policy) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        make_current(config, "second", first, second)
        shop.repository.commit("More", {"app/a.yaml": config_map("a", b="d")})
        sha = shop.repository.git("rev-parse", "HEAD")
        shop.until(lambda status: status.sync is SyncCode.SYNCED and status.revision.sha == sha)  # type: ignore[union-attr]

    assert held(first, "default")["configmaps/a"]["data"] == {"b": "d"}
    assert maps_in(second) == set()


def test_a_plan_for_one_cluster_is_stale_on_another_though_both_lack_the_same(
    tmp_path: Path, two: tuple[Path, EmbeddedServer, EmbeddedServer]
) -> None:
    config, first, second = two
    with stage(tmp_path, config, "default", FILES) as shop:
        plan = shop.plan()
    make_current(config, "second", first, second)
    with stage(tmp_path, config, "default", {}, repository=shop.repository) as other:
        assert other.plan().changes == plan.changes
        with pytest.raises(StalePlanError):
            other.ask(Sync("default", plan, "tester"))
    assert maps_in(second) == set()


def test_a_chosen_resource_that_is_in_no_namespace_brings_none(tmp_path: Path, server: EmbeddedServer) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n"
    files = {**FILES, "app/role.yaml": role}
    with stage(tmp_path, server.kubeconfig, "none", files, policy=SyncPolicy(create_namespace=True)) as shop:
        chosen = (ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "reader"),)
        assert [change.key.kind for change in shop.plan(resources=chosen).writes] == ["ClusterRole"]

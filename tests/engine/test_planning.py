"""Given an application and a cluster, see what a plan takes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import ResourceKey
from tests.support.manifests import config_map
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


def test_a_chosen_resource_that_is_in_no_namespace_brings_none(tmp_path: Path, server: EmbeddedServer) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n"
    files = {**FILES, "app/role.yaml": role}
    with stage(tmp_path, server.kubeconfig, "none", files, policy=SyncPolicy(create_namespace=True)) as shop:
        chosen = (ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "reader"),)
        assert [change.key.kind for change in shop.plan(resources=chosen).writes] == ["ClusterRole"]

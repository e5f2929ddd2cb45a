"""A cluster of our own and a repository that can be pushed to, for going back in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.cluster import Clusters
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.resources import Manifest
from tests.support.work_tree import WorkTree


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as server:
        yield server


@pytest.fixture
def namespace(embedded: EmbeddedServer) -> str:
    """A new, empty namespace of the embedded cluster."""
    name = f"shop-{secrets.token_hex(3)}"
    clusters = Clusters(embedded.kubeconfig)
    clusters.get().apply(Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    clusters.close()
    return name


@pytest.fixture
def repository(tmp_path: Path) -> WorkTree:
    """A working tree that follows what is pushed to it."""
    tree = WorkTree(tmp_path / "repository")
    tree.git("config", "receive.denyCurrentBranch", "updateInstead")
    return tree

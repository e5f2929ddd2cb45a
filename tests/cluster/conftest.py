"""A server that does what the test says, and the cluster that talks to it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.cluster import Cluster, Clusters, Timing
from gitops_tui.embedded import EmbeddedServer
from tests.support.existing_cluster import ExistingCluster
from tests.support.real_cluster import RealCluster
from tests.support.scripted_server import ScriptedServer, core_resources, json_reply

KINDS = (("ConfigMap", "configmaps", True), ("Secret", "secrets", True), ("Namespace", "namespaces", False))

QUICK = Timing(connect=5.0, read=10.0, total=20.0, silence=10.0, first_pause=0.02, longest_pause=0.2, recovery=0.05)
"""Pauses so short that no test waits for them, deadlines so long that no slow machine meets them."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """An API server whose discovery answers by itself; it serves ConfigMaps, Secrets and Namespaces."""
    with ScriptedServer.start() as scripted:
        scripted.route("/api", json_reply(core_resources(*KINDS)))
        scripted.route("/apis", json_reply({"kind": "APIGroupDiscoveryList", "items": []}))
        yield scripted


@pytest.fixture
def clusters(server: ScriptedServer, tmp_path: Path) -> Iterator[Clusters]:
    """The clusters of a kubeconfig that names the scripted server, closed after the test."""
    found = Clusters(server.kubeconfig(tmp_path), timing=QUICK)
    yield found
    found.close()


@pytest.fixture
def cluster(clusters: Clusters) -> Cluster:
    """The scripted server as a cluster."""
    return clusters.get()


@pytest.fixture(params=["embedded", "real"])
def api(request: pytest.FixtureRequest) -> Iterator[RealCluster]:
    """An API server that means it: the embedded one and kube-apiserver, one after the other."""
    if request.param == "real":
        yield request.getfixturevalue("control_plane")
        return
    with EmbeddedServer.start() as embedded:
        yield ExistingCluster(embedded.kubeconfig)


@pytest.fixture
def shop(api: RealCluster) -> Iterator[str]:
    """The name of a new, empty namespace in `api`."""
    name = f"shop-{secrets.token_hex(4)}"
    status, answer = api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    yield name
    api.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def live(api: RealCluster) -> Iterator[Cluster]:
    """`api` as a cluster."""
    clusters = Clusters(api.kubeconfig, timing=QUICK)
    yield clusters.get()
    clusters.close()

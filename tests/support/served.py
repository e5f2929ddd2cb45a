"""Waiting for a custom kind: a definition takes a moment until it is served, and another one until that is told."""

from __future__ import annotations

import time
from contextlib import closing

from gitops_tui.cluster import Cluster, Clusters
from tests.support.real_cluster import RealCluster

_DEADLINE = 120.0


def wait_until_served(api: RealCluster, group: str, plural: str) -> None:
    """Until objects of version v1 can be listed, and discovery names their group."""
    deadline = time.monotonic() + _DEADLINE
    with closing(Clusters(api.kubeconfig)) as clusters:
        cluster = clusters.get()
        while api.request("GET", f"/apis/{group}/v1/{plural}")[0] != 200 or not _is_listed(cluster, group):
            assert time.monotonic() < deadline, f"{plural}.{group} are not served"
            cluster.list_again(())


def _is_listed(cluster: Cluster, group: str) -> bool:
    return any(resource.group == group for resource in cluster.resources())

"""Whoever reads what a cluster says asks before each piece whether somebody else goes first."""

from __future__ import annotations

import threading

from gitops_tui.cluster import Clusters
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.resources import ResourceKey
from tests.cluster.conftest import QUICK
from tests.cluster.test_storm import OURS, manifest
from tests.cluster.waiting import eventually
from tests.support.existing_cluster import ExistingCluster
from tests.support.scripted_server import DEADLINE

EVENTS = 20


def test_once_for_each_answer_and_for_each_event() -> None:
    asked: list[str] = []
    with EmbeddedServer.start() as server:
        clusters = Clusters(
            server.kubeconfig, timing=QUICK, give_way=lambda: asked.append(threading.current_thread().name)
        )
        cluster = clusters.get()
        key = ResourceKey("", "Namespace", "", "default")
        assert cluster.read(key)
        asked.clear()
        assert cluster.read(key)
        assert asked == [threading.current_thread().name]

        cluster.watch([OURS])
        assert cluster.wait_ready([OURS], DEADLINE)
        asked.clear()
        somebody = ExistingCluster(server.kubeconfig)
        for number in range(EVENTS):
            path = "/api/v1/namespaces/default/configmaps/web?fieldManager=somebody"
            body = dict(manifest("web", number).body)
            status, _ = somebody.request("PATCH", path, body, content_type="application/apply-patch+yaml")
            assert status in {200, 201}
        eventually(lambda: [live.body()["data"] for live in cluster.owned("web")] == [{"n": str(EVENTS - 1)}])
        assert len([name for name in asked if name.startswith("watch ")]) == EVENTS
        clusters.close()

"""After any storm of faults the cache is what the cluster is, and nobody was told a thing that is not so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from gitops_tui.cluster import Clusters, Live, Scope
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.ownership import APPLICATION_LABEL, TRACKING_ANNOTATION
from gitops_tui.model.resources import Manifest
from tests.cluster.conftest import QUICK
from tests.cluster.waiting import eventually
from tests.support.existing_cluster import ExistingCluster
from tests.support.scripted_server import DEADLINE

OURS = Scope("", "ConfigMap", selector=APPLICATION_LABEL)
NAMES = [f"web-{number}" for number in range(12)]


def manifest(name: str, value: int) -> Manifest:
    metadata = {
        "name": name,
        "namespace": "default",
        "labels": {APPLICATION_LABEL: "web"},
        "annotations": {TRACKING_ANNOTATION: f"web:/ConfigMap:default/{name}"},
    }
    return Manifest.of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"n": str(value)}})


class Listening:
    """A subscriber that keeps its own picture of the cluster from nothing but what it is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.picture: dict[str, str] = {}
        self.wrong: list[str] = []

    def hear(self, live: Live, gone: bool) -> None:
        with self._lock:
            name = live.key.name
            if not gone:
                self.picture[name] = live.resource_version
            elif self.picture.pop(name, None) is None:
                self.wrong.append(f"{name} is gone, which was not there")


@pytest.mark.parametrize("seed", range(4))
def test_after_a_storm_the_cache_is_what_the_cluster_is(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same storm each time
    with EmbeddedServer.start(window=15, bookmark_seconds=0.05) as server:
        somebody = ExistingCluster(server.kubeconfig)
        clusters = Clusters(server.kubeconfig, timing=QUICK)
        cluster = clusters.get()
        listening = Listening()
        cluster.subscribe(listening.hear)
        cluster.watch([OURS])
        assert cluster.wait_ready([OURS], DEADLINE)
        faults = server.faults
        path = "/api/v1/configmaps"
        storm: list[Callable[[], object]] = [
            faults.drop_watches,
            lambda: faults.cut(path=path),
            lambda: faults.answer(410, path=path),
            lambda: faults.answer(500, path=path),
            lambda: faults.answer(503, path=path, retry_after=0),
            lambda: faults.answer(429, path=path, retry_after=0),
            lambda: faults.answer(404, path=path),
        ]
        for step in range(150):
            if chance.random() < 0.4:
                chance.choice(storm)()
            name = chance.choice(NAMES)
            target = f"/api/v1/namespaces/default/configmaps/{name}"
            if chance.random() < 0.4:
                status, _ = somebody.request("DELETE", target)
                assert status in {200, 404}
            else:
                body = dict(manifest(name, step).body)
                apply = f"{target}?fieldManager=somebody&force=true"
                status, answer = somebody.request("PATCH", apply, body, content_type="application/apply-patch+yaml")
                assert status in {200, 201}, answer
        faults.clear()

        _, listed = somebody.request("GET", "/api/v1/namespaces/default/configmaps?labelSelector=" + APPLICATION_LABEL)
        truth = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]}
        eventually(lambda: {live.key.name: live.resource_version for live in cluster.owned("web")} == truth)
        eventually(lambda: cluster.problems() == {})
        eventually(lambda: listening.picture == truth)  # a listener is told after the cache has it
        assert listening.wrong == []
        clusters.close()

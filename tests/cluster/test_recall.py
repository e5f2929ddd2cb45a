"""What a cluster serves is asked by one process and believed by the next, for as long as by the first."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.cluster import Cluster, Clusters, Scope, Timing
from gitops_tui.model.errors import NotServedError
from gitops_tui.model.resources import Manifest
from gitops_tui.model.values import replace
from tests.cluster.conftest import QUICK
from tests.cluster.test_watching import config_map, page
from tests.cluster.waiting import eventually
from tests.support.scripted_server import ScriptedServer, core_resources, json_reply

PATIENCE = 60.0


class Processes:
    """One process after the other, with one state folder."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder = folder / "served"
        self._kubeconfig = server.kubeconfig(folder)
        self._opened: list[Clusters] = []

    def start(self, timing: Timing = QUICK) -> Clusters:
        """The clusters of a new process."""
        self._opened.append(Clusters(self._kubeconfig, timing=timing, folder=self.folder))
        return self._opened[-1]

    def close(self) -> None:
        for each in self._opened:
            each.close()

    @property
    def file(self) -> Path:
        """What is kept."""
        (found,) = self.folder.iterdir()
        return found


@pytest.fixture
def processes(tmp_path: Path, server: ScriptedServer) -> Iterator[Processes]:
    server.route("/version", json_reply({"gitVersion": "v1.36.3"}))
    made = Processes(tmp_path, server)
    yield made
    made.close()


def ask(clusters: Clusters) -> tuple[object, ...]:
    cluster = clusters.get()
    return cluster.resource("", "ConfigMap"), cluster.version(), cluster.api_versions()


def test_the_next_process_asks_nothing(processes: Processes, server: ScriptedServer) -> None:
    first = ask(processes.start())
    server.seen.clear()
    assert ask(processes.start()) == first
    assert server.seen == []
    assert processes.file.stat().st_mode & 0o077 == 0
    assert processes.folder.stat().st_mode & 0o077 == 0


def test_a_kind_that_is_missing_is_asked_for(processes: Processes, server: ScriptedServer) -> None:
    ask(processes.start())
    with pytest.raises(NotServedError):
        processes.start().get().resource("", "Widget")
    server.route("/api", json_reply(core_resources(("Widget", "widgets", True))))
    assert processes.start().get().resource("", "Widget").plural == "widgets"
    server.seen.clear()
    assert processes.start().get().resource("", "Widget").plural == "widgets"
    assert server.seen == []


@pytest.mark.parametrize("shift", [-700.0, 700.0])
def test_what_is_too_old_or_of_a_clock_that_jumped_is_asked_again(
    processes: Processes, server: ScriptedServer, shift: float
) -> None:
    ask(processes.start())
    kept = json.loads(processes.file.read_text())
    processes.file.write_text(json.dumps({**kept, "time": time.time() + shift}))
    server.seen.clear()
    ask(processes.start())
    assert [asked.path for asked in server.seen] == ["/api", "/apis", "/version"]


def test_a_file_that_is_damaged_is_asked_for_again(processes: Processes, server: ScriptedServer) -> None:
    first = ask(processes.start())
    for text in ("", "[]", '{"server": 1}', processes.file.read_text()[:-20]):
        processes.file.write_text(text)
        assert ask(processes.start()) == first


def test_another_server_is_another_matter(processes: Processes, tmp_path: Path, server: ScriptedServer) -> None:
    ask(processes.start())
    with ScriptedServer.start() as other:
        other.route("/api", json_reply(core_resources(("Widget", "widgets", True))))
        other.route("/apis", json_reply({"kind": "APIGroupDiscoveryList", "items": []}))
        other.kubeconfig(tmp_path)
        clusters = processes.start()
        assert clusters.get().resource("", "Widget").plural == "widgets"
        with pytest.raises(NotServedError):
            clusters.get().resource("", "ConfigMap")


def test_a_group_that_cannot_be_asked_is_not_remembered_as_all_there_is(
    processes: Processes, server: ScriptedServer
) -> None:
    stale = {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1", "freshness": "Stale"}]}
    server.route("/apis", json_reply({"kind": "APIGroupDiscoveryList", "items": [stale]}))
    processes.start().get().resource("", "ConfigMap")
    server.seen.clear()
    assert list(processes.start().get().unknown_groups()) == ["metrics.k8s.io"]
    assert [asked.path for asked in server.seen] == ["/api", "/apis"]


CONFIG_MAPS = Scope("", "ConfigMap")
SECRETS = Scope("", "Secret")


def listed(server: ScriptedServer, plural: str) -> None:
    """Answer a list of nothing."""
    asked = server.take(f"/api/v1/{plural}", watch="1")
    asked.begin()
    end = {"resourceVersion": "5", "annotations": {"k8s.io/initial-events-end": "true"}}
    asked.event("BOOKMARK", {"kind": plural, "metadata": end})


PLACE = "/api/v1/namespaces/shop/configmaps"


def listed_ahead(server: ScriptedServer, plural: str) -> None:
    """Answer a list that is not followed yet."""
    asked = server.take(f"/api/v1/{plural}", limit="1000")
    assert "watch" not in asked.query
    asked.json(page(5, config_map("one", 3)) if plural == "configmaps" else page(5))


def test_what_was_watched_is_listed_before_anybody_asks(processes: Processes, server: ScriptedServer) -> None:
    first = processes.start()
    first.get().watch([CONFIG_MAPS])
    listed(server, "configmaps")
    assert first.get().wait_ready([CONFIG_MAPS], PATIENCE)
    first.close()
    second = processes.start().get()
    second.watch_ahead()
    listed_ahead(server, "configmaps")
    assert second.wait_ready([CONFIG_MAPS], PATIENCE)
    second.watch([SECRETS])
    listed(server, "secrets")
    assert second.wait_ready([CONFIG_MAPS, SECRETS], PATIENCE), "what was listed ahead is kept"
    assert server.count("/api/v1/configmaps") == 2


@pytest.fixture
def ahead(processes: Processes, server: ScriptedServer) -> Cluster:
    """The cluster of a process that has listed ahead what the one before had watched."""
    first = processes.start()
    first.get().watch([CONFIG_MAPS])
    listed(server, "configmaps")
    first.close()
    server.seen.clear()
    made = processes.start(replace(QUICK, linger=PATIENCE)).get()
    made.watch_ahead()
    listed_ahead(server, "configmaps")
    assert made.wait_ready([CONFIG_MAPS], PATIENCE)
    return made


def test_what_is_listed_ahead_is_not_followed_by_a_process_that_is_soon_gone(
    ahead: Cluster, server: ScriptedServer
) -> None:
    assert [live.key.name for live in ahead.owned("web")] == ["one"]
    ahead.close()
    assert [asked.query for asked in server.seen if asked.path == "/api/v1/configmaps"] == [{"limit": "1000"}]


def test_what_is_listed_ahead_is_followed_as_soon_as_something_is_written(
    ahead: Cluster, server: ScriptedServer
) -> None:
    server.route(f"{PLACE}/one", json_reply(config_map("one", 6)))
    ahead.apply(Manifest.of(config_map("one", 0)))
    followed = server.take("/api/v1/configmaps", watch="1", resourceVersion="5")
    followed.begin()
    followed.event("ADDED", config_map("two", 7))
    eventually(lambda: [live.key.name for live in ahead.owned("web")] == ["one", "two"])


def test_what_is_listed_ahead_is_followed_by_a_process_that_stays(processes: Processes, server: ScriptedServer) -> None:
    first = processes.start()
    first.get().watch([CONFIG_MAPS])
    first.close()
    processes.start(replace(QUICK, linger=0.01)).get().watch_ahead()
    listed_ahead(server, "configmaps")
    server.take("/api/v1/configmaps", watch="1", resourceVersion="5")


def test_a_process_that_wants_less_leaves_what_is_known(processes: Processes, server: ScriptedServer) -> None:
    for wanted in ([CONFIG_MAPS, SECRETS], [SECRETS]):
        clusters = processes.start()
        clusters.get().watch(wanted)
        clusters.close()
    third = processes.start().get()
    third.watch_ahead()
    listed_ahead(server, "configmaps")
    listed_ahead(server, "secrets")
    assert third.wait_ready([CONFIG_MAPS, SECRETS], PATIENCE)

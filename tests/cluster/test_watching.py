"""The cache keeps up with the cluster, whatever happens to its watches."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Cluster, Clusters, Live, Scope, Timing
from gitops_tui.model.errors import ForbiddenError, NotServedError, UnreachableError
from gitops_tui.model.ownership import APPLICATION_LABEL, TRACKING_ANNOTATION
from gitops_tui.model.resources import Manifest, ResourceKey
from tests.cluster.conftest import KINDS, QUICK
from tests.cluster.waiting import Heard, eventually
from tests.support.scripted_server import DEADLINE, Asked, ScriptedServer, core_resources, json_reply

PATH = "/api/v1/configmaps"
SCOPE = Scope("", "ConfigMap", selector=APPLICATION_LABEL)
STREAM = {"sendInitialEvents": "true"}


def config_map(name: str, version: int, *, application: str = "web", parent: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "annotations": {TRACKING_ANNOTATION: f"{application}:/ConfigMap:shop/{name}"},
    }
    if parent:
        metadata["ownerReferences"] = [{"uid": parent}]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def bookmark(version: int, *, initial_end: bool = False) -> dict[str, Any]:
    annotations = {"k8s.io/initial-events-end": "true"} if initial_end else {}
    metadata = {"resourceVersion": str(version), "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def page(version: int, *items: dict[str, Any], token: str = "") -> dict[str, Any]:
    plain = [{name: value for name, value in item.items() if name == "metadata"} for item in items]
    return {"kind": "ConfigMapList", "metadata": {"resourceVersion": str(version), "continue": token}, "items": plain}


def key(name: str) -> ResourceKey:
    return ResourceKey("", "ConfigMap", "shop", name)


@pytest.fixture
def heard(cluster: Cluster) -> Heard:
    return Heard(cluster, "shop")


def refuse_streams(server: ScriptedServer) -> None:
    server.take(PATH, **STREAM).status(422, "Invalid", "sendInitialEvents is forbidden")


def listed(server: ScriptedServer, cluster: Cluster, *items: dict[str, Any], version: int = 10) -> Asked:
    """Let the cluster list `items` by a stream; the open watch."""
    cluster.watch([SCOPE])
    watch = server.take(PATH, **STREAM)
    watch.begin()
    for item in items:
        watch.event("ADDED", item)
    watch.event("BOOKMARK", bookmark(version, initial_end=True))
    assert cluster.wait_ready([SCOPE], DEADLINE)
    return watch


def time_line_is_checked(server: ScriptedServer, version: int) -> None:
    server.take(PATH, limit="1").json(page(version))


def test_a_streamed_list_becomes_a_watch(server: ScriptedServer, cluster: Cluster, heard: Heard) -> None:
    watch = listed(server, cluster, config_map("a", 5), config_map("b", 6, parent="uid-a"))
    assert {heard.next(), heard.next()} == {("a", False), ("b", False)}
    assert watch.query["labelSelector"] == APPLICATION_LABEL

    watch.event("MODIFIED", config_map("a", 11))
    assert heard.next() == ("a", False)
    watch.event("DELETED", config_map("b", 12))
    assert heard.next() == ("b", True)

    found = cluster.live(key("a"))
    assert found is not None
    assert found.resource_version == "11"
    assert found.body() == config_map("a", 11)
    assert found.created == 1767323045.0
    assert cluster.owned("web") == (found,)
    assert cluster.live(key("b")) is None
    assert cluster.below(["uid-a"]) == {}


def test_nothing_is_shown_before_the_list_is_whole(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.watch([SCOPE])
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("a", 5))

    assert not cluster.ready([SCOPE])
    assert not cluster.covers(key("a"))
    assert cluster.live(key("a")) is None


def test_pages_where_streams_are_refused(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.watch([SCOPE])
    refuse_streams(server)
    first = server.take(PATH, limit="250")
    assert "resourceVersion" not in first.query
    first.json(page(10, config_map("a", 5), token="more"))
    server.take(PATH, limit="250", **{"continue": "more"}).json(page(10, config_map("b", 6, parent="p")))
    watch = server.take(PATH, watch="1", resourceVersion="10")
    watch.begin()

    assert cluster.wait_ready([SCOPE], DEADLINE)
    assert [live.key.name for live in cluster.owned("web")] == ["a", "b"], "items of a list name no kind themselves"
    assert [live.key.name for live in cluster.below(["p"])["p"]] == ["b"]
    assert cluster.owned("web")[0].body()["kind"] == "ConfigMap"

    other = Scope("", "Secret")
    cluster.watch([SCOPE, other])
    server.take("/api/v1/secrets", limit="250").json(page(10))
    assert cluster.wait_ready([SCOPE, other], DEADLINE)


def test_pages_where_a_stream_begins_with_an_error(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.watch([SCOPE])
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ERROR", {"kind": "Status", "code": 500, "reason": "InternalError", "message": "etcd is too old"})
    server.take(PATH, limit="250").json(page(10, config_map("a", 5)))

    assert cluster.wait_ready([SCOPE], DEADLINE)
    assert cluster.live(key("a")) is not None


def test_pages_where_streams_keep_breaking(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.watch([SCOPE])
    for _ in range(2):
        watch = server.take(PATH, **STREAM)
        watch.begin()
        watch.end()
    server.take(PATH, limit="250").json(page(10, config_map("a", 5)))
    server.take(PATH, watch="1", resourceVersion="10").begin()

    assert cluster.wait_ready([SCOPE], DEADLINE)


def test_an_ended_watch_goes_on_where_it_was(server: ScriptedServer, cluster: Cluster, heard: Heard) -> None:
    watch = listed(server, cluster, config_map("a", 5))
    assert heard.next() == ("a", False)
    watch.event("BOOKMARK", bookmark(20))
    watch.end()

    time_line_is_checked(server, 20)
    watch = server.take(PATH, watch="1", resourceVersion="20")
    watch.begin()
    watch.event("ADDED", config_map("b", 21))

    assert heard.next() == ("b", False)
    assert heard.nothing_more()
    assert cluster.problems() == {}


def test_a_broken_watch_is_opened_again_without_a_problem(
    server: ScriptedServer, cluster: Cluster, heard: Heard
) -> None:
    listed(server, cluster, config_map("a", 5)).cut()
    heard.next()

    time_line_is_checked(server, 10)
    watch = server.take(PATH, watch="1", resourceVersion="10")
    assert cluster.problems() == {}
    watch.begin()
    watch.event("ADDED", config_map("b", 21))
    assert heard.next() == ("b", False)


def test_a_silent_watch_is_opened_again(server: ScriptedServer, tmp_path: Path) -> None:
    clusters = Clusters(server.kubeconfig(tmp_path), timing=Timing(silence=2.0, first_pause=0.02))
    cluster = clusters.get()
    listed(server, cluster, config_map("a", 5))

    time_line_is_checked(server, 10)
    server.take(PATH, watch="1", resourceVersion="10").begin()

    assert cluster.covers(key("a"))
    clusters.close()


def test_expired_inside_a_200_stream_lists_again_and_tells_the_difference_alone(
    server: ScriptedServer, cluster: Cluster, heard: Heard
) -> None:
    watch = listed(server, cluster, config_map("a", 5), config_map("b", 6), config_map("c", 7))
    for _ in range(3):
        heard.next()
    watch.event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})

    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("a", 5))
    watch.event("ADDED", config_map("b", 30))
    assert cluster.live(key("c")) is not None, "nothing is forgotten before the new list is whole"
    watch.event("BOOKMARK", bookmark(31, initial_end=True))

    assert [heard.next(), heard.next()] == [("c", True), ("b", False)]
    assert heard.nothing_more()
    assert cluster.problems() == {}


def test_what_is_listed_anew_on_request_has_no_problem_and_is_waited_for(
    server: ScriptedServer, cluster: Cluster
) -> None:
    listed(server, cluster, config_map("a", 5))
    cluster.list_again([SCOPE])

    watch = server.take(PATH, **STREAM)
    assert cluster.problems() == {}
    assert not cluster.ready([SCOPE])
    watch.begin()
    watch.event("ADDED", config_map("b", 20))
    watch.event("BOOKMARK", bookmark(20, initial_end=True))
    assert cluster.wait_ready([SCOPE], DEADLINE)
    assert [live.key.name for live in cluster.owned("web")] == ["b"]


def test_410_to_the_watch_itself_lists_again(server: ScriptedServer, cluster: Cluster, heard: Heard) -> None:
    listed(server, cluster, config_map("a", 5)).end()
    heard.next()
    time_line_is_checked(server, 10)
    server.take(PATH, watch="1", resourceVersion="10").status(410, "Expired", "too old resource version")

    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("BOOKMARK", bookmark(40, initial_end=True))

    assert heard.next() == ("a", True)


def test_an_expired_continue_token_begins_the_list_anew(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.watch([SCOPE])
    refuse_streams(server)
    server.take(PATH, limit="250").json(page(10, config_map("a", 5), token="more"))
    server.take(PATH, limit="250", **{"continue": "more"}).status(410, "Expired", "the token is too old")
    server.take(PATH, limit="250").json(page(20, config_map("b", 6)))
    server.take(PATH, watch="1", resourceVersion="20").begin()

    assert cluster.wait_ready([SCOPE], DEADLINE)
    assert [live.key.name for live in cluster.owned("web")] == ["b"]


def test_a_cluster_restored_to_an_older_state_is_listed_again_by_every_scope(
    server: ScriptedServer, cluster: Cluster, heard: Heard
) -> None:
    others = Scope("", "Secret")
    watch = listed(server, cluster, config_map("a", 900), version=1000)
    cluster.watch([SCOPE, others])
    other_watch = server.take("/api/v1/secrets", **STREAM)
    other_watch.begin()
    other_watch.event("BOOKMARK", bookmark(1000, initial_end=True))
    assert cluster.wait_ready([SCOPE, others], DEADLINE)
    heard.next()

    watch.cut()
    time_line_is_checked(server, 500)
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("b", 400))
    watch.event("BOOKMARK", bookmark(500, initial_end=True))

    assert [heard.next(), heard.next()] == [("a", True), ("b", False)]
    asked = server.count(PATH)
    other_watch = server.take("/api/v1/secrets", **STREAM)
    other_watch.begin()
    other_watch.event("ADDED", {**config_map("s", 300), "kind": "Secret"})
    other_watch.event("BOOKMARK", bookmark(500, initial_end=True))
    assert heard.next() == ("s", False)
    watch.event("ADDED", config_map("c", 501))
    assert heard.next() == ("c", False)
    assert server.count(PATH) == asked, "each scope is listed again once, whoever finds out"


def test_a_cluster_restored_to_before_a_write_that_no_watch_told_of_is_listed_again(
    server: ScriptedServer, cluster: Cluster
) -> None:
    watch = listed(server, cluster, config_map("a", 5), version=10)
    server.route("/api/v1/namespaces/shop/configmaps/new", json_reply(config_map("new", 30)))
    cluster.apply(Manifest.of(config_map("new", 0)))
    assert cluster.live(key("new")) is not None

    watch.cut()
    time_line_is_checked(server, 20)
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("a", 5))
    watch.event("BOOKMARK", bookmark(20, initial_end=True))

    eventually(lambda: cluster.live(key("new")) is None)
    assert cluster.live(key("a")) is not None


def test_what_is_read_to_be_gone_after_its_deletion_is_known_before_the_watch_tells_of_it(
    server: ScriptedServer, cluster: Cluster, heard: Heard
) -> None:
    watch = listed(server, cluster, config_map("a", 5), config_map("b", 6))
    assert {heard.next(), heard.next()} == {("a", False), ("b", False)}
    there = json_reply(config_map("a", 5))
    gone = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404, "details": {"name": "a"}}
    server.route(f"/api/v1/namespaces/shop/configmaps/{key('a').name}", there, there, json_reply(gone, 404))
    cluster.delete(key("a"), uid="uid-a")
    assert cluster.read(key("a")) is not None
    assert cluster.live(key("a")) is not None

    assert cluster.read(key("a")) is None
    assert cluster.live(key("a")) is None
    assert heard.next() == ("a", True)
    watch.event("MODIFIED", config_map("a", 11))
    watch.event("DELETED", config_map("a", 12))
    watch.event("MODIFIED", config_map("b", 13))
    assert heard.next() == ("b", False)

    there = json_reply(config_map("b", 13))
    server.route("/api/v1/namespaces/shop/configmaps/b", there, json_reply(gone, 404))
    cluster.delete(key("b"), uid="uid-b")
    assert cluster.read(key("b")) is None
    watch.cut()
    time_line_is_checked(server, 13)
    server.take(PATH, **STREAM)  # it may have been brought back by a backup, which nobody would tell of


def test_an_event_of_the_past_means_a_restored_cluster(server: ScriptedServer, cluster: Cluster) -> None:
    watch = listed(server, cluster, config_map("a", 900), version=1000)
    watch.event("BOOKMARK", bookmark(500))

    server.take(PATH, **STREAM)


def test_a_forbidden_kind_is_that_scope_s_problem_alone(server: ScriptedServer, cluster: Cluster) -> None:
    secrets = Scope("", "Secret")
    listed(server, cluster, config_map("a", 5))
    cluster.watch([SCOPE, secrets])
    message = 'secrets is forbidden: User "x" cannot list resource "secrets" in API group "" at the cluster scope'
    server.take("/api/v1/secrets").status(403, "Forbidden", message)

    assert cluster.wait_ready([SCOPE, secrets], DEADLINE)
    assert list(cluster.problems()) == [secrets]
    assert isinstance(cluster.problems()[secrets], ForbiddenError)
    assert cluster.covers(key("a"))
    assert not cluster.covers(ResourceKey("", "Secret", "shop", "a"))


def test_a_kind_that_comes_later_is_found(server: ScriptedServer, cluster: Cluster) -> None:
    widgets = Scope("", "Widget")
    cluster.watch([widgets])
    assert cluster.wait_ready([widgets], DEADLINE)
    assert isinstance(cluster.problems()[widgets], NotServedError)

    server.route("/api", json_reply(core_resources(*KINDS, ("Widget", "widgets", True))))
    watch = server.take("/api/v1/widgets", **STREAM)
    watch.begin()
    watch.event("BOOKMARK", bookmark(10, initial_end=True))

    eventually(lambda: cluster.problems() == {})


def test_an_unreachable_cluster_keeps_what_was_known(server: ScriptedServer, tmp_path: Path) -> None:
    with ScriptedServer.start() as dying:
        for path in ("/api", "/apis"):
            dying.routes[path] = server.routes[path]
        clusters = Clusters(dying.kubeconfig(tmp_path), timing=QUICK)
        cluster = clusters.get()
        listed(dying, cluster, config_map("a", 5))
    eventually(lambda: bool(cluster.problems()))

    assert isinstance(cluster.problems()[SCOPE], UnreachableError)
    assert cluster.live(key("a")) is not None
    assert not cluster.covers(key("a"))

    server.kubeconfig(tmp_path)
    cluster.retry()
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("z", 1))
    watch.event("BOOKMARK", bookmark(2, initial_end=True))
    eventually(lambda: cluster.live(key("a")) is None and cluster.live(key("z")) is not None)
    assert cluster.problems() == {}
    clusters.close()


def test_scopes_are_the_complete_wanted_set(server: ScriptedServer, cluster: Cluster, heard: Heard) -> None:
    first = listed(server, cluster, config_map("a", 5))
    heard.next()
    cluster.watch([SCOPE])
    assert server.count(PATH) == 1, "what is watched already is left alone"

    cluster.watch([])

    assert cluster.live(key("a")) is None
    assert not cluster.ready([SCOPE])
    assert heard.nothing_more(), "what is watched no longer is not gone"
    assert first.peer.recv(1) == b"", "the watch is closed, although no event comes"


def test_an_object_in_two_scopes_is_gone_with_the_last(server: ScriptedServer, cluster: Cluster, heard: Heard) -> None:
    everything = Scope("", "ConfigMap", "shop")
    ours = listed(server, cluster, config_map("a", 5))
    heard.next()
    cluster.watch([SCOPE, everything])
    all_of_them = server.take("/api/v1/namespaces/shop/configmaps", **STREAM)
    all_of_them.begin()
    all_of_them.event("ADDED", config_map("a", 5))
    all_of_them.event("BOOKMARK", bookmark(10, initial_end=True))
    assert heard.next() == ("a", False)

    ours.event("DELETED", config_map("a", 11))
    all_of_them.event("MODIFIED", config_map("a", 11))
    assert heard.next() == ("a", False)
    assert cluster.live(key("a")) is not None

    all_of_them.event("DELETED", config_map("a", 12))
    assert heard.next() == ("a", True)
    assert cluster.live(key("a")) is None


def test_closing_ends_watches_that_are_silent(server: ScriptedServer, clusters: Clusters) -> None:
    cluster = clusters.get()
    listed(server, cluster, config_map("a", 5))
    names = {"watch ConfigMap"}
    assert names <= {thread.name for thread in threading.enumerate()}

    clusters.close()

    assert not names & {thread.name for thread in threading.enumerate()}


def test_a_hostile_object_harms_nobody(server: ScriptedServer, cluster: Cluster) -> None:
    watch = listed(server, cluster)
    hostile: list[Any] = [
        {"metadata": {"name": "x", "namespace": 5, "annotations": [], "ownerReferences": {"uid": 1}}},
        {"metadata": {"name": "y", "creationTimestamp": "99999-01-01", "ownerReferences": ["z"]}},
        {"metadata": "none"},
        {},
        [],
    ]
    for body in hostile:
        watch.event("ADDED", body)
    watch.event("ADDED", config_map("a", 11))

    eventually(lambda: cluster.live(key("a")) is not None)


def test_a_listener_that_raises_is_told_and_does_not_end_the_watch(server: ScriptedServer, cluster: Cluster) -> None:
    watch = listed(server, cluster)

    def listener(live: Live, gone: bool) -> None:
        raise RuntimeError(f"{live.key.name} confuses me")

    unsubscribe = cluster.subscribe(listener)
    watch.event("ADDED", config_map("a", 11))
    eventually(lambda: bool(cluster.problems()))
    assert "RuntimeError: a confuses me" in str(cluster.problems()[SCOPE])

    unsubscribe()
    watch = server.take(PATH, **STREAM)
    watch.begin()
    watch.event("ADDED", config_map("a", 11))
    watch.event("BOOKMARK", bookmark(12, initial_end=True))
    eventually(lambda: cluster.problems() == {})

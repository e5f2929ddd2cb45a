"""Faults on demand do what they say, and no more."""

from __future__ import annotations

import http.client
import threading
import time

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.api import remove
from gitops_tui.embedded.api.call import Call, DeleteOptions
from tests.support.api_client import ApiClient

MAPS = "/api/v1/namespaces/default/configmaps"


def test_an_error_is_answered_so_many_times(server: EmbeddedServer, client: ApiClient) -> None:
    fault = server.faults.answer(503, path="configmaps", times=2)
    assert [client.get(MAPS).code for _ in range(3)] == [503, 503, 200]
    assert fault.hits == 2


def test_a_fault_meets_only_what_it_is_for(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.answer(500, method="PATCH|PUT", path=r"/default/.*dryRun=All", times=-1)
    assert client.get(MAPS).code == 200
    assert client.patch(f"{MAPS}/a", {}).code == 404
    reply = client.patch(f"{MAPS}/a", {}, dryRun="All")
    assert (reply.code, reply["kind"], reply["reason"]) == (500, "Status", "InternalError")


def test_too_many_requests_say_when_to_come_again(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.answer(429, retry_after=3)
    reply = client.get(MAPS)
    assert (reply.code, reply.headers["Retry-After"], reply["details"]) == (429, "3", {"retryAfterSeconds": 3})


def test_a_connection_is_cut(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.cut(path="configmaps")
    with pytest.raises((http.client.HTTPException, OSError)):
        client.get(MAPS)
    client.close()
    assert client.get(MAPS).code == 200


def test_a_request_hangs_until_the_faults_are_cleared(server: EmbeddedServer, client: ApiClient) -> None:
    fault = server.faults.hang(path="configmaps")
    outcome: list[object] = []

    def ask() -> None:
        try:
            outcome.append(client.get(MAPS))
        except (http.client.HTTPException, OSError) as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert ApiClient(server.kubeconfig).get("/version").code == 200
    assert not outcome
    server.faults.clear()
    thread.join(90)
    assert len(outcome) == 1
    assert not isinstance(outcome[0], int)
    assert fault.hits <= 1


def test_a_delayed_request_is_answered_all_the_same(server: EmbeddedServer, client: ApiClient) -> None:
    fault = server.faults.delay(0.01, path="configmaps")
    assert client.get(MAPS).code == 200
    assert fault.hits == 1


def test_watches_are_dropped_and_new_ones_are_not(server: EmbeddedServer, client: ApiClient) -> None:
    with client.watch(MAPS, resourceVersion=server.store.revision) as events:
        server.faults.drop_watches()
        assert list(events) == []
    with client.watch(MAPS, resourceVersion=server.store.revision) as events:
        client.create(MAPS, {"metadata": {"name": "a"}}).ok()
        assert next(events)["type"] == "ADDED"


def test_a_forgotten_history_expires_watches_and_pages(server: EmbeddedServer, client: ApiClient) -> None:
    for name in "abc":
        client.create(MAPS, {"metadata": {"name": name}}).ok()
    page = client.get(MAPS, limit=1).ok()["metadata"]
    client.create(MAPS, {"metadata": {"name": "d"}}).ok()
    server.faults.expire_history()

    with client.watch(MAPS, resourceVersion=page["resourceVersion"]) as events:
        event = next(events)
    assert (event["type"], event["object"]["reason"]) == ("ERROR", "Expired")
    reply = client.get(MAPS, limit=1, **{"continue": page["continue"]})
    assert (reply.code, reply["reason"]) == (410, "Expired")
    inconsistent = client.get(MAPS, **{"continue": reply["metadata"]["continue"]}).ok()
    assert [row["metadata"]["name"] for row in inconsistent["items"]] == ["b", "c", "d"]


def test_stopping_lets_go_of_everything() -> None:
    others = set(threading.enumerate())
    server = EmbeddedServer.start()
    client = ApiClient(server.kubeconfig)
    server.faults.hang(path="secrets")
    outcome: list[Exception] = []

    def ask() -> None:
        try:
            client.get("/api/v1/secrets")
        except (http.client.HTTPException, OSError) as error:
            outcome.append(error)

    with client.watch(MAPS) as events:
        thread = threading.Thread(target=ask)
        thread.start()
        server.stop()
        assert [event["type"] for event in events] in ([], ["ADDED"])
        thread.join(90)
    assert len(outcome) == 1
    assert not server.kubeconfig.exists()
    for mine in set(threading.enumerate()) - others:
        mine.join(90)
        assert not mine.is_alive()


def test_an_answer_is_lost_although_the_write_was_done(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.cut(method="POST", path="configmaps", done=True)
    with pytest.raises((http.client.HTTPException, OSError)):
        client.create(MAPS, {"metadata": {"name": "a"}})
    client.close()
    assert client.get(f"{MAPS}/a").code == 200


def test_an_answer_breaks_off_in_the_middle(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.truncate(path="configmaps")
    with pytest.raises((http.client.HTTPException, OSError)):
        client.get(MAPS)


def test_the_first_ones_are_left_alone(server: EmbeddedServer, client: ApiClient) -> None:
    fault = server.faults.cut(method="POST", path="configmaps", skip=2)
    for name in "ab":
        client.create(MAPS, {"metadata": {"name": name}}).ok()
    assert not fault.met.is_set()
    with pytest.raises((http.client.HTTPException, OSError)):
        client.create(MAPS, {"metadata": {"name": "c"}})
    assert (fault.hits, fault.met.is_set()) == (1, True)


def test_a_proxy_says_something_else_or_sends_elsewhere(server: EmbeddedServer, client: ApiClient) -> None:
    server.faults.say(b"{}", "application/json", code=418, path="configmaps")
    assert client.get(MAPS).code == 418
    server.faults.redirect("https://elsewhere.invalid/", path="configmaps")
    reply = client.get(MAPS)
    assert (reply.code, reply.headers["Location"]) == (307, "https://elsewhere.invalid/")


def test_events_are_lost_or_told_twice(server: EmbeddedServer, client: ApiClient) -> None:
    def told(names: str, count: int) -> list[tuple[str, str]]:
        with client.watch(MAPS, resourceVersion=server.store.revision) as events:
            for name in names:
                client.create(MAPS, {"metadata": {"name": name}}).ok()
            found = (next(events) for _ in range(count))
            return [(event["type"], event["object"]["metadata"]["name"]) for event in found]

    server.faults.lose_events(1)
    assert told("ab", 1) == [("ADDED", "b")]
    server.faults.repeat_events()
    assert told("c", 2) == [("ADDED", "c")] * 2
    server.faults.clear()
    assert told("de", 2) == [("ADDED", "d"), ("ADDED", "e")]


def test_a_silent_watch_says_nothing_and_stays_open(server: EmbeddedServer, client: ApiClient) -> None:
    with client.watch(MAPS, resourceVersion=server.store.revision, timeoutSeconds=1) as events:
        server.faults.freeze_watches()
        client.create(MAPS, {"metadata": {"name": "a"}}).ok()
        assert list(events) == []
    with client.watch(MAPS, resourceVersion=server.store.revision - 1) as events:
        assert next(events)["type"] == "ADDED"


def test_an_older_state_comes_back_with_its_versions(server: EmbeddedServer, client: ApiClient) -> None:
    client.create(MAPS, {"metadata": {"name": "kept"}, "data": {"a": "1"}}).ok()
    client.create(MAPS, {"metadata": {"name": "dropped"}}).ok()
    backup = server.faults.checkpoint()
    uid = client.get(f"{MAPS}/dropped")["metadata"]["uid"]
    client.patch(f"{MAPS}/kept", {"data": {"a": "2"}}).ok()
    client.delete(f"{MAPS}/dropped").ok()
    client.create(MAPS, {"metadata": {"name": "later"}}).ok()
    with client.watch(MAPS, resourceVersion=server.store.revision) as events:
        server.faults.restore(backup)
        assert list(events) == []

    assert server.store.revision == backup.revision
    assert client.get(f"{MAPS}/kept")["data"] == {"a": "1"}
    assert client.get(f"{MAPS}/dropped")["metadata"]["uid"] == uid
    assert client.get(f"{MAPS}/later").code == 404


def test_what_is_being_deleted_when_a_backup_comes_back_stays(server: EmbeddedServer, client: ApiClient) -> None:
    client.create("/api/v1/namespaces", {"metadata": {"name": "shop"}}).ok()
    client.create("/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "a"}}).ok()
    backup = server.faults.checkpoint()
    namespaces = server.backend.registry.find("", "v1", "namespaces")
    assert namespaces is not None
    with server.store.lock:  # whoever empties a deleted namespace comes to it only afterwards
        remove.delete(server.backend, Call(namespaces, "", "shop"), DeleteOptions())
        server.faults.restore(backup)

    # What nobody owns is collected after everything that was to be done before.
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": "00000000-0000-0000-0000-000000000000"}
    with client.watch(MAPS, resourceVersion=server.store.revision) as events:
        client.create(MAPS, {"metadata": {"name": "stray", "ownerReferences": [reference]}}).ok()
        assert [next(events)["type"], next(events)["type"]] == ["ADDED", "DELETED"]
    assert client.get("/api/v1/namespaces/shop")["status"]["phase"] == "Active"
    assert client.get("/api/v1/namespaces/shop/configmaps/a").code == 200


def test_a_definition_that_a_backup_does_not_know_is_not_served(server: EmbeddedServer, client: ApiClient) -> None:
    backup = server.faults.checkpoint()
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version]}
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    with client.watch(definitions) as events:
        client.create(definitions, {"metadata": {"name": "widgets.example.org"}, "spec": spec}).ok()
        next(event for event in events if event["object"]["status"]["conditions"])
    assert client.get("/apis/example.org/v1/widgets").code == 200
    server.faults.restore(backup)
    deadline = time.monotonic() + 90
    while client.get("/apis/example.org/v1/widgets").code != 404:
        assert time.monotonic() < deadline

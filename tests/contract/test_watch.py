"""Watches: what an informer lives on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.objects import config_map

INITIAL: dict[str, Any] = {
    "sendInitialEvents": True,
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": True,
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
END = "k8s.io/initial-events-end"


def version(api: Api) -> str:
    return str(api.client.get(api.path("configmaps")).ok()["metadata"]["resourceVersion"])


def told(events: Iterator[Any], count: int) -> list[tuple[str, str]]:
    """The next events of our objects, without bookmarks: type and name."""
    seen: list[tuple[str, str]] = []
    for event in events:
        name = event["object"]["metadata"].get("name", "")
        if event["type"] != "BOOKMARK" and name != "kube-root-ca.crt":
            seen.append((event["type"], name))
        if len(seen) == count:
            return seen
    return seen


def test_a_watch_tells_every_change_since_a_version(api: Api) -> None:
    path, since = api.path("configmaps"), version(api)
    api.client.create(path, config_map("a")).ok()
    with api.client.watch(path, resourceVersion=since, timeoutSeconds=20) as events:
        api.client.patch(api.path("configmaps", "a"), {"data": {"x": "1"}}).ok()
        api.client.delete(api.path("configmaps", "a")).ok()
        assert told(events, 3) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_an_event_s_object_has_kind_and_version(api: Api) -> None:
    path, since = api.path("configmaps"), version(api)
    made = api.client.create(path, config_map("a", color="red")).ok()
    query: dict[str, Any] = {"resourceVersion": since, "fieldSelector": "metadata.name=a", "timeoutSeconds": 20}
    with api.client.watch(path, **query) as events:
        assert next(events) == {"type": "ADDED", "object": made}


def test_a_deletion_shows_the_last_state_at_a_new_version(api: Api) -> None:
    path = api.path("configmaps")
    made = api.client.create(path, config_map("a", color="red")).ok()
    since = made["metadata"]["resourceVersion"]
    api.client.delete(api.path("configmaps", "a")).ok()
    query: dict[str, Any] = {"resourceVersion": since, "fieldSelector": "metadata.name=a", "timeoutSeconds": 20}
    with api.client.watch(path, **query) as events:
        event = next(events)
    assert (event["type"], event["object"]["data"]) == ("DELETED", {"color": "red"})
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(since)


def test_what_leaves_a_selection_is_told_as_deleted_and_what_enters_as_added(api: Api) -> None:
    path, since = api.path("configmaps"), version(api)
    one = api.path("configmaps", "a")
    api.client.create(path, config_map("a")).ok()
    for value in ("in", "in", "out", "in"):
        api.client.patch(one, {"metadata": {"labels": {"here": value}}, "data": {"x": value}}).ok()
    api.client.patch(one, {"data": {"x": "again"}}).ok()
    with api.client.watch(path, resourceVersion=since, labelSelector="here=in", timeoutSeconds=20) as events:
        assert told(events, 4) == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("MODIFIED", "a")]


@pytest.mark.parametrize("start", ["", "0"])
def test_a_watch_from_nowhere_begins_with_what_is_there(api: Api, start: str) -> None:
    path = api.path("configmaps")
    for name in ("a", "b"):
        api.client.create(path, config_map(name)).ok()
    with api.client.watch(path, resourceVersion=start, timeoutSeconds=20) as events:
        assert sorted(told(events, 2)) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_streaming_list_ends_with_a_bookmark_and_goes_on(api: Api) -> None:
    path = api.path("configmaps")
    for name in ("a", "b"):
        api.client.create(path, config_map(name)).ok()
    with api.client.watch(path, timeoutSeconds=20, **INITIAL) as events:
        listed = []
        for event in events:
            if event["type"] == "BOOKMARK":
                break
            listed.append(event["object"]["metadata"]["name"])
        assert {"a", "b"} <= set(listed)
        assert event["object"]["metadata"]["annotations"] == {END: "true"}
        assert (event["object"]["kind"], event["object"]["apiVersion"]) == ("ConfigMap", "v1")
        api.client.create(path, config_map("c")).ok()
        assert told(events, 1) == [("ADDED", "c")]


def test_bookmarks_say_how_far_a_quiet_watch_is(api: Api) -> None:
    since = version(api)
    api.client.create(api.path("secrets"), {"metadata": {"name": "elsewhere"}}).ok()
    query: dict[str, Any] = {"resourceVersion": since, "allowWatchBookmarks": True, "timeoutSeconds": 10}
    with api.client.watch(api.path("configmaps"), **query) as events:
        mark = next(event for event in events if event["type"] == "BOOKMARK")
    assert int(mark["object"]["metadata"]["resourceVersion"]) >= int(since)
    assert "annotations" not in mark["object"]["metadata"]


def test_a_watch_ends_in_order_when_its_time_is_over(api: Api) -> None:
    with api.client.watch(api.path("configmaps"), resourceVersion=version(api), timeoutSeconds=1) as events:
        assert told(events, 1) == []


def test_a_table_can_be_watched(api: Api) -> None:
    path, since = api.path("configmaps"), version(api)
    api.client.create(path, config_map("a")).ok()
    query: dict[str, Any] = {"resourceVersion": since, "fieldSelector": "metadata.name=a", "timeoutSeconds": 20}
    with api.client.watch(path, accept=TABLE, **query) as events:
        table = next(events)["object"]
    assert (table["kind"], table["rows"][0]["cells"][0]) == ("Table", "a")

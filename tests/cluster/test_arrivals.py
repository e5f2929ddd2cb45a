"""Objects as they come in lists and events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.cluster import ApiResource
from gitops_tui.cluster.watching.arrivals import Arrival, event_of, page_of
from gitops_tui.cluster.watching.shelf import live_of

RESOURCE = ApiResource("apps", "v1", "Deployment", "deployments", namespaced=True)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"items":[', ',"object":', "]}", "}"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text() | st.sampled_from(["metadata", "kind", "items"]), DATA, max_size=4))


def written(value: Any, *, ascii_only: bool = False) -> bytes:
    """As an API server writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only).encode(errors="surrogatepass") + b"\n"


@given(OBJECTS, st.dictionaries(st.text(), DATA, max_size=3), st.booleans())
def test_each_object_of_a_list_comes_with_its_own_text(
    objects: list[dict[str, Any]], metadata: dict[str, Any], ascii_only: bool
) -> None:
    head = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": metadata}
    page = page_of(written({**head, "items": objects}, ascii_only=ascii_only))
    assert [arrival.item for arrival in page.arrivals] == objects
    assert [json.loads(arrival.text or b"") for arrival in page.arrivals] == objects
    assert page.rest == {**head, "items": []}


@given(OBJECTS, st.dictionaries(st.text(), DATA, max_size=3))
def test_a_list_in_another_order_is_read_all_the_same(objects: list[dict[str, Any]], more: dict[str, Any]) -> None:
    page = page_of(json.dumps({"items": objects, "metadata": more, "kind": "L"}, indent=1).encode())
    assert [arrival.item for arrival in page.arrivals] == objects
    assert page.rest["metadata"] == more


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"items":[]}', []),
        ('{"items":null}', []),
        ("{}", []),
        ('{"items":[1,{"n":"a"},null]}', ["a"]),
        ('{"items":[{"n":"a"}],"items":[{"n":"b"}]}', ["b"]),
        ('{"inner":{"items":[{"n":"a"}]},"items":[{"n":"b"}]}', ["b"]),
        ('{"inner":{"items":[{"n":"a"}]}}', []),
    ],
)
def test_what_no_server_writes_is_read_like_any_json(text: str, names: list[str]) -> None:
    assert [arrival.item["n"] for arrival in page_of(text.encode()).arrivals] == names


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"items":[', '{"items":[{}', '{"items":[{}]', '{"items":[{}]}x', "<html>"]
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        page_of(text.encode())


@given(st.text(), st.dictionaries(st.text(), DATA, max_size=4), st.booleans())
def test_an_event_comes_with_the_text_of_its_object(kind: str, item: dict[str, Any], ascii_only: bool) -> None:
    said, arrival = event_of(written({"type": kind, "object": item}, ascii_only=ascii_only))
    assert (said, arrival.item) == (kind, item)
    assert json.loads(arrival.text if arrival.text is not None else written(item)) == item


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "ADDED", "object": {"n":"a"}}',
        '{"object":{"n":"a"},"type":"ADDED"}',
        '{"type":"ADDED","object":{"n":"b"},"object":{"n":"a"}}',
        '{"type":"ADDED","more":1,"object":{"n":"a"}}',
        '{"type":"ADDED","object":{"n":"a"},"more":1}',
    ],
)
def test_an_event_that_no_server_writes_is_read_like_any_json(text: str) -> None:
    assert event_of(text.encode()) == ("ADDED", Arrival({"n": "a"}))


@pytest.mark.parametrize("text", ["", "{", '{"type":"ADDED","object":{}', '{"type":"ADDED","object":}', "[]", "1"])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        event_of(text.encode())


@pytest.mark.parametrize(
    "item",
    [
        {"metadata": {"name": "web"}, "spec": {"replicas": 1}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}},
        {"kind": "Deployment", "metadata": {"name": "web"}},
        {"apiVersion": "apps/v1beta1", "kind": "Other", "metadata": {"name": "web"}},
        {"metadata": None},
        {},
    ],
)
def test_an_object_is_the_same_with_its_text_and_without(item: dict[str, Any]) -> None:
    with_text, without = (live_of(Arrival(item, text), RESOURCE) for text in (written(item).strip(), None))
    assert with_text.body() == without.body()
    assert with_text.body()["kind"] == "Deployment"


def test_an_object_is_handed_out_as_it_came_once_and_is_nobody_elses() -> None:
    live = live_of(Arrival({"metadata": {"name": "web"}}), RESOURCE, decoded=True)
    first = live.body()
    first["metadata"]["name"] = "changed"
    assert live.body()["metadata"]["name"] == "web"
    assert live.body() is not live.body()

"""Custom resources: served once established, pruned, defaulted and validated by their schema."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.eventually import eventually
from tests.contract.objects import managers
from tests.contract.twins import alike
from tests.support.api_client import STRATEGIC_PATCH, ApiClient

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SPEC = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 10, "pattern": "^[a-z]+$"},
        "replicas": {"type": "integer", "default": 3, "minimum": 1},
        "mode": {"type": "string", "enum": ["A", "B"], "default": "A"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "port": {"x-kubernetes-int-or-string": True},
        "items": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "value": {"type": "integer"}},
            },
        },
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "nested": {
            "type": "object",
            "default": {},
            "properties": {"deep": {"type": "boolean", "default": True}},
        },
    },
}


def definition(group: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"spec": _SPEC, "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {
                        "status": {},
                        "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                    },
                    "additionalPrinterColumns": [{"name": "Mode", "type": "string", "jsonPath": ".spec.mode"}],
                },
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": False,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                },
            ],
        },
    }


def _defined(client: ApiClient, group: str) -> None:
    client.create(DEFINITIONS, definition(group)).ok()
    # Served, listed by discovery and noted in the definition is it by three controllers of a real server.
    eventually(lambda: client.get(f"/apis/{group}/v1/widgets").code == 200)
    eventually(lambda: client.get(f"/apis/{group}/v1").code == client.get(f"/apis/{group}").code == 200)
    eventually(lambda: client.get(f"{DEFINITIONS}/widgets.{group}").ok()["status"]["conditions"])


@pytest.fixture(scope="module")
def group(embedded_client: ApiClient, real_client: ApiClient) -> Iterator[str]:
    """The group of a kind that both servers serve."""
    name = f"c{secrets.token_hex(4)}.example.com"
    for client in (embedded_client, real_client):
        _defined(client, name)
    yield name
    for client in (embedded_client, real_client):
        client.delete(f"{DEFINITIONS}/widgets.{name}")


def widget(group: str, name: str = "one", /, **spec: Any) -> dict[str, Any]:
    body = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}}
    return {**body, "spec": {"name": "abc", **spec}}


def test_a_definition_is_accepted_and_established(client: ApiClient, group: str) -> None:
    status = client.get(f"{DEFINITIONS}/widgets.{group}").ok()["status"]
    assert {row["type"]: row["status"] for row in status["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert status["storedVersions"] == ["v1"]
    assert status["acceptedNames"]["listKind"] == "WidgetList"


def test_the_kind_is_discovered(client: ApiClient, group: str) -> None:
    listed = client.get(f"/apis/{group}/v1").ok()["resources"]
    assert {row["name"] for row in listed} == {"widgets", "widgets/status", "widgets/scale"}
    versions = client.get(f"/apis/{group}").ok()["versions"]
    assert [row["version"] for row in versions] == ["v1", "v1alpha1"]


CASES: dict[str, dict[str, Any]] = {
    "everything": {
        "items": [{"name": "x", "value": 1}],
        "tags": ["a", "b"],
        "free": {"x": {"y": [1]}},
        "port": "http",
        "nested": {"deep": False},
    },
    "defaults only": {},
    "null where a default is": {"replicas": None, "mode": None},
    "an unknown field": {"colour": "red"},
    "a wrong value": {"mode": "C"},
    "too small": {"replicas": 0},
    "a wrong pattern": {"name": "ABC"},
    "too long": {"name": "a" * 20},
    "no name": {"name": None},
    "an item twice": {"items": [{"name": "x"}, {"name": "x"}]},
    "a tag twice": {"tags": ["x", "x"]},
    "a wrong nested type": {"nested": {"deep": "yes"}},
    "an item without its key": {"items": [{"value": 1}]},
}


@pytest.mark.parametrize("case", CASES)
def test_a_custom_resource_is_treated_the_same(twins: tuple[Api, Api], group: str, case: str) -> None:
    embedded, real = (
        (api.client.create(api.path("widgets", group=group), widget(group, **CASES[case]), dryRun="All"), api)
        for api in twins
    )
    assert embedded[0].code == real[0].code
    assert alike(embedded[0].body, embedded[1]) == alike(real[0].body, real[1])
    assert embedded[0].warnings == real[0].warnings


def test_unknown_fields_are_refused_strictly(api: Api, group: str) -> None:
    reply = api.client.create(api.path("widgets", group=group), widget(group, colour="red"), fieldValidation="Strict")
    assert reply.code == 400
    assert reply["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.colour"'
    )


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "Widget"}, {"kind": "Gadget", "apiVersion": "{group}/v1"}, {"kind": "Widget", "apiVersion": "v9"}],
    ids=["says nothing", "no version", "another kind", "another version"],
)
def test_a_custom_resource_must_say_what_it_is(twins: tuple[Api, Api], group: str, body: dict[str, Any]) -> None:
    body = {**body, "metadata": {"name": "one"}}
    if "apiVersion" in body:
        body["apiVersion"] = body["apiVersion"].format(group=group)
    embedded, real = (api.client.create(api.path("widgets", group=group), body) for api in twins)
    assert embedded.code == real.code
    assert embedded.body == real.body


def test_apply_merges_lists_by_the_keys_of_the_schema(api: Api, group: str) -> None:
    path = api.path("widgets", "one", group=group)
    api.client.apply(path, widget(group, items=[{"name": "x", "value": 1}], tags=["a"]), "other").ok()
    body = api.client.apply(path, widget(group, items=[{"name": "y", "value": 2}], tags=["b"]), "gitops-tui").ok()

    assert sorted(row["name"] for row in body["spec"]["items"]) == ["x", "y"]
    assert sorted(body["spec"]["tags"]) == ["a", "b"]
    assert managers(body)["gitops-tui", "Apply"]["f:spec"]["f:tags"] == {'v:"b"': {}}
    conflict = api.client.apply(path, widget(group, items=[{"name": "x", "value": 9}]), "gitops-tui")
    assert conflict["details"]["causes"][0]["field"] == '.spec.items[name="x"].value'


def test_apply_merges_free_data_key_by_key(api: Api, group: str) -> None:
    path = api.path("widgets", "one", group=group)
    api.client.apply(path, widget(group, free={"a": {"b": 1, "c": [1, 2]}}), "gitops-tui").ok()
    body = api.client.apply(path, widget(group, free={"a": {"b": 1}}), "gitops-tui").ok()
    assert body["spec"]["free"] == {"a": {"b": 1}}


def test_status_and_scale_are_written_by_their_own_paths(api: Api, group: str) -> None:
    path = api.path("widgets", "one", group=group)
    api.client.create(api.path("widgets", group=group), {**widget(group), "status": {"replicas": 9}}).ok()
    assert "status" not in api.client.get(path).ok()

    written = api.client.patch(f"{path}/status", {"status": {"replicas": 2, "x": 1}, "spec": {"replicas": 7}}).ok()
    assert (written["status"], written["spec"]["replicas"]) == ({"replicas": 2}, 3)
    assert written["metadata"]["generation"] == 1
    scaled = api.client.patch(f"{path}/scale", {"spec": {"replicas": 5}}).ok()
    assert (scaled["spec"], scaled["status"]) == ({"replicas": 5}, {"replicas": 2})


def test_other_versions_show_the_same_object(api: Api, group: str) -> None:
    api.client.create(api.path("widgets", group=group), widget(group)).ok()
    other = api.client.get(api.path("widgets", "one", group=group, version="v1alpha1")).ok()
    assert (other["apiVersion"], other["spec"]["name"]) == (f"{group}/v1alpha1", "abc")


def test_a_replace_needs_a_version(api: Api, group: str) -> None:
    api.client.create(api.path("widgets", group=group), widget(group)).ok()
    reply = api.client.replace(api.path("widgets", "one", group=group), widget(group))
    assert reply.code == 422
    assert reply["message"].endswith("metadata.resourceVersion: Invalid value: 0: must be specified for an update")


def test_there_is_no_strategic_patch(api: Api, group: str) -> None:
    api.client.create(api.path("widgets", group=group), widget(group)).ok()
    reply = api.client.patch(api.path("widgets", "one", group=group), {}, STRATEGIC_PATCH)
    assert (reply.code, reply["reason"]) == (415, "UnsupportedMediaType")


def test_items_of_a_list_of_a_custom_kind_say_their_kind(api: Api, group: str) -> None:
    api.client.create(api.path("widgets", group=group), widget(group)).ok()
    listed = api.client.get(api.path("widgets", group=group)).ok()
    assert listed["kind"] == "WidgetList"
    assert listed["items"][0]["kind"] == "Widget"


def test_a_watch_from_before_the_kind_was_served_has_expired(client: ApiClient, group: str) -> None:
    with client.watch(f"/apis/{group}/v1/widgets", resourceVersion=1, timeoutSeconds=20) as events:
        event = next(events)
    status = event["object"]
    assert event["type"] == "ERROR"
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


def test_a_definition_that_goes_takes_its_resources_along(client: ApiClient) -> None:
    group = f"c{secrets.token_hex(4)}.example.com"
    _defined(client, group)
    client.create(f"/apis/{group}/v1/namespaces/default/widgets", widget(group)).ok()
    client.delete(f"{DEFINITIONS}/widgets.{group}").ok()
    eventually(lambda: client.get(f"{DEFINITIONS}/widgets.{group}").code == 404)
    eventually(lambda: client.get(f"/apis/{group}/v1/namespaces/default/widgets").code == 404)

"""Deleting: preconditions, finalizers, owners, namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.eventually import eventually
from tests.contract.objects import config_map, deployment

FINALIZER = "example.com/hold"


def owned_by(owner: Any, *, blocking: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": blocking,
        }
    ]


@pytest.fixture
def family(api: Api, request: pytest.FixtureRequest) -> tuple[Api, Any]:
    """An owner and its dependent."""
    if "real" in request.node.name:
        request.getfixturevalue("controllers")
    owner = api.client.create(api.path("configmaps"), config_map("owner")).ok()
    child = config_map("child")
    child["metadata"]["ownerReferences"] = owned_by(owner)
    api.client.create(api.path("configmaps"), child).ok()
    return api, owner


def test_a_delete_answers_with_what_is_gone(api: Api) -> None:
    made = api.client.create(api.path("configmaps"), config_map()).ok()
    reply = api.client.delete(api.path("configmaps", "settings"))
    assert (reply.code, reply["status"]) == (200, "Success")
    assert reply["details"] == {"name": "settings", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert api.client.get(api.path("configmaps", "settings")).code == 404


def test_a_dry_run_deletes_nothing(api: Api) -> None:
    api.client.create(api.path("configmaps"), config_map()).ok()
    assert api.client.delete(api.path("configmaps", "settings"), dryRun="All").code == 200
    assert api.client.get(api.path("configmaps", "settings")).code == 200


def test_preconditions_hold_or_nothing_is_deleted(api: Api) -> None:
    path = api.path("configmaps", "settings")
    metadata = api.client.create(api.path("configmaps"), config_map()).ok()["metadata"]
    api.client.patch(path, {"data": {"x": "1"}}).ok()

    stale = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    reply = api.client.delete(path, {"preconditions": stale})
    assert (reply.code, reply["reason"]) == (409, "Conflict")
    assert "the ResourceVersion in the precondition" in reply["message"]

    now = api.client.get(path).ok()["metadata"]
    fresh = {"uid": now["uid"], "resourceVersion": now["resourceVersion"]}
    assert api.client.delete(path, {"preconditions": fresh}).code == 200


def test_a_finalizer_holds_an_object_until_it_is_taken_off(api: Api) -> None:
    path = api.path("configmaps", "settings")
    body = config_map()
    body["metadata"]["finalizers"] = [FINALIZER]
    api.client.create(api.path("configmaps"), body).ok()

    marked = api.client.delete(path).ok()
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    again = api.client.delete(path).ok()
    assert again["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]
    assert api.client.patch(path, {"metadata": {"finalizers": [FINALIZER, "example.com/new"]}}).code == 422

    api.client.patch(path, {"metadata": {"finalizers": None}}).ok()
    assert api.client.get(path).code == 404


def test_in_the_background_the_owner_goes_first(family: tuple[Api, Any]) -> None:
    api, _ = family
    api.client.delete(api.path("configmaps", "owner"), {"propagationPolicy": "Background"}).ok()
    assert api.client.get(api.path("configmaps", "owner")).code == 404
    eventually(lambda: api.client.get(api.path("configmaps", "child")).code == 404)


def test_in_the_foreground_the_owner_waits_for_its_dependents(family: tuple[Api, Any]) -> None:
    api, _ = family
    child = api.path("configmaps", "child")
    api.client.patch(child, {"metadata": {"finalizers": [FINALIZER]}}).ok()
    marked = api.client.delete(api.path("configmaps", "owner"), {"propagationPolicy": "Foreground"}).ok()
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]

    eventually(lambda: api.client.get(child).ok()["metadata"].get("deletionTimestamp"))
    assert api.client.get(api.path("configmaps", "owner")).code == 200
    api.client.patch(child, {"metadata": {"finalizers": None}}).ok()
    eventually(lambda: api.client.get(api.path("configmaps", "owner")).code == 404)


def test_an_orphan_lives_on_without_its_owner(family: tuple[Api, Any]) -> None:
    api, _ = family
    api.client.delete(api.path("configmaps", "owner"), {"propagationPolicy": "Orphan"})
    eventually(lambda: api.client.get(api.path("configmaps", "owner")).code == 404)
    child = api.client.get(api.path("configmaps", "child")).ok()
    assert "ownerReferences" not in child["metadata"]


def test_the_dependent_of_nobody_is_collected(family: tuple[Api, Any]) -> None:
    api, owner = family
    body = config_map("foundling")
    body["metadata"]["ownerReferences"] = [{**owned_by(owner)[0], "uid": "12345678-1234-1234-1234-123456789abc"}]
    api.client.create(api.path("configmaps"), body).ok()
    eventually(lambda: api.client.get(api.path("configmaps", "foundling")).code == 404)


def test_a_deployment_is_deleted_with_a_grace_of_nothing(api: Api) -> None:
    api.client.create(api.path("deployments", group="apps"), deployment(replicas=0)).ok()
    path = api.path("deployments", "web", group="apps")
    marked = api.client.delete(path, {"propagationPolicy": "Foreground"}).ok()
    assert marked["metadata"]["generation"] == 2


def test_a_namespace_takes_its_content_along_and_lets_nothing_new_in(api: Api, request: pytest.FixtureRequest) -> None:
    if "real" in request.node.name:
        request.getfixturevalue("controllers")
    body = config_map()
    body["metadata"]["finalizers"] = [FINALIZER]
    api.client.create(api.path("configmaps"), body).ok()
    namespace = f"/api/v1/namespaces/{api.namespace}"

    marked = api.client.delete(namespace).ok()
    assert marked["status"]["phase"] == "Terminating"
    refused = api.client.create(api.path("configmaps"), config_map("late"))
    assert refused.code == 403
    assert refused["details"]["causes"][0]["reason"] == "NamespaceTerminating"

    path = api.path("configmaps", "settings")
    eventually(lambda: api.client.get(path).ok()["metadata"].get("deletionTimestamp"))
    api.client.patch(path, {"metadata": {"finalizers": None}}).ok()
    eventually(lambda: api.client.get(namespace).code == 404)

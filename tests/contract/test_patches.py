"""The other ways to change an object: replace, JSON patch, merge patch, strategic merge patch, scale, status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.objects import config_map, container, deployment, managers
from tests.support.api_client import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH


@pytest.fixture
def settings(api: Api) -> str:
    """Path of a ConfigMap that is there."""
    api.client.create(api.path("configmaps"), config_map(color="red", size="xl")).ok()
    return api.path("configmaps", "settings")


@pytest.fixture
def web(api: Api) -> str:
    """Path of a Deployment that is there."""
    body = deployment("web", container("a", env=[{"name": "A", "value": "1"}]), container("b"), replicas=0)
    api.client.create(api.path("deployments", group="apps"), body).ok()
    return api.path("deployments", "web", group="apps")


def containers(body: Any) -> list[str]:
    return [row["name"] for row in body["spec"]["template"]["spec"]["containers"]]


def in_pods(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(rows), **more}}}}


def test_a_merge_patch_sets_and_null_removes(api: Api, settings: str) -> None:
    changed = api.client.patch(settings, {"data": {"color": None, "shape": "round"}}).ok()
    assert changed["data"] == {"size": "xl", "shape": "round"}


def test_a_json_patch_is_applied_in_order(api: Api, settings: str) -> None:
    operations = [
        {"op": "test", "path": "/data/color", "value": "red"},
        {"op": "add", "path": "/data/a~1b", "value": "slash"},
        {"op": "move", "from": "/data/a~1b", "path": "/data/moved"},
        {"op": "copy", "from": "/data/color", "path": "/data/copied"},
        {"op": "remove", "path": "/data/size"},
    ]
    changed = api.client.patch(settings, operations, JSON_PATCH).ok()
    assert changed["data"] == {"color": "red", "moved": "slash", "copied": "red"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/color", "value": "blue"},
        {"op": "remove", "path": "/data/nothing"},
        {"op": "add", "path": "/nothing/here", "value": "x"},
        {"op": "dance", "path": "/data"},
    ],
    ids=["failed test", "nothing to remove", "no parent", "unknown operation"],
)
def test_a_json_patch_that_does_not_fit_changes_nothing(api: Api, settings: str, operation: dict[str, Any]) -> None:
    before = api.client.get(settings).body
    reply = api.client.patch(settings, [operation], JSON_PATCH)
    assert (reply.code, reply["reason"]) == (422, "Invalid")
    assert api.client.get(settings).body == before


def test_a_strategic_patch_merges_containers_by_name(api: Api, web: str) -> None:
    changed = api.client.patch(web, in_pods({"name": "b", "image": "busybox:2"}), STRATEGIC_PATCH).ok()
    assert containers(changed) == ["b", "a"] or containers(changed) == ["a", "b"]
    images = {row["name"]: row["image"] for row in changed["spec"]["template"]["spec"]["containers"]}
    assert images == {"a": "nginx:1.27", "b": "busybox:2"}


def test_a_strategic_patch_deletes_an_item(api: Api, web: str) -> None:
    changed = api.client.patch(web, in_pods({"name": "b", "$patch": "delete"}), STRATEGIC_PATCH).ok()
    assert containers(changed) == ["a"]


def test_a_strategic_patch_puts_items_in_the_order_it_states(api: Api, web: str) -> None:
    order = {"$setElementOrder/containers": [{"name": "new"}, {"name": "b"}, {"name": "a"}]}
    changed = api.client.patch(web, in_pods({"name": "new", "image": "x:1"}, **order), STRATEGIC_PATCH).ok()
    assert containers(changed) == ["new", "b", "a"]


def test_a_strategic_patch_replaces_a_list_when_told_to(api: Api, web: str) -> None:
    changed = api.client.patch(web, in_pods({"$patch": "replace"}, container("only")), STRATEGIC_PATCH).ok()
    assert containers(changed) == ["only"]


def test_a_strategic_patch_keeps_only_the_stated_keys(api: Api, web: str) -> None:
    strategy = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert api.client.patch(web, strategy, STRATEGIC_PATCH)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_merge_patch_replaces_the_whole_list(api: Api, web: str) -> None:
    assert containers(api.client.patch(web, in_pods(container("only"))).ok()) == ["only"]


def test_the_writer_owns_what_it_changed(api: Api, settings: str) -> None:
    changed = api.client.patch(settings, {"data": {"color": "blue"}}, fieldManager="kubectl-edit").ok()
    assert managers(changed)["kubectl-edit", "Update"] == {"f:data": {"f:color": {}}}
    assert managers(changed)["test-client", "Update"] == {"f:data": {".": {}, "f:size": {}}}


def test_a_replace_with_an_old_version_is_refused(api: Api, settings: str) -> None:
    old = api.client.get(settings).ok()
    api.client.patch(settings, {"data": {"color": "blue"}}).ok()
    reply = api.client.replace(settings, {**old, "data": {}})
    assert (reply.code, reply["reason"]) == (409, "Conflict")
    assert reply["message"] == (
        'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )
    assert api.client.patch(settings, {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}}).code == 409


def test_a_change_of_the_spec_counts_as_a_generation_and_one_of_labels_does_not(api: Api, web: str) -> None:
    assert api.client.get(web)["metadata"]["generation"] == 1
    labelled = api.client.patch(web, {"metadata": {"labels": {"team": "shop"}}}).ok()
    assert labelled["metadata"]["generation"] == 1
    assert api.client.patch(web, {"spec": {"minReadySeconds": 5}})["metadata"]["generation"] == 2


def test_status_is_written_by_its_own_path_only(api: Api, web: str) -> None:
    ignored = api.client.patch(web, {"status": {"collisionCount": 7}}).ok()
    assert "collisionCount" not in ignored["status"]
    change = {"status": {"collisionCount": 7}, "spec": {"replicas": 9}}
    written = api.client.patch(f"{web}/status", change, MERGE_PATCH, fieldManager="controller").ok()
    assert (written["status"]["collisionCount"], written["spec"]["replicas"]) == (7, 0)
    row = next(row for row in written["metadata"]["managedFields"] if row["manager"] == "controller")
    assert (row["subresource"], row["fieldsV1"]) == ("status", {"f:status": {"f:collisionCount": {}}})


def test_scale_reads_and_sets_replicas(api: Api, web: str) -> None:
    scale = api.client.get(f"{web}/scale").ok()
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {})
    scaled = api.client.patch(f"{web}/scale", {"spec": {"replicas": 3}}).ok()
    assert scaled["spec"] == {"replicas": 3}
    assert api.client.get(web)["spec"]["replicas"] == 3
    bare = {"metadata": {"name": "web", "namespace": api.namespace}, "spec": {}}
    assert api.client.replace(f"{web}/scale", bare).ok()["spec"] == {}
    assert api.client.patch(f"{web}/scale", {"spec": {"replicas": -1}}).code == 422


def test_a_body_s_secrets_in_plain_text_are_kept_encoded_only(api: Api) -> None:
    body = {"metadata": {"name": "token"}, "stringData": {"a": "geheim"}, "data": {"b": "Yg=="}}
    made = api.client.create(api.path("secrets"), body).ok()
    assert made["data"] == {"a": "Z2VoZWlt", "b": "Yg=="}
    assert "stringData" not in made

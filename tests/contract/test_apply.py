"""Server-side apply: the engine's way of writing and of predicting."""

from __future__ import annotations

import json

from tests.contract.conftest import Api
from tests.contract.objects import config_map, container, deployment, managers

GITOPS = "gitops-tui"


def test_apply_creates_and_says_who_manages_what(api: Api) -> None:
    reply = api.client.apply(api.path("configmaps", "settings"), config_map(color="red"), GITOPS)

    assert reply.code == 201
    assert managers(reply.body) == {(GITOPS, "Apply"): {"f:data": {"f:color": {}}}}
    assert reply["metadata"]["namespace"] == api.namespace


def test_the_same_apply_again_changes_nothing_at_all(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    first = api.client.apply(path, deployment(), GITOPS).ok()
    again = api.client.apply(path, deployment(), GITOPS)

    assert again.code == 200
    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    assert again["spec"] == first["spec"]
    assert managers(again.body)[GITOPS, "Apply"] == managers(first)[GITOPS, "Apply"]


def test_a_no_op_keeps_the_resource_version(api: Api) -> None:
    path = api.path("configmaps", "settings")
    first = api.client.apply(path, config_map(color="red"), GITOPS).ok()
    assert api.client.apply(path, config_map(color="red"), GITOPS).body == first


def test_a_field_that_is_stated_no_more_is_removed(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.apply(path, config_map(color="red", size="xl"), GITOPS).ok()
    assert api.client.apply(path, config_map(color="red"), GITOPS)["data"] == {"color": "red"}


def test_a_removed_field_with_a_default_falls_back_to_it(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    api.client.apply(path, deployment(replicas=0), GITOPS).ok()
    assert api.client.apply(path, deployment(), GITOPS)["spec"]["replicas"] == 1


def test_a_removed_container_goes_and_the_others_stay_in_order(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    three = deployment("web", container("a"), container("b"), container("c"), replicas=0)
    api.client.apply(path, three, GITOPS).ok()

    after = api.client.apply(path, deployment("web", container("c"), container("a"), replicas=0), GITOPS).ok()
    assert [row["name"] for row in after["spec"]["template"]["spec"]["containers"]] == ["c", "a"]


def test_another_manager_s_value_is_a_conflict_that_names_field_and_manager(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.apply(path, config_map(color="red"), "other").ok()
    reply = api.client.apply(path, config_map(color="blue"), GITOPS)

    assert reply.code == 409
    assert reply["reason"] == "Conflict"
    assert reply["message"] == 'Apply failed with 1 conflict: conflict with "other": .data.color'
    assert reply["details"] == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "other"', "field": ".data.color"}]
    }
    assert api.client.get(path)["data"] == {"color": "red"}


def test_conflicts_with_several_managers_are_all_told(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    api.client.apply(path, deployment(replicas=0), "first").ok()
    change = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}}}}
    api.client.patch(path, change, "application/strategic-merge-patch+json", fieldManager="kubectl-edit").ok()

    reply = api.client.apply(path, deployment("web", container(image="nginx:2"), replicas=3), GITOPS)
    assert reply["message"] == (
        'Apply failed with 2 conflicts: conflicts with "first":\n- .spec.replicas\nconflicts with "kubectl-edit" '
        'using apps/v1:\n- .spec.template.spec.containers[name="web"].image'
    )


def test_force_takes_the_field_over(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.apply(path, config_map(color="red", size="xl"), "other").ok()
    taken = api.client.apply(path, config_map(color="blue"), GITOPS, force=True).ok()

    assert taken["data"] == {"color": "blue", "size": "xl"}
    assert managers(taken) == {
        (GITOPS, "Apply"): {"f:data": {"f:color": {}}},
        ("other", "Apply"): {"f:data": {"f:size": {}}},
    }


def test_the_same_value_is_owned_together_and_stays_while_one_owner_states_it(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.apply(path, config_map(color="red"), "other").ok()
    api.client.apply(path, config_map(color="red"), GITOPS).ok()

    assert api.client.apply(path, config_map(), "other")["data"] == {"color": "red"}
    assert "data" not in api.client.apply(path, config_map(), GITOPS).ok()


def test_a_dry_run_shows_what_would_be_and_writes_nothing(api: Api) -> None:
    path = api.path("configmaps", "settings")
    created = api.client.apply(path, config_map(color="red"), GITOPS, dryRun="All")
    assert created.code == 201
    assert created["metadata"]["uid"]
    assert "resourceVersion" not in created["metadata"]
    assert api.client.get(path).code == 404

    live = api.client.apply(path, config_map(color="red"), GITOPS).ok()
    predicted = api.client.apply(path, config_map(color="blue"), GITOPS, dryRun="All").ok()
    assert predicted["data"] == {"color": "blue"}
    assert api.client.get(path).body == live


def test_a_dry_run_keeps_what_others_manage(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    api.client.apply(path, deployment(), GITOPS).ok()
    api.client.patch(f"{path}/scale", {"spec": {"replicas": 4}}, fieldManager="autoscaler").ok()

    predicted = api.client.apply(path, deployment(), GITOPS, dryRun="All").ok()
    assert predicted["spec"]["replicas"] == 4


def test_defaults_are_not_owned_by_the_applier(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    owned = managers(api.client.apply(path, deployment(), GITOPS).ok())[GITOPS, "Apply"]
    assert "f:replicas" not in owned["f:spec"]
    assert set(owned["f:spec"]["f:template"]["f:spec"]) == {"f:containers"}


def test_list_items_are_owned_by_their_keys_with_default_keys_filled(api: Api) -> None:
    body = deployment("web", container(ports=[{"containerPort": 80}], env=[{"name": "A", "value": "1"}]))
    owned = managers(api.client.apply(api.path("deployments", "web", group="apps"), body, GITOPS).ok())
    item = owned[GITOPS, "Apply"]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']
    assert item == {
        ".": {},
        "f:name": {},
        "f:image": {},
        "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
    }


def test_an_object_without_managers_was_managed_by_somebody_before(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.create(api.path("configmaps"), config_map(color="red")).ok()
    cleared = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    body = api.client.patch(path, cleared, "application/json-patch+json").ok()
    assert "managedFields" not in body["metadata"]

    applied = api.client.apply(path, config_map(size="xl"), GITOPS).ok()
    assert managers(applied)["before-first-apply", "Update"] == {"f:data": {".": {}, "f:color": {}}}


def test_a_field_that_the_type_does_not_have_is_refused_whatever_the_validation(api: Api) -> None:
    path = api.path("deployments", "web", group="apps")
    reply = api.client.apply(path, deployment(replcas=3), GITOPS, fieldValidation="Ignore")
    assert reply.code == 500
    assert reply["message"] == (
        "failed to create typed patch object (/web; apps/v1, Kind=Deployment): "
        ".spec.replcas: field not declared in schema"
    )


def test_an_item_that_stands_twice_is_refused(api: Api) -> None:
    body = deployment("web", container("a"), container("a"))
    reply = api.client.apply(api.path("deployments", "web", group="apps"), body, GITOPS)
    assert reply.code == 500
    assert reply["message"].endswith('.spec.template.spec.containers: duplicate entries for key [name="a"]')


def test_an_apply_needs_a_manager(api: Api) -> None:
    path = api.path("configmaps", "settings")
    reply = api.client.patch(path, config_map(), "application/apply-patch+yaml")
    assert reply.code == 422
    assert reply["message"] == (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    )


def test_an_apply_may_be_yaml(api: Api) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  color: red\n"
    assert api.client.apply(api.path("configmaps", "settings"), text, GITOPS)["data"] == {"color": "red"}


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def applied_by_kubectl(api: Api, **data: str) -> str:
    """Path of a ConfigMap that kubectl applied on the client's side."""
    body = config_map(**data)
    body["metadata"]["annotations"] = {LAST_APPLIED: json.dumps(config_map(**data))}
    api.client.create(api.path("configmaps"), body, fieldManager="kubectl-client-side-apply").ok()
    return api.path("configmaps", "settings")


def test_kubectl_takes_over_what_it_applied_on_the_client_s_side(api: Api) -> None:
    path = applied_by_kubectl(api, color="red")
    taken = api.client.apply(path, config_map(color="blue"), "kubectl").ok()
    assert taken["data"] == {"color": "blue"}
    assert json.loads(taken["metadata"]["annotations"][LAST_APPLIED]) == config_map(color="blue")


def test_kubectl_does_not_take_over_what_somebody_changed_since(api: Api) -> None:
    path = applied_by_kubectl(api, color="red", size="xl")
    api.client.patch(path, {"data": {"color": "green"}}, fieldManager="kubectl-edit").ok()
    reply = api.client.apply(path, config_map(color="blue", size="s"), "kubectl")
    assert reply.code == 409
    assert [row["field"] for row in reply["details"]["causes"]] == [".data.color"]


def test_nobody_else_takes_over_what_kubectl_applied(api: Api) -> None:
    path = applied_by_kubectl(api, color="red")
    reply = api.client.apply(path, config_map(color="blue"), GITOPS)
    assert reply.code == 409
    assert reply["details"]["causes"][0]["message"] == 'conflict with "kubectl-client-side-apply" using v1'

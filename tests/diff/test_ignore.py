"""An ignored field is no drift, and is left alone on apply."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gitops_tui.diff import compare, strip_ignored
from gitops_tui.model.ignore import IgnoreRule

Body = dict[str, Any]


def deployment(replicas: int = 2, image: str = "web:1", fields: list[Any] | None = None, **metadata: Any) -> Body:
    body: Body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", **metadata},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
    }
    if fields is not None:
        body["metadata"]["managedFields"] = fields
    return body


def owns(manager: str, *leaves: str, **more: Any) -> Body:
    tree: Body = {}
    for leaf in leaves:
        node = tree
        for step in leaf.split("/"):
            node = node.setdefault(step, {})
    return {"manager": manager, "operation": "Update", "fieldsV1": tree, **more}


REPLICAS = "f:spec/f:replicas"
IMAGE = 'f:spec/f:template/f:spec/f:containers/k:{"name":"web"}/f:image'


@pytest.mark.parametrize(
    "rule",
    [
        IgnoreRule(pointers=("/spec/replicas",)),
        IgnoreRule(paths=("spec.replicas",)),
        IgnoreRule(group="apps", kind="Deployment", namespace="shop", name="web", paths=("spec.replicas",)),
        IgnoreRule(kind="Deploy*", paths=("spec.replicas",)),
    ],
)
def test_a_rule_takes_its_field_out(rule: IgnoreRule) -> None:
    assert compare(deployment(2), deployment(5), None, [rule]).code == "InSync"
    assert compare(deployment(2), deployment(5), deployment(2), [rule]).code == "InSync"
    changed = compare(deployment(2, "web:2"), deployment(5), deployment(2, "web:2"), [rule])
    assert [change.path for change in changed.changes] == ["spec.template.spec.containers[web].image"]


@pytest.mark.parametrize(
    "rule",
    [
        IgnoreRule(kind="StatefulSet", paths=("spec.replicas",)),
        IgnoreRule(name="other", paths=("spec.replicas",)),
        IgnoreRule(paths=("spec.replica",)),
        IgnoreRule(managers=("somebody",)),
    ],
)
def test_another_rule_does_not(rule: IgnoreRule) -> None:
    assert compare(deployment(2), deployment(5), None, [rule]).code == "Changed"


def test_a_path_goes_into_a_named_element_wherever_it_stands() -> None:
    rule = IgnoreRule(paths=("spec.template.spec.containers[web].image",))
    live = deployment(2, "web:9")
    live["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy"})

    assert compare(deployment(), live, None, [rule]).code == "InSync"


def test_a_managers_fields_are_ignored() -> None:
    live = deployment(5, "web:9", [owns("autoscaler", REPLICAS, IMAGE), owns("gitops-tui", REPLICAS)])

    assert compare(deployment(), live, None, [IgnoreRule(managers=("autoscaler",))]).code == "InSync"
    only_image = deployment(5, "web:9", [owns("autoscaler", IMAGE)])
    drift = compare(deployment(), only_image, None, [IgnoreRule(managers=("autoscaler",))])
    assert [change.path for change in drift.changes] == ["spec.replicas"]


def test_an_element_that_a_manager_added_is_ignored_as_a_whole() -> None:
    injected = 'f:spec/f:template/f:spec/f:containers/k:{"name":"proxy"}'
    live = deployment(fields=[owns("injector", f"{injected}/.", f"{injected}/f:name", f"{injected}/f:image")])
    live["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})

    assert compare(deployment(), live, deployment(), [IgnoreRule(managers=("injector",))]).code == "InSync"
    assert compare(deployment(), live, deployment()).code == "Changed"


def test_what_becomes_empty_on_one_side_is_no_drift() -> None:
    rule = IgnoreRule(paths=('metadata.annotations["a.b/c"]',))
    live = deployment(annotations={"a.b/c": "1"})

    assert compare(deployment(), live, deployment(), [rule]).code == "InSync"


def test_malformed_managed_fields_are_survived() -> None:
    odds: list[Any] = [
        [None],
        [{"manager": 1}],
        {},
        [owns("x", "k:{", "i:z", "v:", "f:")],
        [{"manager": "x", "fieldsV1": 3}],
    ]
    for odd in odds:
        live = deployment(5)
        live["metadata"]["managedFields"] = odd
        assert compare(deployment(), live, None, [IgnoreRule(managers=("x",))]).code == "Changed"


def test_an_ignored_field_of_another_manager_is_left_out_of_the_apply() -> None:
    live = deployment(5, fields=[owns("autoscaler", REPLICAS), owns("gitops-tui", REPLICAS)])

    body = strip_ignored(deployment(2), live, [IgnoreRule(paths=("spec.replicas",))])

    assert "replicas" not in body["spec"]
    assert body["spec"]["template"] == deployment()["spec"]["template"]


def test_an_ignored_field_that_only_we_own_keeps_its_live_value() -> None:
    live = deployment(5, "web:9", fields=[owns("gitops-tui", REPLICAS, IMAGE)])
    rules = [IgnoreRule(paths=("spec.replicas", "spec.template.spec.containers[web].image"))]

    assert strip_ignored(deployment(2), live, rules)["spec"] == live["spec"]


def test_a_new_object_is_made_as_git_states_it() -> None:
    desired = deployment()

    assert strip_ignored(desired, None, [IgnoreRule(paths=("spec.replicas",))]) is desired


def test_nothing_ignored_means_the_very_same_body() -> None:
    desired = deployment()
    before = copy.deepcopy(desired)

    assert strip_ignored(desired, deployment(), []) is desired
    assert strip_ignored(desired, deployment(), [IgnoreRule(kind="Job", paths=("spec",))]) is desired
    assert desired == before

"""Desired against live: what is drift, what is not, and how it is named."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.diff import compare, comparison, normalise
from gitops_tui.model.errors import InputError
from gitops_tui.model.resources import ABSENT, DriftCode, FieldChange, ResourceKey

Body = dict[str, Any]


def deployment(**spec: Any) -> Body:
    """A Deployment as Git states it."""
    web = {
        "name": "web",
        "image": "shop/web:1.4",
        "env": [{"name": "LEVEL", "value": "info"}, {"name": "REGION", "value": "north"}],
        "ports": [{"containerPort": 8080}],
        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [web]}}, **spec},
    }


def lived(body: Body) -> Body:
    """The same object as a server keeps it."""
    live = copy.deepcopy(body)
    live["metadata"] |= {
        "uid": "0d3f",
        "resourceVersion": "812",
        "generation": 3,
        "creationTimestamp": "2026-03-01T12:00:00Z",
        "managedFields": [{"manager": "gitops-tui", "operation": "Apply", "fieldsV1": {"f:spec": {}}}],
        "annotations": {
            "deployment.kubernetes.io/revision": "3",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "gitops-tui.dev/tracking-id": "shop:apps/Deployment:shop/web",
            "gitops-tui.dev/applied-digest": "ab",
        },
    }
    live["metadata"]["labels"] = {**live["metadata"]["labels"], "gitops-tui.dev/application": "shop"}
    live["status"] = {"observedGeneration": 3}
    return live


def web(body: Body) -> Body:
    return body["spec"]["template"]["spec"]["containers"][0]  # type: ignore[no-any-return]


def changes(desired: Body, live: Body, predicted: Body | None = None) -> dict[str, tuple[Any, Any]]:
    drift = compare(desired, live, predicted)
    return {change.path: (change.desired, change.live) for change in drift.changes}


def test_one_side_only() -> None:
    assert compare(deployment(), None).code == DriftCode.MISSING
    assert compare(None, lived(deployment())).code == DriftCode.EXTRA
    assert compare(deployment(), None).key == ResourceKey("apps", "Deployment", "shop", "web")


def test_what_the_server_and_we_keep_on_an_object_is_no_drift() -> None:
    drift = compare(deployment(), lived(deployment()), lived(deployment()))

    assert drift.code == DriftCode.IN_SYNC
    assert not drift.approximate


def test_a_prediction_is_the_truth() -> None:
    live, predicted = lived(deployment()), lived(deployment())
    web(predicted)["image"] = "shop/web:1.5"
    predicted["metadata"] |= {"resourceVersion": "813", "generation": 4}

    assert changes(deployment(), live, predicted) == {
        "spec.template.spec.containers[web].image": ("shop/web:1.5", "shop/web:1.4")
    }


def test_a_field_that_an_apply_would_remove_is_drift_although_git_says_nothing_of_it() -> None:
    live = lived(deployment(minReadySeconds=10))

    assert changes(deployment(), live, lived(deployment())) == {"spec.minReadySeconds": (ABSENT, 10)}
    assert changes(deployment(), live) == {}


def test_without_a_prediction_only_stated_fields_are_compared_and_the_result_says_so() -> None:
    live = lived(deployment(strategy={"type": "RollingUpdate"}))
    web(live)["terminationMessagePath"] = "/dev/termination-log"
    live["spec"]["template"]["spec"]["containers"].append({"name": "injected", "image": "proxy"})

    drift = compare(deployment(), live)

    assert (drift.code, drift.approximate) == (DriftCode.IN_SYNC, True)


@pytest.mark.parametrize("nothing", [None, {}, [], False, 0, ""])
def test_what_is_stated_as_nothing_equals_what_the_server_left_out(nothing: Any) -> None:
    assert compare(deployment(paused=nothing), lived(deployment())).code == DriftCode.IN_SYNC


def test_what_is_stated_as_nothing_differs_from_something() -> None:
    assert changes(deployment(paused=False), lived(deployment(paused=True))) == {"spec.paused": (False, True)}


def test_quantities_are_compared_by_amount() -> None:
    live = lived(deployment())
    web(live)["resources"] = {"limits": {"cpu": 0.5, "memory": "1073741824"}}

    assert compare(deployment(), live, None).code == DriftCode.IN_SYNC

    web(live)["resources"] = {"limits": {"cpu": "501m", "memory": "1Gi"}}
    assert changes(deployment(), live) == {
        "spec.template.spec.containers[web].resources.limits.cpu": ("500m", "501m"),
    }


def test_text_that_looks_like_a_quantity_is_text() -> None:
    desired: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    one, other = desired | {"data": {"limits": {"cpu": "1000m"}}}, desired | {"data": {"limits": {"cpu": "1"}}}

    assert compare(one, other).code == DriftCode.CHANGED


def test_numbers_are_compared_by_value_but_true_is_not_one() -> None:
    assert compare(deployment(replicas=80), lived(deployment(replicas=80.0))).code == DriftCode.IN_SYNC
    assert changes(deployment(x=True), lived(deployment(x=1))) == {"spec.x": (True, 1)}
    assert changes(deployment(x="1"), lived(deployment(x=1))) == {"spec.x": ("1", 1)}


def test_elements_are_paired_by_their_keys() -> None:
    live = lived(deployment())
    live["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy:1"})
    web(live)["image"] = "proxy:2"
    web_live = live["spec"]["template"]["spec"]["containers"][1]
    web_live["env"] = [{"name": "EXTRA", "value": "1"}, *web_live["env"]]
    web_live["env"][1] = {"name": "LEVEL", "value": "debug"}

    assert changes(deployment(), live, lived(deployment())) == {
        "spec.template.spec.containers[proxy]": (ABSENT, {"name": "proxy", "image": "proxy:2"}),
        "spec.template.spec.containers[web].env[EXTRA]": (ABSENT, {"name": "EXTRA", "value": "1"}),
        "spec.template.spec.containers[web].env[LEVEL].value": ("info", "debug"),
    }


def test_ports_are_named_by_number_and_protocol() -> None:
    desired, live = deployment(), lived(deployment())
    web(desired)["ports"] = [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53}]
    web(live)["ports"] = [
        {"containerPort": 53, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP", "name": "old"},
    ]

    assert changes(desired, live) == {"spec.template.spec.containers[web].ports[53/UDP].name": ("dns", "old")}


@pytest.mark.parametrize("field", ["volumes", "imagePullSecrets", "containers"])
def test_another_order_is_no_drift_where_order_means_nothing(field: str) -> None:
    items = [{"name": "a"}, {"name": "b"}, {"name": "c"}]

    assert compare(deployment(**{field: items}), lived(deployment(**{field: items[::-1]}))).code == DriftCode.IN_SYNC


@pytest.mark.parametrize("field", ["initContainers", "env", "steps"])
def test_another_order_is_one_change_where_it_means_something(field: str) -> None:
    items = [{"name": "a"}, {"name": "b"}]

    assert changes(deployment(**{field: items}), lived(deployment(**{field: items[::-1]}))) == {
        f"spec.{field}": (["a", "b"], ["b", "a"])
    }


def test_tolerations_and_subjects_have_no_order() -> None:
    tolerations = [{"key": "gpu", "operator": "Exists"}, {"key": "spot", "operator": "Exists"}]
    subjects = [{"kind": "User", "name": "ann"}, {"kind": "Group", "name": "ops"}]
    desired = deployment(tolerations=tolerations, subjects=subjects)

    assert compare(desired, lived(deployment(tolerations=tolerations[::-1], subjects=subjects[::-1]))).code == "InSync"


def test_elements_without_a_unique_key_are_compared_by_position() -> None:
    desired = deployment(env=[{"name": "A"}, {"name": "A"}])
    live = lived(deployment(env=[{"name": "A"}, {"name": "A", "value": "1"}]))

    assert changes(desired, live, lived(desired)) == {"spec.env[1].value": (ABSENT, "1")}


def test_keys_with_dots_are_quoted() -> None:
    desired, live = deployment(), lived(deployment())
    desired["metadata"]["annotations"] = {"example.org/team": "shop"}
    live["metadata"]["annotations"]["example.org/team"] = "ops"

    assert changes(desired, live) == {'metadata.annotations["example.org/team"]': ("shop", "ops")}


def test_a_changed_type_is_a_change() -> None:
    assert changes(deployment(x=[1]), lived(deployment(x={"a": 1}))) == {"spec.x": ([1], {"a": 1})}
    assert changes(deployment(x="a"), lived(deployment(x=["a"]))) == {"spec.x": ("a", ["a"])}


def test_private_looking_keys_are_compared() -> None:
    assert changes(deployment(x={"__a": 1}), lived(deployment(x={"__a": 2}))) == {"spec.x.__a": (1, 2)}


def test_scalars_added_and_removed() -> None:
    desired, live = deployment(args=["a", "b", "c"]), lived(deployment(args=["a", "c"]))

    assert changes(desired, live, lived(desired)) == {"spec.args[1]": ("b", ABSENT)}


def test_the_version_an_object_is_read_at_is_no_drift() -> None:
    live = lived(deployment()) | {"apiVersion": "apps/v1beta2"}

    assert compare(deployment(), live, lived(deployment())).code == DriftCode.IN_SYNC


def test_a_secrets_plain_text_is_what_it_encodes_to() -> None:
    head: Body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}

    assert compare(head | {"stringData": {"a": "v1"}}, head | {"data": {"a": "djE="}}).code == DriftCode.IN_SYNC
    assert compare(head | {"stringData": {"a": "v2"}}, head | {"data": {"a": "djE="}}).code == DriftCode.CHANGED


def test_line_breaks_in_base64_are_no_drift() -> None:
    head: Body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}

    assert compare(head | {"data": {"a": "dj\nE=\n"}}, head | {"data": {"a": "djE="}}).code == DriftCode.IN_SYNC
    assert compare(head | {"data": {"a": "dj\nI="}}, head | {"data": {"a": "djE="}}).code == DriftCode.CHANGED
    settings: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"}}
    broken, whole = settings | {"binaryData": {"a": "dj\nE="}}, settings | {"binaryData": {"a": "djE="}}
    assert compare(broken, whole).code == DriftCode.IN_SYNC
    assert compare(settings | {"data": {"a": "dj\nE="}}, settings | {"data": {"a": "djE="}}).code == DriftCode.CHANGED


@pytest.mark.parametrize(("stated", "kept"), [(0.0, 0), (7.0, 7), (3.754378997141049e16, 37543789971410490)])
def test_elements_that_are_named_by_a_number_are_paired_however_it_is_written(stated: float, kept: int) -> None:
    desired, live = (deployment(days=[{"name": number, "x": 1}]) for number in (stated, kept))
    assert compare(desired, lived(live)).code == DriftCode.IN_SYNC


def test_a_large_float_is_the_whole_number_that_a_server_writes_for_it() -> None:
    assert changes(deployment(x=3.754378997141049e16), lived(deployment(x=37543789971410490))) == {}
    assert changes(deployment(x=2**60 + 1), lived(deployment(x=2**60))) == {"spec.x": (2**60 + 1, 2**60)}


def test_a_large_object_is_compared_coarsely() -> None:
    items = [{"x": "y" * 300, "n": number} for number in range(1000)]
    changed = [*items[:-1], {"x": "z"}]

    found = compare(deployment(items=items), lived(deployment(items=changed)), lived(deployment(items=items))).changes

    assert [change.path for change in found] == ["spec.items"]


def test_changes_are_bounded() -> None:
    desired = deployment(x={f"k{number}": 1 for number in range(5000)})
    live = lived(deployment(x={f"k{number}": 2 for number in range(5000)}))

    assert len(compare(desired, live).changes) == 1000


def test_bodies_are_left_as_they_were() -> None:
    desired, live, predicted = deployment(), lived(deployment(replicas=5)), lived(deployment())
    before = copy.deepcopy((desired, live, predicted))

    comparison(ResourceKey.of(desired), desired, live, predicted)

    assert (desired, live, predicted) == before


def test_what_is_shown_is_normalised() -> None:
    shown = comparison(ResourceKey.of(deployment()), deployment(), lived(deployment(replicas=5)), lived(deployment()))

    assert shown.desired == shown.predicted == deployment()
    assert shown.live == deployment(replicas=5)
    assert shown.changes == (FieldChange("spec.replicas", 2, 5),)
    assert shown.drift == "Changed"


def test_what_is_shown_without_a_prediction_is_what_git_states() -> None:
    shown = comparison(ResourceKey.of(deployment()), deployment(), lived(deployment(replicas=5, x=1)), None)

    assert shown.approximate
    assert shown.live == deployment(replicas=5)


def test_bottomless_nesting_is_an_error_that_names_the_object() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}

    with pytest.raises(InputError, match="apps/Deployment shop/web: is nested too deeply"):
        compare(deployment(x=deep), lived(deployment()), deployment(x=deep))


def test_malformed_bodies_are_compared_too() -> None:
    odd: Body = {"kind": "Secret", "metadata": [], "data": 7, "spec": None}

    assert compare(odd, {"metadata": None}).code == DriftCode.CHANGED
    assert normalise({}) == {}


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_and_of_named_elements_never_matters(random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    desired = deployment()
    web(desired).pop("env")
    assert compare(desired, shuffled(lived(desired)), shuffled(lived(desired))).code == DriftCode.IN_SYNC


def test_equal_objects_never_wake_the_diff_library() -> None:
    script = (
        "import sys; from gitops_tui.diff import compare;"
        "body = {'kind': 'ConfigMap', 'metadata': {'name': 'a'}, 'data': {'a': '1'}};"
        "assert compare(body, body, body).code == 'InSync';"
        "assert 'deepdiff' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

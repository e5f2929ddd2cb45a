"""What is deduced of an apply is what a server's dry-run answers; what it refuses is never deduced."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_tui.diff import compare, normalise
from gitops_tui.diff.outcome import outcome
from tests.contract.conftest import Api
from tests.contract.objects import config_map, container, deployment
from tests.support.api_client import Reply

GITOPS = "gitops-tui"
MERGE = "application/merge-patch+json"
_PLURALS = {"ConfigMap": ("", "configmaps"), "Service": ("", "services")}


def path_of(api: Api, body: dict[str, Any]) -> str:
    group, plural = _PLURALS.get(body["kind"], ("apps", f"{body['kind'].lower()}s"))
    return api.path(plural, body["metadata"]["name"], group=group)


def written(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what only a write notes on it, and what controllers have made of it meanwhile."""
    made = normalise(body)
    made["metadata"]["uid"] = body["metadata"]["uid"]
    return made


def foretold(api: Api, before: dict[str, Any], after: dict[str, Any], *edits: dict[str, Any]) -> tuple[Any, Reply]:
    """What is deduced of an apply of `after` where `before` and the edits of others are live, and what is answered."""
    path = path_of(api, before)
    api.client.apply(path, before, GITOPS).ok()
    for edit in edits:
        api.client.patch(path, edit, MERGE, fieldManager="kubectl-edit").ok()
    live = api.client.get(path).ok()
    untouched = copy.deepcopy(live)
    stated = copy.deepcopy(after)
    stated["metadata"]["namespace"] = api.namespace
    deduced = outcome(stated, live)
    assert live == untouched
    return deduced, api.client.apply(path, after, GITOPS, dryRun="All", fieldValidation="Strict")


def labelled(body: dict[str, Any], /, **labels: str) -> dict[str, Any]:
    return {**body, "metadata": {**body["metadata"], "labels": {"team": "a", **labels}}}


def annotated(body: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    return {**body, "metadata": {**body["metadata"], "annotations": {"a": "b", **annotations}}}


def workload(kind: str, image: str) -> dict[str, Any]:
    made = deployment("web", container(image=image))
    made["kind"] = kind
    if kind == "StatefulSet":
        made["spec"]["serviceName"] = "web"
    return made


FULL = container(
    args=["--fast"],
    command=["/bin/shop"],
    env=[{"name": "LEVEL", "value": "info"}, {"name": "MODE", "value": ""}],
    ports=[{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}],
    resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": "100m"}},
)


def fuller(**fields: Any) -> dict[str, Any]:
    return deployment("web", {**FULL, **fields}, replicas=2)


TOLD = {
    "an image": (deployment(), deployment("web", container(image="nginx:1.28"))),
    "an image of a daemon set": (workload("DaemonSet", "nginx:1"), workload("DaemonSet", "nginx:2")),
    "an image of a stateful set": (workload("StatefulSet", "nginx:1"), workload("StatefulSet", "nginx:2")),
    "one of two containers": (
        deployment("web", container("a"), container("b")),
        deployment("web", container("a"), container("b", image="x/y:2")),
    ),
    "a variable": (fuller(), fuller(env=[{"name": "LEVEL", "value": "debug"}, {"name": "MODE", "value": ""}])),
    "arguments": (fuller(), fuller(args=["--fast", "--safe"], command=["/bin/other"])),
    "replicas": (deployment(replicas=1), deployment(replicas=0)),
    "nothing, spelled otherwise": (
        fuller(),
        fuller(resources={"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": 0.1}}),
    ),
    "labels": (labelled(deployment(), old="x", kept="y"), labelled(deployment(), new="z", kept="y")),
    "annotations": (annotated(deployment(), {"x.org/a": "1"}), annotated(deployment(), {"x.org/b": "two\nlines"})),
    "data": (config_map(colour="red", old="1"), config_map(colour="blue", new="…")),
    "an emptied value": (config_map(colour="red"), config_map(colour="")),
}


@pytest.mark.parametrize("what", TOLD)
def test_is_deduced(api: Api, what: str) -> None:
    deduced, answer = foretold(api, *TOLD[what])
    assert deduced is not None
    assert written(deduced) == written(answer.ok())


LEFT = {
    "a field that is new": (deployment(), deployment(minReadySeconds=5)),
    "a field that is gone": (deployment(minReadySeconds=5), deployment()),
    "a default that comes back": (deployment(replicas=3), deployment()),
    "a container that is new": (deployment(), deployment("web", container(), container("b"))),
    "a container that is gone": (deployment("web", container(), container("b")), deployment()),
    "another order": (
        deployment("web", container("a"), container("b")),
        deployment("web", container("b"), container("a")),
    ),
    "an amount": (fuller(), fuller(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1"}})),
    "a variable from elsewhere": (
        fuller(),
        fuller(env=[{"name": "LEVEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
    ),
    "all data gone": (config_map(colour="red"), {k: v for k, v in config_map().items() if k != "data"}),
    "an image with a blank": (deployment(), deployment("web", container(image=" nginx"))),
    "a variable that is emptied": (fuller(), fuller(env=[{"name": "LEVEL", "value": ""}, {"name": "MODE"}])),
    "what Kubernetes reads": (
        annotated(deployment(), {}),
        annotated(deployment(), {"example.kubernetes.io/note": "7"}),
    ),
    "what the versions before kept in fields": (
        annotated(deployment(), {}),
        annotated(deployment(), {"deprecated.deployment.rollback.revisionTo": "7"}),
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_is_left_to_the_server(api: Api, what: str) -> None:
    deduced, answer = foretold(api, *LEFT[what])
    assert deduced is None
    answer.ok()


REFUSED = {
    "no image": (deployment(), deployment("web", container(image=""))),
    "fewer than no replicas": (deployment(replicas=1), deployment(replicas=-1)),
    "a selector": (
        deployment(),
        {**deployment(), "spec": {**deployment()["spec"], "selector": {"matchLabels": {"app": "x"}}}},
    ),
    "a label's value": (labelled(deployment()), labelled(deployment(), new="not good")),
    "a label's length": (labelled(deployment()), labelled(deployment(), new="x" * 64)),
    "an annotation's name": (annotated(deployment(), {}), annotated(deployment(), {"a b": "c"})),
    "too many annotations": (annotated(deployment(), {}), annotated(deployment(), {"x": "y" * 300_000})),
    "a name of data": (config_map(colour="red"), config_map(colour="red", **{"a/b": "c"})),
    "too much data": (config_map(colour="red"), config_map(colour="x" * (1 + (1 << 20)))),
    "too much data beside binary data": (
        {**config_map(colour="red"), "binaryData": {"b": "QUFB" * 200_000}},
        {**config_map(colour="x" * 600_000), "binaryData": {"b": "QUFB" * 200_000}},
    ),
    "a label's long prefix": (
        labelled(deployment()),
        labelled(deployment(), **{f"{'x' * 63}.{'x' * 63}.{'x' * 63}.{'x' * 63}/a": "b"}),
    ),
    "a number in data": (config_map(colour="red"), config_map(colour=7)),  # type: ignore[arg-type]
    "data that cannot change": (
        {**config_map(colour="red"), "immutable": True},
        {**config_map(colour="blue"), "immutable": True},
    ),
    "a label that is selected by": (
        deployment(),
        {
            **deployment(),
            "spec": {
                **deployment()["spec"],
                "template": {**deployment()["spec"]["template"], "metadata": {"labels": {"app": "other"}}},
            },
        },
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_not_deduced(api: Api, what: str) -> None:
    deduced, answer = foretold(api, *REFUSED[what])
    assert deduced is None
    assert answer.code in {400, 422, 500}, answer.body


def test_a_field_that_another_manager_has_taken_is_left_to_the_server(api: Api) -> None:
    deduced, answer = foretold(api, config_map(colour="red"), config_map(colour="blue"), {"data": {"colour": "green"}})
    assert deduced is None
    assert answer.code == 409


def test_a_field_that_another_manager_has_added_stays(api: Api) -> None:
    added = {"data": {"theirs": "1"}, "metadata": {"labels": {"their": "label"}}}
    deduced, answer = foretold(api, config_map(colour="red"), config_map(colour="blue"), added)
    assert deduced is not None
    assert deduced["data"] == {"colour": "blue", "theirs": "1"}
    assert written(deduced) == written(answer.ok())


def test_what_two_state_is_left_to_the_server(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.apply(path, config_map(colour="red"), "other").ok()
    deduced, answer = foretold(api, config_map(colour="red", size="1"), config_map(size="1"))
    assert deduced is None
    assert answer.ok()["data"] == {"colour": "red", "size": "1"}


def test_an_object_that_was_never_applied_is_left_to_the_server(api: Api) -> None:
    path = api.path("configmaps", "settings")
    api.client.create(api.path("configmaps"), config_map(colour="red")).ok()
    after = config_map(colour="blue")
    after["metadata"]["namespace"] = api.namespace
    assert outcome(after, api.client.get(path).ok()) is None


# Whatever is applied, and whatever then: either the server is left to tell, or it tells the very same.

_TEXTS = st.sampled_from(["", "a", "A-1", "no good", "é", "1.5", "x" * 70, "\n", "a.b/c", " padded "])
_KEYS = st.sampled_from(["a", "b", "app", "example.org/c", "no good", "x.kubernetes.io/d", "_", "..", "d.e", "UPPER"])
_MAPS = st.dictionaries(_KEYS, _TEXTS, max_size=3)
_LABELS = _MAPS.map(lambda labels: {"app": "web", **labels})
_METADATA = st.fixed_dictionaries({"name": st.just("web"), "labels": _LABELS}, optional={"annotations": _MAPS})
_AMOUNTS = st.dictionaries(
    st.sampled_from(["cpu", "memory"]), st.sampled_from(["1", "0.5", "500m", 1, "1000m", "1024Mi", "1Gi"]), max_size=2
)
_CONTAINERS = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"]), "image": st.sampled_from(["x:1", "x:2", " x", "", "é"])},
    optional={
        "args": st.lists(_TEXTS, max_size=2),
        "command": st.lists(_TEXTS, max_size=2),
        "env": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["A", "B"])}, optional={"value": _TEXTS}),
            max_size=2,
            unique_by=lambda each: str(each["name"]),
        ),
        "ports": st.sampled_from([[], [{"containerPort": 80}], [{"containerPort": 80, "protocol": "UDP"}]]),
        "resources": st.fixed_dictionaries({}, optional={"limits": _AMOUNTS}),
        "imagePullPolicy": st.sampled_from(["Always", "IfNotPresent"]),
    },
)
_PODS = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"labels": _LABELS}, optional={"annotations": _MAPS}),
        "spec": st.fixed_dictionaries(
            {"containers": st.lists(_CONTAINERS, min_size=1, max_size=2, unique_by=lambda each: str(each["name"]))},
            optional={"nodeSelector": _MAPS, "terminationGracePeriodSeconds": st.integers(0, 40)},
        ),
    }
)
_DEPLOYMENTS = st.fixed_dictionaries(
    {
        "apiVersion": st.just("apps/v1"),
        "kind": st.just("Deployment"),
        "metadata": _METADATA,
        "spec": st.fixed_dictionaries(
            {"selector": st.just({"matchLabels": {"app": "web"}}), "template": _PODS},
            optional={"replicas": st.integers(-1, 2), "paused": st.booleans()},
        ),
    }
)
_CONFIG_MAPS = st.fixed_dictionaries(
    {
        "apiVersion": st.just("v1"),
        "kind": st.just("ConfigMap"),
        "metadata": _METADATA,
        "data": _LABELS,
        "binaryData": st.sampled_from([{"b": "YQ=="}, {"c": "YQ=="}]),
    },
    optional={"immutable": st.booleans()},
)


@pytest.mark.parametrize("bodies", [_CONFIG_MAPS, _DEPLOYMENTS], ids=["config maps", "deployments"])
def test_any_change_is_deduced_as_the_server_tells_it_or_not_at_all(api: Api, bodies: st.SearchStrategy[Any]) -> None:
    told = 0

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies, bodies, st.none() | _MAPS)
    def holds(before: dict[str, Any], after: dict[str, Any], edit: dict[str, str] | None) -> None:
        nonlocal told
        before["metadata"]["name"] = after["metadata"]["name"] = f"x{secrets.token_hex(8)}"
        path = path_of(api, before)
        if api.client.apply(path, before, GITOPS).code != 201:
            return
        if edit is not None:
            api.client.patch(path, {"metadata": {"labels": edit}}, MERGE, fieldManager="kubectl-edit")
        live = api.client.get(path).ok()
        after["metadata"]["namespace"] = api.namespace
        deduced = outcome(after, live)
        if deduced is not None:
            told += 1
            answer = api.client.apply(path, after, GITOPS, dryRun="All").ok()
            assert written(deduced) == written(answer)
            assert compare(after, live, deduced) == compare(after, live, answer)

    holds()
    assert told

"""Refusals: code, reason, details and words are the same on both servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.contract.conftest import Api
from tests.contract.objects import config_map, container, deployment, template
from tests.contract.twins import alike
from tests.support.api_client import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, ApiClient


class Ask(NamedTuple):
    """A request; paths are relative to the test's namespace unless they begin with a slash."""

    method: str
    path: str
    body: Any = None
    content_type: str = "application/json"


APPS = "apps/v1:deployments"
SETTINGS = "v1:configmaps/settings"


def _deployment(**spec: Any) -> Ask:
    return Ask("POST", APPS, {**deployment(), "spec": {**deployment()["spec"], **spec}})


def _container(**fields: Any) -> Ask:
    return _deployment(template=template(container(**fields)))


def _settings(**metadata: Any) -> Ask:
    return Ask("POST", "v1:configmaps", {"metadata": {"name": "other", **metadata}})


def _service(**spec: Any) -> Ask:
    return Ask("POST", "v1:services", {"metadata": {"name": "web"}, "spec": spec})


ASKS: dict[str, Ask] = {
    "no such object": Ask("GET", "v1:configmaps/nothing"),
    "no such object to delete": Ask("DELETE", "apps/v1:deployments/nothing"),
    "no such object to replace": Ask("PUT", "apps/v1:deployments/nothing", deployment("nothing")),
    "no such object to patch": Ask("PATCH", "v1:configmaps/nothing", {}, MERGE_PATCH),
    "no such namespace": Ask("POST", "/api/v1/namespaces/nowhere/configmaps", config_map()),
    "no such kind": Ask("GET", "/api/v1/things"),
    "no such group": Ask("GET", "/apis/example.org/v1/things"),
    "no such subresource": Ask("GET", "v1:configmaps/settings/scale"),
    "a method that is not served": Ask("PUT", "v1:configmaps", {}),
    "there already": Ask("POST", "v1:configmaps", config_map()),
    "no name": Ask("POST", "v1:configmaps", {"data": {}}),
    "a bad name": _settings(name="A_b"),
    "too many annotations": _settings(annotations={"note": "x" * (256 << 10)}),
    "too many annotations of pods": _deployment(
        template={**template(), "metadata": {"labels": {"app": "web"}, "annotations": {"note": "x" * (256 << 10)}}}
    ),
    "too much data": Ask("POST", "v1:configmaps", config_map("big", a="x" * (1 << 20), b="y")),
    "too much secret data": Ask(
        "POST", "v1:secrets", {"metadata": {"name": "big"}, "stringData": {"a": "x" * (1 << 20), "b": "y"}}
    ),
    "a blank in the image of a pod": Ask(
        "POST", "v1:pods", {"metadata": {"name": "web"}, "spec": {"containers": [container(image=" nginx")]}}
    ),
    "another namespace": _settings(namespace="elsewhere"),
    "another kind": Ask("POST", "v1:configmaps", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
    "another version": Ask("POST", "v1:configmaps", {**config_map("x"), "apiVersion": "v2"}),
    "a version on create": _settings(resourceVersion="3"),
    "a bad label key": _settings(labels={"a b": "c"}),
    "a bad label value": _settings(labels={"a": "c d"}),
    "a bad label prefix": _settings(labels={"A_/a": "c"}),
    "a bad annotation key": _settings(annotations={"a b": "c"}),
    "a bad finalizer": _settings(finalizers=["mine"]),
    "an owner without kind and uid": _settings(ownerReferences=[{"name": "a"}]),
    "a label that is a number": _settings(labels={"a": 1}),
    "a bad key": Ask("POST", "v1:configmaps", {"metadata": {"name": "x"}, "data": {"a b": "c"}}),
    "a value that is a number": Ask("POST", "v1:configmaps", {"metadata": {"name": "x"}, "data": {"a": 1}}),
    "a list for a map": Ask("POST", "v1:configmaps", {"metadata": {"name": "x"}, "data": [1]}),
    "bad base64": Ask("POST", "v1:secrets", {"metadata": {"name": "x"}, "data": {"a": "$$$"}}),
    "no containers": _deployment(template={"metadata": {"labels": {"app": "web"}}}),
    "no image": _deployment(template=template({"name": "web"})),
    "no container name": _deployment(template=template({"image": "nginx"})),
    "one container twice": _deployment(template=template(container(), container())),
    "no selector": Ask("POST", APPS, {"metadata": {"name": "web"}, "spec": {"template": template()}}),
    "an empty selector": _deployment(selector={}),
    "a selector that selects nothing": _deployment(selector={"matchLabels": {"app": "other"}}),
    "no spec": Ask("POST", APPS, {"metadata": {"name": "web"}}),
    "negative replicas": _deployment(replicas=-1),
    "replicas in words": _deployment(replicas="three"),
    "a fraction of replicas": _deployment(replicas=1.5),
    "too many replicas to count": _deployment(replicas=3_000_000_000),
    "an unknown strategy": _deployment(strategy={"type": "Careless"}),
    "a strategy with foreign fields": _deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
    "a restart policy": _deployment(template=template(restartPolicy="Never")),
    "an unknown pull policy": _container(imagePullPolicy="Sometimes"),
    "an unknown volume": _container(volumeMounts=[{"name": "x", "mountPath": "/x"}]),
    "a port out of range": _container(ports=[{"containerPort": 99999}]),
    "no port": _container(ports=[{"name": "http"}]),
    "no quantity": _container(resources={"limits": {"cpu": "lots"}}),
    "a request over the limit": _container(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}),
    "an environment that is a number": _container(env=[{"name": "A", "value": 1}]),
    "a service without ports": _service(),
    "ports without names": _service(ports=[{"port": 1}, {"port": 2}]),
    "an unknown service type": _service(type="Teleport", ports=[{"port": 1}]),
    "a job that restarts": Ask("POST", "batch/v1:jobs", {"metadata": {"name": "x"}, "spec": {"template": template()}}),
    "a claim of nothing": Ask("POST", "v1:persistentvolumeclaims", {"metadata": {"name": "x"}, "spec": {}}),
    "an ingress without path type": Ask(
        "POST",
        "networking.k8s.io/v1:ingresses",
        {
            "metadata": {"name": "x"},
            "spec": {
                "rules": [
                    {"http": {"paths": [{"path": "/", "backend": {"service": {"name": "a", "port": {"number": 1}}}}]}}
                ]
            },
        },
    ),
    "unknown fields, strictly": Ask("POST", "v1:configmaps?fieldValidation=Strict", {**config_map("x"), "dta": {}}),
    "unknown deep fields, strictly": Ask("POST", f"{APPS}?fieldValidation=Strict", _container(img="x").body),
    "a key twice, strictly": Ask(
        "POST", "v1:configmaps?fieldValidation=Strict", '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}'
    ),
    "an unknown validation": Ask("POST", "v1:configmaps?fieldValidation=Lax", config_map("x")),
    "an unknown dry run": Ask("POST", "v1:configmaps?dryRun=Some", config_map("x")),
    "a manager with a long name": Ask("POST", f"v1:configmaps?fieldManager={'x' * 200}", config_map("x")),
    "a patch of an unknown type": Ask("PATCH", SETTINGS, {}, "text/plain"),
    "a patch of the name": Ask("PATCH", SETTINGS, {"metadata": {"name": "other"}}, MERGE_PATCH),
    "a patch that does not fit": Ask("PATCH", SETTINGS, [{"op": "remove", "path": "/nothing"}], JSON_PATCH),
    "a patch that is no patch": Ask("PATCH", SETTINGS, {"op": "remove"}, JSON_PATCH),
    "a strategic patch without a key": Ask(
        "PATCH",
        "apps/v1:deployments/web",
        {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}},
        STRATEGIC_PATCH,
    ),
    "a new selector": Ask(
        "PATCH", "apps/v1:deployments/web", {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, MERGE_PATCH
    ),
    "another name in the body": Ask("PUT", SETTINGS, config_map("other")),
    "another uid in the body": Ask("PUT", SETTINGS, {"metadata": {"name": "settings", "uid": "x"}}),
    "a delete of another uid": Ask("DELETE", SETTINGS, {"preconditions": {"uid": "x"}}),
    "an unknown propagation": Ask("DELETE", f"{SETTINGS}?propagationPolicy=Sideways"),
    "an unknown field to select by": Ask("GET", "v1:configmaps?fieldSelector=data.a%3Db"),
    "a selector that cannot be read": Ask("GET", "v1:configmaps?labelSelector=a%20b"),
    "a limit in words": Ask("GET", "v1:configmaps?limit=few"),
    "a version in words": Ask("GET", "v1:configmaps?resourceVersion=new"),
    "a match without a version": Ask("GET", "v1:configmaps?resourceVersionMatch=Exact"),
    "initial events of a list": Ask("GET", "v1:configmaps?sendInitialEvents=true"),
    "initial events without a match": Ask("GET", "v1:configmaps?watch=1&sendInitialEvents=true"),
}


def _path(api: Api, path: str) -> str:
    if path.startswith("/"):
        return path
    version, _, rest = path.partition(":")
    prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{prefix}/namespaces/{api.namespace}/{rest}"


@pytest.fixture(scope="module")
def prepared(embedded_client: ApiClient, real_client: ApiClient) -> Iterator[tuple[Api, Api]]:
    """Both servers, with a ConfigMap and a Deployment to do something wrong to."""
    name = f"contract-{secrets.token_hex(4)}"
    both = (Api(embedded_client, name), Api(real_client, name))
    for api in both:
        api.client.create("/api/v1/namespaces", {"metadata": {"name": api.namespace}})
        api.client.create(_path(api, "v1:configmaps"), config_map())
        api.client.create(_path(api, APPS), deployment(replicas=0))
    yield both
    for api in both:
        api.client.delete(f"/api/v1/namespaces/{api.namespace}")


@pytest.mark.parametrize("case", ASKS)
def test_a_refusal_is_told_in_the_same_words(prepared: tuple[Api, Api], case: str) -> None:
    ask = ASKS[case]
    embedded, real = (
        (api.client.request(ask.method, _path(api, ask.path), ask.body, content_type=ask.content_type), api)
        for api in prepared
    )
    assert embedded[0].code == real[0].code
    assert real[0].code >= 400
    assert alike(embedded[0].body, embedded[1]) == alike(real[0].body, real[1])


def test_nobody_comes_in_without_a_token(api: Api) -> None:
    api.client.token, token = "", api.client.token
    try:
        reply = api.client.get("/api/v1/namespaces")
    finally:
        api.client.token = token
    # A real server may let the anonymous in and refuse them then.
    assert reply.code in {401, 403}
    assert (reply["kind"], reply["status"]) == ("Status", "Failure")


def test_a_wrong_token_is_told(api: Api) -> None:
    api.client.token, token = "wrong", api.client.token
    try:
        reply = api.client.get("/api/v1/namespaces")
    finally:
        api.client.token = token
    assert reply.code == 401
    assert reply.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


def test_unknown_fields_are_warned_of_and_dropped(api: Api) -> None:
    reply = api.client.create(api.path("configmaps"), {**config_map(), "dta": {}, "data": {"a": "1"}})
    assert reply.code == 201
    assert reply.warnings == ['unknown field "dta"']
    assert "dta" not in reply.body
    ignored = api.client.create(api.path("configmaps"), {**config_map("x"), "dta": {}}, fieldValidation="Ignore")
    assert (ignored.code, ignored.warnings) == (201, [])

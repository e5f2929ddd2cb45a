"""Whether anything but the API server has a say in a write: asked once, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gitops_tui.cluster import Cluster
from tests.support.real_cluster import RealCluster
from tests.support.scripted_server import ScriptedServer, json_reply

GROUP = "/apis/admissionregistration.k8s.io/v1"
HOOKS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
POLICIES = "validatingadmissionpolicies"


def rule(**fields: list[str]) -> dict[str, Any]:
    return {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"], **fields}


@contextmanager
def made(api: RealCluster, plural: str, body: dict[str, Any]) -> Iterator[None]:
    code, answer = api.request("POST", f"{GROUP}/{plural}", body)
    assert code == 201, answer
    try:
        yield
    finally:
        api.request("DELETE", f"{GROUP}/{plural}/{body['metadata']['name']}")


def webhook(namespace: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """A configuration whose webhook is never called: it is for a namespace that nobody has."""
    hook = {
        "name": "guard.example.org",
        "clientConfig": {"url": "https://127.0.0.1:1/guard"},
        "rules": list(rules),
        "namespaceSelector": {"matchLabels": {"nobody": "has-this"}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
    }
    return {"metadata": {"name": namespace}, "webhooks": [hook]}


def test_a_cluster_without_webhooks_leaves_everything_alone(live: Cluster) -> None:
    assert live.admission.leaves_alone("", "configmaps")
    assert live.admission.leaves_alone("apps", "deployments")


@pytest.mark.parametrize("plural", HOOKS)
@pytest.mark.parametrize(
    "matching",
    [
        rule(),
        rule(operations=["*"]),
        rule(apiGroups=["*"], resources=["*"]),
        rule(apiGroups=["*"], resources=["*/*"]),
        rule(operations=["CREATE", "UPDATE"], apiGroups=["apps", ""], resources=["deployments", "configmaps"]),
    ],
    ids=["plain", "any operation", "all resources", "with subresources", "several"],
)
def test_a_webhook_that_may_be_told_has_a_say(
    live: Cluster, api: RealCluster, shop: str, plural: str, matching: dict[str, Any]
) -> None:
    with made(api, plural, webhook(shop, rule(operations=["DELETE"]), matching)):
        assert not live.admission.leaves_alone("", "configmaps")


@pytest.mark.parametrize(
    "other",
    [rule(operations=["CREATE", "DELETE"]), rule(apiGroups=["apps"]), rule(resources=["secrets", "pods/exec"])],
    ids=["other operations", "another group", "other resources"],
)
def test_a_webhook_for_something_else_has_none(
    live: Cluster, api: RealCluster, shop: str, other: dict[str, Any]
) -> None:
    with made(api, HOOKS[0], webhook(shop, other)), made(api, HOOKS[1], {"metadata": {"name": shop}}):
        assert live.admission.leaves_alone("", "configmaps")


@pytest.mark.parametrize("resources", [["configmaps"], ["secrets"]])
def test_a_policy_has_a_say_in_what_it_is_about(
    live: Cluster, api: RealCluster, shop: str, resources: list[str]
) -> None:
    if api.request("GET", f"{GROUP}/{POLICIES}")[0] != 200:
        pytest.skip("serves no policies")
    spec = {
        "matchConstraints": {"resourceRules": [rule(resources=resources)]},
        "validations": [{"expression": "true"}],
        "failurePolicy": "Ignore",
    }
    with made(api, POLICIES, {"metadata": {"name": shop}, "spec": spec}):
        assert live.admission.leaves_alone("", "configmaps") is (resources != ["configmaps"])


def serve(server: ScriptedServer, *groups: str) -> None:
    """Say in discovery that webhook configurations are served, and these other groups."""
    kinds = [
        {"resource": plural, "responseKind": {"kind": kind}, "scope": "Cluster", "verbs": ["list"]}
        for plural, kind in zip(HOOKS, ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"), strict=True)
    ]
    named = [("admissionregistration.k8s.io", kinds), *((group, kinds[:1]) for group in groups)]
    items = [
        {"metadata": {"name": group}, "versions": [{"version": "v1", "resources": resources}]}
        for group, resources in named
    ]
    server.route("/apis", json_reply({"kind": "APIGroupDiscoveryList", "items": items}))


def listed(server: ScriptedServer) -> list[str]:
    return [seen.path for seen in server.seen if seen.path.startswith(GROUP)]


def test_is_asked_once_for_all_who_want_to_know(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server)
    for plural in HOOKS:
        server.route(f"{GROUP}/{plural}", json_reply({"items": []}))
    assert not cluster.admission.is_known()
    assert cluster.admission.leaves_alone("", "configmaps")
    assert cluster.admission.is_known()
    assert cluster.admission.leaves_alone("apps", "deployments")
    assert listed(server) == [f"{GROUP}/{plural}" for plural in HOOKS]


def test_who_may_not_read_webhooks_takes_it_that_there_is_one_and_asks_once(
    server: ScriptedServer, cluster: Cluster
) -> None:
    serve(server)
    server.route(f"{GROUP}/{HOOKS[0]}", json_reply({"kind": "Status", "code": 403, "reason": "Forbidden"}, status=403))
    assert not cluster.admission.leaves_alone("", "configmaps")
    assert not cluster.admission.leaves_alone("", "configmaps")
    assert listed(server) == [f"{GROUP}/{HOOKS[0]}"]


def test_a_distribution_with_plugins_of_its_own_leaves_nothing_alone(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server, "image.openshift.io")
    assert not cluster.admission.leaves_alone("", "configmaps")
    assert listed(server) == []


def test_a_server_that_tells_of_no_webhooks_leaves_nothing_alone(cluster: Cluster) -> None:
    assert not cluster.admission.leaves_alone("", "configmaps")

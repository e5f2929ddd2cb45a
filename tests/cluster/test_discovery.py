"""Which kinds are served, as servers of different ages tell it."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_tui.cluster import Cluster
from gitops_tui.model.errors import ClusterError, NotServedError
from gitops_tui.model.resources import ResourceKey
from tests.support.scripted_server import ScriptedServer, core_resources, json_reply


def group(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name}, "versions": list(versions)}


def version(name: str, *kinds: str, stale: bool = False) -> dict[str, Any]:
    resources = [
        {
            "resource": f"{kind.lower()}s",
            "responseKind": {"group": "x", "version": name, "kind": kind},
            "scope": "Namespaced",
            "verbs": ["get", "list", "watch"],
            "subresources": [{"subresource": "status", "verbs": ["get"]}],
        }
        for kind in kinds
    ]
    return {"version": name, "resources": resources, "freshness": "Stale" if stale else "Current"}


def serve(server: ScriptedServer, *groups: dict[str, Any]) -> None:
    server.route("/apis", json_reply({"kind": "APIGroupDiscoveryList", "items": list(groups)}))


def test_aggregated_discovery_takes_two_requests(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server, group("apps", version("v1", "Deployment", "StatefulSet")))

    found = cluster.resource("apps", "Deployment")
    cluster.resource("", "ConfigMap")

    assert found.api_version == "apps/v1"
    assert found.path("shop", "web") == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert found.verbs == {"get", "list", "watch"}
    assert cluster.resource("", "Namespace").path(name="shop") == "/api/v1/namespaces/shop"
    assert [asked.path for asked in server.seen] == ["/api", "/apis"]
    assert server.seen[0].headers["Accept"].startswith("application/json;g=apidiscovery.k8s.io;v=v2;")


def test_the_first_version_that_serves_a_kind_is_talked_to(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server, group("x.io", version("v2", "New"), version("v1", "Old", "New")))

    assert cluster.resource("x.io", "New").versions == ("v2", "v1")
    assert cluster.resource("x.io", "New").version == "v2"
    assert cluster.resource("x.io", "Old").version == "v1"
    assert set(cluster.api_versions()) >= {"x.io/v1", "x.io/v2", "x.io/v1/New", "x.io/v2/New", "v1", "v1/ConfigMap"}


def test_an_old_server_is_asked_group_by_group(server: ScriptedServer, cluster: Cluster) -> None:
    server.route("/api", json_reply({"kind": "APIVersions", "versions": ["v1"]}))
    pods = {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"]}
    server.route("/api/v1", json_reply({"resources": [pods, {**pods, "name": "pods/log"}]}))
    versions = [{"version": "v1beta1"}, {"version": "v1"}]
    groups = [
        {"name": "apps", "versions": versions, "preferredVersion": {"version": "v1"}},
        {"name": "down.io", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}},
    ]
    server.route("/apis", json_reply({"kind": "APIGroupList", "groups": groups}))
    deployments = {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get"]}
    for name in ("v1", "v1beta1"):
        server.route(f"/apis/apps/{name}", json_reply({"resources": [deployments]}))
    server.route("/apis/down.io/v1", lambda asked: asked.status(503, "ServiceUnavailable", "no endpoints"))

    assert cluster.resource("", "Pod").plural == "pods"
    assert cluster.resource("apps", "Deployment").versions == ("v1", "v1beta1")
    with pytest.raises(ClusterError, match="no endpoints") as caught:
        cluster.resource("down.io", "Thing")
    assert not isinstance(caught.value, NotServedError), "it is unknown, not absent"
    assert caught.value.temporary


def test_a_stale_group_is_unknown_and_keeps_what_was_known(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server, group("metrics.k8s.io", version("v1", "PodMetrics")))
    cluster.resource("metrics.k8s.io", "PodMetrics")
    serve(server, group("metrics.k8s.io", version("v1", stale=True)), group("apps", version("v1", "Deployment")))

    assert cluster.resource("apps", "Deployment").version == "v1"
    assert cluster.resource("metrics.k8s.io", "PodMetrics").version == "v1"
    with pytest.raises(ClusterError, match="does not answer") as caught:
        cluster.resource("metrics.k8s.io", "NodeMetrics")
    assert not isinstance(caught.value, NotServedError)


def test_a_kind_that_is_not_served_is_named(server: ScriptedServer, cluster: Cluster) -> None:
    with pytest.raises(NotServedError) as caught:
        cluster.resource("x.io", "Thing\x1b[2J")

    assert str(caught.value).startswith("x.io/Thing␛[2J: ")
    assert "CustomResourceDefinition" in caught.value.hint


def test_a_kind_that_is_missing_is_looked_for_once_more(server: ScriptedServer, cluster: Cluster) -> None:
    cluster.resource("", "ConfigMap")
    server.route("/api", json_reply(core_resources(("Widget", "widgets", True))))

    assert cluster.resource("", "Widget").plural == "widgets"
    assert server.count("/api") == 2


def test_a_kind_that_stays_missing_is_not_looked_for_all_the_time(server: ScriptedServer, cluster: Cluster) -> None:
    for _ in range(5):
        with pytest.raises(NotServedError):
            cluster.resource("", "Widget")

    assert server.count("/api") < 5


def test_an_object_whose_version_went_away_is_read_at_the_new_one(server: ScriptedServer, cluster: Cluster) -> None:
    serve(server, group("x.io", version("v1", "Thing")))
    cluster.resource("x.io", "Thing")
    serve(server, group("x.io", version("v2", "Thing")))
    server.route(
        "/apis/x.io/v1/namespaces/shop/things/a", lambda asked: asked.text("404 page not found", 404, "text/plain")
    )
    body = {"apiVersion": "x.io/v2", "kind": "Thing", "metadata": {"name": "a"}}
    server.route("/apis/x.io/v2/namespaces/shop/things/a", json_reply(body))

    assert cluster.read(ResourceKey("x.io", "Thing", "shop", "a")) == body

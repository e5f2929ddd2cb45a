"""What a namespace holds, kind by kind, without the values of anything."""

from __future__ import annotations

import pytest

from gitops_tui.cluster import Cluster
from gitops_tui.model.errors import ClusterError
from tests.support.real_cluster import RealCluster
from tests.support.scripted_server import ScriptedServer, json_reply


def test_every_object_of_a_kind_with_its_metadata_only(live: Cluster, api: RealCluster, shop: str) -> None:
    body = {"metadata": {"name": "access", "labels": {"a": "b"}}, "stringData": {"token": "hunter2"}}
    status, answer = api.request("POST", f"/api/v1/namespaces/{shop}/secrets", body)
    assert status == 201, answer
    (secret,) = [kind for kind in live.resources() if (kind.group, kind.kind) == ("", "Secret")]

    (found,) = live.outlines(secret, shop)

    assert (found["apiVersion"], found["kind"], found["metadata"]["name"]) == ("v1", "Secret", "access")
    assert found["metadata"]["labels"] == {"a": "b"}
    assert set(found) == {"apiVersion", "kind", "metadata"}
    assert live.unknown_groups() == {}


def test_a_long_list_comes_in_pages(cluster: Cluster, server: ScriptedServer) -> None:
    path = "/api/v1/namespaces/shop/configmaps"
    pages = [
        {"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]},
        {"metadata": {}, "items": [{"metadata": {"name": "b"}}, {"metadata": None}]},
    ]
    server.route(path, *(json_reply(page) for page in pages))
    (kind,) = [kind for kind in cluster.resources() if kind.kind == "ConfigMap"]
    assert [body["metadata"].get("name") for body in cluster.outlines(kind, "shop")] == ["a", "b", None]
    asked = [each for each in server.seen if each.path == path]
    assert [each.query.get("continue") for each in asked] == [None, "more"]


def test_a_kind_that_may_not_be_listed_is_an_error(cluster: Cluster, server: ScriptedServer) -> None:
    refusal = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}
    server.route("/api/v1/namespaces/shop/secrets", json_reply(refusal, status=403))
    (kind,) = [kind for kind in cluster.resources() if kind.kind == "Secret"]
    with pytest.raises(ClusterError):
        list(cluster.outlines(kind, "shop"))

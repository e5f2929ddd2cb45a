"""HTTP as clients speak it: connections, sizes, discovery, documents."""

from __future__ import annotations

import http.client
import json
import ssl
from urllib.parse import urlsplit

import pytest

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient

MAPS = "/api/v1/namespaces/default/configmaps"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.fixture
def connection(server: EmbeddedServer) -> http.client.HTTPSConnection:
    tls = ssl.create_default_context(cadata=server.access.certificate)
    return http.client.HTTPSConnection(urlsplit(server.url).netloc, timeout=20, context=tls)


def headers(server: EmbeddedServer, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.access.token}", **more}


def test_one_connection_takes_many_requests(server: EmbeddedServer, connection: http.client.HTTPSConnection) -> None:
    connection.connect()
    first = connection.sock
    for _ in range(5):
        connection.request("GET", "/version", headers=headers(server))
        assert connection.getresponse().read()
    assert connection.sock is first


def test_a_body_may_come_in_chunks(server: EmbeddedServer, connection: http.client.HTTPSConnection) -> None:
    body = json.dumps({"metadata": {"name": "chunked"}, "data": {"a": "x" * 100_000}}).encode()
    parts = (body[at : at + 30_000] for at in range(0, len(body), 30_000))
    connection.request(
        "POST", MAPS, parts, headers(server, **{"Content-Type": "application/json"}), encode_chunked=True
    )
    assert connection.getresponse().status == 201


def test_a_body_that_is_too_large_is_refused_unread(
    server: EmbeddedServer, connection: http.client.HTTPSConnection
) -> None:
    connection.putrequest("POST", MAPS)
    for name, value in headers(server, **{"Content-Length": str(50 * 1024 * 1024)}).items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["reason"] == "RequestEntityTooLarge"


@pytest.mark.parametrize("line", ["NONSENSE", "GET", "GET / HTTP/1.1\r\nNo colon here"])
def test_what_is_no_request_is_answered_and_hung_up_on(connection: http.client.HTTPSConnection, line: str) -> None:
    connection.connect()
    connection.sock.sendall(f"{line}\r\n\r\n".encode())
    answer = b""
    while data := connection.sock.recv(4096):
        answer += data
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"reason":"BadRequest"' in answer


def test_a_head_has_no_body(server: EmbeddedServer, connection: http.client.HTTPSConnection) -> None:
    connection.request("HEAD", "/version", headers=headers(server))
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")


def test_the_version_says_what_it_is(client: ApiClient) -> None:
    version = client.get("/version").ok()
    assert (version["major"], version["gitVersion"].endswith("+embedded")) == ("1", True)


def test_discovery_agrees_with_itself(client: ApiClient) -> None:
    aggregated = [client.get(path, accept=AGGREGATED).ok() for path in ("/api", "/apis")]
    assert {body["kind"] for body in aggregated} == {"APIGroupDiscoveryList"}
    found = {
        (group["metadata"].get("name", ""), version["version"], row["resource"])
        for body in aggregated
        for group in body["items"]
        for version in group["versions"]
        for row in version["resources"]
    }
    classic = {("", "v1", row["name"]) for row in client.get("/api/v1").ok()["resources"]}
    for group in client.get("/apis").ok()["groups"]:
        for version in group["versions"]:
            rows = client.get(f"/apis/{version['groupVersion']}").ok()["resources"]
            classic |= {(group["name"], version["version"], row["name"]) for row in rows}
    assert found == {row for row in classic if "/" not in row[2]}
    assert ("apps", "v1", "deployments/scale") in classic


def test_every_listed_resource_is_served(client: ApiClient) -> None:
    groups = client.get("/apis").ok()["groups"]
    places = ["/api/v1", *(f"/apis/{version['groupVersion']}" for group in groups for version in group["versions"])]
    for place in places:
        for row in client.get(place).ok()["resources"]:
            if "list" in row["verbs"]:
                body = client.get(f"{place}/{row['name']}").ok()
                assert (body["kind"], body["items"] is not None) == (f"{row['kind']}List", True)


def test_openapi_tells_kubectl_what_a_patch_takes(client: ApiClient) -> None:
    paths = client.get("/openapi/v3").ok()["paths"]
    document = client.get(paths["apis/apps/v1"]["serverRelativeURL"]).ok()
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert {row["name"] for row in patch["parameters"]} == {"dryRun", "fieldManager", "fieldValidation", "force"}
    assert patch["x-kubernetes-group-version-kind"]["kind"] == "Deployment"
    assert client.get("/openapi/v2").ok()["swagger"] == "2.0"


def test_events_have_two_shapes_and_are_one(client: ApiClient) -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "web"}
    body = {
        "metadata": {"name": "e"},
        "involvedObject": about,
        "reason": "Started",
        "message": "it runs",
        "type": "Normal",
    }
    client.create("/api/v1/namespaces/default/events", body).ok()
    other = client.get("/apis/events.k8s.io/v1/namespaces/default/events/e").ok()
    assert (other["apiVersion"], other["regarding"], other["note"]) == ("events.k8s.io/v1", about, "it runs")
    listed = client.get("/api/v1/events", fieldSelector="involvedObject.name=web,type=Normal").ok()
    assert [row["metadata"]["name"] for row in listed["items"]] == ["e"]
    newer = {
        "metadata": {"name": "n"},
        "regarding": about,
        "note": "new",
        "reason": "R",
        "type": "Normal",
        "action": "Act",
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/c",
        "reportingInstance": "i",
    }
    client.create("/apis/events.k8s.io/v1/namespaces/default/events", newer).ok()
    assert client.get("/api/v1/namespaces/default/events/n").ok()["message"] == "new"


def test_logs_are_what_controllers_have_written(server: EmbeddedServer, client: ApiClient) -> None:
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}
    client.create("/api/v1/namespaces/default/pods", pod).ok()
    path = "/api/v1/namespaces/default/pods/web/log"
    logs, place = server.backend.logs, ("default", "web", "web")
    logs.begin(place)
    for second, text in enumerate(("one", "two", "three")):
        logs.write(place, 1_772_798_400.25 + second, text)
    assert client.get(path).body == "one\ntwo\nthree\n"
    assert client.get(path, tailLines=1).body == "three\n"
    assert client.get(path, tailLines=1, timestamps=True).body == "2026-03-06T12:00:02.250000000Z three\n"
    assert client.get(path, sinceTime="2026-03-06T12:00:01Z").body == "two\nthree\n"
    assert client.get(path, limitBytes=6).body == "one\ntw"
    assert client.get(path, container="other").code == 400
    assert client.get("/api/v1/namespaces/default/pods/none/log").code == 404

    assert client.get(path, previous=True).code == 400
    logs.begin(place)
    assert client.get(path).body == ""
    assert client.get(path, previous=True).body == "one\ntwo\nthree\n"


def test_a_pod_can_be_evicted(client: ApiClient) -> None:
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}
    client.create("/api/v1/namespaces/default/pods", pod).ok()
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
    assert client.create("/api/v1/namespaces/default/pods/web/eviction", eviction).code == 201
    assert client.get("/api/v1/namespaces/default/pods/web").code == 404


def test_a_pod_on_a_node_gets_its_time_to_stop(client: ApiClient) -> None:
    pod = {
        "metadata": {"name": "web"},
        "spec": {"nodeName": "one", "containers": [{"name": "web", "image": "nginx:1"}]},
    }
    path = "/api/v1/namespaces/default/pods/web"
    client.create("/api/v1/namespaces/default/pods", pod).ok()
    going = client.delete(path).ok()
    assert going["metadata"]["deletionGracePeriodSeconds"] == 30
    assert client.get(path).code == 200
    client.delete(path, {"gracePeriodSeconds": 0}).ok()
    assert client.get(path).code == 404

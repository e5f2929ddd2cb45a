"""Who may come in, and how."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import stat

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient

SECRETS = "/api/v1/namespaces/default/secrets"


def test_the_kubeconfig_is_its_owner_s_only(server: EmbeddedServer) -> None:
    for path in (server.kubeconfig, server.viewer_kubeconfig):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    config = json.loads(server.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == server.url
    assert server.url.startswith("https://127.0.0.1:")


def test_everything_but_health_needs_a_token(server: EmbeddedServer) -> None:
    stranger = ApiClient(server.kubeconfig, token="")
    for path in ("/healthz", "/livez", "/readyz", "/readyz/ping"):
        assert (stranger.get(path).code, stranger.get(path).body) == (200, "ok")
    for path in ("/version", "/api", "/apis/apps/v1", "/openapi/v3", SECRETS, "/nothing"):
        assert stranger.get(path).code == 401
    for token in ("wrong", server.access.token[:-1], server.access.token + "x"):
        assert ApiClient(server.kubeconfig, token=token).get("/version").code == 401


def test_a_viewer_reads_everything_but_secrets(server: EmbeddedServer, client: ApiClient) -> None:
    client.create(SECRETS, {"metadata": {"name": "token"}}).ok()
    viewer = ApiClient(server.viewer_kubeconfig)
    assert viewer.get("/api/v1/namespaces/default").code == 200
    assert viewer.get("/apis/apps/v1/deployments").code == 200

    reply = viewer.get(SECRETS)
    assert (reply.code, reply["reason"]) == (403, "Forbidden")
    assert reply["message"] == (
        'secrets is forbidden: User "embedded-viewer" cannot list resource "secrets" in API group "" in the namespace '
        '"default"'
    )
    assert reply["details"] == {"kind": "secrets"}
    named = viewer.get(f"{SECRETS}/token")
    assert named["message"].startswith('secrets "token" is forbidden: User "embedded-viewer" cannot get')
    everywhere = viewer.get("/api/v1/secrets")
    assert everywhere["message"].endswith('in API group "" at the cluster scope')


def test_a_viewer_writes_nothing(server: EmbeddedServer) -> None:
    viewer = ApiClient(server.viewer_kubeconfig)
    path = "/apis/apps/v1/namespaces/default/deployments"
    replies = [
        viewer.create(path, {}),
        viewer.replace(f"{path}/web", {}),
        viewer.patch(f"{path}/web", {}),
        viewer.patch(f"{path}/web/scale", {}),
        viewer.apply(f"{path}/web", {}, "gitops-tui", dryRun="All"),
        viewer.delete(f"{path}/web"),
        viewer.delete(path),
    ]
    assert {reply.code for reply in replies} == {403}
    assert 'cannot patch resource "deployments/scale" in API group "apps"' in replies[3]["message"]


def test_one_can_ask_what_one_may_do(server: EmbeddedServer, client: ApiClient) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def may(who: ApiClient, verb: str, resource: str) -> bool:
        body = {"spec": {"resourceAttributes": {"verb": verb, "resource": resource, "namespace": "default"}}}
        return bool(who.create(path, body).ok()["status"]["allowed"])

    viewer = ApiClient(server.viewer_kubeconfig)
    assert may(client, "delete", "secrets")
    assert may(viewer, "list", "pods")
    assert not may(viewer, "list", "secrets")
    assert not may(viewer, "patch", "pods")
    whoami = viewer.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {}).ok()
    assert whoami["status"]["userInfo"]["username"] == "embedded-viewer"


def test_the_certificate_is_verified_against_the_kubeconfig_s_authority(server: EmbeddedServer) -> None:
    strict = ssl.create_default_context(cadata=server.access.certificate)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    port = int(server.url.rpartition(":")[2])
    for name in ("127.0.0.1", "localhost"):
        with socket.create_connection(("127.0.0.1", port)) as plain, strict.wrap_socket(plain, server_hostname=name):
            pass


def test_whoever_speaks_no_tls_is_hung_up_on_and_nobody_else_notices(server: EmbeddedServer, client: ApiClient) -> None:
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET /version HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert not plain.recv(1024).startswith(b"HTTP")
    assert client.get("/version").code == 200


def test_it_listens_on_loopback_only(server: EmbeddedServer) -> None:
    port = int(server.url.rpartition(":")[2])
    addresses = {row[4][0] for row in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((str(address), port)) != 0 or str(address).startswith("127.")

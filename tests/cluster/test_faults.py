"""What becomes of a request when the server, or what stands before it, misbehaves."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Cluster, Clusters, Timing
from gitops_tui.model.errors import ClusterError, ConflictError, ForbiddenError, NotServedError, UnreachableError
from gitops_tui.model.resources import Manifest, ResourceKey
from tests.support.scripted_server import DEADLINE, Asked, ScriptedServer, json_reply

KEY = ResourceKey("", "ConfigMap", "shop", "web")
PATH = "/api/v1/namespaces/shop/configmaps/web"
BODY: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7"},
}


def cut(asked: Asked) -> None:
    asked.raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"apiVersion": "v1"')


def proxy_page(asked: Asked) -> None:
    asked.text("<html><h1>502 Bad Gateway</h1>hunter2</html>", 502, "text/html")


def throttled(asked: Asked) -> None:
    asked.status(429, "TooManyRequests", "slow down", headers={"Retry-After": "0"})


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(cut, id="cut JSON"),
        pytest.param(proxy_page, id="HTML of a proxy"),
        pytest.param(lambda asked: asked.text("<html>log in</html>", 200, "text/html"), id="HTML with 200"),
        pytest.param(lambda asked: asked.cut(), id="closed without an answer"),
        pytest.param(lambda asked: asked.status(500, "InternalError", "failed calling webhook"), id="500"),
        pytest.param(throttled, id="429"),
    ],
)
@pytest.mark.parametrize("verb", ["read", "apply"])
def test_a_passing_fault_is_survived(server: ScriptedServer, cluster: Cluster, fault: Any, verb: str) -> None:
    server.route(PATH, fault, json_reply(BODY))

    found = cluster.read(KEY) if verb == "read" else cluster.apply(Manifest.of(BODY)).body

    assert found == BODY
    assert server.count(PATH) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(cut, "broke before the answer was whole", id="cut JSON"),
        pytest.param(proxy_page, "reached no API server", id="HTML of a proxy"),
        pytest.param(lambda asked: asked.text("[" * 100_000, 200, "application/json"), "not whole JSON", id="nested"),
        pytest.param(throttled, "slow down", id="429"),
    ],
)
def test_a_lasting_fault_is_told_without_quoting_the_answer(
    server: ScriptedServer, cluster: Cluster, fault: Any, words: str
) -> None:
    server.route(PATH, fault)

    with pytest.raises(ClusterError, match=words) as caught:
        cluster.read(KEY)

    assert caught.value.temporary
    assert "hunter2" not in str(caught.value)
    assert server.count(PATH) == 4


def test_an_error_is_never_taken_for_absence(server: ScriptedServer, cluster: Cluster) -> None:
    server.route(PATH, lambda asked: asked.text("404 page not found", 404, "text/plain"))

    with pytest.raises(NotServedError):
        cluster.read(KEY)


def test_absence_is_none(server: ScriptedServer, cluster: Cluster) -> None:
    details = {"name": "web", "kind": "configmaps"}
    server.route(PATH, lambda asked: asked.status(404, "NotFound", 'configmaps "web" not found', details=details))

    assert cluster.read(KEY) is None


def test_a_redirect_is_not_followed(server: ScriptedServer, cluster: Cluster) -> None:
    with ScriptedServer.start() as other:
        target = f"{other.url}/stolen"
        server.route(PATH, lambda asked: asked.json({}, 302, {"Location": target}))

        with pytest.raises(ClusterError, match="redirects to 127") as caught:
            cluster.read(KEY)

        assert caught.value.status == 302
        assert other.seen == []


def test_an_answer_without_end_is_bounded(
    server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(asked: Asked) -> None:
        asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        try:
            while True:
                asked.write(b" " * 65536)
        except OSError:
            asked.cut()

    server.route(PATH, endless)

    with pytest.raises(ClusterError, match="larger than 64 MiB"):
        cluster.read(KEY)


def test_a_half_open_connection_meets_the_read_deadline(server: ScriptedServer, tmp_path: Path) -> None:
    clusters = Clusters(server.kubeconfig(tmp_path), timing=Timing(read=1.0, total=2.5))
    server.route(PATH, lambda _: None)

    with pytest.raises(UnreachableError, match="no answer within"):
        clusters.get().read(KEY)
    clusters.close()


def test_a_trickle_meets_the_total_deadline(server: ScriptedServer, tmp_path: Path) -> None:
    def trickle(asked: Asked) -> None:
        asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        try:
            for _ in range(1000):
                asked.answered.wait(0.01)
                asked.write(b" ")
        except OSError:
            asked.cut()

    clusters = Clusters(server.kubeconfig(tmp_path), timing=Timing(read=10.0, total=2.0))
    server.route(PATH, trickle)

    with pytest.raises(UnreachableError, match="did not come in time"):
        clusters.get().read(KEY)
    clusters.close()


def test_nobody_listening_is_told_and_not_asked_again_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        config = server.kubeconfig(tmp_path, server=f"http://127.0.0.1:{reserved.getsockname()[1]}")
        clusters = Clusters(config, timing=Timing(first_pause=60.0, longest_pause=60.0))

        with pytest.raises(UnreachableError, match="connection refused") as first:
            clusters.get().read(KEY)
        with pytest.raises(UnreachableError, match="connection refused") as second:
            clusters.get().version()

    assert first.value.subject == "cluster scripted"
    assert first.value.hint
    assert second.value.__cause__ is first.value, "the second call makes no connection: the first one's pause runs"
    assert second.value.retry_after is not None
    assert second.value.retry_after > 20
    clusters.close()


def test_a_person_may_have_it_tried_again_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        config = server.kubeconfig(tmp_path, server=f"http://127.0.0.1:{reserved.getsockname()[1]}")
        clusters = Clusters(config, timing=Timing(first_pause=60.0, longest_pause=60.0))
        with pytest.raises(UnreachableError):
            clusters.get().version()

    server.route("/version", json_reply({"gitVersion": "v1.36.3"}))
    server.kubeconfig(tmp_path)
    clusters.get().retry()

    assert clusters.get().version() == "v1.36.3"
    clusters.close()


def test_429_lets_fewer_requests_run_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    clusters = Clusters(server.kubeconfig(tmp_path), timing=Timing(first_pause=0.02, recovery=3600.0))
    cluster = clusters.get()
    server.route(PATH, throttled, json_reply(BODY))
    cluster.read(KEY)
    slow = ResourceKey("", "ConfigMap", "shop", "slow")
    threads = [threading.Thread(target=cluster.read, args=(slow,)) for _ in range(12)]
    for thread in threads:
        thread.start()

    first = [server.take(f"{PATH[:-3]}slow") for _ in range(8)]
    at_once = server.count(f"{PATH[:-3]}slow")
    for asked in first:
        asked.json(BODY)
    for _ in range(4):
        server.take(f"{PATH[:-3]}slow").json(BODY)
    for thread in threads:
        thread.join(DEADLINE)

    assert at_once == 8, "sixteen at once were allowed before the 429, and all twelve would have come"
    clusters.close()


def test_401_makes_the_credentials_be_read_again_once(server: ScriptedServer, tmp_path: Path) -> None:
    clusters = Clusters(server.kubeconfig(tmp_path, {"token": "old"}))
    cluster = clusters.get()

    def by_token(asked: Asked) -> None:
        if asked.headers["Authorization"] == "Bearer new":
            asked.json(BODY)
        else:
            server.kubeconfig(tmp_path, {"token": "new"})
            asked.status(401, "Unauthorized", "Unauthorized")

    server.route(PATH, by_token)

    assert cluster.read(KEY) == BODY
    assert server.count(PATH) == 2
    clusters.close()


def test_lasting_401_says_to_log_in(server: ScriptedServer, cluster: Cluster) -> None:
    server.route(PATH, lambda asked: asked.status(401, "Unauthorized", "Unauthorized"))

    with pytest.raises(ForbiddenError, match="log in again"):
        cluster.read(KEY)

    assert server.count(PATH) == 2


def test_a_conflict_is_not_repeated(server: ScriptedServer, cluster: Cluster) -> None:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-edit" using v1',
            "field": ".data.color",
        }
    ]
    server.route(PATH, lambda asked: asked.status(409, "Conflict", "1 conflict", details={"causes": causes}))

    with pytest.raises(ConflictError) as caught:
        cluster.apply(Manifest.of(BODY))

    assert caught.value.causes == (".data.color: kubectl-edit",)
    assert server.count(PATH) == 1


def test_what_an_apply_sends(server: ScriptedServer, cluster: Cluster) -> None:
    warning = '299 - "spec.x is deprecated", 299 kube "a \\"quoted\\" \x1b[31mword"'
    server.route(PATH, json_reply(BODY, headers={"Warning": warning}))

    applied = cluster.apply(Manifest.of(BODY), force=True, dry_run=True)

    asked = server.seen[-1]
    assert asked.method == "PATCH"
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.query == {
        "fieldManager": "gitops-tui",
        "force": "true",
        "fieldValidation": "Strict",
        "dryRun": "All",
    }
    assert json.loads(asked.body) == BODY
    assert applied.warnings == ("spec.x is deprecated", 'a "quoted" ␛[31mword')


def test_what_a_delete_sends(server: ScriptedServer, cluster: Cluster) -> None:
    server.route(PATH, json_reply({"kind": "Status", "status": "Success"}))

    cluster.delete(KEY, uid="u1", resource_version="7", propagation="orphan")

    asked = server.seen[-1]
    assert asked.method == "DELETE"
    assert json.loads(asked.body) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "u1", "resourceVersion": "7"},
        "propagationPolicy": "Orphan",
    }


def test_deleting_what_is_gone_is_no_error(server: ScriptedServer, cluster: Cluster) -> None:
    server.route(PATH, lambda asked: asked.status(404, "NotFound", "gone", details={"name": "web"}))

    cluster.delete(KEY, uid="u1")

    assert server.count(PATH) == 1


def test_a_namespaced_object_without_a_namespace_is_never_sent(server: ScriptedServer, cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="has no namespace"):
        cluster.delete(ResourceKey("", "ConfigMap", "", "web"), uid="u1")

    assert not any(asked.method == "DELETE" for asked in server.seen)

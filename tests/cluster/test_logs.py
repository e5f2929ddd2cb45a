"""What a container wrote, as a kubelet hands it out."""

from __future__ import annotations

import pytest

from gitops_tui.cluster import Cluster
from gitops_tui.cluster.logs import Dated
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.logs import LogSource
from tests.support.real_cluster import RealCluster
from tests.support.scripted_server import ScriptedServer

APP = LogSource("shop", "web-1", "app")
PATH = "/api/v1/namespaces/shop/pods/web-1/log"
NOON = 1_772_798_400_000_000_000  # 2026-03-06 12:00 UTC


def answer(server: ScriptedServer, text: str) -> None:
    server.route(PATH, lambda asked: asked.text(text, 200, "text/plain"))


def test_each_line_has_its_time_to_the_nanosecond(cluster: Cluster, server: ScriptedServer) -> None:
    answer(
        server,
        "2026-03-06T12:00:00.000000001Z first\n"
        "2026-03-06T13:00:00.25+01:00   indented\n"
        "2026-03-06T12:00:01Z \n"
        "2026-03-06T12:00:02Z not ended yet",
    )
    assert cluster.written_by(APP) == (
        Dated(NOON + 1, "first"),
        Dated(NOON + 250_000_000, "  indented"),
        Dated(NOON + 1_000_000_000, ""),
        Dated(NOON + 2_000_000_000, "not ended yet"),
    )


def test_only_what_is_new_is_asked_for_and_never_without_bounds(cluster: Cluster, server: ScriptedServer) -> None:
    answer(server, "")
    cluster.written_by(APP)
    cluster.written_by(APP, NOON + 999_999_999, previous=True)
    first, second = (asked.query for asked in server.seen if asked.path == PATH)
    assert first == {"container": "app", "timestamps": "true", "tailLines": "500", "limitBytes": "524288"}
    assert second == {**first, "sinceTime": "2026-03-06T12:00:00Z", "previous": "true"}


def test_a_line_that_the_bound_has_cut_is_left_for_the_next_time(cluster: Cluster, server: ScriptedServer) -> None:
    whole = "2026-03-06T12:00:00Z whole\n"
    long = f"2026-03-06T12:00:01Z {'x' * 600_000}"
    answer(server, (whole + long)[: 512 << 10])
    assert [each.text for each in cluster.written_by(APP)] == ["whole"]


@pytest.mark.parametrize(
    "text", ["no time at all", "2026-99-99T12:00:00Z no such day", "0001-01-01T00:00:00+14:00 too early"]
)
def test_what_carries_no_time_is_shown_as_it_is(cluster: Cluster, server: ScriptedServer, text: str) -> None:
    answer(server, f"{text}\n2026-03-06T12:00:00Z dated\n{text}\n")
    assert cluster.written_by(APP) == (Dated(0, text), Dated(NOON, "dated"), Dated(NOON, text))


def test_bytes_that_are_no_text_do_no_harm(cluster: Cluster, server: ScriptedServer) -> None:
    body = b"2026-03-06T12:00:00Z caf\xe9\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    server.route(PATH, lambda asked: asked.raw(head + body))
    assert cluster.written_by(APP) == (Dated(NOON, "caf\N{REPLACEMENT CHARACTER}"),)


def test_a_refusal_says_which_container(cluster: Cluster, server: ScriptedServer) -> None:
    why = 'container "app" in pod "web-1" is waiting to start: ImagePullBackOff'
    server.route(PATH, lambda asked: asked.status(400, "BadRequest", why))
    with pytest.raises(ClusterError, match="ImagePullBackOff") as caught:
        cluster.written_by(APP)
    assert caught.value.subject == "container app of Pod shop/web-1"


def test_real_servers_answer_for_pods_on_no_node_and_for_none(live: Cluster, api: RealCluster, shop: str) -> None:
    pod = {
        "metadata": {"name": "web-1"},
        "spec": {"schedulerName": "nobody", "containers": [{"name": "app", "image": "registry.example.com/web:1"}]},
    }
    status, answered = api.request("POST", f"/api/v1/namespaces/{shop}/pods", pod)
    assert status == 201, answered
    assert live.written_by(LogSource(shop, "web-1", "app")) == ()
    with pytest.raises(ClusterError, match="container other is not valid for pod web-1"):
        live.written_by(LogSource(shop, "web-1", "other"))
    with pytest.raises(ClusterError, match="not found"):
        live.written_by(LogSource(shop, "web-2", "app"))

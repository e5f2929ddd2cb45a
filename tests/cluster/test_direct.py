"""The way to a server without the kubernetes package: certificates, connections used again, answers of all shapes."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster.connection.direct import DirectWire, is_direct
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Target
from gitops_tui.cluster.connection.wire import NO_CONNECTION
from gitops_tui.embedded.tls import self_signed
from gitops_tui.model.errors import UnreachableError
from tests.support.scripted_server import Asked, ScriptedServer, json_reply

PATIENCE = 60.0


class Listener:
    """Takes connections one after the other and answers each request on them with the next of `answers`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connected, _ = self._listening.accept()
                self.connections += 1
                with suppress(OSError), connected:
                    self._talk(self._tls.wrap_socket(connected, server_side=True) if self._tls else connected)

    def _talk(self, connected: socket.socket) -> None:
        with connected:
            while request := connected.recv(1 << 16):
                self.requests.append(request)
                answer = self.answers.pop(0)
                connected.sendall(answer)
                if b"Connection: close" in answer or b"HTTP/1.1" not in answer:
                    return


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def plain(listener: Listener) -> DirectWire:
    return DirectWire(Target("c", {"server": f"http://127.0.0.1:{listener.port}/root/"}), {"token": "t"})


def ask(wire: DirectWire, method: str = "GET", body: bytes | None = None) -> bytes:
    reply = wire.send(method, "/path", [("X-One", "1")], body, connect=PATIENCE, silence=PATIENCE)
    data = b"".join(reply.pieces())
    reply.close()
    return data


def measured(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


def test_a_request_as_it_is_sent(listener: Listener) -> None:
    listener.answers = [measured(b"{}")]
    assert ask(plain(listener), "PATCH", b"body") == b"{}"
    head = f"PATCH /root/path HTTP/1.1\r\nHost: 127.0.0.1:{listener.port}\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody"
    assert listener.requests == [head.encode()]


def test_a_connection_is_used_again(listener: Listener) -> None:
    listener.answers = [measured(b"one"), b"HTTP/1.1 204 No Content\r\n\r\n", measured(b"three")]
    wire = plain(listener)
    assert [ask(wire), ask(wire), ask(wire)] == [b"one", b"", b"three"]
    assert listener.connections == 1


def test_a_connection_that_the_server_closes_is_opened_anew(listener: Listener) -> None:
    listener.answers = [measured(b"one", b"Connection: close"), measured(b"two")]
    wire = plain(listener)
    assert [ask(wire), ask(wire)] == [b"one", b"two"]
    assert listener.connections == 2


def test_a_connection_that_was_closed_while_it_was_idle_is_opened_anew() -> None:
    with ScriptedServer.start() as server:
        closing: list[Asked] = []

        def answer(asked: Asked) -> None:
            closing.append(asked)
            asked.json({})

        server.route("/path", answer)
        wire = DirectWire(Target("c", {"server": server.url}), {})
        for _ in range(3):
            assert ask(wire) == b"{}"
            closing[-1].cut()
        assert server.count("/path") == 3


def test_an_answer_that_is_not_read_to_its_end_takes_its_connection_along(listener: Listener) -> None:
    listener.answers = [measured(b"x" * 100_000), measured(b"two")]
    wire = plain(listener)
    wire.send("GET", "/path", [], None, connect=PATIENCE, silence=PATIENCE).close()
    assert ask(wire) == b"two"
    assert listener.connections == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\none\r\nA\r\n0123456789\r\n0\r\n\r\n", b"one"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\none\r\n0\r\nX-Trailer: 1\r\n\r\n", b"one"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", b"one"),
        (b"HTTP/1.0 200 OK\r\n\r\none", b"one"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_answers_of_all_shapes(listener: Listener, answer: bytes, body: bytes) -> None:
    listener.answers = [answer]
    assert ask(plain(listener)).startswith(body)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\nConnection: close",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\none",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\none\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nonetwo\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nX: " + b"x" * 300_000,
    ],
)
def test_an_answer_that_is_none_is_told(listener: Listener, answer: bytes) -> None:
    listener.answers = [answer]
    with pytest.raises(UnreachableError, match="broke before the answer was whole"):
        ask(plain(listener))
    assert len(listener.requests) == 1, "what a server has answered is not sent again"


@pytest.fixture
def trusted(tmp_path: Path) -> Iterator[tuple[Listener, dict[str, Any], dict[str, Any]]]:
    """A server that wants a certificate, the cluster that it is, and a user that has one."""
    one = self_signed()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    path = tmp_path / "server.pem"
    path.write_text(one.certificate + one.key)
    tls.load_cert_chain(path)
    tls.load_verify_locations(cadata=one.certificate)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    listener = Listener(tls)
    authority = b64encode(one.certificate.encode()).decode()
    key = b64encode(one.key.encode()).decode()
    yield (
        listener,
        {"server": f"https://127.0.0.1:{listener.port}", "certificate-authority-data": authority},
        {"client-certificate-data": authority, "client-key-data": key},
    )
    listener.close()


def test_both_ends_prove_who_they_are(
    trusted: tuple[Listener, dict[str, Any], dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listener, cluster, user = trusted
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    listener.answers = [measured(b"{}")]
    assert ask(DirectWire(Target("c", cluster), user)) == b"{}"
    assert list((tmp_path / "temporary").iterdir()) == [], "the key is nowhere on the disk any more"


def test_a_stranger_is_not_talked_to(trusted: tuple[Listener, dict[str, Any], dict[str, Any]]) -> None:
    listener, cluster, user = trusted
    stranger = b64encode(self_signed().certificate.encode()).decode()
    with pytest.raises(UnreachableError, match=r"no TLS connection: .*self.signed") as caught:
        ask(DirectWire(Target("c", {**cluster, "certificate-authority-data": stranger}), user))
    assert caught.value.reason == NO_CONNECTION
    assert listener.requests == []


@pytest.mark.parametrize(
    ("cluster", "user", "environ", "is_one"),
    [
        ({"server": "http://x"}, {"token": "t"}, {}, True),
        ({"server": "https://x", "certificate-authority": "/ca"}, {"client-certificate": "/c"}, {}, True),
        ({"server": "https://x", "insecure-skip-tls-verify": True}, {"username": "u", "password": "p"}, {}, True),
        ({"server": "https://x"}, {"token": "t"}, {}, False),
        ({"server": "http://x"}, {"auth-provider": {"name": "oidc"}}, {}, False),
        ({"server": "http://x", "proxy-url": "http://p"}, {}, {}, False),
        ({"server": "http://x"}, {}, {"HTTPS_PROXY": "http://p"}, False),
    ],
)
def test_what_only_the_package_knows_is_left_to_it(
    cluster: dict[str, Any], user: dict[str, Any], environ: dict[str, str], is_one: bool
) -> None:
    assert is_direct(Target("c", cluster), user, environ) is is_one


def test_a_pod_is_left_to_the_package() -> None:
    assert not is_direct(Target(IN_CLUSTER), {}, {})


def test_a_token_needs_neither_the_package_nor_its_http_client(tmp_path: Path) -> None:
    with ScriptedServer.start() as server:
        server.route("/version", json_reply({"gitVersion": "v1.36.3"}))
        text = (
            "import sys; from pathlib import Path; from gitops_tui.cluster import Clusters;"
            "print(Clusters(Path(sys.argv[1])).get().version());"
            "print([name for name in ('kubernetes', 'urllib3', 'requests') if name in sys.modules])"
        )
        command = [sys.executable, "-c", text, str(server.kubeconfig(tmp_path))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "v1.36.3\n[]\n"

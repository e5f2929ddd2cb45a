"""An HTTP server that does what a test tells it, down to the bytes: for faults that no real API server shows.

Paths with a route are answered by themselves. Every other request waits until the test takes it with `take` and
answers it, so that a test decides what happens when.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

DEADLINE = 60.0


@dataclass(eq=False)
class Asked:
    """One request, and the means to answer it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: socket.socket
    answered: threading.Event = field(default_factory=threading.Event)

    def json(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer with JSON, and wait for the connection's next request."""
        data = json.dumps(body).encode()
        head = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
        self.write(_head(status, head) + data)
        self.answered.set()

    def text(self, body: str, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with text."""
        data = body.encode()
        head = {"Content-Type": content_type, "Content-Length": str(len(data)), **(headers or {})}
        self.write(_head(status, head) + data)
        self.answered.set()

    def status(self, code: int, reason: str = "", message: str = "", **more: Any) -> None:
        """Answer with a Kubernetes Status. headers: as for `json`."""
        headers = more.pop("headers", None)
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
        self.json({**body, "message": message, **more}, code, headers)

    def raw(self, data: bytes) -> None:
        """Answer with these bytes, then close the connection."""
        self.write(data)
        self.cut()

    def begin(self) -> None:
        """Begin an answer without a known end, as a watch is."""
        self.write(_head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}))

    def event(self, kind: str, body: Mapping[str, Any]) -> None:
        """Send one event of a watch."""
        data = json.dumps({"type": kind, "object": body}).encode() + b"\n"
        self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> None:
        """End a watch as a server does whose time for it has run out."""
        self.write(b"0\r\n\r\n")
        self.answered.set()

    def cut(self) -> None:
        """Close the connection, whatever was sent."""
        with suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)
        self.answered.set()

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.peer.sendall(data)


Reply = Callable[[Asked], None]


class ScriptedServer:
    """Listens on loopback for the length of a `with ScriptedServer.start()` block."""

    def __init__(self) -> None:
        self.routes: dict[str, list[Reply]] = {}
        self.seen: list[Asked] = []
        self._changed = threading.Condition()
        self._waiting: list[Asked] = []
        self._closing = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Serve until the block ends."""
        server = cls()
        thread = threading.Thread(target=server._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server._closing = True
            for asked in server.seen:
                asked.cut()
            server._server.shutdown()
            server._server.server_close()
            thread.join(DEADLINE)

    def route(self, path: str, *replies: Reply) -> None:
        """Answer requests for `path` with one reply after the other; the last one stays."""
        self.routes[path] = list(replies)

    def take(self, path: str, **query: str) -> Asked:
        """Wait for the next request for `path` that has these query parameters."""

        def found() -> Asked | None:
            wanted = query.items()
            return next((a for a in self._waiting if a.path == path and wanted <= a.query.items()), None)

        with self._changed:
            asked = self._changed.wait_for(found, DEADLINE)
            assert asked, f"no request for {path} {query}; waiting are {[(a.path, a.query) for a in self._waiting]}"
            self._waiting.remove(asked)
            return asked

    def count(self, path: str) -> int:
        """How many requests for `path` there were."""
        with self._changed:
            return sum(asked.path == path for asked in self.seen)

    def kubeconfig(self, folder: Path, user: Mapping[str, Any] | None = None, *, server: str = "") -> Path:
        """A kubeconfig that names this server, with one context `scripted`."""
        path = folder / "kubeconfig"
        path.write_text(json.dumps(kubeconfig_body(server or self.url, user or {"token": "t0ken"})))
        return path

    def _arrived(self, asked: Asked) -> Reply | None:
        with self._changed:
            self.seen.append(asked)
            replies = self.routes.get(asked.path)
            if replies:
                return replies.pop(0) if len(replies) > 1 else replies[0]
            self._waiting.append(asked)
            self._changed.notify_all()
            return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    self.raw_requestline = self.rfile.readline(1 << 16)
                    if not self.raw_requestline or owner._closing or not self.parse_request():
                        self.close_connection = True
                        return
                    self.close_connection = False
                    self._serve()
                except OSError:
                    self.close_connection = True

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                asked = Asked(self.command, parts.path, query, dict(self.headers), body, self.connection)
                reply = owner._arrived(asked)
                if reply is not None:
                    reply(asked)
                asked.answered.wait()

            def log_message(self, *args: Any) -> None:
                """The test tells what it wants to know."""

        return Handler


def kubeconfig_body(server: str, user: Mapping[str, Any], name: str = "scripted") -> dict[str, Any]:
    """A kubeconfig with one cluster, one user and one context of one name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": dict(user)}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply for `route`."""
    return lambda asked: asked.json(body, status, headers)


def core_resources(*resources: tuple[str, str, bool]) -> dict[str, Any]:
    """Aggregated discovery of the core group: kind, plural, namespaced."""
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "items": [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": _entries("", resources)}]}],
    }


def _entries(group: str, resources: Sequence[tuple[str, str, bool]]) -> list[dict[str, Any]]:
    return [
        {
            "resource": plural,
            "responseKind": {"group": group, "version": "v1", "kind": kind},
            "scope": "Namespaced" if namespaced else "Cluster",
            "verbs": ["get", "list", "watch", "patch", "delete"],
        }
        for kind, plural, namespaced in resources
    ]


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()

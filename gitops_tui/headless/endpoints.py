"""Health over HTTP: `/healthz` while the worker lives, `/readyz` once everything has been looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gitops_tui.model.errors import UsageError
from gitops_tui.model.status import Snapshot, WorkerState

_DEADLINE = 5.0


class Endpoints:
    """A small HTTP server in a thread of its own. It tells states only: no names, no texts, no secrets."""

    def __init__(self, listen: str, current: Callable[[], Snapshot]) -> None:
        host, port = _address(listen)
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(current))
        except OSError as error:
            raise UsageError(
                f"--listen {listen}", f"cannot listen there: {error.strerror}", hint="choose another address or port"
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="endpoints", daemon=True)

    @property
    def address(self) -> str:
        """`127.0.0.1:9797`, with the real port where 0 was asked for."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


def is_alive(snapshot: Snapshot) -> bool:
    """Whether the worker runs."""
    return snapshot.worker not in {WorkerState.FAILED, WorkerState.STOPPED}


def is_ready(snapshot: Snapshot) -> bool:
    """Whether every application has been looked at, or cannot be for a reason that is known."""
    if not is_alive(snapshot) or snapshot.worker is WorkerState.STARTING:
        return False
    repositories = all(r.fetched_at or r.problem for r in snapshot.repositories.values())
    return repositories and all(s.compared_at or s.problems for s in snapshot.applications.values())


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {listen}", "is not HOST:PORT", hint="for example 127.0.0.1:9797")
    return host.strip("[]"), int(port)


def _handler(current: Callable[[], Snapshot]) -> type[BaseHTTPRequestHandler]:
    checks = {"/healthz": is_alive, "/readyz": is_ready}

    class Handler(BaseHTTPRequestHandler):
        """Two paths, GET and HEAD."""

        timeout = _DEADLINE
        server_version = "gitops-tui"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer 200 or 503."""
            check = checks.get(self.path.partition("?")[0])
            if check is None:
                self._answer(404, "not found")
            elif check(current()):
                self._answer(200, "ok")
            else:
                self._answer(503, "not ok")

        do_HEAD = do_GET  # noqa: N815 - the name is http.server's

        def _answer(self, code: int, text: str) -> None:
            body = f"{text}\n".encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            """Probes are no events."""

    return Handler

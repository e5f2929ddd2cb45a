"""The listening socket and its connections: one thread each, TLS, loopback only."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.faults import Fault, Faults
from gitops_tui.embedded.http import answers
from gitops_tui.embedded.http.handlers import Handlers
from gitops_tui.embedded.http.messages import Connection, ProtocolError, Request, Response
from gitops_tui.embedded.http.watching import Watch
from gitops_tui.embedded.store.items import Event, encode
from gitops_tui.embedded.store.subscription import Subscription

_HANDSHAKE_SECONDS = 10.0


class HttpServer:
    """Serves one backend on 127.0.0.1."""

    def __init__(self, backend: Backend, faults: Faults, port: int, credential: Path, bookmark_seconds: float) -> None:
        self._backend = backend
        self._faults = faults
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(credential)
        self._tls.set_alpn_protocols(["http/1.1"])
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._listener.settimeout(None)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._handlers: Handlers | None = None
        self.bookmark_seconds = bookmark_seconds

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def stopping(self) -> bool:
        """Whether it is going down."""
        return self._stopping.is_set()

    def drops(self, subscription: Subscription) -> bool:
        """Whether a watch that runs was dropped by a fault."""
        return subscription.started <= self._faults.dropped_at

    def silences(self, subscription: Subscription) -> bool:
        """Whether a watch that runs fell silent by a fault."""
        return subscription.started <= self._faults.frozen_at

    def told(self, events: Sequence[Event]) -> list[Event]:
        """What a watch tells of events, with faults or without."""
        return self._faults.told(events)

    def start(self, handlers: Handlers) -> None:
        """Accept connections from now on."""
        self._handlers = handlers
        threading.Thread(target=self._accept, name="embedded-accept", daemon=True).start()

    def stop(self) -> None:
        """Accept no more, and close every connection."""
        self._stopping.set()
        self._faults.clear()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for sock in connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), name="embedded-connection", daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with self._lock:
            self._open.add(plain)
        sock: socket.socket = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_HANDSHAKE_SECONDS)
            sock = self._tls.wrap_socket(plain, server_side=True)
            sock.settimeout(None)
            with self._lock:
                self._open.discard(plain)
                self._open.add(sock)
            self._converse(Connection(sock))
        except (OSError, ssl.SSLError):
            return  # the client has gone, or never spoke TLS
        finally:
            with self._lock:
                self._open.discard(plain)
                self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()

    def _converse(self, connection: Connection) -> None:
        while not self._stopping.is_set():
            try:
                request = connection.read()
            except ProtocolError as error:
                reason = "RequestEntityTooLarge" if error.code == 413 else "BadRequest"
                refused = errors.ApiError(error.code, reason, str(error))
                connection.write(answers.of_error(refused), keep_alive=False)
                return
            if request is None or not self._reply(connection, request):
                return

    def _reply(self, connection: Connection, request: Request) -> bool:
        """Answer one request; whether the connection goes on."""
        fault = self._faults.meet(request.method, request.target)
        if fault is not None and (done := self._misbehave(connection, request, fault)) is not None:
            return done
        result = self._answer(request)
        if isinstance(result, Call):
            return self._watch(connection, request, result)
        connection.write(result, keep_alive=request.keeps_alive, head_only=request.method == "HEAD")
        return request.keeps_alive

    def _answer(self, request: Request) -> Response | Call:
        if self._handlers is None:
            return answers.of_error(errors.ApiError(503, "ServiceUnavailable", "the server is starting"))
        try:
            return self._handlers.answer(request)
        except errors.ApiError as error:
            return answers.of_error(error)
        except Exception as error:  # noqa: BLE001 - a bug here must reach the client as an answer, not as silence
            return answers.of_error(errors.internal(f"{type(error).__name__}: {error}"))

    def _watch(self, connection: Connection, request: Request, call: Call) -> bool:
        try:
            watch = Watch(self._backend, call, request, self)
        except errors.ApiError as error:
            connection.write(answers.of_error(error), keep_alive=request.keeps_alive)
            return request.keeps_alive
        return watch.run(connection) and request.keeps_alive

    def _misbehave(self, connection: Connection, request: Request, fault: Fault) -> bool | None:
        """Do what a fault says; None when the request is answered all the same."""
        done = self._answer(request) if fault.done else None
        fault.met.set()
        match fault.action:
            case "delay":
                self._stopping.wait(fault.seconds)
                return None
            case "cut":
                return False
            case "truncate":
                if isinstance(done, Response):
                    connection.write(done, keep_alive=False, half=True)
                return False
            case "hang":
                self._faults.wait_released()
                return False
        error = errors.ApiError(fault.code, fault.reason, fault.message)
        if fault.retry_after is not None:
            error.details = {"retryAfterSeconds": fault.retry_after}
            error.headers["Retry-After"] = str(fault.retry_after)
        body = encode(error.status) if fault.body is None else fault.body
        response = Response(body, fault.code, fault.content_type, {**error.headers, **fault.headers})
        connection.write(response, keep_alive=request.keeps_alive)
        return request.keeps_alive

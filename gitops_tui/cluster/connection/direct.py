"""HTTP/1.1 straight to an API server, for users with a certificate, a token or a password.

Most kubeconfigs name nothing else, and the kubernetes package takes a quarter of a second to import. This reads no
redirect, no cookie and no compression, keeps connections open, and never waits longer than it is told.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gitops_tui.cluster.connection import wire
from gitops_tui.cluster.connection.answer import Line, Reply
from gitops_tui.cluster.connection.kubeconfig import Target
from gitops_tui.cluster.connection.wire import Header
from gitops_tui.model.errors import UnreachableError

_POOL: Final = 256
"""Idle connections kept: every watch has one of its own besides those of requests."""

_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


def is_direct(target: Target, user: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Whether everything that a kubeconfig says of a context is understood here."""
    cluster = target.cluster
    if not cluster or user.get("auth-provider") or cluster.get("proxy-url") or any(map(environ.get, _PROXIES)):
        return False
    is_trusted = any(cluster.get(f"certificate-authority{kind}") for kind in ("", "-data"))
    return target.server.startswith("http://") or is_trusted or bool(cluster.get("insecure-skip-tls-verify"))


class DirectWire:
    """Connections to one server, used again as long as it keeps them open."""

    def __init__(self, target: Target, user: Mapping[str, Any]) -> None:
        url = urlsplit(target.server)
        self._context = target.name
        self._root = url.path.rstrip("/")
        self._tls = _tls(target.cluster, user) if url.scheme == "https" else None
        self._address: tuple[Any, int] = (_host(url.hostname or ""), url.port or (443 if self._tls else 80))
        self._host = url.netloc.rpartition("@")[2]
        self._server_name = _host(str(target.cluster.get("tls-server-name") or url.hostname))
        self._authorization = _authorization(user)
        self._identity = (target.server, str([target.cluster.get(f"certificate-authority{n}") for n in ("", "-data")]))
        self._lock = threading.Lock()
        self._idle: list[Line] = []
        self._closed = False

    @property
    def identity(self) -> tuple[str, str]:
        """Its URL and its certificate authority."""
        return self._identity

    def authorization(self) -> str:
        """The token or the password."""
        return self._authorization

    def send(
        self, method: str, path: str, headers: Sequence[Header], body: bytes | None, *, connect: float, silence: float
    ) -> Reply:
        """Send one request, on an idle connection where there is one."""
        head = self._head(method, path, headers, body)
        line = self._taken()
        if line is not None:
            with suppress(_ClosedIdleError):
                return self._asked(line, method, head, silence)
        return self._asked(self._opened(connect), method, head, silence)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()

    def _head(self, method: str, path: str, headers: Sequence[Header], body: bytes | None) -> bytes:
        given = [("Host", self._host), *headers]
        if body is not None or method in {"POST", "PUT", "PATCH"}:
            given.append(("Content-Length", str(len(body or b""))))
        lines = [f"{method} {self._root}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in given)]
        if any("\r" in each or "\n" in each for each in lines):
            raise ValueError("a header holds a line break")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")

    def _asked(self, line: Line, method: str, head: bytes, silence: float) -> Reply:
        was_used = line.is_used
        line.is_used = True
        try:
            with _told(self._context, silence):
                line.send(head, silence)
                reply = line.reply(method, self._context, silence, self._given_back)
        except UnreachableError as error:
            line.close()
            if was_used and not line.has_answered and error.message == wire.BROKEN:
                # The server had closed it before this came: the request was not read, and goes out on a fresh one.
                raise _ClosedIdleError from error
            raise
        except BaseException:
            line.close()
            raise
        return reply

    def _taken(self) -> Line | None:
        while True:
            with self._lock:
                line = self._idle.pop() if self._idle else None
            if line is None or line.is_quiet():
                return line
            line.close()

    def _given_back(self, line: Line) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _POOL:
                self._idle.append(line)
                return
        line.close()

    def _opened(self, seconds: float) -> Line:
        try:
            made = socket.create_connection(self._address, timeout=seconds)
        except socket.gaierror as error:
            raise wire.no_connection(self._context, *wire.NO_NAME) from error
        except TimeoutError as error:
            raise wire.no_connection(self._context, *wire.TOO_SLOW) from error
        except OSError as error:
            raise wire.no_connection(self._context, *wire.REFUSED) from error
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if self._tls is None:
            return Line(made)
        try:
            return Line(self._tls.wrap_socket(made, server_hostname=self._server_name))
        except TimeoutError as error:
            made.close()
            raise wire.no_connection(self._context, *wire.TOO_SLOW) from error
        except (OSError, ValueError) as error:
            made.close()
            raise wire.no_tls(self._context, error) from error


def _host(name: str) -> str | bytes:
    """A name as `socket` and `ssl` take it: text is encoded by the rules of IDNA, whose tables are large."""
    return name.encode("ascii") if name.isascii() else name


class _ClosedIdleError(Exception):
    """The server has closed a connection that was idle."""


@contextmanager
def _told(context: str, silence: float) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise wire.silent(context, silence) from error
    except OSError as error:
        raise wire.lost(context) from error


def _authorization(user: Mapping[str, Any]) -> str:
    if user.get("token"):
        return f"Bearer {str(user['token']).strip()}"
    if "username" in user and "password" in user:
        return "Basic " + b64encode(f"{user['username']}:{user['password']}".encode()).decode()
    return ""


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    """What both ends prove to each other. OSError or ValueError when a certificate cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif cluster.get("certificate-authority-data"):
        context.load_verify_locations(cadata=b64decode(str(cluster["certificate-authority-data"])).decode())
    else:
        context.load_verify_locations(cafile=str(cluster["certificate-authority"]))
    with _file(user, "client-certificate") as certificate, _file(user, "client-key") as key:
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    return context


@contextmanager
def _file(user: Mapping[str, Any], name: str) -> Iterator[Path | None]:
    """A file with what the user states as data, for the moment in which it is read; else the file that is named."""
    data = user.get(f"{name}-data")
    if not data:
        yield Path(str(user[name])) if user.get(name) else None
        return
    import tempfile  # noqa: PLC0415 - for users with a certificate alone

    descriptor, path = tempfile.mkstemp(prefix="gitops-tui-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b64decode(str(data)))
        yield Path(path)
    finally:
        Path(path).unlink()

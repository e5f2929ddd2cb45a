"""One HTTP request and its answer, with a deadline for everything and errors of our own family.

Texts of library errors are not passed on: they may hold a proxy's password or part of an answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from kubernetes.client.exceptions import ApiException
from urllib3 import exceptions

from gitops_tui.cluster.connection.credentials import Connection
from gitops_tui.cluster.pace import Deadline, Timing
from gitops_tui.model.errors import ClusterError, UnreachableError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

NO_CONNECTION = "NoConnection"
"""Reason of an UnreachableError: no connection came about, so the whole cluster is out of reach."""

ANSWER_LOST = "AnswerLost"
"""Reason of an UnreachableError: the connection broke or fell silent, which may concern this request alone."""

_PIECE = 1 << 16
_FAILURES = (exceptions.HTTPError, ApiException, OSError)


class Exchange:
    """An answer whose head has come: read it whole, or line by line as it comes."""

    def __init__(self, response: Any, connection: Connection, timing: Timing) -> None:
        self._response = response
        self._context = connection.context
        self._timing = timing
        self.status: int = response.status

    def header(self, name: str) -> str | None:
        """A header, None when it is not there."""
        value = self._response.headers.get(name)
        return None if value is None else str(value)

    def header_values(self, name: str) -> tuple[str, ...]:
        """All headers of one name."""
        return tuple(self._response.headers.getlist(name))

    def read(self, limit: int, deadline: Deadline) -> bytes:
        """The whole body; ClusterError when it is larger than `limit` bytes or does not come in time."""
        pieces: list[bytes] = []
        size = 0
        for piece in self._pieces():
            size += len(piece)
            if size > limit:
                raise ClusterError(f"cluster {self._context}", f"an answer is larger than {limit >> 20} MiB")
            if deadline.passed:
                raise _lost(self._context, "the answer did not come in time")
            pieces.append(piece)
        return b"".join(pieces)

    def lines(self, limit: int) -> Iterator[bytes]:
        """The lines of the body, as they come; UnreachableError when they stop coming."""
        buffer = bytearray()
        for piece in self._pieces():
            start = len(buffer)
            buffer += piece
            while (end := buffer.find(b"\n", start)) >= 0:
                yield bytes(buffer[:end])
                del buffer[: end + 1]
                start = 0
            if len(buffer) > limit:
                raise ClusterError(f"cluster {self._context}", f"an event is larger than {limit >> 20} MiB")
        if buffer.strip():
            raise _lost(self._context, "the answer was cut")

    def _pieces(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(_PIECE):
                yield piece
        except _FAILURES as error:
            raise explain(self._context, error, self._timing) from error

    def abort(self) -> None:
        """End the answer now, from another thread: whoever reads it gets an UnreachableError or its end."""
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            # It has ended by itself.
            return

    def close(self) -> None:
        """Let go of the connection; what was not read of it is lost."""
        self._response.close()
        self._response.release_conn()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. path: with its query. body: bytes as they are, or JSON data. silence: see `Timing`."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = field(default=None, repr=False)
    silence: float = 30.0


def send(connection: Connection, request: Request, timing: Timing) -> Exchange:
    """Send one request and wait for the head of its answer."""
    try:
        response = connection.client.call_api(
            request.method,
            connection.host + request.path,
            header_params=connection.headers(request.headers),
            body=request.body,
            _request_timeout=(timing.connect, request.silence),
        )
    except _FAILURES as error:
        raise explain(connection.context, error, timing) from error
    except ValueError:
        # Such as a token with a line break, which the text of the original error quotes.
        subject = f"context {one_line(connection.context)}"
        raise ClusterError(subject, "its server URL or token cannot be sent", hint="check the kubeconfig") from None
    return Exchange(response.response, connection, timing)


def explain(context: str, error: Exception, timing: Timing) -> UnreachableError:
    """An error of the library or the system as what a person can do something about."""
    subject = f"cluster {one_line(context)}"
    for kinds, message, hint in _CONNECTING:
        if isinstance(error, kinds):
            return UnreachableError(subject, message, hint=hint, reason=NO_CONNECTION, temporary=True)
    if isinstance(error, ApiException | exceptions.SSLError | ssl.SSLError):
        return UnreachableError(
            subject,
            f"no TLS connection: {_certificate_problem(error)}",
            hint="check certificate-authority, client certificate and server name in the kubeconfig",
            reason=NO_CONNECTION,
            temporary=True,
        )
    if isinstance(error, exceptions.ReadTimeoutError):
        return _lost(context, f"no answer within {timing.read:.0f} s")
    return _lost(context, "the connection broke before the answer was whole")


_CONNECTING: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (exceptions.NameResolutionError, "the server's name is not found", "check the server URL, DNS and VPN"),
    (exceptions.NewConnectionError, "connection refused or no route", "is the API server running?"),
    (exceptions.ConnectTimeoutError, "no connection in time", "check the network and VPN"),
    (exceptions.ProxyError, "the proxy makes no connection", "check proxy-url and HTTPS_PROXY"),
)


def _certificate_problem(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(cause.verify_message, limit=200)
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return one_line(str(cause.reason).replace("_", " ").lower(), limit=200)
        nested = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
        cause = nested or cause.__context__
    return "the server's certificate or ours was not accepted"


def _lost(context: str, message: str) -> UnreachableError:
    return UnreachableError(f"cluster {one_line(context)}", message, reason=ANSWER_LOST, temporary=True)


def redirect_target(location: str) -> str:
    """The host that a redirect names."""
    return one_line(urlsplit(location).netloc.rpartition("@")[2] or "elsewhere", limit=200)

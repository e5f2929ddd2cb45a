"""One HTTP request and its answer, with a deadline for everything and errors of our own family."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from gitops_tui.cluster.connection.credentials import Connection
from gitops_tui.cluster.connection.wire import NO_CONNECTION, Response, lost
from gitops_tui.cluster.pace import Deadline, Timing
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

__all__ = ["NO_CONNECTION", "Exchange", "Request", "redirect_target", "send"]


class Exchange:
    """An answer whose head has come: read it whole, or line by line as it comes."""

    def __init__(self, response: Response, context: str) -> None:
        self._response = response
        self._context = context
        self.status: int = response.status

    def header(self, name: str) -> str | None:
        """A header, None when it is not there."""
        return next(iter(self._response.values(name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """All headers of one name."""
        return tuple(self._response.values(name))

    def read(self, limit: int, deadline: Deadline) -> bytearray:
        """The whole body; ClusterError when it is larger than `limit` bytes or does not come in time."""
        body = bytearray()
        for piece in self._response.pieces():
            if len(body) + len(piece) > limit:
                raise ClusterError(f"cluster {self._context}", f"an answer is larger than {limit >> 20} MiB")
            if deadline.passed:
                raise lost(self._context, "the answer did not come in time")
            body += piece
        return body

    def lines(self, limit: int) -> Iterator[bytes]:
        """The lines of the body, as they come; UnreachableError when they stop coming."""
        buffer = bytearray()
        for piece in self._response.pieces():
            start = len(buffer)
            buffer += piece
            while (end := buffer.find(b"\n", start)) >= 0:
                yield bytes(buffer[:end])
                del buffer[: end + 1]
                start = 0
            if len(buffer) > limit:
                raise ClusterError(f"cluster {self._context}", f"an event is larger than {limit >> 20} MiB")
        if buffer.strip():
            raise lost(self._context, "the answer was cut")

    def abort(self) -> None:
        """End the answer now, from another thread: whoever reads it gets an UnreachableError or its end."""
        self._response.abort()

    def close(self) -> None:
        """Let go of the connection; what was not read of it is lost."""
        self._response.close()


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
    body = request.body
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body, separators=(",", ":")).encode()
    headers = connection.headers(request.headers)
    try:
        response = connection.wire.send(
            request.method, request.path, headers, body, connect=timing.connect, silence=request.silence
        )
    except ValueError:
        # Such as a token with a line break, which the text of the original error quotes.
        subject = f"context {one_line(connection.context)}"
        raise ClusterError(subject, "its server URL or token cannot be sent", hint="check the kubeconfig") from None
    return Exchange(response, connection.context)


def redirect_target(location: str) -> str:
    """The host that a redirect names."""
    return one_line(urlsplit(location).netloc.rpartition("@")[2] or "elsewhere", limit=200)

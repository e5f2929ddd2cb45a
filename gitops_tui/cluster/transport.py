"""Requests to one API server: paced, retried, authorised, with JSON in and out and errors of the family."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from gitops_tui.cluster import answers
from gitops_tui.cluster.connection import Access
from gitops_tui.cluster.pace import Deadline, Pace, Timing, pause_before
from gitops_tui.model.errors import ClusterError, UnreachableError
from gitops_tui.model.values import dataclass, field

if TYPE_CHECKING:
    from gitops_tui.cluster.connection.exchange import Exchange

JSON = "application/json"
APPLY = "application/apply-patch+yaml"

_TRIES = 4
_OBJECT = 64 << 20
_EVENT = 64 << 20
_NO_JSON = "is a proxy or another service at the server URL?"

_T = TypeVar("_T")
Bytes = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Call:
    """One request. subject: what an error shall name. secret: its error texts may quote secret values.

    Each must be safe to send twice: it is, when its answer is lost.
    """

    method: str
    path: str
    subject: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    content_type: str = JSON
    accept: str = JSON
    secret: bool = False
    limit: int = _OBJECT

    @property
    def url(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer with its warnings."""

    body: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


class Events(Generic[_T]):
    """An open watch: iterate over its events, as `read` reads them; `abort` ends that from another thread."""

    def __init__(
        self, exchange: Exchange, subject: str, read: Callable[[Bytes], _T], give_way: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._subject = subject
        self._read = read
        self._give_way = give_way

    def __iter__(self) -> Iterator[_T]:
        for line in self._exchange.lines(_EVENT):
            if line.strip():
                self._give_way()
                yield decode(line, self._subject, 200, self._read)

    def abort(self) -> None:
        """End the watch now."""
        self._exchange.abort()

    def close(self) -> None:
        """Let go of the connection."""
        self._exchange.close()


class Transport:
    """Sends the requests of one cluster. Thread-safe. give_way: called before an answer or an event is decoded."""

    def __init__(self, access: Access, pace: Pace, timing: Timing, give_way: Callable[[], None]) -> None:
        self._access = access
        self._pace = pace
        self._timing = timing
        self._give_way = give_way
        self._closed = threading.Event()

    @property
    def moves(self) -> int:
        """How often the context came to name another cluster, as of now."""
        self._access.connection()
        return self._access.moves

    @property
    def identity(self) -> tuple[str, str]:
        """The cluster at the other end: its address and its certificate authority."""
        return self._access.connection().identity

    def call(self, call: Call) -> Answer:
        """Send `call` and return its decoded answer; every other outcome is a ClusterError."""
        return Answer(*self._asked(call, _object))

    def read(self, call: Call, read: Callable[[Bytes], _T]) -> _T:
        """Send `call` and return its answer as `read` reads it: ValueError or TypeError for what is none."""
        return self._asked(call, read)[0]

    def _asked(self, call: Call, read: Callable[[Bytes], _T]) -> tuple[_T, tuple[str, ...]]:
        deadline = Deadline(self._timing.total)

        def once() -> tuple[_T, tuple[str, ...]]:
            with self._pace.turn(call.subject, deadline), self._exchange(call, self._timing.read) as exchange:
                data = exchange.read(call.limit, deadline)
                self._give_way()
                body = decode(data, call.subject, exchange.status, read)
                return body, answers.warnings_of(exchange.header_values("Warning"), secret=call.secret)

        return self._retried(deadline, once)

    def open(self, call: Call, read: Callable[[Bytes], _T]) -> Events[_T]:
        """Open a watch. Its opening is retried like a call, its end is for the caller to handle.

        read: reads an event.
        """
        deadline = Deadline(self._timing.total)

        def once() -> Events[_T]:
            with self._pace.turn(call.subject, deadline):
                return Events(self._sent(call, self._timing.silence), call.subject, read, self._give_way)

        return self._retried(deadline, once)

    def retry(self) -> None:
        """Forget what was found out of reach, and look at the kubeconfig again."""
        self._access.look_again()
        self._pace.reopen()

    def close(self) -> None:
        """Let no request begin any more, and end the pauses between retries."""
        self._closed.set()
        self._access.close()

    def _retried(self, deadline: Deadline, once: Callable[[], _T]) -> _T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return once()
            except ClusterError as error:
                pause = self._pause(error, attempt)
                if pause is None or pause >= deadline.left:
                    raise
                if self._closed.wait(pause):
                    raise

    def _pause(self, error: ClusterError, attempt: int) -> float | None:
        """Seconds until the same is asked again; None when that makes no sense."""
        from gitops_tui.cluster.connection.exchange import NO_CONNECTION  # noqa: PLC0415

        if not error.temporary or error.reason == NO_CONNECTION or attempt >= _TRIES or error.status == 409:
            return None
        if error.retry_after is not None:
            return error.retry_after + pause_before(1, self._timing.first_pause, 1.0)
        return pause_before(attempt, self._timing.first_pause, 5.0)

    @contextmanager
    def _exchange(self, call: Call, silence: float) -> Iterator[Exchange]:
        exchange = self._sent(call, silence)
        try:
            yield exchange
        finally:
            exchange.close()

    def _sent(self, call: Call, silence: float) -> Exchange:
        """Send once, or twice when the first credentials are refused; anything but success is raised."""
        from gitops_tui.cluster.connection.exchange import NO_CONNECTION, Request, send  # noqa: PLC0415

        if self._closed.is_set():
            raise ClusterError(call.subject, "the connection to the cluster was closed")
        self._pace.pass_gate()
        headers = {"Accept": call.accept} | ({"Content-Type": call.content_type} if call.body is not None else {})
        request = Request(call.method, call.url, headers, call.body, silence)
        connection = self._access.connection()
        try:
            exchange = send(connection, request, self._timing)
            if exchange.status == 401:
                exchange.close()
                exchange = send(self._access.renew(connection), request, self._timing)
        except UnreachableError as error:
            if error.reason == NO_CONNECTION:
                self._pace.failed(error)
            raise
        if not 200 <= exchange.status < 300:
            try:
                raise self._refusal(call, exchange)
            finally:
                exchange.close()
        self._pace.answered()
        return exchange

    def _refusal(self, call: Call, exchange: Exchange) -> ClusterError:
        from gitops_tui.cluster.connection.exchange import redirect_target  # noqa: PLC0415

        code = exchange.status
        if 300 <= code < 400:
            host = redirect_target(exchange.header("Location") or "")
            text = f"the server redirects to {host}, which is not followed"
            return ClusterError(call.subject, text, status=code, hint="put the right server URL into the kubeconfig")
        retry_after = answers.retry_after_of(exchange.header("Retry-After"))
        if code == 429:
            self._pace.throttled()
        else:
            self._pace.answered()
        try:
            status = decode(exchange.read(1 << 20, Deadline(self._timing.read)), call.subject, code, _object)
        except ClusterError:
            # A proxy's page, a cut answer or plain text: the code alone is what is known.
            status = {}
        if status.get("kind") != "Status":
            status = {}
        return answers.error_of(call.subject, code, status, retry_after=retry_after, secret=call.secret)


def _object(data: Bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise TypeError("an answer is an object")
    return value


def decode(data: Bytes, subject: str, status: int, read: Callable[[Bytes], _T]) -> _T:
    """JSON data of an answer; ClusterError, to be tried again, when it is cut or no JSON object at all."""
    try:
        return read(data)
    except (ValueError, RecursionError):
        kind = "HTML" if data.lstrip()[:1] == b"<" else "something that is not whole JSON"
        # The text of the original error quotes the answer.
        raise ClusterError(
            subject, f"the server answered with {kind}", status=status, hint=_NO_JSON, temporary=True
        ) from None
    except TypeError:
        text = "the server answered with JSON that is no object"
        raise ClusterError(subject, text, status=status, hint=_NO_JSON) from None

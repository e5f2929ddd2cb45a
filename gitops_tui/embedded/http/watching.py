"""Watches: a stream of changes over one connection, with bookmarks, initial events and expiry."""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.api.read import parsed_version, predicate
from gitops_tui.embedded.http import answers
from gitops_tui.embedded.http.messages import Connection, Request
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.problems import forbidden_field, unsupported
from gitops_tui.embedded.store.items import Event, ExpiredError, Item, encode
from gitops_tui.embedded.store.selectors import Predicate
from gitops_tui.embedded.store.subscription import Subscription

_POLL_SECONDS = 0.5
_DEFAULT_SECONDS = 1800
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a client asks of a watch."""

    labels: str
    fields: str
    resource_version: str
    bookmarks: bool
    initial: bool | None
    seconds: float

    @classmethod
    def read(cls, query: dict[str, str]) -> WatchOptions:
        """Options of a request; 422 when they contradict each other."""
        initial = query.get("sendInitialEvents")
        match, version = query.get("resourceVersionMatch", ""), query.get("resourceVersion", "")
        if initial is not None and match != "NotOlderThan":
            why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise errors.invalid_object(
                "meta.k8s.io", "ListOptions", "", [forbidden_field("resourceVersionMatch", why)]
            )
        if initial is None and match:
            why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            wrong = [forbidden_field("resourceVersionMatch", why)]
            if match != "NotOlderThan":
                wrong.append(unsupported("resourceVersionMatch", match, ("NotOlderThan",)))
            raise errors.invalid_object("meta.k8s.io", "ListOptions", "", wrong)
        if version:
            parsed_version(version)
        timeout = query.get("timeoutSeconds", "")
        return cls(
            query.get("labelSelector", ""),
            query.get("fieldSelector", ""),
            version,
            _true(query.get("allowWatchBookmarks", "")),
            None if initial is None else _true(initial),
            float(timeout) if timeout.isdecimal() and timeout != "0" else _DEFAULT_SECONDS,
        )


def _true(text: str) -> bool:
    return text.lower() in {"true", "1"}


class Pace(Protocol):
    """What a watch asks of its server while it runs."""

    bookmark_seconds: float

    @property
    def stopping(self) -> bool:
        """Whether the server is going down."""

    def drops(self, subscription: Subscription) -> bool:
        """Whether this watch is to be cut now."""

    def silences(self, subscription: Subscription) -> bool:
        """Whether this watch is to say nothing any more."""

    def told(self, events: Sequence[Event]) -> list[Event]:
        """What is to be told of events."""


class Watch:
    """One running watch."""

    def __init__(self, backend: Backend, call: Call, request: Request, pace: Pace) -> None:
        self._backend = backend
        self._call = call
        self._pace = pace
        self._options = WatchOptions.read(request.query)
        self._wanted = predicate(call, self._options.labels, self._options.fields)
        self._form = answers.form(request)
        self._include = request.query.get("includeObject", "Metadata")
        self._seen = 0

    def run(self, connection: Connection) -> bool:
        """Stream until the time is over, the client has gone, or the watch is cut; whether it ended in order."""
        try:
            subscription, initial = self._start()
        except ExpiredError as error:
            gone = errors.expired(str(error))
            connection.start_stream("application/json")
            connection.send_chunk(_line("ERROR", encode(gone.status)))
            connection.send_chunk(b"")
            return True
        try:
            connection.start_stream("application/json")
            self._send_initial(connection, initial)
            return self._follow(connection, subscription)
        finally:
            subscription.close()

    def _start(self) -> tuple[Subscription, tuple[Item, ...] | None]:
        """The subscription, and the items that the client is to be told of first."""
        store, options = self._backend.store, self._options
        storage, namespace = self._call.resource.storage, self._call.namespace
        version = options.resource_version
        with store.lock:
            self._seen = store.revision
            fresh = options.initial if options.initial is not None else version in {"", "0"}
            if fresh or version in {"", "0"}:
                subscription = store.subscribe(storage, namespace)
                return subscription, store.list(storage, namespace)[0] if fresh else None
            return store.subscribe(storage, namespace, since=int(version)), None

    def _send_initial(self, connection: Connection, items: tuple[Item, ...] | None) -> None:
        if items is None:
            return
        chosen = [item for item in items if self._wanted is None or self._wanted(item.body)]
        for start in range(0, len(chosen), 200):
            connection.send_chunk(b"".join(self._event("ADDED", item) for item in chosen[start : start + 200]))
        if self._options.initial and self._options.bookmarks:
            connection.send_chunk(self._bookmark(_INITIAL_END))

    def _follow(self, connection: Connection, subscription: Subscription) -> bool:
        now = time.monotonic()
        end, bookmark_at = now + self._options.seconds, now + self._pace.bookmark_seconds
        while (now := time.monotonic()) < end and not self._pace.stopping:
            wait = min(_POLL_SECONDS, end - now, max(0.0, bookmark_at - now))
            events = subscription.take(wait)
            if self._pace.drops(subscription):
                return False
            lines = b"".join(filter(None, map(self._told, self._pace.told(events))))
            if events:
                self._seen = events[-1].item.revision
            if self._options.bookmarks and time.monotonic() >= bookmark_at:
                lines += self._quiet_bookmark(subscription, events)
                bookmark_at = time.monotonic() + self._pace.bookmark_seconds
            if lines and not self._pace.silences(subscription):
                connection.send_chunk(lines)
            elif subscription.closed or _has_left(connection):
                return False
        if self._options.bookmarks:
            connection.send_chunk(self._quiet_bookmark(subscription, []))
        connection.send_chunk(b"")
        return True

    def _quiet_bookmark(self, subscription: Subscription, events: list[Event]) -> bytes:
        """A bookmark as far as is safe to say: everything up to now, when nothing is waiting."""
        with self._backend.store.lock:
            if not events and not subscription.waiting:
                self._seen = self._backend.store.revision
        return self._bookmark(None)

    def _told(self, event: Event) -> bytes | None:
        """The event as this watch's selectors see it: coming into view is an addition, leaving it a deletion."""
        is_now = event.type != "DELETED" and _selected(self._wanted, event.item)
        before = event.previous
        was = before is not None and _selected(self._wanted, before)
        if is_now:
            return self._event("MODIFIED" if was else "ADDED", event.item)
        if not was or before is None:
            return None
        if event.type == "DELETED":
            return self._event("DELETED", event.item)
        metadata = {**before.body["metadata"], "resourceVersion": str(event.item.revision)}
        return self._event("DELETED", Item(before.key, {**before.body, "metadata": metadata}, event.item.revision))

    def _event(self, kind: str, item: Item) -> bytes:
        return _line(
            kind, answers.encoded(self._call.resource, Answer(item.body, 200, item), self._form, self._include)
        )

    def _bookmark(self, annotations: Object | None) -> bytes:
        resource = self._call.resource
        metadata: Object = {"resourceVersion": str(self._seen), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", encode(body))


def _selected(wanted: Predicate | None, item: Item) -> bool:
    return wanted is None or wanted(item.body)


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), body)


def _has_left(connection: Connection) -> bool:
    readable, _, _ = select.select([connection.socket], [], [], 0)
    if not readable:
        return False
    connection.socket.settimeout(0)
    try:
        return not connection.socket.recv(1024)
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True
    finally:
        connection.socket.settimeout(None)

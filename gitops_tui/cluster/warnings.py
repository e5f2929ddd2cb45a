"""What a cluster's own components note: warnings where something is not well, all events where a person asks."""

from __future__ import annotations

import threading
import time
from typing import Final
from urllib.parse import quote

from gitops_tui.cluster.transport import Call, Transport
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.resources import Body
from gitops_tui.model.text import one_line

_REFUSED: Final = 300.0
"""Seconds for which one who may not read events, or whose server hangs, is not asked again."""
_MOST: Final = 500
_PAGES: Final = 4


class Warnings:
    """The Warning events of each namespace, one request for all who ask within a moment. Thread-safe.

    news: seconds for which an answer is good enough; a warning changes nothing about the object that it is about.
    """

    def __init__(self, transport: Transport, news: float) -> None:
        self._transport = transport
        self._news = news
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, tuple[Body, ...]]] = {}

    def of(self, namespace: str) -> tuple[Body, ...]:
        """Return the warnings as core `Event` objects; none when they cannot be read, for they only explain."""
        now = time.monotonic()
        with self._lock:
            until, known = self._kept.get(namespace, (0.0, ()))
            if now < until:
                return known
            # Whoever asks meanwhile makes do with what is known.
            self._kept[namespace] = (now + self._news, known)
        try:
            found, good_for = self._asked(namespace), self._news
        except ClusterError:
            found, good_for = (), _REFUSED
        with self._lock:
            self._kept[namespace] = (time.monotonic() + good_for, found)
        return found

    def _asked(self, namespace: str) -> tuple[Body, ...]:
        found, _ = _page(self._transport, namespace, {"fieldSelector": "type=Warning"})
        return found


def events_in(transport: Transport, namespace: str) -> tuple[tuple[Body, ...], bool]:
    """Return the events of a namespace, and whether these are all of them. Raises ClusterError."""
    found: list[Body] = []
    token = ""
    for _ in range(_PAGES):
        page, token = _page(transport, namespace, {"continue": token} if token else {})
        found += page
        if not token:
            break
    return tuple(found), not token


def _page(transport: Transport, namespace: str, query: dict[str, str]) -> tuple[tuple[Body, ...], str]:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/events"
    body = transport.call(Call("GET", path, one_line(f"events in {namespace}"), {**query, "limit": str(_MOST)})).body
    items, metadata = body.get("items"), body.get("metadata") or {}
    found = tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
    return found, str(metadata.get("continue") or "")

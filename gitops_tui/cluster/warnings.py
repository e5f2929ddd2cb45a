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
        self._kept: dict[str, tuple[Body, ...]] = {}
        self._good_until: dict[str, float] = {}

    def known(self, namespace: str) -> tuple[Body, ...]:
        """Return the warnings that were last heard of, as core `Event` objects; the same ones while nothing is new."""
        return self._kept.get(namespace, ())

    def is_unheard(self, namespace: str) -> bool:
        """Whether nobody has asked for them yet."""
        return namespace not in self._kept

    def take_turn(self, namespace: str) -> bool:
        """Whether the caller is to `ask` now; whoever asks meanwhile makes do with what is known."""
        now = time.monotonic()
        with self._lock:
            if now < self._good_until.get(namespace, 0.0):
                return False
            self._good_until[namespace] = now + self._news
            return True

    def ask(self, namespace: str) -> bool:
        """Ask now; whether the answer is another one. None when they cannot be read, for they only explain."""
        try:
            found, good_for = self._asked(namespace), self._news
        except ClusterError:
            found, good_for = (), _REFUSED
        with self._lock:
            self._good_until[namespace] = time.monotonic() + good_for
            is_news = self._kept.get(namespace, ()) != found
            if is_news or namespace not in self._kept:
                self._kept[namespace] = found
            return is_news

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

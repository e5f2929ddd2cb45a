"""Changes to the cluster by somebody else, as fast as wanted, from a process of its own."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any, Final
from urllib.parse import urlsplit

_COLOURS: Final = ("red", "blue")


@dataclass(frozen=True, slots=True)
class Place:
    """An API server, and the token of who changes it."""

    url: str
    token: str
    authority: str


class Connection:
    """Requests one after the other over one connection."""

    def __init__(self, place: Place) -> None:
        self._token = place.token
        address = urlsplit(place.url)
        tls = ssl.create_default_context(cafile=place.authority)
        self._connection = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=30, context=tls)

    def send(self, method: str, path: str, body: Any, content_type: str = "application/json") -> None:
        """RuntimeError when the server does not do it."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        self._connection.request(method, path, json.dumps(body), headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")


def create(place: Place, namespace: str, count: int) -> None:
    """Make ConfigMaps `o-00000` and so on, which are nobody's."""
    connection = Connection(place)
    for number in range(count):
        body = {"metadata": {"name": f"o-{number:05}"}, "data": {"colour": "blue", "size": "10"}}
        connection.send("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)


@dataclass(frozen=True, slots=True)
class Fleet:
    """`count` ConfigMaps of a namespace; name: how each is called, with a place for its number."""

    namespace: str
    name: str
    count: int


@contextmanager
def changing(place: Place, fleet: Fleet, a_second: float) -> Iterator[Callable[[], float]]:
    """Within the block, change that many ConfigMaps of a fleet a second, one after the other and over again.

    Each round makes their colour another: red, then blue, as Git says. After the block the function that it gives
    tells how many were changed a second.
    """
    context = multiprocessing.get_context("spawn")
    stop, answer = context.Event(), context.SimpleQueue()
    process = context.Process(target=_change, args=(place, fleet, a_second, stop, answer), daemon=True)
    process.start()
    try:
        yield lambda: float(answer.get())
    finally:
        stop.set()
        process.join(30)


def _change(place: Place, fleet: Fleet, a_second: float, stop: Event, answer: Any) -> None:
    connection, begun, number = Connection(place), time.monotonic(), 0
    while not stop.is_set():
        time.sleep(max(begun + number / a_second - time.monotonic(), 0))
        path = f"/api/v1/namespaces/{fleet.namespace}/configmaps/{fleet.name.format(number % fleet.count)}"
        body = {"data": {"colour": _COLOURS[number // fleet.count % len(_COLOURS)]}}
        connection.send("PATCH", path, body, "application/merge-patch+json")
        number += 1
    answer.put(number / (time.monotonic() - begun))

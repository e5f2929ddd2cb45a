"""Waiting for what happens in other threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from gitops_tui.cluster import Cluster, Live
from tests.support.scripted_server import DEADLINE


class Heard:
    """What a subscriber of the cache heard of one namespace, in order: the object's name, and whether it is gone."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._events: queue.Queue[tuple[str, bool]] = queue.Queue()
        self._namespace = namespace
        cluster.subscribe(self._hear)

    def _hear(self, live: Live, gone: bool) -> None:
        if live.key.namespace == self._namespace:
            self._events.put((live.key.name, gone))

    def next(self) -> tuple[str, bool]:
        return self._events.get(timeout=DEADLINE)

    def until(self, event: tuple[str, bool]) -> None:
        while self.next() != event:
            continue

    def nothing_more(self) -> bool:
        return self._events.empty()


def eventually(condition: Callable[[], bool]) -> None:
    """Look every hundredth of a second, for what no listener is told of."""
    pause = threading.Event()
    for _ in range(int(DEADLINE * 100)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to pass")

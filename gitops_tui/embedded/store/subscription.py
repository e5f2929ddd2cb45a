"""A queue of changes of one kind, for one reader."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from gitops_tui.embedded.store.items import Event

MAX_BACKLOG = 50_000


class Subscription:
    """Changes in order. A reader that falls too far behind is cut off, as a real server does.

    `started` is on the monotonic clock.
    """

    def __init__(self, storage: str, namespace: str, unsubscribe: Callable[[Subscription], None]) -> None:
        self.storage = storage
        self.namespace = namespace
        self._unsubscribe = unsubscribe
        self._events: deque[Event] = deque()
        self._ready = threading.Condition()
        self.closed = False
        self.started = time.monotonic()

    def offer(self, event: Event) -> None:
        """Queue a change if it is in the namespace of this subscription."""
        if self.namespace and event.item.key.namespace != self.namespace:
            return
        with self._ready:
            self._events.append(event)
            if len(self._events) > MAX_BACKLOG:
                self.closed = True
            self._ready.notify()

    @property
    def waiting(self) -> bool:
        """Whether there are changes that were not taken yet."""
        return bool(self._events)

    def take(self, timeout: float) -> list[Event]:
        """Every queued change; waits up to `timeout` seconds for the first one, [] when none came or it is closed."""
        with self._ready:
            if not self._events and not self.closed:
                self._ready.wait(timeout)
            events = list(self._events)
            self._events.clear()
            return events

    def close(self) -> None:
        """End it: the reader gets what is queued and then nothing."""
        self.closed = True
        self._unsubscribe(self)
        with self._ready:
            self._ready.notify_all()

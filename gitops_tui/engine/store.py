"""The one place where the faces read what the engine knows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gitops_tui.model.status import Snapshot

Listener = Callable[[Snapshot], None]


class Store:
    """Holds the current Snapshot and tells listeners of each new one.

    Listeners run in the publishing thread, so they only hand over (for example by posting a message).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = Snapshot()
        self._listeners: dict[int, Listener] = {}
        self._next = 0

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""
        return self._current

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new Snapshot; the returned function ends that."""
        with self._lock:
            token = self._next
            self._next += 1
            self._listeners[token] = listener
        return lambda: self._unsubscribe(token)

    def _unsubscribe(self, token: int) -> None:
        with self._lock:
            self._listeners.pop(token, None)

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the current one."""
        with self._lock:
            self._current = snapshot
            listeners = tuple(self._listeners.values())
        for listener in listeners:
            listener(snapshot)

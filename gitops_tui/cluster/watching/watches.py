"""The scopes of one cluster that are wanted now."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from gitops_tui.cluster.objects import Scope
from gitops_tui.cluster.watching.asking import Surroundings
from gitops_tui.cluster.watching.watch import ScopeWatch

_RESTORE_PAUSE = 10.0
"""Seconds within which the news that a cluster was restored is taken as told once."""


class Watches:
    """The scopes of one cluster that are wanted now."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()
        self._running: dict[Scope, ScopeWatch] = {}
        self._restored = float("-inf")
        self._ahead: frozenset[Scope] = frozenset()
        self._closed = False

    def want(self, scopes: Iterable[Scope]) -> None:
        """Make `scopes` the complete set: start what is missing, stop the others. Returns at once."""
        self._want(frozenset(scopes) | self._ahead, ahead=False)

    def want_ahead(self, scopes: Iterable[Scope]) -> None:
        """Begin with scopes that will probably be wanted, and keep them whether they are or not.

        The process is probably gone in a moment: they are listed now, and followed a little later, or when `follow` is
        called.
        """
        self._ahead = frozenset(scopes)
        self._want(self._ahead, ahead=True)

    def follow(self) -> None:
        """Follow now what was listed ahead: somebody waits for what becomes of it."""
        with self._lock:
            running = tuple(self._running.values()) if self._ahead else ()
        for watch in running:
            watch.follow()

    def _want(self, wanted: frozenset[Scope], *, ahead: bool) -> None:
        with self._lock:
            if self._closed:
                return
            for scope in self._running.keys() - wanted:
                self._running.pop(scope).stop()
            for scope in sorted(wanted - self._running.keys()):
                watch = self._running[scope] = ScopeWatch(scope, self._around, self._list_others_again, ahead=ahead)
                watch.start()

    def list_again(self, scopes: Iterable[Scope]) -> None:
        """List some scopes anew, whatever is known of them."""
        with self._lock:
            chosen = [self._running[scope] for scope in scopes if scope in self._running]
        for watch in chosen:
            watch.list_again()

    def wake(self) -> None:
        """End every pause before a next try: something has changed for the better."""
        with self._lock:
            running = tuple(self._running.values())
        for watch in running:
            watch.wake()

    def close(self, timeout: float) -> None:
        """Stop everything, and wait at most `timeout` seconds for the threads to end."""
        with self._lock:
            running, self._running, self._closed = tuple(self._running.values()), {}, True
        for watch in running:
            watch.stop()
        end = time.monotonic() + timeout
        for watch in running:
            watch.join(max(end - time.monotonic(), 0.0))

    def _list_others_again(self, finder: ScopeWatch) -> None:
        """One scope found the cluster restored to an older state: list the others anew, once."""
        with self._lock:
            now = time.monotonic()
            if now - self._restored < _RESTORE_PAUSE:
                return
            self._restored = now
            others = [watch for watch in self._running.values() if watch is not finder]
        for watch in others:
            watch.list_again()

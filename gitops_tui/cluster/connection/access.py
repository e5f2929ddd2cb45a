"""The way to one cluster: its connection, renewed when credentials expire, are refused, or their file changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_tui.cluster.connection.kubeconfig import Target
from gitops_tui.model.errors import ClusterError, Stage
from gitops_tui.model.text import one_line

if TYPE_CHECKING:
    from gitops_tui.cluster.connection.credentials import Connection

_LOGIN_DEADLINE = 90.0
_LOGIN_PATIENCE = 30.0
_CLOSING = 1.0
_LOOK_AGAIN = 2.0
_EXPIRY_MARGIN = 10.0


class Access:
    """Hands out the connection to use. Thread-safe; nothing is read or asked before the first use.

    load: reads the target anew. stamp: a value that changes when the kubeconfig files do.
    """

    def __init__(self, context: str, load: Callable[[], Target], stamp: Callable[[], object]) -> None:
        self._context = context
        self._load = load
        self._stamp = stamp
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._connection: Connection | None = None
        self._seen: object = None
        self._changed: object = None
        self._look_at = 0.0
        self._number = 0
        self._moves = 0

    @property
    def moves(self) -> int:
        """How often the context came to name another cluster; what was read before belongs to the old one."""
        return self._moves

    def connection(self) -> Connection:
        """The connection to use now, made or renewed when needed; ClusterError when it cannot be."""
        with self._held():
            current = self._connection
            if current is None or self._is_outdated(current):
                current = self._renew()
            return current

    def renew(self, refused: Connection) -> Connection:
        """The server refused these credentials: read them again, unless another thread has done so already."""
        with self._held():
            current = self._connection
            if current is None or current.number == refused.number:
                current = self._renew()
            return current

    def look_again(self) -> None:
        """Let the next use look whether the kubeconfig has changed, however short ago that was done."""
        self._changed, self._look_at = self._stamp(), 0.0

    def close(self) -> None:
        """Close the idle connections and end a login; a connection in use is closed when its answer ends."""
        self._ending.set()
        if self._lock.acquire(timeout=_CLOSING):
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._lock.release()

    def _is_outdated(self, current: Connection) -> bool:
        if current.expires is not None and time.time() > current.expires - _EXPIRY_MARGIN:
            return True
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + _LOOK_AGAIN
        stamp, before = self._stamp(), self._changed
        self._changed = stamp
        # A file that is being written is left alone until two looks agree; one that is gone, until it is back.
        return stamp is not None and stamp != self._seen and stamp == before

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock; whoever waits too long for another thread's login gets a ClusterError."""
        if not self._lock.acquire(timeout=_LOGIN_PATIENCE):
            raise _error(self._context, "another request is still logging in")
        try:
            yield
        finally:
            self._lock.release()

    def _renew(self) -> Connection:
        # The package takes 0.25 s to import, which the first paint of the screen shall not wait for.
        from gitops_tui.cluster.connection.credentials import connect  # noqa: PLC0415

        old, seen, number = self._connection, self._stamp(), self._number + 1
        new = _within_deadline(self._context, lambda: connect(self._load(), number, self._ending))
        self._seen, self._connection, self._number = seen, new, number
        if old is not None:
            old.close()
            self._moves += old.identity != new.identity
        return new


def _within_deadline(context: str, login: Callable[[], Connection]) -> Connection:
    """Run a login, which may ask an identity provider without any deadline of its own."""
    results: list[Connection] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(login())
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, name=f"login {context}", daemon=True)
    thread.start()
    thread.join(_LOGIN_DEADLINE)
    if failures:
        raise failures[0]
    if not results:
        raise _error(context, f"logging in took longer than {_LOGIN_DEADLINE:.0f} s")
    return results[0]


def _error(context: str, message: str) -> ClusterError:
    return ClusterError(
        f"context {one_line(context)}", message, hint="log in with kubectl, then try again", stage=Stage.CONNECT
    )

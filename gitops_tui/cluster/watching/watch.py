"""Listing and watching: one thread for each scope keeps its part of the cache like the cluster.

A watch ends all the time: the server closes it, a proxy drops it, or it falls silent without an error. It goes
on from the last resourceVersion that was seen; where the server no longer knows that one, the scope is listed
again and the difference to the cache is what listeners hear.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gitops_tui.chance import between
from gitops_tui.cluster.objects import ApiResource, Live, Scope
from gitops_tui.cluster.pace import pause_before
from gitops_tui.cluster.transport import Events
from gitops_tui.cluster.watching.asking import Asking, Event, ExpiredError, Surroundings, mapping, revision_of
from gitops_tui.cluster.watching.shelf import Shelf, live_of
from gitops_tui.model.errors import ClusterError, ForbiddenError, Stage, UnreachableError
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.text import one_line

_STREAM_REFUSALS = frozenset({400, 405, 406, 415, 422, 500, 501})
"""Codes for a streaming list that the server does not know, has switched off, or (500) whose etcd is too old for it."""

_STREAM_TRIES = 2
_INITIAL_END = "k8s.io/initial-events-end"
_TURN = 0.03
"""Seconds for which a scope that is listed ahead waits for the connection of another one."""
_SETTLED = 5.0
"""Seconds after which a watch was a good one: the next failure counts as the first."""


class _StoppedError(Exception):
    """The scope is wanted no longer."""


class ScopeWatch:
    """Lists and watches one scope in a thread of its own, until stopped.

    restored: called when the cluster turns out to be restored to an older state. ahead: the process is probably gone in
    a moment, so that what is listed is followed only when it is not, or when somebody asks for that.
    """

    def __init__(
        self, scope: Scope, around: Surroundings, restored: Callable[[ScopeWatch], None], *, ahead: bool = False
    ) -> None:
        self.scope = scope
        self._is_ahead_of_use = ahead
        self._around = around
        self._restored = restored
        self._shelf: Shelf = around.cache.open(scope)
        self._asking = Asking(scope, around)
        self._stop = False
        self._list_again = True
        self._is_called_off = False
        self._wake = threading.Event()
        self._guard = threading.Lock()
        self._events: Events[Event] | None = None
        self._revision = ""
        self._moves = 0
        self._attempts = 0
        self._stream_failures = 0
        self._fresh: dict[ResourceKey, Live] | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {self._asking.subject}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Forget the scope and end its thread, without waiting for that."""
        self._stop = True
        self._around.cache.drop(self._shelf)
        self._wake.set()
        self._abort()

    def join(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for the thread to end; whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """End the pause before the next try."""
        self._wake.set()

    def follow(self) -> None:
        """Wait no longer with following what was listed ahead."""
        self._is_ahead_of_use = False
        self._wake.set()

    def list_again(self) -> None:
        """List anew, because what is cached may be of another time line."""
        self._list_again = self._is_called_off = True
        self._around.cache.doubt(self._shelf)
        self._wake.set()
        self._abort()

    def _abort(self) -> None:
        with self._guard:
            if self._events is not None:
                self._events.abort()

    def _run(self) -> None:
        while not self._stop:
            began, error = time.monotonic(), self._try()
            if self._stop:
                return
            self._attempts = 1 if time.monotonic() - began >= _SETTLED else self._attempts + 1
            if error is not None:
                self._fail(error)
            elif self._attempts > 1:
                # A server that ends watches as fast as they are opened says that it is busy.
                self._pause(pause_before(self._attempts - 1, 0.1, self._around.timing.longest_pause))

    def _try(self) -> ClusterError | None:
        try:
            self._cycle()
        except ExpiredError:
            self._list_again = True
        except _StoppedError:
            self._stop = True
        except ClusterError as error:
            # What we have broken off ourselves is no failure of the cluster.
            return None if self._is_called_off else error
        except Exception as error:  # noqa: BLE001 - the edge of this thread
            # A bug, such as a listener that raises: told, for a thread that dies unseen leaves a cache that lies.
            self._list_again = True
            text = one_line(f"internal error: {type(error).__name__}: {error}")
            return ClusterError(self._asking.subject, text, hint="please report this", stage=Stage.INTERNAL)
        return None

    def _fail(self, error: ClusterError) -> None:
        """Tell the problem and wait before the next try, the longer the less likely it is to help."""
        timing = self._around.timing
        if self._attempts > 1 or self._list_again or not isinstance(error, UnreachableError):
            # A watch that broke once is opened again first: that alone is no problem.
            self._around.cache.fail(self._shelf, error)
        first = timing.forbidden_pause if isinstance(error, ForbiddenError) else timing.first_pause
        pause = pause_before(self._attempts, first, max(timing.longest_pause, first * 10))
        if error.retry_after is not None:
            # Not all at the same instant: the first one finds out for the others.
            pause = max(error.retry_after, 0.05) * between(1.0, 1.3)
        self._pause(pause)

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _cycle(self) -> None:
        """List where needed, then watch until that ends."""
        around, self._is_called_off = self._around, False
        moves = around.transport.moves
        if moves != self._moves:
            self._list_again, self._moves = True, moves
        resource = self._asking.resource()
        if not self._list_again and not self._is_ahead(resource):
            self._follow(resource)
        elif self._is_ahead_of_use:
            self._list_ahead(resource)
        elif around.streams and self._stream_failures < _STREAM_TRIES:
            self._list_by_stream(resource)
        else:
            self._listed(*self._asking.everything(resource, self._check))
            self._follow(resource)

    def _list_ahead(self, resource: ApiResource) -> None:
        """List as cheaply as can be, for a process that may need no more: in few pieces, on few connections."""
        # Who lists before us has a connection; to make another one takes longer than most lists.
        is_turn = self._around.turn.acquire(timeout=_TURN)
        try:
            revision, objects = self._asking.everything(resource, self._check, ahead=True)
        finally:
            if is_turn:
                self._around.turn.release()
        self._listed(revision, objects)
        end = time.monotonic() + self._around.timing.linger
        while self._is_ahead_of_use and not self._stop and (left := end - time.monotonic()) > 0:
            self._pause(left)
        self._is_ahead_of_use = False
        self._check()
        self._follow(resource)

    def _is_ahead(self, resource: ApiResource) -> bool:
        """Whether the cluster is older than what we saw of it, or wrote to it: restored from a backup.

        A server stays silent on a watch from a resourceVersion that is yet to come, so that has to be asked.
        """
        if not self._revision:
            return False
        learned = str(self._shelf.learned)  # before the question: what is written meanwhile is newer than its answer
        revision = self._asking.revision(resource)
        is_ahead = _is_before(revision, self._revision) or _is_before(revision, learned)
        # A backup may have brought back what was found to be gone, and no watch told of either.
        self._list_again = self._list_again or is_ahead or bool(self._shelf.lost)
        return self._list_again

    def _list_by_stream(self, resource: ApiResource) -> None:
        """List as a watch that begins with all objects, and goes on as one."""
        self._fresh = {}
        try:
            self._follow(resource, {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"})
        except ClusterError as error:
            if self._fresh is not None and error.status in _STREAM_REFUSALS:
                self._around.streams = False
                return
            is_broken = self._fresh is not None and error.retry_after is None and not self._is_called_off
            self._stream_failures += is_broken
            raise
        finally:
            self._fresh = None

    def _listed(self, revision: str, objects: Iterable[Live]) -> None:
        """A complete list has come. If it is older than what was seen, the other scopes are in doubt as well."""
        went_back = _is_before(revision, self._revision)
        self._revision, self._list_again, self._stream_failures = revision, False, 0
        if went_back:
            self._restored(self)
        self._around.cache.replace(self._shelf, objects, revision)

    def _follow(self, resource: ApiResource, initial: Mapping[str, str] | None = None) -> None:
        """Watch from where we are (or, with `initial`, from nothing) until the server ends it."""
        start = initial if initial is not None else {"resourceVersion": self._revision}
        events = self._asking.watch(resource, start)
        with self._guard:
            self._events = events
        try:
            self._consume(events, resource)
        finally:
            with self._guard:
                self._events = None
            events.close()

    def _consume(self, events: Events[Event], resource: ApiResource) -> None:
        if self._fresh is None:
            if self._around.transport.moves != self._moves:
                raise ExpiredError
            self._around.cache.fail(self._shelf, None)
        if not self._stop:
            for event in events:
                self._take(event, resource)
        if self._fresh is not None:
            raise UnreachableError(self._asking.subject, "the list ended before it was whole", temporary=True)

    def _take(self, event: Event, resource: ApiResource) -> None:
        self._check()
        kind, arrival = event
        item = arrival.item
        if kind == "ERROR":
            raise self._asking.refusal(item)
        revision = revision_of(item)
        if self._fresh is None and _is_before(revision, self._revision):
            raise ExpiredError
        if kind == "BOOKMARK":
            self._bookmark(revision, mapping(mapping(item.get("metadata")).get("annotations")))
            return
        live = live_of(arrival, resource)
        if self._fresh is not None:
            self._fresh[live.key] = live
            return
        if kind == "DELETED":
            self._around.cache.remove(self._shelf, live)
        else:
            self._around.cache.put(self._shelf, live)
        self._revision = revision

    def _bookmark(self, revision: str, annotations: Mapping[str, Any]) -> None:
        if self._fresh is None:
            self._revision = revision
        elif annotations.get(_INITIAL_END) == "true":
            fresh, self._fresh = self._fresh, None
            self._listed(revision, fresh.values())

    def _check(self) -> None:
        if self._stop:
            raise _StoppedError


def _is_before(revision: str, other: str) -> bool:
    return revision.isdecimal() and other.isdecimal() and int(revision) < int(other)

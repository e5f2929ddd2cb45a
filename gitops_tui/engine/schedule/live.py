"""Live changes -> the applications that they concern."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gitops_tui.cluster import Cluster, Live
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Tracked

DEBOUNCE = 0.02
"""Seconds in which changes gather before an application is looked at."""
_WHILE_WRITTEN = 1.0
"""The same while an operation of ours is what changes it; its end is looked at at once."""
_PENDING_OWNERS = 10_000


class LiveChanges:
    """Knows by owner label and by owner references whose object has moved, and has that application looked at."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._subscribed: dict[int, Callable[[], None]] = {}
        self._subscribing = threading.Lock()
        self._applications_by_uid: dict[tuple[str, str], tuple[str, ...]] = {}
        """Nearly always one; what Git states twice is seen by both."""
        self._indexed: dict[str, tuple[str, frozenset[str]]] = {}
        """Of each application: its context, and the uids that are known to be its."""
        desk.books.on_leave.append(self.forget)
        self._orphans: dict[tuple[str, str], None] = {}

    def subscribe(self, cluster: Cluster) -> None:
        """Hear of a cluster's changes, from now on. Thread-safe."""
        with self._subscribing:
            if id(cluster) not in self._subscribed:
                context = cluster.context
                self._subscribed[id(cluster)] = cluster.subscribe(
                    lambda live, gone: self._desk.post(lambda: self._moved(context, live, gone))
                )
                cluster.on_trouble(lambda: self._desk.post(lambda: self._troubled(cluster)))

    def _troubled(self, cluster: Cluster) -> None:
        """A kind can no longer be watched, or can again: nobody may go on believing what was seen before."""
        now, books = self._desk.clock(), self._desk.books
        if not cluster.problems():
            books.reach(cluster.context).not_before = 0.0
        for tracked in books.tracked.values():
            if books.context_of(tracked.application) == cluster.context:
                tracked.touch(now + DEBOUNCE)

    def _moved(self, context: str, live: Live, gone: bool) -> None:
        del gone
        names = {live.owner} if live.owner else set()
        for uid in (live.uid, *live.owner_uids):
            known = self._applications_by_uid.get((context, uid))
            if known is not None:
                names.update(known)
            elif uid != live.uid:
                # Its owner may be seen a moment later than itself; the look that brings the owner looks again.
                self._orphans[context, uid] = None
                while len(self._orphans) > _PENDING_OWNERS:
                    del self._orphans[next(iter(self._orphans))]
        now = self._desk.clock()
        for name in names:
            tracked = self._desk.books.tracked.get(name)
            if tracked is not None:
                tracked.stir(now + (_WHILE_WRITTEN if tracked.job is not None else DEBOUNCE))

    def index(self, tracked: Tracked, context: str, uids: frozenset[str]) -> None:
        """These objects, by their uids, are the application's or lie below its own."""
        name = tracked.application.name
        if self._desk.books.tracked.get(name) is not tracked:
            # It was left out of the configuration while it was looked at.
            return
        known, before = self._indexed.get(name, (context, frozenset()))
        if known != context:
            self.forget(name)
            before = frozenset()
        if uids == before:
            return
        alone = (name,)
        for uid in uids - before:
            slot = (context, uid)
            others = self._others(slot, name)
            self._applications_by_uid[slot] = (*others, name) if others else alone
            if self._orphans.pop(slot, slot) is None:
                tracked.dirty = True
        self._drop(name, context, before - uids)
        self._indexed[name] = (context, uids)

    def forget(self, name: str) -> None:
        """An application is tracked no longer, or is elsewhere: nothing concerns it."""
        self._drop(name, *self._indexed.pop(name, ("", frozenset())))

    @property
    def followed(self) -> int:
        """How many objects concern somebody."""
        return len(self._applications_by_uid)

    def _drop(self, name: str, context: str, uids: frozenset[str]) -> None:
        for uid in uids:
            slot = (context, uid)
            others = self._others(slot, name)
            if others:
                self._applications_by_uid[slot] = others
            else:
                self._applications_by_uid.pop(slot, None)

    def _others(self, slot: tuple[str, str], name: str) -> tuple[str, ...]:
        return tuple(each for each in self._applications_by_uid.get(slot, ()) if each != name)

"""Objects by key at revisions, with a window of their changes: what etcd is to a real API server."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Checkpoint, ConflictError, Event, ExpiredError, Item, Key
from gitops_tui.embedded.store.subscription import Subscription

DEFAULT_WINDOW = 20_000


class Log(Protocol):
    """Where a store writes every change down. Called under the store's lock, in order."""

    def append(self, event: Event, items: Callable[[], Iterator[Item]]) -> None:
        """Record one change; `items` gives everything there is, for a compaction."""


class Store:
    """A thread-safe, versioned set of objects.

    One counter of revisions runs over everything, as in etcd. Bodies are never changed in place: a write hands over
    its body and gets the stored one back, which carries the new resourceVersion.
    """

    def __init__(self, *, window: int = DEFAULT_WINDOW, revision: int = 1, log: Log | None = None) -> None:
        self._lock = threading.RLock()
        self._items: dict[str, dict[tuple[str, str], Item]] = {}
        self._order: dict[str, list[tuple[str, str]]] = {}
        self._history: deque[Event] = deque(maxlen=window)
        self._forgotten = revision
        self._revision = revision
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._log = log

    @property
    def revision(self) -> int:
        """Revision of the newest change."""
        return self._revision

    @property
    def lock(self) -> threading.RLock:
        """Held while several reads and writes must be one."""
        return self._lock

    def load(self, items: Iterator[Item], revision: int) -> None:
        """Fill an empty store with what was kept from an earlier run; older revisions count as forgotten."""
        with self._lock:
            for item in items:
                self._put(item)
            self._revision = self._forgotten = max(revision, self._revision)

    def get(self, key: Key) -> Item | None:
        """The item at a key."""
        return self._items.get(key.storage, {}).get((key.namespace, key.name))

    def list(self, storage: str, namespace: str = "") -> tuple[tuple[Item, ...], int]:
        """Items in order of namespace and name, and the revision they are as of. Namespace "": all of them."""
        with self._lock:
            order, items = self._order.get(storage, []), self._items.get(storage, {})
            if namespace:
                first = bisect_left(order, (namespace, ""))
                last = bisect_left(order, (namespace + "\0", ""))
                order = order[first:last]
            return tuple([items[place] for place in order]), self._revision

    def list_at(self, storage: str, namespace: str, revision: int) -> tuple[Item, ...]:
        """Items as they were at a revision; ExpiredError when its history is forgotten."""
        with self._lock:
            items = {item.key: item for item in self.list(storage, namespace)[0]}
            if revision < self._forgotten:
                raise ExpiredError(revision, self._forgotten)
            for event in reversed(self._history):
                if event.item.revision <= revision:
                    break
                key = event.item.key
                if key.storage == storage and (not namespace or key.namespace == namespace):
                    items.pop(key, None)
                    if event.previous is not None:
                        items[key] = event.previous
            return tuple(items[key] for key in sorted(items))

    def everything(self) -> Iterator[Item]:
        """Every item of every kind."""
        with self._lock:
            return iter([item for items in self._items.values() for item in items.values()])

    def put(self, key: Key, body: Object, *, expected: int) -> Item:
        """Create (expected 0) or replace an item at the expected revision; ConflictError when it is not there."""
        with self._lock:
            previous = self.get(key)
            if (previous.revision if previous else 0) != expected:
                raise ConflictError(key.name)
            item = self._next(key, body)
            self._put(item)
            self._record(Event("MODIFIED" if previous else "ADDED", item, previous))
            return item

    def remove(self, key: Key, *, expected: int, body: Object | None = None) -> Item:
        """Delete an item at the expected revision; returns its last state, which `body` may give."""
        with self._lock:
            previous = self.get(key)
            if previous is None or previous.revision != expected:
                raise ConflictError(key.name)
            item = self._next(key, body if body is not None else previous.body)
            place = (key.namespace, key.name)
            del self._items[key.storage][place]
            order = self._order[key.storage]
            del order[bisect_left(order, place)]
            self._record(Event("DELETED", item, previous))
            return item

    def subscribe(self, storage: str, namespace: str = "", *, since: int | None = None) -> Subscription:
        """Changes of one kind from now on, or from after a revision; ExpiredError when that is forgotten."""
        with self._lock:
            subscription = Subscription(storage, namespace, self._unsubscribe)
            if since is not None:
                for event in self._since(since):
                    if event.item.key.storage == storage:
                        subscription.offer(event)
            self._subscriptions.setdefault(storage, []).append(subscription)
            return subscription

    def watch(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call a listener with every change of every kind, in order, under the lock: it must be quick and not write.

        Returns what ends it.
        """
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def forget(self) -> None:
        """Drop the history: every watch from an earlier revision is answered as expired."""
        with self._lock:
            self._history.clear()
            self._forgotten = self._revision

    def checkpoint(self) -> Checkpoint:
        """What there is now, for `restore`."""
        with self._lock:
            return Checkpoint(tuple(self.everything()), self._revision)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to an earlier state and its revision, as an etcd does that is restored from a backup.

        Subscriptions are ended without a word, listeners hear what changed. Nothing of it reaches the log.
        """
        with self._lock:
            before = {item.key: item for item in self.everything()}
            after = {item.key: item for item in checkpoint.items}
            self._items, self._order = {}, {}
            for item in checkpoint.items:
                self._put(item)
            self._revision = checkpoint.revision
            self.forget()
            self.end_subscriptions()
            gone = [Event("DELETED", item, item) for key, item in before.items() if key not in after]
            back = [Event("ADDED", item, None) for key, item in after.items() if key not in before]
            both = [(before[key], item) for key, item in after.items() if key in before]
            moved = [Event("MODIFIED", new, old) for old, new in both if new.revision != old.revision]
            for event in (*gone, *back, *moved):
                for listener in self._listeners:
                    listener(event)

    def end_subscriptions(self) -> None:
        """End every subscription now."""
        with self._lock:
            for subscriptions in list(self._subscriptions.values()):
                for subscription in list(subscriptions):
                    subscription.close()

    def _since(self, revision: int) -> Iterator[Event]:
        if revision < self._forgotten:
            raise ExpiredError(revision, self._forgotten)
        return (event for event in self._history if event.item.revision > revision)

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            subscriptions = self._subscriptions.get(subscription.storage, [])
            if subscription in subscriptions:
                subscriptions.remove(subscription)

    def _next(self, key: Key, body: Object) -> Item:
        self._revision += 1
        metadata = {**body["metadata"], "resourceVersion": str(self._revision)}
        return Item(key, {**body, "metadata": metadata}, self._revision)

    def _put(self, item: Item) -> None:
        place = (item.key.namespace, item.key.name)
        items = self._items.setdefault(item.key.storage, {})
        if place not in items:
            insort(self._order.setdefault(item.key.storage, []), place)
        items[place] = item

    def _record(self, event: Event) -> None:
        if len(self._history) == self._history.maxlen:
            self._forgotten = self._history[0].item.revision
        self._history.append(event)
        if self._log is not None:
            self._log.append(event, self.everything)
        for subscription in self._subscriptions.get(event.item.key.storage, ()):
            subscription.offer(event)
        for listener in self._listeners:
            listener(event)

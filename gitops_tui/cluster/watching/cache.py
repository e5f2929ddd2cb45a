"""The live objects that are watched, found by key, by owning application and by owner reference."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable

from gitops_tui.cluster.objects import Family, Live, Scope
from gitops_tui.cluster.watching.shelf import Shelf
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import APPLICATION_LABEL
from gitops_tui.model.resources import ResourceKey

Listener = Callable[[Live, bool], None]
"""Called with an object and whether it is gone."""


def _is_past(shelf: Shelf, told: Live) -> bool:
    """Whether a watch tells of what was written or found since: that is known, and the watch has yet to tell of it."""
    if told.uid in shelf.lost:
        return True
    known = shelf.objects.get(told.key)
    return known is not None and _number(told.resource_version) < _number(known.resource_version) <= shelf.learned


def _number(revision: str) -> int:
    """A resourceVersion by which what came before can be told from what came after; 0 when it cannot."""
    return int(revision) if revision.isdecimal() else 0


class Cache:
    """The objects of all watched scopes. Thread-safe; listeners are called outside its lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._shelves: dict[Scope, Shelf] = {}
        self._kinds: defaultdict[tuple[str, str], list[Scope]] = defaultdict(list)
        self._listeners: list[Listener] = []
        self._watchers: list[Callable[[], None]] = []

    def open(self, scope: Scope) -> Shelf:
        """Make room for a scope."""
        with self._lock:
            shelf = self._shelves[scope] = Shelf(scope)
            self._kinds[scope.group, scope.kind].append(scope)
            return shelf

    def drop(self, shelf: Shelf) -> None:
        """Forget a scope with its objects. They are not gone from the cluster: no listener is called.

        What a thread that has not noticed yet still puts on the shelf reaches nobody.
        """
        scope = shelf.scope
        with self._lock:
            if self._shelves.get(scope) is shelf:
                del self._shelves[scope]
                self._kinds[scope.group, scope.kind].remove(scope)

    def replace(self, shelf: Shelf, objects: Iterable[Live], revision: str = "") -> None:
        """Take a complete new list; listeners hear of the differences alone, deletions that were missed too.

        revision: the resourceVersion of the list.
        """
        fresh = {live.key: live for live in objects}
        with self._lock:
            if not self._holds(shelf):
                return
            gone = [shelf.drop(key) for key in tuple(shelf.objects) if key not in fresh]
            changed = [live for live in fresh.values() if shelf.put(live)]
            shelf.listed, shelf.seen, shelf.learned, shelf.lost = True, _number(revision), 0, set()
            watchers = self._trouble(shelf, None)
            events = [(live, True) for live in gone if live and self._find(live.key) is None]
            events += [(live, False) for live in changed]
            listeners = tuple(self._listeners)
        _tell(listeners, events)
        _call(watchers)

    def put(self, shelf: Shelf, live: Live) -> None:
        """An object of a scope appeared or changed."""
        with self._lock:
            shelf.seen = _number(live.resource_version)
            if not self._holds(shelf) or _is_past(shelf, live) or not shelf.put(live):
                return
            listeners = tuple(self._listeners)
        _tell(listeners, [(live, False)])

    def learn(self, live: Live) -> None:
        """Take an object of ours as the answer to a write had it, before the watch tells of it.

        Only what the watch has yet to tell is taken: its later changes, and its deletion, are certain to come then.
        """
        with self._lock:
            version = _number(live.resource_version)
            shelves = [self._shelves[scope] for scope in self._kinds.get((live.key.group, live.key.kind), ())]
            changed = [
                shelf
                for shelf in shelves
                if shelf.listed
                and shelf.problem is None
                and _spans(shelf.scope, live.key)
                and shelf.seen < version
                and shelf.put(live)
            ]
            for shelf in changed:
                shelf.learned = max(shelf.learned, version)
            listeners = tuple(self._listeners) if changed else ()
        _tell(listeners, [(live, False)])

    def remove(self, shelf: Shelf, last: Live) -> None:
        """An object of a scope is gone, or is selected no longer. last: its last state."""
        with self._lock:
            shelf.seen = _number(last.resource_version)
            is_past = _is_past(shelf, last)
            shelf.lost.discard(last.uid)
            if not self._holds(shelf) or is_past:
                return
            if shelf.drop(last.key) is None or self._find(last.key) is not None:
                return
            listeners = tuple(self._listeners)
        _tell(listeners, [(last, True)])

    def lose(self, key: ResourceKey, uid: str) -> None:
        """An object was found to be gone before the watch tells of it, which is certain to come then."""
        with self._lock:
            shelves = [self._shelves[scope] for scope in self._kinds.get((key.group, key.kind), ())]
            found = [shelf for shelf in shelves if (live := shelf.objects.get(key)) is not None and live.uid == uid]
            gone = [live for shelf in found if (live := shelf.drop(key)) is not None]
            for shelf in found:
                shelf.lost.add(uid)
            listeners = tuple(self._listeners)
        _tell(listeners, [(live, True) for live in gone[:1]])

    def fail(self, shelf: Shelf, problem: ClusterError | None) -> None:
        """Note that a scope cannot be listed now, or (None) that it can again; what was known of it stays."""
        with self._lock:
            watchers = self._trouble(shelf, problem)
        _call(watchers)

    def doubt(self, shelf: Shelf) -> None:
        """Nobody is to rely on what is known of a scope before it has been listed again."""
        with self._lock:
            shelf.listed = False

    def _trouble(self, shelf: Shelf, problem: ClusterError | None) -> tuple[Callable[[], None], ...]:
        """Note a problem or its end; who is to be called because that is news."""
        is_news = (shelf.problem is None) is not (problem is None)
        shelf.problem = problem
        self._settled.notify_all()
        return tuple(self._watchers) if is_news and self._holds(shelf) else ()

    def problem(self, key: ResourceKey) -> ClusterError | None:
        """Why what is cached of a key's kind may be old; None where it is not, or the kind is not watched."""
        with self._lock:
            shelves = (self._shelves[scope] for scope in self._kinds.get((key.group, key.kind), ()))
            return next((shelf.problem for shelf in shelves if shelf.problem and _spans(shelf.scope, key)), None)

    def problems(self) -> dict[Scope, ClusterError]:
        """The scopes that cannot be listed now."""
        with self._lock:
            return {scope: shelf.problem for scope, shelf in self._shelves.items() if shelf.problem is not None}

    def ready(self, scopes: Iterable[Scope]) -> bool:
        """Whether each was listed or has a problem."""
        wanted = tuple(scopes)
        with self._lock:
            return self._ready(wanted)

    def wait_ready(self, scopes: Iterable[Scope], timeout: float) -> bool:
        """Wait for `ready`, at most `timeout` seconds."""
        wanted = tuple(scopes)
        with self._lock:
            return self._settled.wait_for(lambda: self._ready(wanted), timeout)

    def live(self, key: ResourceKey) -> Live | None:
        """One object."""
        with self._lock:
            return self._find(key)

    def owned(self, application: str) -> tuple[Live, ...]:
        """The objects of an application, in order of their keys."""
        with self._lock:
            found = [shelf.owned[application] for shelf in self._shelves.values() if application in shelf.owned]
            return _merged(found)

    def family(self, application: str, keys: Iterable[ResourceKey]) -> Family:
        """What is known of an application at this instant. keys: of the objects that it shall have."""
        with self._lock:
            wanted = tuple(keys)
            stated = tuple(map(self._find, wanted))
            owned = [shelf.owned[application] for shelf in self._shelves.values() if application in shelf.owned]
            others = _merged(owned, frozenset(wanted))
            return Family(stated, others, self._below([live.uid for live in (*stated, *others) if live is not None]))

    def below(self, uids: Iterable[str]) -> dict[str, tuple[Live, ...]]:
        """What is below these objects, by the uid of its owner, at any depth."""
        with self._lock:
            return self._below(list(uids))

    def _below(self, uids: list[str]) -> dict[str, tuple[Live, ...]]:
        indexes = [shelf.children for shelf in self._shelves.values() if shelf.children]
        below: dict[str, tuple[Live, ...]] = {}
        front = uids if indexes else []
        while front:
            found = {uid: _merged([index[uid] for index in indexes if uid in index]) for uid in front}
            below |= {uid: children for uid, children in found.items() if children}
            front = [child.uid for children in found.values() for child in children if child.uid not in below]
        return below

    def is_sound(self, scopes: Iterable[Scope]) -> bool:
        """Whether each of these was listed, and none at all has a problem."""
        with self._lock:
            if any(shelf.problem is not None for shelf in self._shelves.values()):
                return False
            shelves = map(self._shelves.get, scopes)
            return all(shelf is not None and shelf.listed for shelf in shelves)

    def covers(self, key: ResourceKey) -> bool:
        """Whether an object of ours with this key would be here."""
        with self._lock:
            return any(
                _spans(scope, key)
                and scope.selector in {"", APPLICATION_LABEL}
                and self._shelves[scope].listed
                and self._shelves[scope].problem is None
                for scope in self._kinds.get((key.group, key.kind), ())
            )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each change from now on; returns how to stop that."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def on_trouble(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` whenever a scope begins or ends to have a problem; returns how to stop that."""
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)

        return stop

    def _holds(self, shelf: Shelf) -> bool:
        return self._shelves.get(shelf.scope) is shelf

    def _ready(self, scopes: Iterable[Scope]) -> bool:
        shelves = (self._shelves.get(scope) for scope in scopes)
        return all(shelf is not None and (shelf.listed or shelf.problem is not None) for shelf in shelves)

    def _find(self, key: ResourceKey) -> Live | None:
        for scope in self._kinds.get((key.group, key.kind), ()):
            found = self._shelves[scope].objects.get(key)
            if found is not None:
                return found
        return None


def _merged(found: list[dict[ResourceKey, Live]], without: frozenset[ResourceKey] = frozenset()) -> tuple[Live, ...]:
    merged = {key: live for objects in found for key, live in objects.items() if key not in without}
    return tuple(merged[key] for key in sorted(merged))


def _spans(scope: Scope, key: ResourceKey) -> bool:
    return scope.namespace in {"", key.namespace}


def _call(watchers: Iterable[Callable[[], None]]) -> None:
    for watcher in watchers:
        watcher()


def _tell(listeners: Iterable[Listener], events: Iterable[tuple[Live, bool]]) -> None:
    for live, gone in events:
        for listener in listeners:
            listener(live, gone)

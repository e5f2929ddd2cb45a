"""The live objects that are watched, found by key, by owning application and by owner reference."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from gitops_tui.cluster.objects import ApiResource, Live, Scope
from gitops_tui.cluster.watching.arrivals import Arrival
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import APPLICATION_LABEL, owner_of
from gitops_tui.model.resources import ResourceKey

Listener = Callable[[Live, bool], None]
"""Called with an object and whether it is gone."""


def live_of(arrival: Arrival, resource: ApiResource, *, decoded: bool = False) -> Live:
    """Summarise one object of a list or an event. Items of a list carry no kind of their own.

    decoded: it is kept as it came, too, for the first who wants it.
    """
    item = arrival.item
    body = {**item, "apiVersion": item.get("apiVersion") or resource.api_version, "kind": resource.kind}
    metadata = item.get("metadata")
    body["metadata"] = metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    owners = metadata.get("ownerReferences")
    return Live(
        key=ResourceKey(resource.group, resource.kind, _text(metadata, "namespace"), _text(metadata, "name")),
        uid=_text(metadata, "uid"),
        resource_version=_text(metadata, "resourceVersion"),
        owner=owner_of(body) if isinstance(annotations, dict) else None,
        owner_uids=tuple(_text(owner, "uid") for owner in owners if isinstance(owner, dict))
        if isinstance(owners, list)
        else (),
        created=_time(_text(metadata, "creationTimestamp")),
        raw=_text_of(arrival, resource) or json.dumps(body, separators=(",", ":")).encode(),
        decoded=[body] if decoded else None,
    )


def _text_of(arrival: Arrival, resource: ApiResource) -> bytes:
    """The object's JSON text with its kind, made of the one that came; b"" where that is not how it came."""
    item, text = arrival
    if text is None or not isinstance(item.get("metadata"), dict):
        return b""
    if item.get("kind") == resource.kind and item.get("apiVersion"):
        return text
    if "kind" in item or "apiVersion" in item or text[:1] != b"{":
        return b""
    return _head(resource.kind, resource.api_version) + text[1:]


@cache
def _head(kind: str, api_version: str) -> bytes:
    return json.dumps({"kind": kind, "apiVersion": api_version}, separators=(",", ":"))[:-1].encode() + b","


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    return value if isinstance(value, str) else ""


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError, OSError):
        return None


class Shelf:
    """The objects of one scope. Only the cache changes it, under its lock."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.objects: dict[ResourceKey, Live] = {}
        self.owned: defaultdict[str, dict[ResourceKey, Live]] = defaultdict(dict)
        self.children: defaultdict[str, dict[ResourceKey, Live]] = defaultdict(dict)
        self.listed = False
        self.seen = 0
        """The newest resourceVersion that the list or the watch has told of."""
        self.problem: ClusterError | None = None

    def put(self, live: Live) -> bool:
        """Keep an object; whether that changes anything."""
        old = self.objects.get(live.key)
        if old is not None and _is_same(old, live):
            return False
        self.drop(live.key)
        self.objects[live.key] = live
        if live.owner is not None:
            self.owned[live.owner][live.key] = live
        for uid in live.owner_uids:
            self.children[uid][live.key] = live
        return True

    def drop(self, key: ResourceKey) -> Live | None:
        """Forget an object; what was known of it."""
        old = self.objects.pop(key, None)
        if old is None:
            return None
        if old.owner is not None:
            _unindex(self.owned, old.owner, key)
        for uid in old.owner_uids:
            _unindex(self.children, uid, key)
        return old


def _is_same(one: Live, other: Live) -> bool:
    """Whether both say the same: what is written anew is written otherwise than a server does it.

    Its version alone would not do: a cluster that was restored counts anew from an older one.
    """
    if one == other:
        return True
    known = (one.key, one.uid, one.resource_version) == (other.key, other.uid, other.resource_version)
    return known and bool(json.loads(one.raw) == json.loads(other.raw))


def _number(revision: str) -> int:
    """A resourceVersion by which what came before can be told from what came after; 0 when it cannot."""
    return int(revision) if revision.isdecimal() else 0


def _unindex(index: dict[str, dict[ResourceKey, Live]], name: str, key: ResourceKey) -> None:
    entries = index.get(name, {})
    entries.pop(key, None)
    if not entries:
        index.pop(name, None)


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
            shelf.listed, shelf.seen = True, _number(revision)
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
            if not self._holds(shelf) or not shelf.put(live):
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
            listeners = tuple(self._listeners) if changed else ()
        _tell(listeners, [(live, False)])

    def remove(self, shelf: Shelf, last: Live) -> None:
        """An object of a scope is gone, or is selected no longer. last: its last state."""
        with self._lock:
            shelf.seen = _number(last.resource_version)
            if not self._holds(shelf) or shelf.drop(last.key) is None or self._find(last.key) is not None:
                return
            listeners = tuple(self._listeners)
        _tell(listeners, [(last, True)])

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

    def children(self, uid: str) -> tuple[Live, ...]:
        """The objects with an owner reference to `uid`, in order of their keys."""
        with self._lock:
            found = [shelf.children[uid] for shelf in self._shelves.values() if uid in shelf.children]
            return _merged(found)

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


def _merged(found: list[dict[ResourceKey, Live]]) -> tuple[Live, ...]:
    if not found:
        return ()
    merged = found[0] if len(found) == 1 else {key: live for objects in found for key, live in objects.items()}
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

"""Garbage collection: dependents go with their owners, in the background, in the foreground, or are orphaned."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_tui.embedded.api import change, remove
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Event, Item, Key


class GarbageCollector:
    """Follows every change and deletes what nobody owns any more. Used by one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._owners: dict[Key, tuple[str, ...]] = {}
        self._dependents: dict[str, set[Key]] = {}
        self._alive: set[str] = set()

    def begin(self, items: Iterable[Item]) -> None:
        """Know everything that is there, before any of it is looked at: an owner may come after its dependents."""
        self._alive.update(item.body["metadata"]["uid"] for item in items)

    def handle(self, event: Event) -> None:
        """Bring everything in line with one change."""
        item = event.item
        uid = item.body["metadata"]["uid"]
        if event.type == "DELETED":
            self._alive.discard(uid)
            owners = self._owners.pop(item.key, ())
            for owner in owners:
                self._dependents.get(owner, set()).discard(item.key)
            for key in list(self._dependents.get(uid, ())):
                self._collect(key)
            for owner in owners:
                self._finish_owner(owner, item)
            return
        self._alive.add(uid)
        if self._index(item):
            self._collect(item.key)
        finalizers = item.body["metadata"].get("finalizers") or ()
        if item.body["metadata"].get("deletionTimestamp"):
            if remove.ORPHAN in finalizers:
                self._orphan(item)
            elif remove.FOREGROUND in finalizers:
                self._foreground(item)

    def _index(self, item: Item) -> bool:
        """Keep the owners of an item; whether it has others than before."""
        owners = tuple(row["uid"] for row in _references(item.body))
        before = self._owners.get(item.key, ())
        if owners == before:
            return False
        for owner in before:
            self._dependents.get(owner, set()).discard(item.key)
        for owner in owners:
            self._dependents.setdefault(owner, set()).add(item.key)
        if owners:
            self._owners[item.key] = owners
        else:
            self._owners.pop(item.key, None)
        return bool(owners)

    def _collect(self, key: Key) -> None:
        """Delete an object none of whose owners is there; forget the owners that are not, when some are."""
        item = self._backend.store.get(key)
        if item is None:
            return
        references = list(_references(item.body))
        left = [row for row in references if self._may_exist(row)]
        if len(left) == len(references):
            return
        if not left:
            self._delete(item, "Background")
        else:
            self._change(item, {"ownerReferences": left})

    def _may_exist(self, reference: Object) -> bool:
        unknown = self._backend.registry.of_kind(reference["apiVersion"], reference["kind"]) is None
        return unknown or reference["uid"] in self._alive

    def _foreground(self, item: Item) -> None:
        """Delete the dependents first; the owner goes when none that blocks it is left."""
        uid = item.body["metadata"]["uid"]
        blocked = False
        for key in list(self._dependents.get(uid, ())):
            dependent = self._backend.store.get(key)
            if dependent is None:
                continue
            row = next((row for row in _references(dependent.body) if row["uid"] == uid), {})
            blocked = blocked or bool(row.get("blockOwnerDeletion"))
            if not dependent.body["metadata"].get("deletionTimestamp"):
                below = self._dependents.get(dependent.body["metadata"]["uid"])
                self._delete(dependent, "Foreground" if below else "Background")
                blocked = blocked and self._backend.store.get(key) is not None
        if not blocked:
            self._release(item.key, remove.FOREGROUND)

    def _finish_owner(self, uid: str, gone: Item) -> None:
        reference = next((row for row in _references(gone.body) if row["uid"] == uid), None)
        if reference is None or uid not in self._alive:
            return
        resource = self._backend.registry.of_kind(reference["apiVersion"], reference["kind"])
        if resource is None:
            return
        namespace = gone.key.namespace if resource.namespaced else ""
        owner = self._backend.store.get(Key(resource.storage, namespace, reference["name"]))
        if owner is None or owner.body["metadata"]["uid"] != uid:
            return
        metadata = owner.body["metadata"]
        if metadata.get("deletionTimestamp") and remove.FOREGROUND in (metadata.get("finalizers") or ()):
            self._foreground(owner)

    def _orphan(self, item: Item) -> None:
        """Let the dependents go on without their owner."""
        uid = item.body["metadata"]["uid"]
        for key in list(self._dependents.get(uid, ())):
            dependent = self._backend.store.get(key)
            if dependent is not None:
                left = [row for row in _references(dependent.body) if row["uid"] != uid]
                self._change(dependent, {"ownerReferences": left})
        self._release(item.key, remove.ORPHAN)

    def _release(self, key: Key, finalizer: str) -> None:
        item = self._backend.store.get(key)
        if item is not None:
            left = [name for name in item.body["metadata"].get("finalizers") or () if name != finalizer]
            self._change(item, {"finalizers": left})

    def _change(self, item: Item, changes: Object) -> None:
        with self._backend.store.lock:
            current = self._backend.store.get(item.key)
            if current is None:
                return
            metadata = {**current.body["metadata"], **changes}
            metadata = {key: value for key, value in metadata.items() if key not in changes or value}
            if call := _call_for(self._backend, item):
                change.commit(self._backend, call, current, {**current.body, "metadata": metadata})

    def _delete(self, item: Item, propagation: str) -> None:
        call = _call_for(self._backend, item)
        if call is None:
            return
        try:
            remove.delete(self._backend, call, DeleteOptions(propagation, uid=item.body["metadata"]["uid"]))
        except ApiError:
            return  # it has gone, or is another object of that name by now


def _references(body: Object) -> Iterable[Object]:
    return body["metadata"].get("ownerReferences") or ()


def _call_for(backend: Backend, item: Item) -> Call | None:
    resource = backend.registry.of_storage(item.key.storage)
    return Call(resource, item.key.namespace, item.key.name) if resource else None

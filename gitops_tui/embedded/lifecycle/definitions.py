"""A CustomResourceDefinition is accepted, established, served, and cleaned up after."""

from __future__ import annotations

from gitops_tui.embedded.api import change, remove, write
from gitops_tui.embedded.api.backend import Backend, timestamp
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.kinds.custom import custom_resources
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.definitions import CLEANUP, STORAGE
from gitops_tui.embedded.store.items import Event, Item


class DefinitionJanitor:
    """Follows definitions, and instances of those that are being deleted. Used by one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._terminating: set[str] = set()

    def handle(self, event: Event) -> None:
        """Bring everything in line with one change."""
        key = event.item.key
        if key.storage == STORAGE:
            self._definition(event)
        elif event.type == "DELETED" and key.storage in self._terminating:
            self._finish(key.storage)

    def _definition(self, event: Event) -> None:
        name = event.item.key.name
        if event.type == "DELETED":
            self._terminating.discard(name)
            self._backend.registry.set_custom(name, ())
        elif event.item.body["metadata"].get("deletionTimestamp"):
            self._terminating.add(name)
            self._empty(name)
            self._finish(name)
        else:
            self._terminating.discard(name)
            self._establish(event.item)

    def _establish(self, item: Item) -> None:
        resource = self._backend.registry.of_storage(STORAGE)
        with self._backend.store.lock:
            current = self._backend.store.get(item.key)
            if current is None or resource is None or current.body["metadata"].get("deletionTimestamp"):
                return
            self._backend.registry.set_custom(item.key.name, custom_resources(current.body))
            call = Call(resource, "", item.key.name, "status", manager="kube-apiserver")
            write.replace(self._backend, call, _established(current.body))

    def _empty(self, name: str) -> None:
        resource = self._backend.registry.of_storage(name)
        if resource is None:
            return
        for item in self._backend.store.list(name)[0]:
            try:
                remove.delete(
                    self._backend, Call(resource, item.key.namespace, item.key.name), DeleteOptions("Background")
                )
            except ApiError:
                continue  # it has gone meanwhile

    def _finish(self, name: str) -> None:
        resource = self._backend.registry.of_storage(STORAGE)
        if resource is None or self._backend.store.list(name)[0]:
            return
        with self._backend.store.lock:
            call = Call(resource, "", name)
            item = self._backend.store.get(self._backend.key(call))
            if item is None:
                return
            left = [row for row in item.body["metadata"].get("finalizers") or () if row != CLEANUP]
            metadata = {**item.body["metadata"], "finalizers": left}
            change.commit(self._backend, call, item, {**item.body, "metadata": metadata})


def _established(body: Object) -> Object:
    """The definition with the status of one that is served."""
    status = body.get("status") or {}
    spec = body["spec"]
    storing = next((row["name"] for row in spec["versions"] if row.get("storage")), "")
    stored = list(dict.fromkeys([*(status.get("storedVersions") or ()), storing]))
    conditions = status.get("conditions") or [
        _condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        _condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ]
    accepted = {**status, "acceptedNames": spec["names"], "conditions": conditions, "storedVersions": stored}
    return {**body, "status": accepted}


def _condition(kind: str, reason: str, message: str) -> Object:
    row = {"type": kind, "status": "True", "reason": reason, "message": message}
    return {**row, "lastTransitionTime": timestamp()}

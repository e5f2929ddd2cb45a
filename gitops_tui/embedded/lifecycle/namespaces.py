"""A deleted namespace takes its content with it, and goes when the content has gone."""

from __future__ import annotations

from collections import Counter

from gitops_tui.embedded.api import change, remove, write
from gitops_tui.embedded.api.backend import Backend, timestamp
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Event, Item, Key

FIRST_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class NamespaceJanitor:
    """Follows every change and empties namespaces that are being deleted. Used by one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._terminating: set[str] = set()

    def handle(self, event: Event) -> None:
        """Bring everything in line with one change."""
        key = event.item.key
        if key.storage == "namespaces":
            if event.type == "DELETED" or not event.item.body["metadata"].get("deletionTimestamp"):
                self._terminating.discard(key.name)
            elif key.name not in self._terminating:
                self._terminating.add(key.name)
                self._empty(key.name)
                self._finish(key.name)
        elif event.type == "DELETED" and key.namespace in self._terminating:
            self._finish(key.namespace)

    def _content(self, namespace: str) -> list[Item]:
        resources = {row.storage: row for row in self._backend.registry.resources() if row.namespaced}
        return [item for storage in resources for item in self._backend.store.list(storage, namespace)[0]]

    def _empty(self, namespace: str) -> None:
        for item in self._content(namespace):
            resource = self._backend.registry.of_storage(item.key.storage)
            if resource is None:
                continue
            try:
                remove.delete(self._backend, Call(resource, namespace, item.key.name), DeleteOptions("Background"))
            except ApiError:
                continue  # it has gone meanwhile

    def _finish(self, namespace: str) -> None:
        content = self._content(namespace)
        if content:
            self._tell(namespace, content)
            return
        with self._backend.store.lock:
            item = self._backend.store.get(Key("namespaces", "", namespace))
            resource = self._backend.registry.of_storage("namespaces")
            if item is not None and resource is not None:
                body = {**item.body, "spec": {}}
                change.commit(self._backend, Call(resource, "", namespace), item, body)

    def _tell(self, namespace: str, content: list[Item]) -> None:
        """Say in the namespace's conditions what holds up its deletion, and by which finalizers."""
        kinds = Counter(item.key.storage for item in content)
        holders = Counter(name for item in content for name in item.body["metadata"].get("finalizers") or ())
        remaining = ", ".join(f"{kind}. has {count} resource instances" for kind, count in sorted(kinds.items()))
        holding = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(holders.items()))
        told = [
            _condition("NamespaceContentRemaining", "SomeResourcesRemain", f"Some resources are remaining: {remaining}")
        ]
        if holding:
            text = f"Some content in the namespace has finalizers remaining: {holding}"
            told.append(_condition("NamespaceFinalizersRemaining", "SomeFinalizersRemain", text))
        with self._backend.store.lock:
            item = self._backend.store.get(Key("namespaces", "", namespace))
            if item is not None and _told(item.body) != _told({"status": {"conditions": told}}):
                status = {**item.body["status"], "conditions": told}
                self._backend.store.put(item.key, {**item.body, "status": status}, expected=item.revision)


def _condition(name: str, reason: str, message: str) -> Object:
    when = timestamp()
    return {"type": name, "status": "True", "reason": reason, "message": message, "lastTransitionTime": when}


def _told(namespace: Object) -> list[str]:
    return [row["message"] for row in namespace["status"].get("conditions") or ()]


def make_first_namespaces(backend: Backend) -> None:
    """The namespaces and the Service that every cluster has."""
    namespaces = backend.registry.find("", "v1", "namespaces")
    services = backend.registry.find("", "v1", "services")
    if namespaces is None or services is None:
        raise LookupError("the table of kinds lacks namespaces or services")
    for name in FIRST_NAMESPACES:
        if backend.namespace(name) is None:
            write.create(backend, Call(namespaces, manager="kube-apiserver"), {"metadata": {"name": name}})
    if backend.store.get(Key("services", "default", "kubernetes")) is None:
        spec = {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}
        labels = {"component": "apiserver", "provider": "kubernetes"}
        body = {"metadata": {"name": "kubernetes", "labels": labels}, "spec": spec}
        write.create(backend, Call(services, "default", manager="kube-apiserver"), body)

"""Volumes and claims stay while something uses them, and go when nothing does."""

from __future__ import annotations

from gitops_tui.embedded.api import change
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.allocation import CLAIM_PROTECTION, VOLUME_PROTECTION
from gitops_tui.embedded.store.items import Event, Item

_FINALIZERS = {"persistentvolumeclaims": CLAIM_PROTECTION, "persistentvolumes": VOLUME_PROTECTION}


class VolumeProtection:
    """Follows claims, volumes and pods. Used by one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def handle(self, event: Event) -> None:
        """Bring everything in line with one change."""
        storage = event.item.key.storage
        if event.type == "DELETED":
            if storage == "pods":
                self._release_all("persistentvolumeclaims", event.item.key.namespace)
            elif storage == "persistentvolumeclaims":
                self._release_all("persistentvolumes", "")
        elif storage in _FINALIZERS and event.item.body["metadata"].get("deletionTimestamp"):
            self._release(event.item)

    def _release_all(self, storage: str, namespace: str) -> None:
        for item in self._backend.store.list(storage, namespace)[0]:
            if item.body["metadata"].get("deletionTimestamp"):
                self._release(item)

    def _release(self, item: Item) -> None:
        with self._backend.store.lock:
            current = self._backend.store.get(item.key)
            resource = self._backend.registry.of_storage(item.key.storage)
            if current is None or resource is None or self._is_used(current):
                return
            finalizer = _FINALIZERS[item.key.storage]
            metadata = dict(current.body["metadata"])
            metadata["finalizers"] = [name for name in metadata.get("finalizers") or () if name != finalizer]
            call = Call(resource, item.key.namespace, item.key.name)
            change.commit(self._backend, call, current, {**current.body, "metadata": metadata})

    def _is_used(self, item: Item) -> bool:
        if item.key.storage == "persistentvolumes":
            return bool((item.body.get("status") or {}).get("phase") == "Bound")
        pods = self._backend.store.list("pods", item.key.namespace)[0]
        return any(item.key.name in _claims(pod.body) for pod in pods)


def _claims(pod: Object) -> set[str]:
    volumes = pod["spec"].get("volumes") or ()
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume.get("persistentVolumeClaim")}

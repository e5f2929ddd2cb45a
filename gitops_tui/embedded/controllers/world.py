"""What controllers see and do: objects read and written in the server's own process, and events recorded."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

from gitops_tui.embedded.api import remove, write
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.controllers.clock import Clock, Timings, as_seconds, as_text
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.store.items import Key

MANAGER = "kube-controller-manager"
_SUFFIXES = "bcdfghjklmnpqrstvwxz2456789"


class World:
    """The cluster as a controller knows it. Used under the store's lock, so that what was read is still so.

    Bodies that come out are never changed: `with_status` and friends make new ones.
    """

    def __init__(self, backend: Backend, clock: Clock, timings: Timings) -> None:
        self.backend = backend
        self.timings = timings
        self._clock = clock
        self._since: dict[tuple[str, str], float] = {}
        self.silent_before = 0.0
        """Events before this time are not recorded: they would have been forgotten by now."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock.now()

    @property
    def time(self) -> str:
        """Now, as objects carry it."""
        return as_text(self.now)

    def waited(self, obj: Object, what: str, seconds: float) -> float:
        """Seconds that are left of a wait for something about an object, 0 when it is over.

        The wait begins when it is first asked for. It is not kept over a restart, where it begins again.
        """
        key, now = (uid_of(obj), what), self.now
        began = self._since.setdefault(key, now)
        if began > now:
            began = self._since[key] = now  # the clock was set back
        return max(0.0, began + seconds - now)

    def forget(self, obj: Object) -> None:
        """Drop every wait of an object that is gone."""
        uid = uid_of(obj)
        for key in [key for key in self._since if key[0] == uid]:
            del self._since[key]

    def age(self, text: object) -> float:
        """Seconds since a time in an object; 0 when there is none or it is in the future."""
        then = as_seconds(text)
        return 0.0 if then is None else max(0.0, self.now - then)

    def get(self, storage: str, namespace: str, name: str) -> Object | None:
        """One object."""
        item = self.backend.store.get(Key(storage, namespace, name))
        return item.body if item else None

    def all_of(self, storage: str, namespace: str = "") -> tuple[Object, ...]:
        """All objects of a kind, in a namespace or everywhere."""
        return tuple(item.body for item in self.backend.store.list(storage, namespace)[0])

    def controlled(self, storage: str, owner: Object) -> list[Object]:
        """Objects of a kind that an owner controls."""
        uid = uid_of(owner)
        return [body for body in self.all_of(storage, namespace_of(owner)) if controller_uid(body) == uid]

    def create(self, body: Object, *, manager: str = MANAGER) -> Object | None:
        """Create an object; None when there is one of that name, or its namespace is going."""
        metadata = body["metadata"]
        call = self._call(body, metadata.get("name", ""), manager)
        try:
            return write.create(self.backend, call, body).body
        except ApiError as error:
            if error.code in {403, 404, 409}:
                return None
            raise

    def replace(self, body: Object, *, manager: str = MANAGER) -> Object:
        """Write a new state of an object, all but its status."""
        return write.replace(self.backend, self._call(body, name_of(body), manager), body).body

    def set_status(self, body: Object, status: Mapping[str, Any], *, manager: str = MANAGER) -> None:
        """Write an object's status; nothing when it says so already."""
        if body.get("status") == status:
            return
        call = self._call(body, name_of(body), manager)
        call.subresource = "status"
        write.replace(self.backend, call, {**body, "status": dict(status)})

    def delete(self, body: Object, *, grace: int | None = None, propagation: str = "Background") -> None:
        """Delete an object. grace 0 removes a pod at once."""
        call = self._call(body, name_of(body), MANAGER)
        try:
            remove.delete(self.backend, call, DeleteOptions(propagation, uid_of(body), grace_seconds=grace))
        except ApiError as error:
            if error.code not in {404, 409}:
                raise

    def event(self, about: Object, reason: str, message: str, *, source: str, warning: bool = False) -> None:
        """Record an event; one that was recorded before is counted up."""
        if self.now < self.silent_before:
            return
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        key = f"{metadata['uid']}/{reason}/{message}/{source}"
        name = f"{metadata['name']}.{zlib.crc32(key.encode()):08x}{zlib.adler32(key.encode()):08x}"
        known = self.get("events", namespace, name)
        if known is not None:
            self._count_up(known)
            return
        self.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": {
                    "apiVersion": about["apiVersion"],
                    "kind": about["kind"],
                    "name": metadata["name"],
                    "namespace": metadata.get("namespace", ""),
                    "resourceVersion": metadata["resourceVersion"],
                    "uid": metadata["uid"],
                },
                "reason": reason,
                "message": message,
                "source": {"component": source},
                "reportingComponent": source,
                "type": "Warning" if warning else "Normal",
                "count": 1,
                "firstTimestamp": self.time,
                "lastTimestamp": self.time,
            },
            manager=source if source in {"kubelet", "kube-scheduler"} else MANAGER,
        )

    def _count_up(self, event: Object) -> None:
        manager = (event["metadata"].get("managedFields") or [{}])[0].get("manager", MANAGER)
        self.replace({**event, "count": event.get("count", 1) + 1, "lastTimestamp": self.time}, manager=manager)

    def _call(self, body: Object, name: str, manager: str) -> Call:
        resource = self.resource(body)
        namespace = namespace_of(body) if resource.namespaced else ""
        return Call(resource, namespace, name, manager=manager)

    def resource(self, body: Object) -> Resource:
        """The kind of an object; LookupError when it is not served."""
        found = self.backend.registry.of_kind(body["apiVersion"], body["kind"])
        if found is None:
            raise LookupError(f"{body['apiVersion']} {body['kind']} is not served")
        return found


def name_of(body: Object) -> str:
    """An object's name."""
    return str(body["metadata"].get("name", ""))


def namespace_of(body: Object) -> str:
    """An object's namespace, "" when it is in none."""
    return str(body["metadata"].get("namespace") or "")


def uid_of(body: Object) -> str:
    """An object's uid."""
    return str(body["metadata"]["uid"])


def is_going(body: Object) -> bool:
    """Whether an object is being deleted."""
    return bool(body["metadata"].get("deletionTimestamp"))


def controller_of(body: Object) -> Mapping[str, Any] | None:
    """The owner reference of an object's controller."""
    references = body["metadata"].get("ownerReferences") or ()
    return next((row for row in references if row.get("controller")), None)


def controller_uid(body: Object) -> str:
    """The uid of an object's controller, "" when it has none."""
    reference = controller_of(body)
    return str(reference["uid"]) if reference else ""


def owned_by(owner: Object) -> list[Object]:
    """The owner references of an object that `owner` controls."""
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": name_of(owner),
            "uid": uid_of(owner),
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def with_annotations(body: Object, annotations: Mapping[str, str]) -> Object:
    """An object with more annotations."""
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **annotations}}}


def with_labels(template: Mapping[str, Any], labels: Mapping[str, str]) -> Object:
    """A pod template with more labels."""
    metadata = template.get("metadata") or {}
    return {**template, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}}


def hash_of(value: object) -> str:
    """Ten letters and digits that stand for a value, such as the hash of a pod template."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    letters = ""
    for _ in range(10):
        number, place = divmod(number, len(_SUFFIXES))
        letters += _SUFFIXES[place]
    return letters

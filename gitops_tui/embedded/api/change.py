"""Bringing objects to new states: what every write comes down to."""

from __future__ import annotations

from typing import Any

from gitops_tui.embedded.api import errors, objects
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.kinds import conversion
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.merge import managed
from gitops_tui.embedded.store.items import Item


def add(backend: Backend, call: Call, obj: Object, managers: managed.Managers) -> Answer:
    """Store a new object under its managers."""
    _require_namespace(backend, call)
    objects.born(call, obj)
    objects.admit_new(backend, call.resource, obj)
    backend.admit(obj, call.dry_run)
    objects.validate(call, obj, None)
    _set_managers(obj, managers)
    if backend.store.get(backend.key(call)) is not None:
        raise errors.already_exists(call.resource, call.name)
    if call.dry_run:
        return Answer(obj, 201)
    item = backend.store.put(backend.key(call), conversion.to_storage(call.resource, obj), expected=0)
    return Answer(versioned(call, item.body), 201, item)


def _require_namespace(backend: Backend, call: Call) -> None:
    if not call.resource.namespaced:
        return
    namespace = backend.namespace(call.namespace)
    if namespace is None:
        error = errors.ApiError(404, "NotFound", f'namespaces "{call.namespace}" not found')
        error.details = {"name": call.namespace, "kind": "namespaces"}
        raise error
    if namespace.body["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {call.namespace} because it is being terminated"
        error = errors.forbidden(call.resource, call.name, why)
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {call.namespace} is being terminated"}
        error.details = {**(error.details or {}), "causes": [{**cause, "field": "metadata.namespace"}]}
        raise error


def update(backend: Backend, call: Call, item: Item, obj: Object, managers: managed.Managers | None) -> Answer:
    """Bring an item to a new state; `managers` are those of an apply, else the change is the caller's update."""
    old = versioned(call, item.body)
    _check_identity(call, item, obj)
    given = obj["metadata"].get("managedFields")
    obj = _carried(call, old, obj)
    if managers is None:
        starting = _starting_managers(call, old, given)
        managers = starting and managed.update(
            call.resource.type,
            managed.bare(old),
            managed.bare(obj),
            starting,
            objects.writer(call),
        )
    if call.subresource != "status":
        objects.admit_changed(backend, call.resource, old, obj)
        backend.admit(obj, call.dry_run)
    _count_generation(call, old, obj)
    objects.validate(call, obj, old)
    _set_managers(obj, managers)
    return commit(backend, call, item, obj)


def commit(backend: Backend, call: Call, item: Item, obj: Object) -> Answer:
    """Store a new state of an item; nothing when nothing changed, and its removal when its last finalizer went."""
    obj = conversion.to_storage(call.resource, obj)
    if _same(item.body, obj):
        return Answer(versioned(call, item.body), 200, item)
    metadata = obj["metadata"]
    gone = metadata.get("deletionTimestamp") and not metadata.get("finalizers") and _may_go(call, obj)
    if call.dry_run:
        return Answer(versioned(call, obj))
    if gone and metadata.get("deletionGracePeriodSeconds", 0) == 0:
        last = backend.store.remove(item.key, expected=item.revision, body=obj)
        return Answer(versioned(call, last.body))
    stored = backend.store.put(item.key, obj, expected=item.revision)
    return Answer(versioned(call, stored.body), 200, stored)


def versioned(call: Call, body: Object) -> Object:
    """A stored object in the version of the call."""
    return conversion.to_version(call.resource, body)


def _may_go(call: Call, obj: Object) -> bool:
    return call.resource.storage != "namespaces" or not obj["spec"].get("finalizers")


def _check_identity(call: Call, item: Item, obj: Object) -> None:
    metadata, current = obj["metadata"], item.body["metadata"]
    if metadata.get("name", call.name) != call.name:
        raise misnamed(call, metadata["name"])
    objects.place(call, obj)
    version = metadata.get("resourceVersion")
    if version and version != current["resourceVersion"]:
        raise errors.modified(call.resource, call.name)


def misnamed(call: Call, name: str) -> errors.ApiError:
    """400: the body is of another object than the path."""
    return errors.bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def _carried(call: Call, old: Object, obj: Object) -> Object:
    """The new state with everything in it that this endpoint does not write."""
    if call.subresource == "status":
        kept = {**old, "metadata": dict(old["metadata"])}
        kept.pop("status", None)
        return {**kept, "status": obj["status"]} if "status" in obj else kept
    metadata = dict(obj["metadata"])
    given_uid = metadata.get("uid")
    for key in (*objects.SERVER_METADATA, "resourceVersion", "name", "namespace"):
        metadata.pop(key, None)
        if key in old["metadata"]:
            metadata[key] = old["metadata"][key]
    metadata["uid"] = given_uid or metadata["uid"]
    obj = {**obj, "metadata": metadata}
    if call.resource.has_status:
        obj.pop("status", None)
        if "status" in old:
            obj["status"] = old["status"]
    return obj


def _starting_managers(call: Call, old: Object, given: Any) -> managed.Managers:
    """The managers a client sent, if it sent any; `[{}]` clears them."""
    if given and not call.subresource:
        return {} if given == [{}] else managed.read(given)
    return managed.read(old["metadata"].get("managedFields") or ())


def _count_generation(call: Call, old: Object, obj: Object) -> None:
    resource = call.resource
    if not resource.generation or call.subresource == "status":
        return
    apart = {"metadata", "apiVersion", "kind"} | ({"status"} if resource.has_status else set())
    keys = (old.keys() | obj.keys()) - apart
    changed = any(old.get(key) != obj.get(key) for key in keys)
    if resource.storage == "deployments.apps":
        changed = changed or old["metadata"].get("annotations") != obj["metadata"].get("annotations")
    if changed:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _set_managers(obj: Object, managers: managed.Managers) -> None:
    obj["metadata"].pop("managedFields", None)
    if managers:
        obj["metadata"]["managedFields"] = managed.write(managers)


def _same(old: Object, new: Object) -> bool:
    """Whether nothing but the times of managers would change."""
    return _timeless(old) == _timeless(new)


def _timeless(body: Object) -> Object:
    metadata = {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}
    metadata["managedFields"] = [{**row, "time": ""} for row in metadata.get("managedFields") or ()]
    return {**body, "metadata": metadata}

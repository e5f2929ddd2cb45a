"""Creating and changing objects: create, replace, patch, apply."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

from gitops_tui.embedded.api import errors, objects
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.kinds import conversion
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.merge import managed
from gitops_tui.embedded.merge.jsonpatch import PatchError, PatchFailedError, go_text, json_patch, merge_patch
from gitops_tui.embedded.merge.strategic import strategic_merge
from gitops_tui.embedded.rules.conform import Report, TypeMismatchError
from gitops_tui.embedded.rules.declared import declaration_errors
from gitops_tui.embedded.rules.problems import invalid, required
from gitops_tui.embedded.store.items import Item

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


def create(backend: Backend, call: Call, body: Any) -> Answer:
    """Create an object from a body."""
    obj = objects.decoded(call, body)
    metadata = obj["metadata"]
    if metadata.get("resourceVersion"):
        raise errors.ApiError(500, "", "resourceVersion should not be set on objects to be created")
    if metadata.get("generateName") and not metadata.get("name"):
        metadata["name"] = metadata["generateName"] + "".join(random.choices(_SUFFIX, k=5))  # noqa: S311 - a name, no secret
        if call.resource.storage == "namespaces":
            metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
    call.name = metadata.get("name", "")
    with backend.store.lock:
        objects.place(call, obj)
        schema = call.resource.type
        managers = managed.update(schema, objects.skeleton(schema), managed.bare(obj), {}, objects.writer(call))
        return _create(backend, call, obj, managers)


def _create(backend: Backend, call: Call, obj: Object, managers: managed.Managers) -> Answer:
    _require_namespace(backend, call)
    objects.born(call, obj)
    objects.admit_new(backend, call.resource, obj)
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


def replace(backend: Backend, call: Call, body: Any) -> Answer:
    """Replace an object, or its status, by a body."""
    with backend.store.lock:
        item = backend.require(call)
        obj = objects.decoded(call, body)
        if call.resource.custom and not obj["metadata"].get("resourceVersion"):
            wrong = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise errors.invalid_object(call.resource.group, call.resource.plural, call.name, [wrong])
        given, current = obj["metadata"].get("uid"), item.body["metadata"]["uid"]
        if given and given != current:
            raise errors.other_object(call.resource, item.key, given, current)
        return update(backend, call, item, obj, None)


def patch(backend: Backend, call: Call, media_type: str, body: Any) -> Answer:
    """Change an object by a patch of the given media type; an apply may create it."""
    with backend.store.lock:
        if media_type == APPLY_PATCH:
            return _apply(backend, call, body)
        item = backend.require(call)
        report = Report()
        patched = _patched(call, item, media_type, body)
        try:
            obj = objects.conformed(call.resource, patched, report)
        except TypeMismatchError as error:
            raise _invalid_patch(media_type, body, patched, str(error)) from None
        if report.problems and call.validation == "Strict":
            raise _invalid_patch(media_type, body, patched, f"strict decoding error: {', '.join(report.problems)}")
        if call.validation == "Warn":
            call.warnings += report.problems
        return update(backend, call, item, obj, None)


def _invalid_patch(media_type: str, patch_body: Any, patched: Object, why: str) -> errors.ApiError:
    told = go_text(patch_body) if media_type == STRATEGIC_PATCH else json.dumps(patched, separators=(",", ":"))
    return errors.invalid_object("", "", "", [invalid("patch", told, why)])


def _patched(call: Call, item: Item, media_type: str, body: Any) -> Object:
    live = versioned(call, item.body)
    try:
        match media_type:
            case "application/json-patch+json":
                result = json_patch(live, body)
            case "application/merge-patch+json":
                result = merge_patch(live, body)
            case "application/strategic-merge-patch+json" if not call.resource.custom:
                result = strategic_merge(call.resource.type, live, body)
            case _:
                if call.resource.custom:
                    raise errors.unsupported_media_type((JSON_PATCH, MERGE_PATCH, APPLY_PATCH), media_type)
                raise errors.unsupported_patch()
    except PatchError as error:
        raise errors.bad_request(str(error)) from None
    except PatchFailedError as error:
        if media_type == STRATEGIC_PATCH:
            raise errors.ApiError(500, "", str(error)) from None
        raise errors.unprocessable() from None
    if not isinstance(result, dict):
        raise errors.bad_request("the patched document is not an object")
    return result


def versioned(call: Call, body: Object) -> Object:
    """A stored object in the version of the call."""
    return conversion.to_version(call.resource, body)


def _apply(backend: Backend, call: Call, config: Any) -> Answer:
    _check_config(call, config)
    item = backend.store.get(backend.key(call))
    schema, by = call.resource.type, objects.writer(call)
    live = managed.bare(versioned(call, item.body)) if item else objects.skeleton(schema)
    before = _managers_before_apply(call, item) if item else {}
    if item is None and call.subresource:
        raise errors.not_found(call.resource, call.name)
    try:
        merged, managers = managed.apply(schema, live, config, before, by, force=call.force)
    except managed.ManagerConflictError as error:
        raise errors.managers_conflict(error.conflicts) from None
    try:
        obj = objects.conformed(call.resource, merged, Report())
    except TypeMismatchError as error:
        raise errors.ApiError(500, "", _untyped(call, config, str(error))) from None
    if item is not None:
        return update(backend, call, item, obj, managers)
    objects.place(call, obj)
    obj["metadata"]["name"] = call.name
    return _create(backend, call, obj, managers)


def _managers_before_apply(call: Call, item: Item) -> managed.Managers:
    """The managers of a live object; one without any is taken to be managed as a whole by somebody before."""
    before = managed.read(item.body["metadata"].get("managedFields") or ())
    if before:
        return before
    schema, by = call.resource.type, objects.writer(call)
    earlier = dataclasses.replace(by, name="before-first-apply")
    return managed.update(schema, objects.skeleton(schema), managed.bare(versioned(call, item.body)), {}, earlier)


def _check_config(call: Call, config: Any) -> None:
    if call.manager == "":
        wrong = required("fieldManager", "is required for apply patch")
        raise errors.invalid_object("meta.k8s.io", "PatchOptions", "", [wrong])
    if not isinstance(config, dict):
        raise errors.bad_request("error decoding YAML: the configuration is not an object")
    metadata = config.get("metadata") or {}
    if metadata.get("managedFields") is not None:
        raise errors.bad_request("metadata.managedFields must be nil")
    resource = call.resource
    given = (config.get("apiVersion"), config.get("kind"))
    if given != (resource.api_version, resource.kind):
        group, _, version = str(given[0] or "").rpartition("/")
        raise errors.bad_request(f"invalid object type: {group}/{version}, Kind={given[1] or ''}")
    wrong_fields = list(declaration_errors(resource.type, config))
    if wrong_fields:
        told = (
            wrong_fields[0] if len(wrong_fields) == 1 else "errors:\n" + "".join(f"  {row}\n" for row in wrong_fields)
        )
        raise errors.ApiError(500, "", _untyped(call, config, told))
    if metadata.get("name", call.name) != call.name:
        raise _misnamed(call, metadata["name"])
    if resource.namespaced and metadata.get("namespace", call.namespace) != call.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _untyped(call: Call, config: Object, why: str) -> str:
    metadata, resource = config.get("metadata") or {}, call.resource
    place = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    return f"failed to create typed patch object ({place}; {resource.api_version}, Kind={resource.kind}): {why}"


def _misnamed(call: Call, name: str) -> errors.ApiError:
    return errors.bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


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


def _may_go(call: Call, obj: Object) -> bool:
    return call.resource.storage != "namespaces" or not obj["spec"].get("finalizers")


def _check_identity(call: Call, item: Item, obj: Object) -> None:
    metadata, current = obj["metadata"], item.body["metadata"]
    if metadata.get("name", call.name) != call.name:
        raise _misnamed(call, metadata["name"])
    objects.place(call, obj)
    version = metadata.get("resourceVersion")
    if version and version != current["resourceVersion"]:
        raise errors.modified(call.resource, call.name)


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


def finalize(backend: Backend, call: Call, body: Any) -> Answer:
    """Replace the finalizers in a Namespace's spec; the last one gone, a deleted Namespace goes."""
    with backend.store.lock:
        item = backend.require(call)
        spec = (body.get("spec") or {}) if isinstance(body, dict) else {}
        obj = {**item.body, "spec": {key: value for key, value in spec.items() if value}}
        return commit(backend, call, item, {**obj, "metadata": dict(obj["metadata"])})

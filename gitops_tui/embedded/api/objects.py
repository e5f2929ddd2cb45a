"""From a request's body to the object that is stored: conform, default, admit, validate, record its managers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.backend import Backend, fresh_uid, timestamp
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.kinds.schema import NOTHING, Object, Struct
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.merge import fields, managed
from gitops_tui.embedded.rules import allocation, defaults, definitions, immutable, names, structural, validation
from gitops_tui.embedded.rules.conform import Report, TypeMismatchError, conform
from gitops_tui.embedded.rules.problems import FieldError, forbidden_field, invalid

_NO_STATUS_RESET = {"nodes"}
_MAIN_RESETS = fields.of_paths("status")
_STATUS_RESETS = fields.of_paths("spec", "metadata")
SERVER_METADATA = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


def conformed(resource: Resource, body: Object, report: Report) -> Object:
    """A new object in the kind's own form, defaults filled. Raises TypeMismatchError."""
    if resource.custom:
        result = structural.conform_custom(resource.type, body, report)
        return {**result, "apiVersion": resource.api_version, "kind": resource.kind}
    result = conform(resource.type, body, report)
    defaults.fill(resource.storage, result)
    result["apiVersion"], result["kind"] = resource.api_version, resource.kind
    return result


def decoded(call: Call, body: Any) -> Object:
    """A request's body as an object of the call's kind, by its field validation; BadRequest otherwise."""
    resource, report = call.resource, Report()
    _check_identity(call, body)
    try:
        result = conformed(resource, body, report)
    except TypeMismatchError as error:
        raise errors.bad_request(_unreadable(resource, str(error))) from None
    if resource.custom:
        report.problems.sort()
    if report.problems and call.validation == "Strict":
        told = ", ".join(report.problems)
        raise errors.bad_request(_unreadable(resource, f"strict decoding error: {told}"))
    if call.validation == "Warn":
        call.warnings += report.problems
    return result


def _unreadable(resource: Resource, why: str) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'


def _check_identity(call: Call, body: Any) -> None:
    resource = call.resource
    if not isinstance(body, dict):
        raise errors.unreadable_body(resource.kind, "json: cannot unmarshal array into Go value")
    if resource.custom:
        _check_custom_identity(resource, body)
    version = str(body.get("apiVersion") or resource.api_version)
    kind = str(body.get("kind") or resource.kind)
    if (version, kind) == (resource.api_version, resource.kind):
        return
    handled = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}: '
    if version != resource.api_version:
        handled += f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
    else:
        hub = resource.group.partition(".")[0] or "core"
        handled += f"converting ({resource.version}.{kind}) to ({hub}.{resource.kind}): unknown conversion"
    raise errors.bad_request(handled)


def _check_custom_identity(resource: Resource, body: Object) -> None:
    """Custom resources must say what they are: there is no Go type behind the path that would tell."""
    if not body.get("kind"):
        text = json.dumps(body)
        why = f"Object 'Kind' is missing in '{text}' ({text})"
        raise errors.bad_request(f"the object provided is unrecognized (must be of type {resource.kind}): {why}")
    version, kind = body.get("apiVersion") or "", body["kind"]
    if version != resource.api_version:
        told = f"the API version in the data ({version}) does not match the expected API version"
        raise errors.bad_request(f"{told} ({resource.api_version})")
    if kind != resource.kind:
        name = (body.get("metadata") or {}).get("name", "")
        raise errors.invalid_object(resource.group, kind, name, [invalid("kind", kind, f"must be {resource.kind}")])


def place(call: Call, body: Object) -> None:
    """Put the namespace of the request into the metadata, in place; BadRequest when the object names another."""
    metadata = body["metadata"]
    if not call.resource.namespaced:
        metadata.pop("namespace", None)
        return
    if metadata.get("namespace", call.namespace) != call.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = call.namespace


def skeleton(struct: Struct) -> Object:
    """What an empty object of a type looks like: the state before a create, as field ownership sees it."""
    result: Object = {}
    for key, field in struct.fields.items():
        if field.always is not NOTHING:
            result[key] = skeleton(field.type) if isinstance(field.type, Struct) else field.always
    return result


def writer(call: Call) -> managed.Writer:
    """Who writes in a call, for the record of managers."""
    now = "" if call.subresource == "scale" else timestamp()
    if call.subresource in {"status", "scale"}:
        resets = _STATUS_RESETS if call.subresource == "status" else {}
    else:
        resets = _MAIN_RESETS if call.resource.has_status else {}
    return managed.Writer(call.manager, call.resource.api_version, call.subresource, now, resets)


def born(call: Call, body: Object) -> None:
    """Give a new object the metadata that only the server gives, and no status, in place."""
    metadata, resource = body["metadata"], call.resource
    for key in (*SERVER_METADATA, "resourceVersion", "managedFields"):
        metadata.pop(key, None)
    metadata["uid"] = fresh_uid()
    metadata["creationTimestamp"] = timestamp()
    if resource.generation:
        metadata["generation"] = 1
    if resource.has_status and resource.storage not in _NO_STATUS_RESET:
        clear_status(resource, body)


def clear_status(resource: Resource, body: Object) -> None:
    """The status of a new object, in place."""
    body.pop("status", None)
    field = resource.type.fields.get("status")
    if not resource.custom and field is not None and isinstance(field.type, Struct):
        body["status"] = conform(field.type, {})


def admit_new(backend: Backend, resource: Resource, body: Object) -> None:
    """What the server adds to a new object of some kinds, in place."""
    match resource.storage:
        case "pods":
            allocation.admit_pod(body)
        case "services":
            allocation.allocate_service(body, lambda: _bodies(backend, "services"))
        case "jobs.batch":
            allocation.select_job(body)
        case "namespaces":
            body["spec"]["finalizers"] = ["kubernetes"]
        case definitions.STORAGE:
            stored = [row["name"] for row in body["spec"].get("versions") or () if row.get("storage")]
            body["status"]["storedVersions"] = stored
        case "persistentvolumes":
            body["status"]["lastPhaseTransitionTime"] = timestamp()
            _protect(body, allocation.VOLUME_PROTECTION)
        case "persistentvolumeclaims":
            _protect(body, allocation.CLAIM_PROTECTION)
        case "daemonsets.apps":
            _count_templates(None, body)


def admit_changed(backend: Backend, resource: Resource, old: Object, new: Object) -> None:
    """What the server carries over on an update of some kinds, in place."""
    match resource.storage:
        case "services":
            others = [
                body for body in _bodies(backend, "services") if body["metadata"]["uid"] != old["metadata"]["uid"]
            ]
            allocation.keep_service(old, new, lambda: others)
        case "namespaces":
            new["spec"] = old["spec"]
        case "jobs.batch":
            new["spec"].setdefault("selector", old["spec"].get("selector"))
        case "daemonsets.apps":
            _count_templates(old, new)


def _protect(body: Object, finalizer: str) -> None:
    metadata = body["metadata"]
    metadata["finalizers"] = list(dict.fromkeys([*(metadata.get("finalizers") or ()), finalizer]))


def _count_templates(old: Object | None, new: Object) -> None:
    count = 1
    if old is not None:
        count = int((old["metadata"].get("annotations") or {}).get(defaults.TEMPLATE_GENERATION, 1))
        count += old["spec"]["template"] != new["spec"]["template"]
    new["metadata"]["annotations"] = {
        **(new["metadata"].get("annotations") or {}),
        defaults.TEMPLATE_GENERATION: str(count),
    }


def _bodies(backend: Backend, storage: str) -> list[Object]:
    return [item.body for item in backend.store.list(storage)[0]]


def validate(call: Call, body: Object, old: Object | None) -> None:
    """Refuse an object that makes no sense, or a change that may not be; 422 with every field."""
    resource = call.resource
    found: list[FieldError] = list(_all_errors(resource, body, old))
    if found:
        name = body["metadata"].get("name", "")
        raise errors.invalid_object(resource.group, resource.kind, name, found)


def _all_errors(resource: Resource, body: Object, old: Object | None) -> Iterator[FieldError]:
    strict = not resource.custom and resource.storage != definitions.STORAGE
    yield from names.metadata_errors(resource.plural, body, strict_finalizers=strict)
    if resource.custom:
        yield from structural.schema_errors(resource.validation or {}, body)
    else:
        yield from validation.object_errors(resource.storage, body)
        if resource.storage == definitions.STORAGE:
            yield from definitions.definition_errors(body)
    if old is not None:
        yield from _metadata_changes(old["metadata"], body["metadata"])
        yield from immutable.update_errors(resource.storage, old, body)


def _metadata_changes(old: Object, new: Object) -> Iterable[FieldError]:
    if new.get("deletionTimestamp"):
        added = [name for name in new.get("finalizers") or () if name not in (old.get("finalizers") or ())]
        if added and old.get("deletionTimestamp"):
            names_told = ", ".join(f'"{name}"' for name in added)
            words = "no new finalizers can be added if the object is being deleted, found new finalizers "
            yield forbidden_field("metadata.finalizers", f"{words}[]string{{{names_told}}}")
    if old.get("uid") != new.get("uid"):
        yield invalid("metadata.uid", new.get("uid"), "field is immutable")

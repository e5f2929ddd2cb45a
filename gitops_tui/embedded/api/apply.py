"""Server-side apply: a configuration merged into an object, with regard to who manages what."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from gitops_tui.embedded.api import change, errors, objects
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.merge import fields, managed, typed
from gitops_tui.embedded.merge.declared import declaration_errors
from gitops_tui.embedded.rules.conform import Report, TypeMismatchError
from gitops_tui.embedded.rules.problems import required
from gitops_tui.embedded.store.items import Item

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"


def apply(backend: Backend, call: Call, config: Any) -> Answer:
    """Apply a configuration; creates the object when it is not there. Used under the store's lock."""
    _check_config(call, config)
    item = backend.store.get(backend.key(call))
    if item is None and call.subresource:
        raise errors.not_found(call.resource, call.name)
    merged, managers = _merged(call, item, config)
    try:
        obj = objects.conformed(call.resource, merged, Report())
    except TypeMismatchError as error:
        raise errors.ApiError(500, "", _untyped(call, config, str(error))) from None
    if item is not None:
        return change.update(backend, call, item, obj, managers)
    objects.place(call, obj)
    obj["metadata"]["name"] = call.name
    return change.add(backend, call, obj, managers)


def _merged(call: Call, item: Item | None, config: Object) -> tuple[Object, managed.Managers]:
    schema, by = call.resource.type, objects.writer(call)
    live = managed.bare(change.versioned(call, item.body)) if item else objects.skeleton(schema)
    before = _managers_before(call, item) if item else {}
    try:
        merged, managers = managed.apply(schema, live, config, before, by, force=call.force)
    except managed.ManagerConflictError as error:
        left = error.without(_client_side_applied(call, live))
        if left is not None:
            raise errors.managers_conflict(left.conflicts) from None
        merged, managers = managed.apply(schema, live, config, before, by, force=True)
    return (_with_last_applied(merged, config) if call.manager == _KUBECTL else merged), managers


def _client_side_applied(call: Call, live: Object) -> fields.Node:
    """What kubectl applied on the client's side and still is so: its server-side apply may take that over."""
    stated = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if call.manager != _KUBECTL or not stated:
        return {}
    try:
        last = json.loads(stated)
    except ValueError:
        return {}
    if not isinstance(last, dict) or last.get("apiVersion") != call.resource.api_version:
        return {}
    schema = call.resource.type
    differing = typed.compare(schema, last, live)
    applied = typed.field_set(schema, last)
    for part in differing:
        applied = fields.difference(applied, part)
    return applied


def _with_last_applied(merged: Object, config: Object) -> Object:
    """The object with its client-side annotation, if it has one, brought up to date."""
    metadata = merged.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return merged
    text = json.dumps(config, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    return {**merged, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text}}}


def _managers_before(call: Call, item: Item) -> managed.Managers:
    """The managers of a live object; one without any is taken to be managed as a whole by somebody before."""
    before = managed.read(item.body["metadata"].get("managedFields") or ())
    if before:
        return before
    schema, by = call.resource.type, objects.writer(call)
    earlier = dataclasses.replace(by, name="before-first-apply")
    return managed.update(
        schema, objects.skeleton(schema), managed.bare(change.versioned(call, item.body)), {}, earlier
    )


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
        raise change.misnamed(call, metadata["name"])
    if resource.namespaced and metadata.get("namespace", call.namespace) != call.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _untyped(call: Call, config: Object, why: str) -> str:
    metadata, resource = config.get("metadata") or {}, call.resource
    place = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    return f"failed to create typed patch object ({place}; {resource.api_version}, Kind={resource.kind}): {why}"

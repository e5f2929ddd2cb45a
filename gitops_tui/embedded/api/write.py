"""Creating and changing objects: create, replace, patch, apply."""

from __future__ import annotations

import json
import random
from typing import Any

from gitops_tui.embedded.api import change, errors, objects
from gitops_tui.embedded.api.apply import apply
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.merge import managed
from gitops_tui.embedded.merge.jsonpatch import PatchError, PatchFailedError, go_text, json_patch, merge_patch
from gitops_tui.embedded.merge.strategic import strategic_merge
from gitops_tui.embedded.rules.conform import Report, TypeMismatchError
from gitops_tui.embedded.rules.problems import invalid
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
        return change.add(backend, call, obj, managers)


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
        return change.update(backend, call, item, obj, None)


def patch(backend: Backend, call: Call, media_type: str, body: Any) -> Answer:
    """Change an object by a patch of the given media type; an apply may create it."""
    with backend.store.lock:
        if media_type == APPLY_PATCH:
            return apply(backend, call, body)
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
        return change.update(backend, call, item, obj, None)


def _invalid_patch(media_type: str, patch_body: Any, patched: Object, why: str) -> errors.ApiError:
    told = go_text(patch_body) if media_type == STRATEGIC_PATCH else json.dumps(patched, separators=(",", ":"))
    return errors.invalid_object("", "", "", [invalid("patch", told, why)])


def _patched(call: Call, item: Item, media_type: str, body: Any) -> Object:
    live = change.versioned(call, item.body)
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


def finalize(backend: Backend, call: Call, body: Any) -> Answer:
    """Replace the finalizers in a Namespace's spec; the last one gone, a deleted Namespace goes."""
    with backend.store.lock:
        item = backend.require(call)
        spec = (body.get("spec") or {}) if isinstance(body, dict) else {}
        obj = {**item.body, "spec": {key: value for key, value in spec.items() if value}}
        return change.commit(backend, call, item, {**obj, "metadata": dict(obj["metadata"])})

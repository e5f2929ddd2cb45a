"""Between the versions of one kind. Only Event has two shapes; elsewhere the version's name is all that differs."""

from __future__ import annotations

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource

_EVENT_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_CORE_NAMES = {new: old for old, new in _EVENT_NAMES.items()}


def differs(resource: Resource) -> bool:
    """Whether a resource is stored in another shape than it is served in."""
    return resource.group == "events.k8s.io"


def to_version(resource: Resource, body: Object) -> Object:
    """A stored object as a resource serves it."""
    if differs(resource) and "involvedObject" in body:
        body = {_EVENT_NAMES.get(name, name): value for name, value in body.items()}
    if body.get("kind") != resource.kind or body.get("apiVersion") == resource.api_version:
        return body
    return {**body, "apiVersion": resource.api_version}


def to_storage(resource: Resource, body: Object) -> Object:
    """An object of a resource as it is stored."""
    if not differs(resource) or "regarding" not in body:
        return body
    return {**{_CORE_NAMES.get(name, name): value for name, value in body.items()}, "apiVersion": "v1"}

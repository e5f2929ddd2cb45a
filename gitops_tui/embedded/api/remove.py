"""Deleting objects: preconditions, grace, finalizers, propagation."""

from __future__ import annotations

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.backend import Backend, timestamp
from gitops_tui.embedded.api.call import Answer, Call, DeleteOptions
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.rules import definitions
from gitops_tui.embedded.rules.problems import unsupported
from gitops_tui.embedded.store.items import Item

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_POLICIES = {"", "Orphan", "Background", "Foreground"}


def delete(backend: Backend, call: Call, options: DeleteOptions) -> Answer:
    """Delete an object, or mark it as being deleted while finalizers or its grace period hold it."""
    if options.propagation not in _POLICIES:
        wrong = unsupported("propagationPolicy", options.propagation, ("Foreground", "Background", "Orphan", "nil"))
        raise errors.invalid_object("meta.k8s.io", "DeleteOptions", "", [wrong])
    if call.resource.storage == "jobs.batch" and not options.propagation:
        call.warnings.append(_JOB_WARNING)
    with backend.store.lock:
        item = backend.require(call)
        _check_preconditions(call, item, options)
        obj = _marked(call.resource, item.body, options)
        if obj is None:
            return _removed(backend, call, item, options)
        if call.dry_run or obj == item.body:
            return Answer(obj)
        return Answer(backend.store.put(item.key, obj, expected=item.revision).body)


def _removed(backend: Backend, call: Call, item: Item, options: DeleteOptions) -> Answer:
    if call.resource.storage == "pods" and options.grace_seconds != 0:
        last = _ending(item.body, 0)
        if call.dry_run:
            return Answer(last)
        return Answer(backend.store.remove(item.key, expected=item.revision, body=last).body)
    if not call.dry_run:
        backend.store.remove(item.key, expected=item.revision)
    details = {"name": call.name, "group": call.resource.group, "kind": call.resource.plural}
    details = {key: value for key, value in details.items() if value} | {"uid": item.body["metadata"]["uid"]}
    return Answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})


def _check_preconditions(call: Call, item: Item, options: DeleteOptions) -> None:
    metadata = item.body["metadata"]
    for label, asked, recorded, why in (
        ("UID", options.uid, metadata["uid"], "deleted and then recreated"),
        ("ResourceVersion", options.resource_version, metadata["resourceVersion"], "modified"),
    ):
        if asked and asked != recorded:
            raise errors.failed_precondition(call.resource, call.name, (label, asked, recorded), why)


def _marked(resource: Resource, body: Object, options: DeleteOptions) -> Object | None:
    """The object as one that is being deleted; None when nothing holds it."""
    metadata = body["metadata"]
    finalizers = _finalizers(resource, metadata, options.propagation)
    grace = _grace(resource, body, options)
    held = bool(finalizers) or grace > 0 or (resource.storage == "namespaces" and body["spec"].get("finalizers"))
    if not held:
        return None
    metadata = {key: value for key, value in metadata.items() if key != "finalizers"}
    if finalizers:
        metadata["finalizers"] = finalizers
    marked = {**body, "metadata": metadata}
    if resource.storage not in {"namespaces", definitions.STORAGE}:
        return _ending(marked, grace)
    metadata.setdefault("deletionTimestamp", timestamp())
    if resource.storage == "namespaces":
        marked["status"] = {**body.get("status", {}), "phase": "Terminating"}
    return marked


def _ending(body: Object, grace: int) -> Object:
    """The object with the marks of a deletion that has begun."""
    metadata = dict(body["metadata"])
    if not metadata.get("deletionTimestamp"):
        metadata["deletionTimestamp"] = timestamp()
        if metadata.get("generation"):
            metadata["generation"] += 1
    metadata["deletionGracePeriodSeconds"] = min(grace, metadata.get("deletionGracePeriodSeconds", grace))
    return {**body, "metadata": metadata}


def _finalizers(resource: Resource, metadata: Object, propagation: str) -> list[str]:
    stated = list(metadata.get("finalizers") or ())
    if resource.storage == definitions.STORAGE and not metadata.get("deletionTimestamp"):
        stated.append(definitions.CLEANUP)
    if not propagation:
        propagation = "Orphan" if resource.orphans and not {ORPHAN, FOREGROUND} & set(stated) else ""
    if propagation:
        stated = [name for name in stated if name not in {ORPHAN, FOREGROUND}]
    if propagation == "Orphan":
        stated.append(ORPHAN)
    elif propagation == "Foreground":
        stated.append(FOREGROUND)
    return stated


def _grace(resource: Resource, body: Object, options: DeleteOptions) -> int:
    """Seconds that a pod on a node gets to stop; its node deletes it for good with a grace of 0."""
    if resource.storage != "pods" or not body["spec"].get("nodeName"):
        return 0
    if (body.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return 0
    if options.grace_seconds is not None:
        return options.grace_seconds
    return int(body["spec"].get("terminationGracePeriodSeconds", 30))

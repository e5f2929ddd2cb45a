"""The scale subresource: how many replicas, whatever the kind."""

from __future__ import annotations

from typing import Any

from gitops_tui.embedded.api import change, errors, write
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import ScalePaths
from gitops_tui.embedded.merge.jsonpatch import PatchError, PatchFailedError, json_patch, merge_patch
from gitops_tui.embedded.rules.problems import invalid


def read_scale(backend: Backend, call: Call) -> Answer:
    """The Scale of an object."""
    return Answer(_scale(_paths(call), backend.require(call).body))


def replace_scale(backend: Backend, call: Call, body: Any) -> Answer:
    """Set the replicas of an object from a Scale."""
    with backend.store.lock:
        return _written(backend, call, body)


def patch_scale(backend: Backend, call: Call, media_type: str, body: Any) -> Answer:
    """Set the replicas of an object by a patch of its Scale."""
    with backend.store.lock:
        current = read_scale(backend, call).body
        try:
            changed = json_patch(current, body) if media_type == write.JSON_PATCH else merge_patch(current, body)
        except PatchError as error:
            raise errors.bad_request(str(error)) from None
        except PatchFailedError:
            raise errors.unprocessable() from None
        if "resourceVersion" not in ((body.get("metadata") or {}) if isinstance(body, dict) else {}):
            changed = {**changed, "metadata": {**changed["metadata"], "resourceVersion": ""}}
        return _written(backend, call, changed)


def _written(backend: Backend, call: Call, scale: Any) -> Answer:
    paths = _paths(call)
    item = backend.require(call)
    replicas = (scale.get("spec") or {}).get("replicas", 0) if isinstance(scale, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise errors.bad_request("the body is not a Scale")
    if replicas < 0:
        wrong = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise errors.invalid_object("autoscaling", "Scale", call.name, [wrong])
    obj = _with(item.body, paths.spec.split("."), replicas)
    version = (scale.get("metadata") or {}).get("resourceVersion") or item.body["metadata"]["resourceVersion"]
    obj["metadata"] = {**item.body["metadata"], "resourceVersion": version}
    answer = change.update(backend, call, item, obj, None)
    return Answer(_scale(paths, answer.body))


def _paths(call: Call) -> ScalePaths:
    if call.resource.scale is None:
        raise errors.no_such_path()
    return call.resource.scale


def _with(body: Object, path: list[str], value: Any) -> Object:
    if len(path) == 1:
        return {**body, path[0]: value}
    return {**body, path[0]: _with(body.get(path[0]) or {}, path[1:], value)}


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _scale(paths: ScalePaths, body: Object) -> Object:
    metadata = body["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Object = {"replicas": _at(body, paths.status) or 0}
    if selector := _selector(paths, body):
        status["selector"] = selector
    replicas = _at(body, paths.spec)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _selector(paths: ScalePaths, body: Object) -> str:
    if paths.selector:
        return str(_at(body, paths.selector) or "")
    selector = _at(body, "spec.selector")
    if not isinstance(selector, dict):
        return ""
    if body["kind"] == "ReplicationController":
        selector = {"matchLabels": selector}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for row in selector.get("matchExpressions") or ():
        values = ",".join(row.get("values") or ())
        match row["operator"]:
            case "In" | "NotIn":
                parts.append(f"{row['key']} {row['operator'].lower()} ({values})")
            case "Exists":
                parts.append(row["key"])
            case _:
                parts.append(f"!{row['key']}")
    return ",".join(parts)

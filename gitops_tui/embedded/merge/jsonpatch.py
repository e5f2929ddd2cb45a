"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any


class PatchError(Exception):
    """A patch that cannot be read. The message says what is wrong with it."""


class PatchFailedError(Exception):
    """A readable patch that does not fit the object: a missing path, a failed test."""


def go_text(value: Any) -> str:
    """A value as the server's messages print it: `map[image:nginx]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with a merge patch applied; null removes."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(target: Any, operations: Any) -> Any:
    """The target with the operations applied, in order, all or none."""
    if not isinstance(operations, list):
        raise PatchError(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    document = copy.deepcopy(target)
    for operation in operations:
        if not isinstance(operation, dict):
            raise PatchError("json: cannot unmarshal value into Go value of type jsonpatch.Operation")
        document = _applied(document, operation)
    return document


def _applied(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), _pointer(operation, "path")
    match kind:
        case "add":
            return _add(document, path, copy.deepcopy(operation.get("value")))
        case "remove":
            return _remove(document, path, str(kind))
        case "replace":
            return _replace(document, path, copy.deepcopy(operation.get("value")))
        case "move":
            source = _pointer(operation, "from")
            value = _read(document, source, "move")
            return _add(_remove(document, source, "move"), path, value)
        case "copy":
            return _add(document, path, copy.deepcopy(_read(document, _pointer(operation, "from"), "copy")))
        case "test":
            if _found(document, path) != operation.get("value"):
                raise PatchFailedError(f"testing value {operation['path']} failed: test failed")
            return document
        case _:
            raise PatchFailedError(f"Unexpected kind: {kind}")


def _pointer(operation: dict[str, Any], name: str) -> list[str]:
    text = operation.get(name)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise PatchError(f"missing or invalid {name!r} in a patch operation")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _walk(document: Any, parts: Iterable[str], path: list[str], kind: str) -> Any:
    node = document
    for part in parts:
        try:
            node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise PatchFailedError(
                f'{kind} operation does not apply: doc is missing path: "{_text(path)}": missing value'
            ) from None
    return node


def _read(document: Any, path: list[str], kind: str) -> Any:
    return _walk(document, path, path, kind)


def _found(document: Any, path: list[str]) -> Any:
    try:
        return _walk(document, path, path, "test")
    except PatchFailedError:
        return None


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _walk(document, path[:-1], path, "add")
    if isinstance(parent, list):
        parent.insert(_position(parent, path, "add"), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise PatchFailedError(f'add operation does not apply: doc is missing path: "{_text(path)}": missing value')
    return document


def _replace(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _walk(document, path[:-1], path, "replace")
    if isinstance(parent, list):
        _walk(document, path, path, "replace")
        parent[int(path[-1])] = value
        return document
    return _add(document, path, value)


def _remove(document: Any, path: list[str], kind: str) -> Any:
    parent = _walk(document, path[:-1], path, kind)
    _walk(document, path, path, kind)
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    return document


def _position(parent: list[Any], path: list[str], kind: str) -> int:
    if path[-1] == "-":
        return len(parent)
    if path[-1].isdecimal() and int(path[-1]) <= len(parent):
        return int(path[-1])
    raise PatchFailedError(f'{kind} operation does not apply: "{_text(path)}": invalid index: {path[-1]}')


def _text(path: list[str]) -> str:
    return "/" + "/".join(path)

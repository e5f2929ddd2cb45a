"""Strategic merge patch: a merge patch that knows the lists of built-in types, with the $patch directives."""

from __future__ import annotations

import json
from typing import Any

from gitops_tui.embedded.kinds.schema import ListOf, Type, child_type
from gitops_tui.embedded.merge.jsonpatch import PatchError, PatchFailedError, go_text

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


def strategic_merge(schema: Type, live: Any, patch: Any) -> Any:
    """The live value with the patch applied."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in {None, "merge"}:
        raise PatchError(f"Unknown patch type: {directive}")
    merged = dict(live) if isinstance(live, dict) else {}
    if _RETAIN in patch:
        merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
    for key in [name for name in patch if name.startswith(_DELETE)]:
        _delete_primitives(merged, key.removeprefix(_DELETE), patch[key])
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_key(schema, merged, key, value)
    for key in [name for name in patch if name.startswith(_ORDER)]:
        _reorder(schema, merged, live, key.removeprefix(_ORDER), patch[key])
    return merged


def _delete_primitives(merged: dict[str, Any], key: str, gone: Any) -> None:
    if isinstance(merged.get(key), list):
        merged[key] = [item for item in merged[key] if item not in gone]


def _merge_key(schema: Type, merged: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        merged.pop(key, None)
        return
    node = child_type(schema, key)
    if isinstance(value, dict):
        merged[key] = strategic_merge(node, merged.get(key), value)
    elif isinstance(value, list) and isinstance(node, ListOf) and node.merge:
        merged[key] = _merge_list(node, merged.get(key) or [], value)
    else:
        merged[key] = _bare(value)


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(item) for item in value if not (isinstance(item, dict) and item.get(_DIRECTIVE) == "delete")]
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if not key.startswith("$")}
    return value


def _merge_list(node: ListOf, live: list[Any], patch: list[Any]) -> list[Any]:
    if not node.merge_key:
        merged = live + [item for item in patch if item not in live]
        return _ordered(node, merged, patch, live)
    if any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" for item in patch):
        return [_bare(item) for item in patch if _DIRECTIVE not in item]
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or node.merge_key not in item:
            raise PatchFailedError(f"map: {go_text(item)} does not contain declared merge key: {node.merge_key}")
        at = next((i for i, old in enumerate(merged) if old.get(node.merge_key) == item[node.merge_key]), None)
        if item.get(_DIRECTIVE) == "delete":
            merged = [old for old in merged if old.get(node.merge_key) != item[node.merge_key]]
        elif at is None:
            merged.append(strategic_merge(node.item, {}, item))
        else:
            merged[at] = strategic_merge(node.item, merged[at], item)
    return _ordered(node, merged, [item for item in patch if _DIRECTIVE not in item], live)


def _reorder(schema: Type, merged: dict[str, Any], live: Any, key: str, wanted: list[Any]) -> None:
    """Put a list in the order that the patch states."""
    node = child_type(schema, key)
    if isinstance(merged.get(key), list) and isinstance(node, ListOf):
        before = live.get(key) if isinstance(live, dict) else None
        merged[key] = _ordered(node, merged[key], wanted, before or [])


def _ordered(node: ListOf, items: list[Any], wanted: list[Any], live: list[Any]) -> list[Any]:
    """Items that the patch names in its order, the others in theirs; between the two, the live order where it tells."""
    places = {_identity(node, item): place for place, item in reversed(list(enumerate(live)))}
    ranks = {_identity(node, item): rank for rank, item in enumerate(wanted)}
    named = sorted((i for i in items if _identity(node, i) in ranks), key=lambda item: ranks[_identity(node, item)])
    others = sorted((i for i in items if _identity(node, i) not in ranks), key=lambda i: places[_identity(node, i)])
    result: list[Any] = []
    while named and others:
        theirs, ours = places.get(_identity(node, others[0])), places.get(_identity(node, named[0]))
        first = others if theirs is not None and ours is not None and theirs < ours else named
        result.append(first.pop(0))
    return result + named + others


def _identity(node: ListOf, item: Any) -> str:
    return json.dumps(item.get(node.merge_key) if node.merge_key and isinstance(item, dict) else item)

"""Strategic merge patch: a merge patch that knows the lists of built-in types, with the $patch directives."""

from __future__ import annotations

from typing import Any

from gitops_tui.embedded.kinds.schema import ListOf, Type, child_type
from gitops_tui.embedded.merge.jsonpatch import PatchError

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
        _reorder(schema, merged, key.removeprefix(_ORDER), patch)
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
        return live + [item for item in patch if item not in live]
    if any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" and len(item) == 1 for item in patch):
        return [_bare(item) for item in patch if item.get(_DIRECTIVE) != "replace"]
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or node.merge_key not in item:
            raise PatchError(f"map: {item} does not contain declared merge key: {node.merge_key}")
        at = next((i for i, old in enumerate(merged) if old.get(node.merge_key) == item[node.merge_key]), None)
        if item.get(_DIRECTIVE) == "delete":
            merged = [old for old in merged if old.get(node.merge_key) != item[node.merge_key]]
        elif at is None:
            merged.append(strategic_merge(node.item, {}, item))
        else:
            merged[at] = strategic_merge(node.item, merged[at], item)
    return merged


def _reorder(schema: Type, merged: dict[str, Any], key: str, patch: dict[str, Any]) -> None:
    """Put a list in the order that the patch states; items it does not name keep their place among the others."""
    items, wanted = merged.get(key), patch[_ORDER + key]
    if not isinstance(items, list):
        return
    node = child_type(schema, key)
    merge_key = node.merge_key if isinstance(node, ListOf) else ""

    def identity(item: Any) -> Any:
        return item.get(merge_key) if merge_key and isinstance(item, dict) else item

    order = {repr(identity(item)): place for place, item in enumerate(wanted)}
    stated = sorted((i for i in items if repr(identity(i)) in order), key=lambda item: order[repr(identity(item))])
    if len(stated) == len(items):
        merged[key] = stated
        return
    result: list[Any] = []
    for item in items:
        if repr(identity(item)) not in order:
            result.append(item)
        elif stated:
            result.append(stated.pop(0))
    merged[key] = result

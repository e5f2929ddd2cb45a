"""Values walked along their types: field sets, comparison, merge and removal, as server-side apply defines them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from gitops_tui.embedded.kinds.schema import NOTHING, ListOf, Struct, Type, child_type, is_atomic, is_field
from gitops_tui.embedded.merge.fields import Node, difference, intersection, leaf, union, with_named_fields


class Comparison(NamedTuple):
    """What became of one value: paths added, modified and removed."""

    added: Node
    modified: Node
    removed: Node


SAME = Comparison({}, {}, {})


def element_of(schema: ListOf, item: Any) -> str:
    """Path element that identifies an item of a set or of a list with keys."""
    if schema.style == "set" or not isinstance(item, dict):
        return "v:" + json.dumps(item, separators=(",", ":"), ensure_ascii=False)
    fields = schema.item.fields if isinstance(schema.item, Struct) else {}
    keys: dict[str, Any] = {}
    for key in sorted(schema.keys):
        value = item.get(key)
        if value is None and key in fields:
            value = fields[key].default
        if value is not None and value is not NOTHING:
            keys[key] = value
    return "k:" + json.dumps(keys, separators=(",", ":"), ensure_ascii=False)


def field_set(schema: Type, value: Any) -> Node:
    """Every path that a value states."""
    if is_atomic(schema, value):
        return leaf()
    node: Node = {}
    if isinstance(value, dict):
        for key, child in value.items():
            below = field_set(child_type(schema, key), child) if child is not None else {}
            if child is None or child == {} or not is_field(schema, key):
                below = below | leaf()
            if below:
                node[f"f:{key}"] = below
    elif isinstance(schema, ListOf):
        for element, items in _grouped(schema, value).items():
            below = field_set(schema.item, items[0]) if len(items) == 1 else {}
            node[element] = below | leaf()
    return node


def compare(schema: Type, old: Any, new: Any) -> Comparison:
    """How the paths of two values differ; NOTHING stands for an absent value."""
    if old is not NOTHING and new is not NOTHING and old == new:
        return SAME
    old, new = _filled(old, new), _filled(new, old)
    known = new if old is NOTHING else old
    if _is_leaf(schema, old, new, known):
        return _leaf_comparison(old, new)
    added, modified, removed = Comparison({}, {}, {})
    for element, schema_below, before, after in _children(schema, old, new):
        below = compare(schema_below, before, after)
        for whole, part in zip((added, modified, removed), below, strict=True):
            if part:
                whole[element] = part
    if old is NOTHING:
        added = added | leaf()
    elif new is NOTHING:
        removed = removed | leaf()
    return Comparison(added, modified, removed)


def _filled(value: Any, other: Any) -> Any:
    """Null beside a list or map is an empty one."""
    return type(other)() if value is None and isinstance(other, (dict, list)) else value


def _is_leaf(schema: Type, old: Any, new: Any, known: Any) -> bool:
    if not isinstance(known, (dict, list)) or is_atomic(schema, known):
        return True
    if old is not NOTHING and new is not NOTHING and type(old) is not type(new):
        return True
    return (old is NOTHING or not old) and (new is NOTHING or not new)


def _leaf_comparison(old: Any, new: Any) -> Comparison:
    if old is NOTHING:
        return Comparison(leaf(), {}, {})
    if new is NOTHING:
        return Comparison({}, {}, leaf())
    return Comparison({}, leaf(), {})


def _children(schema: Type, old: Any, new: Any) -> Iterator[tuple[str, Type, Any, Any]]:
    known = new if old is NOTHING else old
    if isinstance(known, dict):
        before = old if old is not NOTHING else {}
        after = new if new is not NOTHING else {}
        for key in before | after:
            yield f"f:{key}", child_type(schema, key), before.get(key, NOTHING), after.get(key, NOTHING)
    elif isinstance(schema, ListOf):
        before_items = _grouped(schema, old) if old is not NOTHING else {}
        after_items = _grouped(schema, new) if new is not NOTHING else {}
        for element in before_items | after_items:
            yield (
                element,
                schema.item,
                _single(before_items.get(element)),
                _single(after_items.get(element)),
            )


def _single(items: list[Any] | None) -> Any:
    """Items of one identity as one value: duplicates count as an atomic list."""
    if items is None:
        return NOTHING
    return items[0] if len(items) == 1 else items


def _grouped(schema: ListOf, items: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items or ():
        groups.setdefault(element_of(schema, item), []).append(item)
    return groups


def merge(schema: Type, live: Any, config: Any) -> Any:
    """The live value with everything the configuration states."""
    if live is NOTHING or live is None or type(live) is not type(config):
        return config
    if not isinstance(config, (dict, list)) or is_atomic(schema, config) or not (live or config):
        return config
    if isinstance(config, dict):
        merged = dict(live)
        for key, value in config.items():
            merged[key] = merge(child_type(schema, key), live.get(key, NOTHING), value)
        return merged
    return _merged_list(schema, live, config) if isinstance(schema, ListOf) else config


def _merged_list(schema: ListOf, live: list[Any], config: list[Any]) -> list[Any]:
    """Items in the order of the configuration, live-only items kept beside their live neighbours."""
    left = [(element_of(schema, item), item) for item in live]
    right = [(element_of(schema, item), item) for item in config]
    lefts, rights = dict(reversed(left)), dict(reversed(right))
    shared = [element for element, _ in right if element in lefts]
    merged: list[Any] = []
    done: set[str] = set()
    at_left = at_right = 0
    while at_left < len(left) or at_right < len(right):
        ahead = left[at_left][0] if at_left < len(left) else ""
        out_of_turn = ahead in rights and at_right < len(right) and ahead != right[at_right][0]
        if ahead and out_of_turn and shared and shared[0] != ahead:
            at_left += 1
            continue
        if ahead and ahead not in rights:
            merged.append(left[at_left][1])
            at_left += 1
            continue
        if ahead and (ahead in done or (at_right < len(right) and ahead == right[at_right][0])):
            at_left += 1
        if at_right < len(right):
            element, item = right[at_right]
            done.add(element)
            merged.append(merge(schema.item, lefts.get(element, NOTHING), item))
            if shared and shared[0] == element:
                shared.pop(0)
            at_right += 1
    return merged


def remove(schema: Type, value: Any, cut: Node) -> Any:
    """The value without the paths of a set; None when nothing is left of it."""
    if isinstance(value, dict):
        if is_atomic(schema, value):
            return None
        kept = {}
        for key, child in value.items():
            below = cut.get(f"f:{key}")
            if below is None:
                kept[key] = child
            elif "." not in below:
                kept[key] = remove(child_type(schema, key), child, below)
        return kept or None
    if isinstance(value, list) and isinstance(schema, ListOf) and schema.style != "atomic":
        return _remaining(schema, value, cut)
    return None


def _remaining(schema: ListOf, value: list[Any], cut: Node) -> list[Any] | None:
    kept = []
    for item in value:
        below = cut.get(element_of(schema, item))
        if below is None:
            kept.append(item)
        elif "." not in below:
            rest = remove(schema.item, item, below)
            if rest is not None:
                kept.append(rest)
    return kept or None


def pruned(schema: Type, merged: Any, last: Node, managed: Node) -> Any:
    """The merged object less what its applier stated last time, states no more, and nobody else manages."""
    last = with_named_fields(last, schema)
    everything = with_named_fields(field_set(schema, merged), schema)
    bare = remove(schema, merged, last) or {}
    left = with_named_fields(field_set(schema, bare), schema)
    kept = union(left, with_named_fields(managed, schema))
    owned = remove(schema, merged, difference(everything, kept)) or {}
    left = with_named_fields(field_set(schema, owned), schema)
    return remove(schema, merged, intersection(difference(everything, left), last)) or {}

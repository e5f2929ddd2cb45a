"""Sets of field paths: who manages what, in the shape that `managedFields[].fieldsV1` has on the wire.

A node maps path elements to nodes; the element "." in a node says that its own path is a member. Elements are
`f:name`, `k:{"key":value}` (an item of a list by its keys), `v:value` (an item of a set) and `i:index`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.kinds.schema import ListOf, Struct, Type, child_type

Node = dict[str, Any]
_MEMBER: Node = {}


def leaf() -> Node:
    """A path that is a member and has nothing below it."""
    return {".": _MEMBER}


def read(wire: Any) -> Node:
    """Node of a `fieldsV1` value."""
    return {key: read(value) if value else leaf() for key, value in wire.items() if key != "."} | (
        leaf() if "." in wire else {}
    )


def write(node: Node) -> dict[str, Any]:
    """The `fieldsV1` value of a node, elements sorted."""
    return {key: _write_child(node[key]) for key in sorted(node)}


def _write_child(node: Node) -> dict[str, Any]:
    return write(node) if len(node) > 1 or "." not in node else {}


def of_paths(*paths: str) -> Node:
    """A set of dotted paths of plain field names: `metadata.name`."""
    root: Node = {}
    for path in paths:
        node = root
        for name in path.split("."):
            node = node.setdefault(f"f:{name}", {})
        node["."] = _MEMBER
    return root


def union(one: Node, other: Node) -> Node:
    """Paths in either set."""
    if not one or not other:
        return one or other
    merged = dict(one)
    for key, value in other.items():
        merged[key] = union(one[key], value) if key in one and key != "." else value
    return merged


def intersection(one: Node, other: Node) -> Node:
    """Paths in both sets."""
    common: Node = {}
    for key, value in one.items():
        if key not in other:
            continue
        if key == ".":
            common[key] = _MEMBER
        elif child := intersection(value, other[key]):
            common[key] = child
    return common


def difference(one: Node, other: Node) -> Node:
    """Paths of the first set that are not in the other."""
    if not one or not other:
        return one
    rest: Node = {}
    for key, value in one.items():
        if key not in other:
            rest[key] = value
        elif key != "." and (child := difference(value, other[key])):
            rest[key] = child
    return rest


def without(one: Node, other: Node) -> Node:
    """The first set less the members of the other and everything below them."""
    rest: Node = {}
    for key, value in one.items():
        cut = other.get(key)
        if cut is None:
            rest[key] = value
        elif key != "." and "." not in cut and (child := without(value, cut)):
            rest[key] = child
    return rest


def with_named_fields(node: Node, schema: Type) -> Node:
    """The set, plus every declared field that has a member below it."""
    full: Node = {}
    for key, value in node.items():
        if key == ".":
            full[key] = value
            continue
        if key.startswith("f:"):
            name = key[2:]
            child = with_named_fields(value, child_type(schema, name))
            if isinstance(schema, Struct) and name in schema.fields and len(value) > ("." in value):
                child["."] = _MEMBER
        else:
            child = with_named_fields(value, schema.item if isinstance(schema, ListOf) else schema)
        full[key] = child
    return full


def paths(node: Node, prefix: str = "") -> Iterator[str]:
    """Every member as a person reads it: `.spec.containers[name="web"].image`."""
    if "." in node and prefix:
        yield prefix
    for key in sorted(node):
        if key != ".":
            yield from paths(node[key], prefix + readable(key))


def readable(element: str) -> str:
    """One path element as conflict messages show it."""
    mark, _, text = element.partition(":")
    if mark == "f":
        return f".{text}"
    if mark == "k":
        keys = json.loads(text)
        return "[" + ",".join(f"{name}={json.dumps(keys[name])}" for name in sorted(keys)) + "]"
    return f"[={text}]" if mark == "v" else f"[{text}]"

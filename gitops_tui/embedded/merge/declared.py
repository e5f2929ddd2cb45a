"""Whether an applied configuration fits the type it is for: server-side apply is strict whatever the request says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.kinds.schema import Anything, ListOf, MapOf, Scalar, Struct, Type
from gitops_tui.embedded.merge.fields import readable
from gitops_tui.embedded.merge.jsonpatch import go_text
from gitops_tui.embedded.merge.typed import element_of

_EXPECTED = {
    "string": ("string", (str,)),
    "bytes": ("string", (str,)),
    "int": ("numeric (int or float)", (int, float)),
    "int64": ("numeric (int or float)", (int, float)),
    "float": ("numeric (int or float)", (int, float)),
    "bool": ("boolean", (bool,)),
}
_KINDS = {str: "string", bool: "boolean", dict: "map", list: "list"}


def declaration_errors(schema: Type, value: Any, path: str = "") -> Iterator[str]:
    """What does not fit, each with its path: `.spec.replcas: field not declared in schema`."""
    if value is None or isinstance(schema, Anything):
        return
    if isinstance(schema, Scalar):
        yield from _scalar_errors(schema, value, path)
    elif isinstance(schema, (Struct, MapOf)):
        yield from _map_errors(schema, value, path)
    elif isinstance(schema, ListOf):
        yield from _list_errors(schema, value, path)


def _scalar_errors(schema: Scalar, value: Any, path: str) -> Iterator[str]:
    wanted, types = _EXPECTED.get(schema.name, ("scalar", (str, int, float, bool)))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        found = _KINDS.get(type(value), go_text(value)) if "numeric" in wanted else f"&{{{go_text(value)}}}"
        yield f"{path}: expected {wanted}, got {found}"


def _map_errors(schema: Struct | MapOf, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{go_text(value)}}}"
        return
    for key, child in value.items():
        below = f"{path}.{key}"
        if isinstance(schema, MapOf):
            yield from declaration_errors(schema.value, child, below)
        elif key in schema.fields:
            yield from declaration_errors(schema.fields[key].type, child, below)
        elif not schema.open:
            yield f"{below}: field not declared in schema"
            return


def _list_errors(schema: ListOf, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{go_text(value)}}}"
        return
    seen: set[str] = set()
    for at, child in enumerate(value):
        if schema.style == "atomic":
            yield from declaration_errors(schema.item, child, f"{path}[{at}]")
            continue
        element = element_of(schema, child)
        if element in seen:
            yield f"{path}: duplicate entries for key {readable(element)}"
        seen.add(element)
        yield from declaration_errors(schema.item, child, path + readable(element))

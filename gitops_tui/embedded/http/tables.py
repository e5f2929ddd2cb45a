"""`Table` answers: the columns that `kubectl get` prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from gitops_tui.embedded.kinds import columns
from gitops_tui.embedded.kinds.cells import age
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.store.selectors import field_text

_TABLE = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}


def table(resource: Resource, bodies: Iterable[Object], metadata: Object, *, include: str = "Metadata") -> Object:
    """A Table of objects. `include` says what stands beside each row: `None`, `Metadata` or `Object`."""
    definitions, cells = _columns(resource)
    rows = []
    for body in bodies:
        row: Object = {"cells": cells(body)}
        if include != "None":
            row["object"] = body if include == "Object" else partial(body)
        rows.append(row)
    return {**_TABLE, "metadata": metadata, "columnDefinitions": definitions, "rows": rows}


def partial(body: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def _columns(resource: Resource) -> tuple[list[Object], Callable[[Object], list[Any]]]:
    if resource.custom:
        return _custom_columns(resource)
    spec = columns.COLUMNS.get(resource.storage, columns.PLAIN)
    definitions = [_definition("Name", "name"), *(_definition(title, wide=wide) for title, wide, _ in spec)]

    def cells(body: Object) -> list[Any]:
        return [body["metadata"]["name"], *(read(body) for _, _, read in spec)]

    return definitions, cells


def _definition(name: str, form: str = "", *, kind: str = "string", wide: bool = False) -> Object:
    return {"name": name, "type": kind, "format": form, "description": "", "priority": int(wide)}


def _custom_columns(resource: Resource) -> tuple[list[Object], Callable[[Object], list[Any]]]:
    stated = resource.columns or ({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},)
    definitions = [_definition("Name", "name")]
    for row in stated:
        definition = _definition(row["name"], row.get("format", ""), kind=row.get("type", "string"))
        definitions.append({**definition, "priority": row.get("priority", 0)})

    def cells(body: Object) -> list[Any]:
        return [body["metadata"]["name"], *(_custom_cell(body, row) for row in stated)]

    return definitions, cells


_FILTER = re.compile(r"\[\?\(@\.(\w+)\s*==\s*['\"]([^'\"]*)['\"]\)\]")


def _custom_cell(body: Object, row: Object) -> Any:
    value = json_path(body, row["jsonPath"])
    if value is None:
        return None
    if row.get("type") == "date":
        return age(str(value), datetime.now(UTC))
    return value


def json_path(body: Any, path: str) -> Any:
    """The value at a JSON path of the simple kind that printer columns use; None when absent."""
    value = body
    for part in re.findall(r"\.([\w-]+)|(\[[^\]]*\])|\['([^']+)'\]", path):
        name, bracket, quoted = part
        if name or quoted:
            value = value.get(name or quoted) if isinstance(value, dict) else None
        elif isinstance(value, list):
            value = _picked(value, bracket)
    return value


def _picked(items: list[Any], bracket: str) -> Any:
    if found := _FILTER.fullmatch(bracket):
        return next((item for item in items if field_text(item, found[1]) == found[2]), None)
    index = bracket[1:-1]
    if index.lstrip("-").isdecimal() and -len(items) <= int(index) < len(items):
        return items[int(index)]
    return items[0] if index == "*" and items else None

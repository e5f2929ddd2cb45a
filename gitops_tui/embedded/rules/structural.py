"""Custom resources: pruning, defaulting and validation by the structural schema of their definition."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.kinds.schema import NOTHING, ListOf, MapOf, Object, Struct, Type
from gitops_tui.embedded.rules.conform import Report, conform
from gitops_tui.embedded.rules.problems import FieldError, duplicate, invalid, required, shown, too_long, unsupported


def conform_custom(struct: Struct, value: Object, report: Report) -> Object:
    """A new object: unknown fields dropped and reported, defaults filled. Types are left to `schema_errors`."""
    result = _pruned_struct(struct, {key: child for key, child in value.items() if key != "metadata"}, "", report)
    metadata = struct.fields["metadata"].type
    if isinstance(metadata, Struct):
        inner = Report()
        result["metadata"] = conform(metadata, value.get("metadata") or {}, inner)
        report.problems += [text.replace('field "', 'field "metadata.', 1) for text in inner.problems]
    return result


def _pruned(schema: Type, value: Any, path: str, report: Report) -> Any:
    if isinstance(schema, Struct) and isinstance(value, dict):
        return _pruned_struct(schema, value, path, report)
    if isinstance(schema, MapOf) and isinstance(value, dict):
        return {key: _pruned(schema.value, child, f"{path}.{key}", report) for key, child in value.items()}
    if isinstance(schema, ListOf) and isinstance(value, list):
        return [_pruned(schema.item, child, f"{path}[{at}]", report) for at, child in enumerate(value)]
    return value


def _pruned_struct(schema: Struct, value: Object, path: str, report: Report) -> Object:
    result: Object = {}
    for key, child in value.items():
        field = schema.fields.get(key)
        below = f"{path}.{key}" if path else key
        if field is not None:
            if child is None and not field.nullable:
                continue
            result[key] = _pruned(field.type, child, below, report)
        elif schema.open:
            result[key] = child
        else:
            report.unknown(below)
    for key, field in schema.fields.items():
        if key not in result and field.default is not NOTHING:
            result[key] = _pruned(field.type, copy.deepcopy(field.default), f"{path}.{key}", report)
    return result


def schema_errors(schema: Object, body: Object) -> Iterator[FieldError]:
    """What an object has against its OpenAPI schema, in the server's words."""
    for key, child in (schema.get("properties") or {}).items():
        if key in body and key not in {"apiVersion", "kind", "metadata"}:
            yield from _errors(child, body[key], key)
    yield from _missing(schema, body, "")


def _missing(schema: Object, value: Object, path: str) -> Iterator[FieldError]:
    for key in schema.get("required") or ():
        if key not in value:
            yield required(f"{path}.{key}" if path else key)


def _errors(schema: Object, value: Any, path: str) -> Iterator[FieldError]:
    if value is None:
        if not schema.get("nullable"):
            yield _wrong_type(schema, value, path)
        return
    if not _fits(schema, value):
        yield _wrong_type(schema, value, path)
        return
    yield from _value_errors(schema, value, path)
    if isinstance(value, dict):
        yield from _missing(schema, value, path)
        known = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        for key, child in value.items():
            below = known.get(key) or (extra if isinstance(extra, dict) else None)
            if below:
                yield from _errors(below, child, f"{path}.{key}")
    elif isinstance(value, list):
        yield from _list_errors(schema, value, path)


def _list_errors(schema: Object, value: list[Any], path: str) -> Iterator[FieldError]:
    for at, child in enumerate(value):
        yield from _errors(schema.get("items") or {}, child, f"{path}[{at}]")
    style = schema.get("x-kubernetes-list-type")
    if style not in {"map", "set"}:
        return
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    seen: list[Any] = []
    for at, child in enumerate(value):
        identity = {key: child.get(key) for key in keys} if style == "map" and isinstance(child, dict) else child
        if identity in seen:
            yield duplicate(f"{path}[{at}]", identity)
        seen.append(identity)


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def _fits(schema: Object, value: Any) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return type(value) in (int, str)
    wanted = schema.get("type")
    if not wanted:
        return True
    if isinstance(value, bool):
        return bool(wanted == "boolean")
    if wanted == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _PYTHON_TYPES.get(wanted, (object,)))


def _wrong_type(schema: Object, value: Any, path: str) -> FieldError:
    mixed = schema.get("x-kubernetes-int-or-string")
    wanted = "integer,string" if mixed else schema.get("type", "object")
    name = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    found = name.get(type(value), "null")
    words = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    return FieldError("FieldValueTypeInvalid" if value is not None else "FieldValueInvalid", path, words)


def _value_errors(schema: Object, value: Any, path: str) -> Iterator[FieldError]:
    body = f"{path} in body should"
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        yield unsupported(path, value, [name if isinstance(name, str) else shown(name) for name in allowed])
    if isinstance(value, str):
        if (most := schema.get("maxLength")) is not None and len(value) > most:
            yield too_long(path, most)
        if (least := schema.get("minLength")) is not None and len(value) < least:
            yield invalid(path, value, f"{body} be at least {least} chars long")
        if (pattern := schema.get("pattern")) and not re.search(pattern, value):
            yield invalid(path, value, f"{body} match '{pattern}'")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number_errors(schema, value, path, body)
    elif isinstance(value, list):
        if (most := schema.get("maxItems")) is not None and len(value) > most:
            yield FieldError("FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {most} items")
        if (least := schema.get("minItems")) is not None and len(value) < least:
            yield invalid(path, len(value), f"{body} have at least {least} items")


def _number_errors(schema: Object, value: float, path: str, body: str) -> Iterator[FieldError]:
    if (least := schema.get("minimum")) is not None:
        if schema.get("exclusiveMinimum") and value <= least:
            yield invalid(path, value, f"{body} be greater than {least}")
        elif value < least:
            yield invalid(path, value, f"{body} be greater than or equal to {least}")
    if (most := schema.get("maximum")) is not None:
        if schema.get("exclusiveMaximum") and value >= most:
            yield invalid(path, value, f"{body} be less than {most}")
        elif value > most:
            yield invalid(path, value, f"{body} be less than or equal to {most}")

"""Bringing a built-in object into the form in which a server keeps it: known fields, right types, defaults."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from gitops_tui.embedded.kinds.schema import NOTHING, Anything, Field, ListOf, MapOf, Scalar, Struct, Type
from gitops_tui.embedded.rules import quantity

_GO_NAMES = {
    "int": "int32",
    "int64": "int64",
    "bool": "bool",
    "string": "string",
    "bytes": "[]uint8",
    "float": "float64",
}
_LIMITS = {"int": 2**31, "int64": 2**63}
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_EMPTY: tuple[Any, ...] = ("", 0, False)


class TypeMismatchError(ValueError):
    """A value of the wrong type; the message is the decoder's."""


class Report:
    """What a lenient server only warns about: unknown and duplicate fields."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def unknown(self, path: str) -> None:
        """Note a field that the type does not have."""
        self.problems.append(f'unknown field "{path}"')

    def duplicate(self, path: str) -> None:
        """Note a key that stands twice in one object."""
        self.problems.append(f'duplicate field "{path}"')


class Duplicated(dict[str, Any]):
    """A JSON object in which keys stood more than once."""

    duplicates: tuple[str, ...] = ()


def object_of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`object_pairs_hook` that remembers duplicate keys."""
    body = dict(pairs)
    if len(body) == len(pairs):
        return body
    seen: set[str] = set()
    marked = Duplicated(body)
    marked.duplicates = tuple(dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return marked


def conform(struct: Struct, value: Any, report: Report | None = None) -> dict[str, Any]:
    """A new object of the given type: unknown fields dropped and reported, values canonical, simple defaults filled.

    Raises TypeMismatchError.
    """
    return _struct(struct, value, "", report or Report())


def _value(schema: Type, value: Any, path: str, report: Report, owner: str) -> Any:
    if isinstance(schema, Scalar):
        return _scalar(schema, value, path, owner)
    if isinstance(schema, Struct):
        if not isinstance(value, dict):
            raise _mismatch(value, owner, path, f"v1.{schema.name}")
        return _struct(schema, value, path, report)
    if isinstance(schema, MapOf):
        if not isinstance(value, dict):
            raise _mismatch(value, owner, path, f"map[string]{_go_name(schema.value)}")
        _note_duplicates(value, path, report)
        if isinstance(schema.value, Scalar) and schema.value.name == "quantity":
            return {key: _quantity(child, whole_milli=True) for key, child in value.items() if child is not None}
        below = "" if isinstance(schema.value, Scalar) else "."
        return {
            key: _entry(schema.value, child, f"{path}{below}{key if below else ''}", report, owner)
            for key, child in value.items()
        }
    if isinstance(schema, ListOf):
        if not isinstance(value, list):
            raise _mismatch(value, owner, path, f"[]{_go_name(schema.item)}")
        return [_value(schema.item, child, f"{path}[{at}]", report, owner) for at, child in enumerate(value)]
    return value


def _entry(schema: Type, value: Any, path: str, report: Report, owner: str) -> Any:
    """A value of a map; null is the zero value of its type."""
    if value is not None:
        return _value(schema, value, path, report, owner)
    return {} if isinstance(schema, (Struct, MapOf)) else [] if isinstance(schema, ListOf) else ""


def _struct(schema: Struct, value: dict[str, Any], path: str, report: Report) -> dict[str, Any]:
    _note_duplicates(value, path, report)
    result: dict[str, Any] = {}
    fields = schema.fields
    for key, child in value.items():
        field = fields.get(key)
        below = f"{path}.{key}" if path else key
        if field is None:
            report.unknown(below)
        elif child is not None:
            kept = _value(field.type, child, below, report, schema.name)
            if field.keeps_empty or not _is_empty(field.type, kept):
                result[key] = kept
    for key, field in fields.items():
        if key not in result:
            _fill(result, key, field, path, report)
    return result


def _fill(result: dict[str, Any], key: str, field: Field, path: str, report: Report) -> None:
    filling = field.default if field.default is not NOTHING else field.always
    if filling is NOTHING:
        return
    if isinstance(field.type, Struct):
        result[key] = _struct(field.type, filling, f"{path}.{key}", report)
    else:
        result[key] = filling


def _is_empty(schema: Type, value: Any) -> bool:
    if isinstance(schema, Scalar):
        return schema.name not in {"quantity", "intstr"} and value in _EMPTY
    return not isinstance(schema, (Struct, Anything)) and not value


def _note_duplicates(value: dict[str, Any], path: str, report: Report) -> None:
    if isinstance(value, Duplicated):
        for key in value.duplicates:
            report.duplicate(f"{path}.{key}" if path else key)


_PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bool": (bool,),
    "int": (int,),
    "int64": (int,),
    "float": (int, float),
    "intstr": (int, str),
}


def _scalar(schema: Scalar, value: Any, path: str, owner: str) -> Any:
    name = schema.name
    types = _PLAIN.get(name)
    if types is None:
        return _parsed(schema, value, path, owner)
    limit = _LIMITS.get(name)
    if type(value) in types and (limit is None or -limit <= value < limit):
        return value
    if name == "intstr":
        raise TypeMismatchError(f"json: cannot unmarshal {_json_name(value)} into Go value of type string")
    raise _mismatch(value, owner, path, _GO_NAMES[name])


def _quantity(value: Any, *, whole_milli: bool) -> str:
    if type(value) not in (int, float, str):
        raise TypeMismatchError(quantity.PATTERN_MESSAGE)
    try:
        return quantity.canonical(value, whole_milli=whole_milli)
    except quantity.QuantityError as error:
        raise TypeMismatchError(str(error)) from None


def _parsed(schema: Scalar, value: Any, path: str, owner: str) -> Any:
    """Scalars with a grammar of their own: quantities, times, base64."""
    if schema.name == "quantity":
        return _quantity(value, whole_milli=False)
    if not isinstance(value, str):
        raise _mismatch(value, owner, path, _GO_NAMES.get(schema.name, "string"))
    if schema.name == "bytes":
        try:
            base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
        except binascii.Error:
            at = next(
                (at for at, char in enumerate(value) if not re.match(r"[A-Za-z0-9+/=\n\r]", char)), len(value) // 4 * 4
            )
            raise TypeMismatchError(f"illegal base64 data at input byte {at}") from None
        return value.replace("\n", "").replace("\r", "")
    if not _TIME.match(value):
        raise TypeMismatchError(
            f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'
        )
    return value


def _mismatch(value: Any, owner: str, path: str, wanted: str) -> TypeMismatchError:
    plain = re.sub(r"\[\d+\]", "", path)
    return TypeMismatchError(
        f"json: cannot unmarshal {_json_name(value)} into Go struct field {owner}.{plain} of type {wanted}"
    )


def _json_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number" if isinstance(value, int) and abs(value) < 2**31 else f"number {value}"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


def _go_name(schema: Type) -> str:
    if isinstance(schema, Scalar):
        return _GO_NAMES.get(schema.name, "string")
    return f"v1.{schema.name}" if isinstance(schema, Struct) else "interface {}"

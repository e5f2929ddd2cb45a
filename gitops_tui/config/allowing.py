"""Whether a document is certainly what its JSON Schema allows.

`jsonschema` says what is wrong, and takes 0.1 s to import; most documents are right. Only the keywords that our own
schema uses are known here: where another one stands, nothing is certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_NOTES: Final = frozenset({"$schema", "title", "description", "default", "errorMessage"})


class _UnknownError(Exception):
    """A keyword that is not known here."""


def allows(schema: Schema, value: Any) -> bool:
    """Whether the value is certainly allowed. False: it is not, or that cannot be told here."""
    try:
        return _allows(schema, value)
    except _UnknownError:
        return False


def _allows(schema: Schema, value: Any) -> bool:
    for keyword, said in schema.items():
        if keyword not in _NOTES:
            rule = _RULES.get(keyword)
            if rule is None:
                raise _UnknownError(keyword)
            if not rule(schema, said, value):
                return False
    return True


def _type(_: Schema, said: Any, value: Any) -> bool:
    return any(_is(name, value) for name in ([said] if isinstance(said, str) else said))


def _is(name: str, value: Any) -> bool:
    match name:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return _is_number(value)
        case "integer":
            return _is_number(value) and value == value // 1
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _properties(_: Schema, said: Any, value: Any) -> bool:
    return not isinstance(value, dict) or all(_allows(said[key], value[key]) for key in said if key in value)


def _additional(schema: Schema, said: Any, value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    others = [item for key, item in value.items() if key not in schema.get("properties", {})]
    return not others if said is False else isinstance(said, dict) and all(_allows(said, other) for other in others)


def _enum(_: Schema, said: Any, value: Any) -> bool:
    return isinstance(value, str) and value in said


_RULES: Final[Mapping[str, Callable[[Schema, Any, Any], bool]]] = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "enum": _enum,
    "required": lambda _, said, value: not isinstance(value, dict) or all(key in value for key in said),
    "propertyNames": lambda _, said, value: not isinstance(value, dict) or all(_allows(said, key) for key in value),
    "items": lambda _, said, value: not isinstance(value, list) or all(_allows(said, item) for item in value),
    "pattern": lambda _, said, value: not isinstance(value, str) or re.search(said, value) is not None,
    "minLength": lambda _, said, value: not isinstance(value, str) or len(value) >= said,
    "minItems": lambda _, said, value: not isinstance(value, list) or len(value) >= said,
    "minimum": lambda _, said, value: not _is_number(value) or value >= said,
    "maximum": lambda _, said, value: not _is_number(value) or value <= said,
    "anyOf": lambda _, said, value: any(_allows(each, value) for each in said),
    "oneOf": lambda _, said, value: sum(_allows(each, value) for each in said) == 1,
}
"""What each keyword demands: (the schema it stands in, what is said, the value)."""

"""The pieces that the schema is made of: one builder per sort of node."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Schema = dict[str, Any]

NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_NAME_WORDS = "must be lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit"
_DURATION = r"^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d))+$"
_SIZE = r"^[0-9]{1,9}(\.[0-9]{1,3})?(B|kB|KiB|MB|MiB|GB|GiB)$"
_SIZE_WORDS = "must be a size such as `500MB` or `2GiB`; a number is bytes"
_DURATION_WORDS = "must be a duration such as `30s`, `5m` or `1h30m`"


def keys(description: str, properties: Schema, *required: str, **more: Any) -> Schema:
    """Known keys and their values."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def text(description: str, **more: Any) -> Schema:
    """Any text."""
    return {"type": "string", "description": description, **more}


def pattern(description: str, regex: str, words: str, **more: Any) -> Schema:
    """Text that matches; `words` say what it must be."""
    return text(description, pattern=regex, errorMessage={"pattern": words}, **more)


def name(description: str, **more: Any) -> Schema:
    """A DNS-1123 label: it becomes a label's value or a namespace."""
    return pattern(description, NAME, _NAME_WORDS, **more)


def choice(description: str, words: type[StrEnum] | tuple[str, ...], default: str) -> Schema:
    """One of some words."""
    return text(description, enum=[str(word) for word in words], default=default)


def switch(description: str, *, default: bool) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, "default": default}


def duration(description: str, default: str) -> Schema:
    """A time span (`duration.seconds` reads it)."""
    return {
        "type": ["string", "number"],
        "description": f"{description} A duration such as `30s` or `5m`; a number is seconds.",
        "pattern": _DURATION,
        "minimum": 0,
        "default": default,
        "errorMessage": {"pattern": _DURATION_WORDS, "minimum": _DURATION_WORDS, "type": _DURATION_WORDS},
    }


def size(description: str) -> Schema:
    """A number of bytes (`duration.size` reads it)."""
    return {
        "type": ["string", "integer"],
        "description": f"{description} A size such as `500MB`; a number is bytes.",
        "pattern": _SIZE,
        "minimum": 0,
        "errorMessage": {"pattern": _SIZE_WORDS, "minimum": _SIZE_WORDS, "type": _SIZE_WORDS},
    }


def array(description: str, items: Schema | None = None) -> Schema:
    """A list, of non-empty texts where nothing else is said."""
    return {"type": "array", "description": description, "items": items or {"type": "string", "minLength": 1}}

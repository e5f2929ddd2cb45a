"""What is wrong with a field, in the server's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: reason (`FieldValueInvalid`), path, and the words after the path."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def shown(value: Any) -> str:
    """A value as messages show it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def required(field: str, detail: str = "") -> FieldError:
    """A field that must be there."""
    return FieldError("FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value")


def invalid(field: str, value: Any, detail: str) -> FieldError:
    """A field with a value that is not allowed."""
    return FieldError("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {detail}")


def unsupported(field: str, value: Any, allowed: Sequence[str]) -> FieldError:
    """A field with a value that is not one of the known."""
    names = ", ".join(f'"{name}"' for name in allowed)
    return FieldError("FieldValueNotSupported", field, f"Unsupported value: {shown(value)}: supported values: {names}")


def forbidden_field(field: str, detail: str) -> FieldError:
    """A field that must not be there, or not be changed."""
    return FieldError("FieldValueForbidden", field, f"Forbidden: {detail}")


def too_long(field: str, most: int) -> FieldError:
    """A value of more bytes than are allowed."""
    return FieldError("FieldValueTooLong", field, f"Too long: may not be more than {most} bytes")


def duplicate(field: str, value: Any) -> FieldError:
    """A value that stands twice where it may stand once."""
    return FieldError("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}")


def not_found(field: str, value: Any) -> FieldError:
    """A value that names something that is not there."""
    return FieldError("FieldValueNotFound", field, f"Not found: {shown(value)}")

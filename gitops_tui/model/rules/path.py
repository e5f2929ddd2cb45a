"""Paths into an object: `status.conditions[type=Ready].status`, `metadata.labels["a.b/c"]`, `spec.ports[0].name`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """The first element of a list whose field `key` is the text `value`."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"[{self.key}={self.value}]"


Step = str | int | Chosen


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in an object. A `str` step is a key, an `int` step an index from 0."""

    steps: tuple[Step, ...]

    def find(self, value: Any) -> tuple[bool, Any]:
        """Return whether the place is there, and what it holds; None where it is not."""
        for step in self.steps:
            found, value = _below(value, step)
            if not found:
                return False, None
        return True, value


def _below(value: Any, step: Step) -> tuple[bool, Any]:
    match step:
        case str():
            return (True, value[step]) if isinstance(value, Mapping) and step in value else (False, None)
        case int():
            return (True, value[step]) if isinstance(value, list) and step < len(value) else (False, None)
        case Chosen():
            elements = value if isinstance(value, list) else ()
            for element in elements:
                if isinstance(element, Mapping) and element.get(step.key) == step.value:
                    return True, element
            return False, None

"""Messages with fields of an object in them: `{status.ready} of {spec.replicas} shards`."""

from __future__ import annotations

import json
from typing import Any

from gitops_tui.model.rules.path import FieldPath
from gitops_tui.model.rules.tokens import LONGEST, ExpressionError, path_of
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """Text with paths in braces; `{{` and `}}` are braces themselves."""

    parts: tuple[str | FieldPath, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read one. Raises ExpressionError."""
        if len(text) > LONGEST:
            raise ExpressionError(f"is longer than {LONGEST} characters", LONGEST + 1)
        parts: list[str | FieldPath] = []
        plain, position = "", 0
        while position < len(text):
            pair, sign = text[position : position + 2], text[position]
            if pair in {"{{", "}}"}:
                plain, position = plain + sign, position + 2
            elif sign == "{":
                path, position = _in_braces(text, position)
                parts += [plain, path]
                plain = ""
            elif sign == "}":
                raise ExpressionError("a `}` without a `{`: write `}}` for the brace itself", position + 1)
            else:
                plain, position = plain + sign, position + 1
        return cls(tuple(part for part in (*parts, plain) if part != ""))

    def fill(self, body: Any) -> str:
        """The message about an object, on one line; `?` stands for what is not there."""
        return one_line("".join(part if isinstance(part, str) else _shown(part, body) for part in self.parts))


def _in_braces(text: str, position: int) -> tuple[FieldPath, int]:
    found = path_of(text, position + 1)
    if found is None:
        raise ExpressionError("expected a path after `{`: write `{{` for the brace itself", position + 2)
    path, end = found
    if text[end : end + 1] != "}":
        raise ExpressionError("expected `}` after the path", end + 1)
    return path, end + 1


def _shown(path: FieldPath, body: Any) -> str:
    _, value = path.find(body)
    if value is None:
        return "?"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

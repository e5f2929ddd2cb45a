"""The little language of the `.types` files beside this module: one line a field.

    Name [atomic]
    field TYPE [!] [atomic] [set | map(KEY,KEY)] [merge | merge(KEY)] [retainKeys] [{} | zero | null] [=DEFAULT]

TYPE is a scalar, `any`, `[TYPE]`, `{TYPE}` or the name of a type: of this file, of `meta`, or `file.Name`. After a `*`
an empty or zero value is a statement and kept; without it, it is the same as none. `!` is required; `{}`, `zero` and
`null` are what an absent field is shown as, `=` is what fills it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

from gitops_tui.embedded.kinds.schema import (
    ANYTHING,
    NOTHING,
    Anything,
    Field,
    ListOf,
    MapOf,
    Scalar,
    ScalarName,
    Struct,
    Type,
)

_SCALARS: dict[str, Scalar] = {name: Scalar(name) for name in get_args(ScalarName)}
_ZEROES: dict[str, Any] = {"string": "", "bool": False, "int": 0, "int64": 0, "float": 0}
_FOLDER = Path(__file__).parent / "types"
_MARK = re.compile(r"(\w+)\(([^)]*)\)")


class Library:
    """All types of the `.types` files, read when first asked for; types may refer to themselves."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Struct] = {}
        self._blocks: dict[str, dict[str, list[str]]] = {}

    def type(self, home: str, name: str) -> Struct:
        """The type `name` of the file `home`."""
        if (home, name) in self._known:
            return self._known[home, name]
        blocks = self._file(home)
        head = name if name in blocks else f"{name} atomic"
        struct = Struct(name, atomic=head.endswith(" atomic"))
        self._known[home, name] = struct
        for line in blocks[head]:
            key, expression, *marks = line.split()
            struct.fields[key] = self._field(home, expression, marks)
        return struct

    def _file(self, home: str) -> dict[str, list[str]]:
        if home not in self._blocks:
            text = (_FOLDER / f"{home}.types").read_text(encoding="utf-8")
            blocks = (block.splitlines() for block in text.strip().split("\n\n"))
            self._blocks[home] = {head: lines for head, *lines in blocks}
        return self._blocks[home]

    def _field(self, home: str, expression: str, marks: list[str]) -> Field:
        node = self._expression(home, expression.lstrip("*"))
        for mark in marks:
            node = _shaped(node, mark)
        return Field(
            node,
            required="!" in marks,
            default=next((_value(node, mark[1:]) for mark in marks if mark.startswith("=")), NOTHING),
            always=_always(node, marks),
            retain_keys="retainKeys" in marks,
            keeps_empty=expression.startswith("*"),
        )

    def _expression(self, home: str, text: str) -> Type:
        if text in _SCALARS:
            return _SCALARS[text]
        if text == "any":
            return ANYTHING
        if text[0] == "[":
            return ListOf(self._expression(home, text[1:-1]))
        if text[0] == "{":
            return MapOf(self._expression(home, text[1:-1]))
        if "." in text:
            return self.type(*text.split(".", 1))
        own = self._file(home)
        return self.type(home if text in own or f"{text} atomic" in own else "meta", text)


def _shaped(node: Type, mark: str) -> Type:
    """The type as one mark changes it; lists and maps are made anew for each field, so they can be changed here."""
    if mark == "atomic":
        if isinstance(node, Struct):
            return node.as_atomic()
        if isinstance(node, MapOf):
            node.atomic = True
        return Anything(atomic=True) if isinstance(node, Anything) else node
    if isinstance(node, ListOf):
        found = _MARK.fullmatch(mark)
        if mark == "set":
            node.style = "set"
        elif found and found[1] == "map":
            node.style, node.keys = "map", tuple(found[2].split(","))
        elif mark == "merge" or (found and found[1] == "merge"):
            node.merge, node.merge_key = True, found[2] if found else ""
    return node


def _value(node: Type, text: str) -> Any:
    if isinstance(node, Scalar) and node.name in {"string", "quantity"}:
        return text.strip('"')
    if isinstance(node, Scalar) and node.name == "intstr":
        return int(text) if text.isdecimal() else text
    return json.loads(text)


def _always(node: Type, marks: list[str]) -> Any:
    if "{}" in marks:
        return {}
    if "null" in marks:
        return None
    if "zero" in marks and isinstance(node, Scalar):
        return _ZEROES.get(node.name, NOTHING)
    return NOTHING


@cache
def library() -> Library:
    """The one library of this process."""
    return Library()

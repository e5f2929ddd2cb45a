"""Which lines of a commit state a field: in the object's own file, else in the nearest file that states its value.

What a renderer does with its input cannot be followed in general. So only what is unmistakable is answered: one
place, in the file nearest to the application, with the very value. Everything else is "cannot tell".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gitops_tui.diff.authorship.texts import Node, Statement, Steps, Text, is_for, stated
from gitops_tui.diff.meaning import same
from gitops_tui.diff.normalise import decoded
from gitops_tui.diff.paths import Path
from gitops_tui.model.fields import dig
from gitops_tui.model.fields import text as text_of
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.text import shorten
from gitops_tui.model.values import dataclass

CANNOT_TELL: Final = "cannot tell"
_RELATED: Final = 5
"""Letters that two names must have in common at their beginning, `replicas` and `replicaCount`."""
_VALUES: Final = pattern(r"\.Values\.([A-Za-z0-9_][\w.]*)")
_LEAVES: Final = 50_000
_INPUTS: Final = frozenset({"Component", "Kustomization"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field of one object, with the value that Git gives it. path: map keys, and keys or indexes of elements."""

    key: ResourceKey
    path: Path
    value: Any

    @property
    def name(self) -> str:
        """The last map key of the path, as far as can be told."""
        return next((step for step in reversed(self.path) if isinstance(step, str) and not step.isdecimal()), "")

    @property
    def readable(self) -> Any:
        """The value as an author writes it: that of a Secret is encoded only later."""
        is_data = (self.key.group, self.key.kind) == ("", "Secret") and self.path[:1] == ("data",)
        return (decoded(self.value) if is_data else "") or self.value


@dataclass(frozen=True, slots=True)
class Found:
    """The lines that state a field, or why that cannot be told. Neither: Git does not state it."""

    statements: tuple[Statement, ...] = ()
    why_not: str = ""


_NOWHERE: Final = Found(why_not=f"{CANNOT_TELL}: no file states this value by itself")


def in_manifest(text: Text, line: int, wanted: Wanted) -> Found:
    """Find a field in the file that states its object. line: of the object, where several are alike."""
    nodes = [node for node in text.objects() if is_for(node, wanted.key)]
    node = next((each for each in nodes if each.line == line), nodes[0] if len(nodes) == 1 else None)
    if node is None:
        return Found(why_not=f"{CANNOT_TELL}: {text.path} does not show the object")
    place = stated(node.value, wanted.path)
    return Found((text.statement(node, (*node.steps, *place[0])),) if place else ())


def in_overlays(texts: Sequence[Text], wanted: Wanted) -> Found:
    """Find a field in the files of a kustomization, the nearest to the application first."""
    every = [each for text in texts for each in (text, *text.patches())]
    for renamed in (False, True):
        for text in every:
            found = list(_in_objects(text, wanted, renamed=renamed))
            if any(same(value, wanted.value) for _, _, value in found):
                return _only(text, found)
            if found:  # what is nearer, an entry of `images` or `replicas`, has replaced it
                return _first(_hinted(text, wanted) for text in every)
    return _first(_hinted(text, wanted) for text in every)


def in_chart(template: Text | None, values: Sequence[Text], wanted: Wanted) -> Found:
    """Find a field in a chart: in the line of its template, else in the values, the ones that win first."""
    rows = list(_rows(template, wanted)) if template is not None else []
    if template is not None and len(rows) == 1:
        number, written = rows[0]
        names = _VALUES.findall(written)
        if not names and "{{" not in written:
            return Found((Statement(template.path, number, number),))
        found = [place for name in names for place in [_value(values, name.split("."), wanted.readable)] if place]
        if found:
            return Found(tuple(found))
    return _first(_hinted(text, wanted) for text in values)


_Place = tuple[Node, Steps, Any]


def _in_objects(text: Text, wanted: Wanted, *, renamed: bool) -> Iterator[_Place]:
    for node in text.objects():
        place = stated(node.value, wanted.path) if is_for(node, wanted.key, renamed=renamed) else None
        if place:
            yield node, (*node.steps, *place[0]), place[1]


def _only(text: Text, found: Sequence[_Place]) -> Found:
    if len(found) != 1:
        return Found(why_not=f"{CANNOT_TELL}: {text.path} states it more than once")
    node, steps, _ = found[0]
    return Found((text.statement(node, steps),))


def _first(hints: Iterator[Sequence[Statement]]) -> Found:
    for statements in hints:
        if len(statements) == 1:
            return Found(tuple(statements))
        if statements:
            places = ", ".join(f"{each.path}:{each.first}" for each in statements[:3])
            return Found(why_not=shorten(f"{CANNOT_TELL}: it may be any of {places}", 300))
    return _NOWHERE


def _hinted(text: Text, wanted: Wanted) -> Sequence[Statement]:
    """Where a file states the value below a name that fits, the value's end (`:1.4`), or `NAME=VALUE`."""
    value = wanted.readable
    if not text.documents and isinstance(value, str) and value and "".join(text.lines).strip():
        exact = text.data.decode(errors="replace") == value
        return [text.whole()] if exact else _assignments(text, wanted)
    return [
        text.statement(root, steps)
        for root in text.roots()
        if not _is_object(root.value)
        for steps, names, leaf in _leaves(root.value)
        if _fits(names, leaf, wanted.name, value)
    ]


def _is_object(value: Any) -> bool:
    """Whether it is an object of its own, and so no input to another one."""
    kind = text_of(dig(value, "kind"))
    return bool(kind) and kind not in _INPUTS and bool(dig(value, "metadata", "name"))


def _assignments(text: Text, wanted: Wanted) -> list[Statement]:
    written = f"{wanted.name}={wanted.readable}"
    return [Statement(text.path, at + 1, at + 1) for at, line in enumerate(text.lines) if line.strip() == written]


def _fits(names: Sequence[str], leaf: Any, name: str, value: Any) -> bool:
    if isinstance(value, str) and isinstance(leaf, str) and leaf:
        ends = value.endswith((f":{leaf}", f"@{leaf}"))
        if ends or leaf == f"{name}={value}":
            return True
    return same(leaf, value) and any(_related(each, name) for each in names)


def _related(one: str, other: str) -> bool:
    short = min(len(one), len(other), _RELATED)
    return short > 0 and one[:short].lower() == other[:short].lower() and (one == other or short >= _RELATED)


def _leaves(value: Any) -> Iterator[tuple[Steps, Sequence[str], Any]]:
    """The scalars of a document, each with the steps to it and the names above it; a JSON patch names its path."""
    waiting: list[tuple[Steps, tuple[str, ...], Any]] = [((), (), value)]
    seen = 0
    while waiting and seen < _LEAVES:
        steps, names, here = waiting.pop()
        seen += 1
        if isinstance(here, Mapping):
            patched = text_of(here.get("path")).split("/") if "op" in here else ()
            waiting.extend(((*steps, str(name)), (*names, *patched, str(name)), item) for name, item in here.items())
        elif isinstance(here, list):
            waiting.extend(((*steps, index), names, item) for index, item in enumerate(here))
        else:
            yield steps, names, here


def _rows(template: Text, wanted: Wanted) -> Iterator[tuple[int, str]]:
    """The lines of a template that may state the field: its name, then either the value itself or something filled."""
    pattern = re.compile(rf"\s*(?:- )?[\"']?{re.escape(wanted.name)}[\"']?\s*:\s*(.*?)\s*")
    for number, line in enumerate(template.lines, start=1):
        match = pattern.fullmatch(line)
        if match and ("{{" in match[1] or match[1].strip("\"'") == str(wanted.readable)):
            yield number, match[1]


def _value(texts: Sequence[Text], steps: Sequence[str], value: Any) -> Statement | None:
    """Where the values that win state something, if it is (part of) the value that came out."""
    for text in texts:
        for root in text.roots():
            stated_value = dig(root.value, *steps)
            if stated_value is not None:
                is_part = isinstance(value, str) and str(stated_value) in value
                return text.statement(root, tuple(steps)) if is_part or same(stated_value, value) else None
    return None

"""Documents from a stream of YAML events, with an explicit stack and within budgets.

Nothing here recurses: the depth of a text can exhaust a budget but never the stack of the process. Aliases share
the value they name, and are charged as if it were written out, so a text that would grow without bound when
copied or printed is refused before that happens.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gitops_tui.model.errors import InputError
from gitops_tui.model.text import one_line
from gitops_tui.yamlio import scalars
from gitops_tui.yamlio.positions import Place, Positions

_STANDARD: Final = "tag:yaml.org,2002:"
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may cost. bytes: of the input, and of all its scalars with aliases written out. depth: of
    nested collections. nodes: scalars and collections, with aliases written out. documents: in one stream.
    """

    bytes: int = 10 * 1024 * 1024
    depth: int = 100
    nodes: int = 1_000_000
    documents: int = 10_000


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream. line: where its content starts, from 1. items: the lines of the elements of its
    top-level `items`, empty when it has none.
    """

    value: Any
    line: int = 1
    items: tuple[int, ...] = ()
    positions: Positions | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """What a node costs when written out."""

    nodes: int = 1
    text: int = 0
    height: int = 0


class Merge:
    """The value of a `<<` key that is not a string: its mapping is merged into the one it stands in."""


@dataclass(slots=True)
class Frame:
    """An open collection."""

    value: dict[str, Any] | list[Any]
    place: Place
    anchor: str | None
    start: tuple[int, int]
    height: int = 1
    key: Any = _MISSING
    key_place: Place = (1, 1)
    merged: set[str] = field(default_factory=set)
    keys: dict[str, Place] = field(default_factory=dict)
    positions: Positions | None = None


class Builder:
    """Collects the documents of one stream. name: how errors call it."""

    def __init__(self, name: str, limits: Limits, *, track: bool) -> None:
        self._name = name
        self._limits = limits
        self._track = track
        self._nodes = 0
        self._text = 0
        self.documents: list[Document] = []
        self._start_document()

    def _start_document(self) -> None:
        self._stack: list[Frame] = []
        self._anchors: dict[str, tuple[Any, Size, Positions | None]] = {}
        self._root: Any = None
        self._root_place: Place = (1, 1)
        self._root_positions: Positions | None = None
        self._items: list[int] = []

    def refuse(self, place: Place, message: str, hint: str = "") -> InputError:
        """The error that something is wrong at `place`."""
        return InputError(f"{self._name}:{place[0]}:{place[1]}", message, hint=hint)

    def end_document(self) -> None:
        """Keep the document unless it is empty."""
        if self._root is not None:
            if len(self.documents) >= self._limits.documents:
                raise self.refuse(self._root_place, f"more than {self._limits.documents} documents")
            items = tuple(self._items)
            self.documents.append(Document(self._root, self._root_place[0], items, self._root_positions))
        self._start_document()

    def scalar(self, text: str, place: Place, *, tag: str | None, plain: bool, anchor: str | None) -> None:
        """A scalar. tag: the full tag when one is written. plain: neither quoted nor a block."""
        self._charge(place, 1, len(text))
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is _MISSING and isinstance(frame.value, dict):
            if anchor is not None:
                self._anchors[anchor] = (self._resolve(text, place, tag, plain), Size(1, len(text)), None)
            self._set_key(frame, self._resolve_key(text, place, tag, plain), place)
            return
        value = self._resolve(text, place, tag, plain)
        positions = Positions(place, place) if self._track else None
        if anchor is not None:
            self._anchors[anchor] = (value, Size(1, len(text)), positions)
        self._add(value, place, 0, positions)

    def open(self, value: dict[str, Any] | list[Any], place: Place, *, tag: str | None, anchor: str | None) -> None:
        """A collection starts."""
        kind = "map" if isinstance(value, dict) else "seq"
        if tag not in {None, "!", _STANDARD + kind}:
            raise self._bad_tag(tag, place)
        if self._stack and self._stack[-1].key is _MISSING and isinstance(self._stack[-1].value, dict):
            raise self.refuse(place, "a key must be a string, this one is a collection")
        if len(self._stack) >= self._limits.depth:
            raise self.refuse(place, f"nested more than {self._limits.depth} levels deep")
        start = (self._nodes, self._text)
        self._charge(place, 1, 0)
        if anchor is not None:
            self._anchors.pop(anchor, None)
        positions = Positions(place, place) if self._track else None
        self._stack.append(Frame(value, place, anchor, start, positions=positions))

    def close(self) -> None:
        """The innermost collection ends."""
        frame = self._stack.pop()
        if frame.anchor is not None:
            size = Size(self._nodes - frame.start[0], self._text - frame.start[1], frame.height)
            self._anchors[frame.anchor] = (frame.value, size, frame.positions)
        self._add(frame.value, frame.place, frame.height, frame.positions)

    def alias(self, anchor: str, place: Place) -> None:
        """A reference to a node that was written before."""
        if anchor not in self._anchors:
            inside = any(frame.anchor == anchor for frame in self._stack)
            problem = "refers to itself" if inside else "refers to no anchor before it"
            raise self.refuse(place, f"alias *{one_line(anchor, limit=60)} {problem}")
        value, size, positions = self._anchors[anchor]
        self._charge(place, size.nodes, size.text)
        if len(self._stack) + size.height > self._limits.depth:
            raise self.refuse(place, f"nested more than {self._limits.depth} levels deep, with aliases written out")
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is _MISSING and isinstance(frame.value, dict):
            self._set_key(frame, self._key_of(value, place), place)
            return
        self._add(value, place, size.height, positions)

    def _charge(self, place: Place, nodes: int, text: int) -> None:
        self._nodes += nodes
        self._text += text
        if self._nodes > self._limits.nodes:
            raise self.refuse(place, f"more than {self._limits.nodes} values, with aliases written out")
        if self._text > self._limits.bytes:
            raise self.refuse(place, f"more than {self._limits.bytes} characters, with aliases written out")

    def _add(self, value: Any, place: Place, height: int, positions: Positions | None) -> None:
        if not self._stack:
            self._root, self._root_place, self._root_positions = value, place, positions
            return
        frame = self._stack[-1]
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, list):
            self._note(frame, len(frame.value), positions, place)
            frame.value.append(value)
            if len(self._stack) == 2 and self._stack[0].key == "items":
                self._items.append(place[0])
            return
        key, frame.key = frame.key, _MISSING
        if key is Merge:
            self._merge(frame.value, value, place)
            return
        frame.value[key] = value
        self._note(frame, key, positions, frame.key_place)

    @staticmethod
    def _note(frame: Frame, step: str | int, positions: Positions | None, key_place: Place) -> None:
        if frame.positions is not None:
            known = positions or Positions(key_place)
            frame.positions.children[step] = Positions(known.value, key_place, known.children)

    def _set_key(self, frame: Frame, key: Any, place: Place) -> None:
        if key is not Merge:
            first = frame.keys.get(key)
            if first is not None:
                shown = one_line(key, limit=80)
                raise self.refuse(place, f"key {shown!r} is there twice, first at {first[0]}:{first[1]}")
            frame.keys[key] = place
        frame.key, frame.key_place = key, place

    def _merge(self, target: dict[str, Any], value: Any, place: Place) -> None:
        sources: Iterable[Any] = reversed(value) if isinstance(value, list) else (value,)
        for source in sources:
            if not isinstance(source, dict):
                raise self.refuse(place, "<< must have a mapping, or a list of mappings, as its value")
            self._charge(place, len(source), 0)
            target.update(source)

    def _resolve_key(self, text: str, place: Place, tag: str | None, plain: bool) -> Any:
        if text == "<<" and plain and tag in {None, "!", _STANDARD + "merge"}:
            return Merge
        return self._key_of(self._resolve(text, place, tag, plain), place, text)

    def _key_of(self, value: Any, place: Place, text: str = "") -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, float):
            return text or repr(value)
        what = "empty" if value is None else "a collection"
        raise self.refuse(place, f"a key must be a string, this one is {what}", "put it in quotes")

    def _resolve(self, text: str, place: Place, tag: str | None, plain: bool) -> Any:
        if tag is None:
            if not plain:
                return text
            value = scalars.resolve(text)
        else:
            value = self._tagged(text, place, tag)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(place, "infinity and NaN are no JSON numbers", "put it in quotes if text is meant")
        return value

    def _tagged(self, text: str, place: Place, tag: str) -> Any:
        if tag == "!":
            return text
        try:
            return scalars.tagged(text, tag.removeprefix(_STANDARD))
        except KeyError:
            raise self._bad_tag(tag, place) from None
        except ValueError as e:
            raise self.refuse(place, f"the value does not fit its tag !!{tag.removeprefix(_STANDARD)}: {e}") from e

    def _bad_tag(self, tag: str | None, place: Place) -> InputError:
        shown = one_line((tag or "").replace(_STANDARD, "!!"), limit=80)
        return self.refuse(place, f"tag {shown} is not allowed here", "remove the tag")

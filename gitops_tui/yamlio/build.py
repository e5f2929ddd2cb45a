"""Documents from a stream of scalars and collections, with an explicit stack and within budgets.

Nothing here recurses: the depth of a text can exhaust a budget but never the stack of the process. Aliases share
the value they name, and are charged as if it were written out, so a text that would grow without bound when
copied or printed is refused before that happens.
"""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

from gitops_tui.model.errors import InputError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field
from gitops_tui.yamlio import scalars
from gitops_tui.yamlio.plain import Plain
from gitops_tui.yamlio.positions import Positions

_STANDARD: Final = "tag:yaml.org,2002:"
_MERGE_TAGS: Final = frozenset((None, "!", _STANDARD + "merge"))
_NO_KEY: Final = object()
_MERGE: Final = object()


class Mark(Protocol):
    """Where something is written; both counted from 0."""

    @property
    def line(self) -> int:
        """The line."""
        ...

    @property
    def column(self) -> int:
        """The column, in characters."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may cost.

    bytes: of the input, and of all its scalars with aliases written out. depth: of nested collections. nodes:
    scalars and collections, with aliases written out. documents: in one stream.
    """

    bytes: int = 10 * 1024 * 1024
    depth: int = 100
    nodes: int = 1_000_000
    documents: int = 10_000


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream.

    line: where its content starts, counted from 1. items: the lines of the elements of its top-level `items`.
    size: characters of its scalars, with aliases written out. positions: of all its values, when they were asked for.
    """

    value: Any
    line: int = 1
    items: tuple[int, ...] = ()
    size: int = 0
    positions: Positions | None = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node that aliases may name, and what it costs when written out. value: `_Frame` while it is still open."""

    value: Any
    nodes: int = 1
    text: int = 0
    height: int = 0
    positions: Positions | None = None


@dataclass(slots=True)
class _Frame:
    """An open collection. keys: where each key of a mapping is written first."""

    value: Any
    mark: Mark
    anchor: str | None
    nodes: int
    text: int
    positions: Positions | None
    is_list: bool
    height: int = 1
    key: Any = _NO_KEY
    key_mark: Mark | None = None
    keys: dict[str, Mark] = field(default_factory=dict)


class Builder:
    """Collects the documents of one stream. name: how errors call it. track: whether to note all positions.

    above: the lines of the stream before what is fed now.
    """

    def __init__(self, name: str, limits: Limits, *, track: bool = False, above: int = 0) -> None:
        self.documents: list[Document] = []
        self.above = above
        self.name = name
        self._limits = limits
        self._track = track
        self._nodes = 0
        self._text = 0
        self._frame: _Frame | None = None
        self._start_document()

    def refuse(self, mark: Mark, message: str, hint: str = "") -> InputError:
        """The error that something is wrong at `mark`."""
        return InputError(f"{self.name}:{mark.line + 1}:{mark.column + 1}", message, hint=hint)

    def take(self, document: Plain) -> bool:
        """Keep a document that was read without a parser; whether the budgets allow for it."""
        if document.value is None:
            self._nodes += self.above > 0  # nothing before the first `---` is not even an empty document
            return self._nodes <= self._limits.nodes
        self._nodes += document.nodes
        self._text += document.text
        self._text_before = self._text
        fits = self._nodes <= self._limits.nodes and self._text <= self._limits.bytes
        line = self.above + document.line + 1
        items = tuple([self.above + item + 1 for item in document.items]) if document.items else ()
        self.documents.append(Document(document.value, line, items, document.text))
        return fits and len(self.documents) <= self._limits.documents

    def end_document(self, mark: Mark) -> None:
        """Keep the document unless it is empty."""
        if self._root is not None:
            if len(self.documents) >= self._limits.documents:
                raise self.refuse(mark, f"more than {self._limits.documents} documents")
            line = self.above + (self._root_mark or mark).line + 1
            size = self._text - self._text_before
            self.documents.append(Document(self._root, line, tuple(self._items), size, self._root_positions))
        self._start_document()

    def scalar(self, text: str, mark: Mark, *, plain: bool, tag: str | None = None, anchor: str | None = None) -> None:
        """A scalar. plain: neither quoted nor a block. tag: the full tag when one is written."""
        self._nodes += 1
        self._text += len(text)
        if self._nodes > self._limits.nodes or self._text > self._limits.bytes:
            self._charge(mark, 0, 0)
        frame = self._frame
        is_key = frame is not None and not frame.is_list and frame.key is _NO_KEY
        if is_key and plain and text == "<<" and tag in _MERGE_TAGS:
            self._set_key(_MERGE, mark)
            return
        value: Any = text
        if tag is not None or (plain and text[:1] in scalars.MAY_BE_SPECIAL):
            value = self._resolve(text, mark, tag)
        positions = _positions(mark) if self._track else None
        if anchor is not None:
            self._anchors[anchor] = _Anchored(value, 1, len(text), 0, positions)
        if is_key:
            self._set_key(value if type(value) is str else self._key_of(value, mark, text), mark)
        else:
            self._add(value, mark, 0, positions)

    def open(self, value: Any, mark: Mark, *, tag: str | None = None, anchor: str | None = None) -> None:
        """A collection starts. value: an empty list or dict."""
        is_list = isinstance(value, list)
        if tag is not None and tag not in {"!", _STANDARD + ("seq" if is_list else "map")}:
            raise self._bad_tag(tag, mark)
        frame = self._frame
        if frame is not None and not frame.is_list and frame.key is _NO_KEY:
            raise self.refuse(mark, "a key must be a string, this one is a collection")
        if len(self._stack) >= self._limits.depth:
            raise self.refuse(mark, f"nested more than {self._limits.depth} levels deep")
        positions = _positions(mark) if self._track else None
        opened = _Frame(value, mark, anchor, self._nodes, self._text, positions, is_list)
        self._charge(mark, 1, 0)
        if anchor is not None:
            self._anchors[anchor] = _Anchored(opened)
        self._stack.append(opened)
        self._frame = opened

    def close(self) -> None:
        """The innermost collection ends."""
        frame = self._stack.pop()
        self._frame = self._stack[-1] if self._stack else None
        if frame.anchor is not None:
            nodes, text = self._nodes - frame.nodes, self._text - frame.text
            self._anchors[frame.anchor] = _Anchored(frame.value, nodes, text, frame.height, frame.positions)
        self._add(frame.value, frame.mark, frame.height, frame.positions)

    def alias(self, anchor: str, mark: Mark) -> None:
        """A reference to a node that was written before."""
        shown = one_line(anchor, limit=60)
        node = self._anchors.get(anchor)
        if node is None:
            raise self.refuse(mark, f"alias *{shown} names no anchor before it")
        if isinstance(node.value, _Frame):
            raise self.refuse(mark, f"alias *{shown} stands inside what it names")
        self._charge(mark, node.nodes, node.text)
        if len(self._stack) + node.height > self._limits.depth:
            raise self.refuse(mark, f"nested more than {self._limits.depth} levels deep, with aliases written out")
        frame = self._frame
        if frame is not None and not frame.is_list and frame.key is _NO_KEY:
            self._set_key(self._key_of(node.value, mark), mark)
        else:
            self._add(node.value, mark, node.height, node.positions)

    def _start_document(self) -> None:
        self._stack: list[_Frame] = []
        self._frame = None
        self._anchors: dict[str, _Anchored] = {}
        self._items: list[int] = []
        self._text_before = self._text
        self._root: Any = None
        self._root_mark: Mark | None = None
        self._root_positions: Positions | None = None

    def _charge(self, mark: Mark, nodes: int, text: int) -> None:
        self._nodes += nodes
        self._text += text
        if self._nodes > self._limits.nodes:
            raise self.refuse(mark, f"more than {self._limits.nodes} values, with aliases written out")
        if self._text > self._limits.bytes:
            raise self.refuse(mark, f"more than {self._limits.bytes} characters, with aliases written out")

    def _add(self, value: Any, mark: Mark, height: int, positions: Positions | None) -> None:
        frame = self._frame
        if frame is None:
            self._root, self._root_mark, self._root_positions = value, mark, positions
            return
        if height >= frame.height:
            frame.height = height + 1
        if frame.is_list:
            if positions is not None and frame.positions is not None:
                frame.positions.children[len(frame.value)] = positions
            frame.value.append(value)
            if len(self._stack) == 2 and self._stack[0].key == "items":
                self._items.append(self.above + mark.line + 1)
            return
        key, frame.key = frame.key, _NO_KEY
        if key is _MERGE:
            self._merge(frame.value, value, mark)
            return
        frame.value[key] = value
        if positions is not None and frame.positions is not None and frame.key_mark is not None:
            place = (frame.key_mark.line + 1, frame.key_mark.column + 1)
            frame.positions.children[key] = Positions(positions.value, place, positions.children)

    def _set_key(self, key: Any, mark: Mark) -> None:
        frame = self._stack[-1]
        frame.key, frame.key_mark = key, mark
        if key is _MERGE:
            return
        first = frame.keys.setdefault(key, mark)
        if first is not mark:
            shown = one_line(key, limit=80)
            raise self.refuse(mark, f"key '{shown}' is there twice, first at {first.line + 1}:{first.column + 1}")

    def _merge(self, target: dict[str, Any], value: Any, mark: Mark) -> None:
        """Merge as kubectl does: over the keys written above, under those written below; the first source wins."""
        for source in reversed(value) if isinstance(value, list) else (value,):
            if not isinstance(source, dict):
                raise self.refuse(mark, "<< must have a mapping, or a list of mappings, as its value")
            self._charge(mark, len(source), 0)
            target.update(source)

    def _key_of(self, value: Any, mark: Mark, text: str = "") -> str:
        if isinstance(value, list | dict):
            raise self.refuse(mark, "a key must be a string, this one is a collection")
        key = scalars.key(value, text)
        if key is None:
            what = "empty" if value is None else "out of range"
            raise self.refuse(mark, f"a key must be a string, this one is {what}", "put it in quotes")
        return key

    def _resolve(self, text: str, mark: Mark, tag: str | None) -> Any:
        if tag == "!":
            return text
        try:
            value = scalars.resolve(text) if tag is None else scalars.tagged(text, tag.removeprefix(_STANDARD))
        except KeyError:
            raise self._bad_tag(tag or "", mark) from None
        except ValueError as e:
            raise self.refuse(mark, f"the value does not fit its tag: {e}") from e
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(mark, "infinity and NaN are no JSON numbers", "put it in quotes if text is meant")
        return value

    def _bad_tag(self, tag: str, mark: Mark) -> InputError:
        shown = one_line(tag.replace(_STANDARD, "!!"), limit=80)
        return self.refuse(mark, f"tag {shown} is not allowed here", "remove the tag")


def _positions(mark: Mark) -> Positions:
    place = (mark.line + 1, mark.column + 1)
    return Positions(place, place)

"""The plain part of YAML, read line by line: what nearly all manifests are written in.

Mappings and lists in block style, scalars on one line, literal blocks, `{app: web}` or `["a", "b"]`. A parser's events
cost five times as much. A document that holds anything else is not read here at all but by the parser, which also says
what is wrong with it. What is read here is what the parser would have made of it: a test holds both side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gitops_tui.model.values import dataclass
from gitops_tui.yamlio.rows import BLANK, BLOCK, FLOW, FOREIGN, OPEN, Row, known, row_of

_ELSEWHERE: Final = ("\n...", "\n%", "\r", "\x85", "\u2028", "\u2029", "\ufeff")
"""Signs of a stream that only a parser can take apart: other line ends among them."""
_MOST_LINES: Final = 1_000_000
_OF_ITSELF: Final = tuple("|>!&")
"""What a root starts with that may hold a line `---`."""


class Part:
    """One document of a stream. written: its lines, with the end of a line before each. is_cut: the last has none."""

    __slots__ = ("_lines", "is_cut", "written")

    def __init__(self, written: str, *, is_cut: bool = False) -> None:
        self.written = written
        self.is_cut = is_cut
        self._lines: Sequence[str] | None = None

    @property
    def lines(self) -> Sequence[str]:
        """Each of them."""
        if self._lines is None:
            self._lines = self.written.split("\n")[1:]
        return self._lines

    @property
    def text(self) -> str:
        """All of it, as it is in the stream."""
        return self.written[1:] + ("" if self.is_cut else "\n")


@dataclass(frozen=True, slots=True)
class Plain:
    """A document that was read, None if it is empty. line: of its root; items: those of its top-level `items`.

    Lines are counted from 0 in its part. nodes, text: its scalars and collections, and the characters of its scalars.
    """

    value: Any
    line: int
    items: tuple[int, ...]
    nodes: int
    text: int


def parts(text: str) -> list[Part] | None:
    """The documents of a stream, some perhaps empty; None where only a parser can tell them apart."""
    whole = "\n" + text
    if whole.count("\n") > _MOST_LINES or any(sign in whole for sign in _ELSEWHERE):
        return None
    pieces = whole.split("\n---")
    if any(piece and piece[0] != "\n" for piece in pieces):
        return None
    last = pieces.pop()
    found = [Part(piece) for piece in pieces]
    found.append(Part(last.removesuffix("\n"), is_cut=bool(last) and last[-1] != "\n"))
    return found


def is_of_itself(part: Part) -> bool:
    """Whether the root of a document may be a text that goes on where the part ends."""
    stripped = (line.lstrip() for line in part.lines)
    return next((line for line in stripped if line and line[0] != "#"), "").startswith(_OF_ITSELF)


def read(part: Part, depth: int) -> Plain | None:
    """Read a document; None where a parser has to. depth: of nested collections, as in `Limits`."""
    reader = _Reader(part, depth)
    return reader.found() if reader.read() else None


class _Reader:
    """Where one document has been read to: the innermost open collection, and those around it."""

    __slots__ = (
        *("_column", "_depth", "_holder", "_is_cut", "_is_list", "_is_open", "_items", "_key", "_levels", "_lines"),
        *("_listed", "_next", "_nodes", "_outermost", "_root", "_text"),
    )

    def __init__(self, part: Part, depth: int) -> None:
        self._lines, self._is_cut, self._depth = part.lines, part.is_cut, depth
        self._next = 0
        # Around the root lies a mapping with one key, whose value has yet to come.
        self._outermost: dict[str, Any] = {}
        self._holder: Any = self._outermost
        self._column, self._is_list, self._key, self._is_open = -1, False, "", True
        self._levels: list[tuple[int, bool, Any]] = []
        self._root = 0
        self._listed: Any = None
        self._items: list[int] = []
        self._nodes, self._text = 1, 0

    def found(self) -> Plain:
        """What was read."""
        return Plain(self._outermost.get(""), self._root, tuple(self._items), self._nodes, self._text)

    def read(self) -> bool:
        """Read all lines; whether that could be done here."""
        lines = self._lines
        while self._next < len(lines):
            line = lines[self._next]
            row = known.get(line) or row_of(line)
            self._next += 1
            if row[0] == BLANK:
                continue
            if row[0] == FOREIGN or not (self._element(row) if row[2] else self._entry(row)):
                return False
        return True

    def _element(self, row: Row) -> bool:
        """An element of a list: a value, or a mapping whose first key stands beside the dash."""
        what, column, _, key, value, size = row
        if not self._reach(column, is_list=True):
            return False
        if self._holder is self._listed:
            self._items.append(self._next - 1)
        self._nodes += 1
        if key:
            made: dict[str, Any] = {}
            self._holder.append(made)
            return self._enter(column + 2, made, is_list=False) and self._put(row, column + 2)
        if what in {BLOCK, FLOW}:
            value = self._more(what, column, value)
            if value is None:
                return False
        self._holder.append(value)
        self._text += size
        return True

    def _entry(self, row: Row) -> bool:
        """A key of a mapping, and its value if it is on the same line."""
        column = row[1]
        if (self._is_open or column != self._column or self._is_list) and not self._reach(column, is_list=False):
            return False
        return self._put(row, column)

    def _put(self, row: Row, column: int) -> bool:
        what, _, _, key, value, size = row
        if not key or key in self._holder:
            return False
        if what in {BLOCK, FLOW}:
            value = self._more(what, column, value)
            if value is None:
                return False
        self._holder[key] = value
        self._key = key
        self._is_open = what == OPEN
        self._nodes += 2
        self._text += size
        return True

    def _reach(self, column: int, *, is_list: bool) -> bool:
        """Come to the collection of this kind at a column: the innermost, one around it, or an open key's value."""
        if self._is_open:
            if column > self._column or (is_list and column == self._column):
                made: Any = [] if is_list else {}
                self._holder[self._key] = made
                if not self._levels:
                    self._root = self._next - 1
                elif len(self._levels) == 1 and is_list and self._key == "items":
                    self._listed = made
                return self._enter(column, made, is_list=is_list)
            self._is_open = False
        while self._levels and (self._column > column or (self._column == column and self._is_list and not is_list)):
            self._column, self._is_list, self._holder = self._levels.pop()
        return self._column == column and self._is_list is is_list

    def _enter(self, column: int, made: Any, *, is_list: bool) -> bool:
        if len(self._levels) >= self._depth:
            return False
        self._levels.append((self._column, self._is_list, self._holder))
        self._column, self._is_list, self._holder, self._is_open = column, is_list, made, False
        return True

    def _more(self, what: int, column: int, value: Any) -> Any:
        """A value of several parts: a collection in flow style, a block whose lines follow. None: ask a parser."""
        if what == BLOCK:
            text, self._next = block(self._lines, self._next, column, value)
            is_cut = self._is_cut and self._next == len(self._lines)
            self._text += len(text or "")
            return None if is_cut else text
        self._nodes += len(value) * (1 if isinstance(value, list) else 2)
        return value.copy() if len(self._levels) < self._depth else None


def block(lines: Sequence[str], start: int, column: int, chomping: str) -> tuple[str | None, int]:
    """The text of a literal block that belongs to a collection at `column`, and the number of the line after it.

    start: of its first line. The text is None where a parser has to read it.
    """
    first = start
    while first < len(lines) and not lines[first]:
        first += 1
    line = lines[first] if first < len(lines) else ""
    width = len(line) - len(line.lstrip(" "))
    if width <= column or line[width : width + 1] in {"", "\t"}:
        return None, start
    pad = " " * width
    end = first
    while end < len(lines) and (lines[end].startswith(pad) or not lines[end].strip(" ")):
        end += 1
    text = "\n".join([line[width:] for line in lines[start:end]]) + "\n"
    if chomping != "+":
        text = text.rstrip("\n") + ("" if chomping else "\n")
    return (text if text.replace("\n", "").replace("\t", "").isprintable() else None), end

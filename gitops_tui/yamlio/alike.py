"""Documents of a stream that are written like one before, but for some of their scalars and literal blocks.

That is what a chart with a loop prints, and most of any large stream. Such a document is not read but made: copies of
the collections that hold something else, while the others are those of the document before. It is what reading would
make, since lines that nest and name the same are read the same way: a test holds both side by side.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from itertools import compress, count
from typing import Any, Final

from gitops_tui.model.patterns import pattern
from gitops_tui.model.values import dataclass
from gitops_tui.yamlio import scalars
from gitops_tui.yamlio.plain import Part, Plain, block, read
from gitops_tui.yamlio.rows import BLANK, BLOCK, OPEN, SCALAR, Row, beginning, known, row_of

_MOST: Final = 100
_LONGEST: Final = 2000
"""The documents that are kept, and the lines of one."""
_MISSED: Final = 3
"""Documents in a row that only looked like their example, after which none is tried: that costs more than to read."""
_SIMPLE: Final = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHORT: Final = 160
_PLAIN_OR_QUOTED: Final = (" ", '"')
_NOT_SIMPLE: Final = object()

_Kind = tuple[int, str]
"""The lines of a document, and the first of them."""
_Copy = tuple[int, Any, Any]
"""Of a collection that is copied: which of the copies it goes into, its key there, and itself."""
_Hole = tuple[str, bool, int, Any, int]
"""A place for a value: all that is written before it, whether quotes are around it, which of the copies it goes into,
its key there, and the characters of the value that the example has there."""
_Open = tuple[int, Iterator[tuple[Any, Any]]]


class Examples:
    """Reads the documents of one stream, by those before where it can. depth: as in `Limits`."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._kept: dict[_Kind, _Example] = {}
        self._missed: dict[_Kind, int] = {}
        """How many documents in a row looked like the example that there was, and were not."""
        self._mould: _Mould | None = None
        """That of the document before: the next is most often like it."""

    def read(self, part: Part) -> Plain | None:
        """Read a document, as `plain.read` does. What documents have in common is shared: treat it as immutable."""
        written = part.written
        found = self._mould.cast(written) if self._mould is not None and not part.is_cut else None
        if found is not None:
            return found
        number = written.count("\n")
        if part.is_cut or not 1 < number <= _LONGEST:
            return read(part, self._depth)
        kind = (number, written[: written.find("\n", 1)])
        missed = self._missed.get(kind, 0)
        if missed >= _MISSED:
            return read(part, self._depth)
        example = self._kept.get(kind)
        found = example.made(part) if example is not None else None
        if example is not None and found is not None:
            self._missed[kind] = 0
            self._mould = example.mould
            return found
        if example is not None and example.is_surveyed:
            self._missed[kind] = missed + 1
        found = read(part, self._depth)
        if found is not None and isinstance(found.value, dict):
            self._keep(kind, _Example(part.lines, found))
        return found

    def _keep(self, kind: _Kind, example: _Example) -> None:
        if len(self._kept) >= _MOST:
            self._kept.clear()
            self._missed.clear()
        self._kept[kind] = example


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value that is written on one line, or in the block below it.

    holder: the number of its collection; key: its key or index there. before: what its line has before it, with the
    quote. column: of the collection that a block belongs to; end: the line after the block, 0 for a scalar.
    size: the characters of the value.
    """

    row: Row
    line: int
    holder: int
    key: Any
    before: str
    column: int
    end: int
    size: int

    def told(self, lines: Sequence[str]) -> tuple[Any, int] | None:
        """The value in another document, and its characters; None where that is not the same but for the value."""
        if self.end:
            text, end = block(lines, self.line + 1, self.column, self.row[4])
            return None if text is None or end != self.end else (text, len(text))
        line, before = lines[self.line], self.before
        if before[-1] in _PLAIN_OR_QUOTED and line.startswith(before):
            value = _simple(line[len(before) :], is_quoted=before[-1] == '"')
            if value is not _NOT_SIMPLE:
                return value, len(line) - len(before) - (before[-1] == '"')
        row = known.get(line) or row_of(line)
        return (row[4], row[5] - len(row[3])) if row[:4] == self.row[:4] else None


def _simple(rest: str, *, is_quoted: bool) -> Any:
    """The value that the rest of a line is; _NOT_SIMPLE where that is not seen at a glance."""
    if len(rest) > _SHORT:
        return _NOT_SIMPLE
    if is_quoted:
        is_one = 0 <= rest.find('"') == len(rest) - 1 and "\\" not in rest and rest.isprintable()
        return rest[:-1] if is_one else _NOT_SIMPLE
    return scalars.resolve(rest) if _SIMPLE.fullmatch(rest) else _NOT_SIMPLE


class _Mould:
    """What documents have in common in which the same lines differ, each in its value alone.

    It is held against a text as a whole: no line that has to be the same is looked at by itself.
    """

    __slots__ = ("_copies", "_end", "_holes", "_places", "_plain", "lines")

    def __init__(self, plain: Plain, lines: list[int], copies: list[_Copy], holes: list[_Hole], end: str) -> None:
        self.lines = lines
        self._plain = plain
        self._copies = copies
        self._holes = [(before, len(before), is_quoted, size + is_quoted) for before, is_quoted, _, _, size in holes]
        self._places = [(place, key) for _, _, place, key, _ in holes]
        self._end = end

    def cast(self, written: str) -> Plain | None:
        """The document that is written so; None where more is different, or a value that is not simple."""
        at, more = 0, 0
        values: list[Any] = []
        for before, ahead, is_quoted, known_size in self._holes:
            if not written.startswith(before, at):
                return None
            at += ahead
            end = written.find("\n", at)
            rest = written[at:end] if end >= 0 else written[at:]
            value = _simple(rest, is_quoted=is_quoted)
            if value is _NOT_SIMPLE:
                return None
            values.append(value)
            size = len(rest)
            at += size
            more += size - known_size
        return self._filled(values, more) if written[at:] == self._end else None

    def _filled(self, values: list[Any], more: int) -> Plain:
        plain = self._plain
        copies = [plain.value.copy()]
        for above, key, holder in self._copies:
            copies[above][key] = copy = holder.copy()
            copies.append(copy)
        for (place, key), value in zip(self._places, values, strict=True):
            copies[place][key] = value
        return Plain(copies[0], plain.line, plain.items, plain.nodes, plain.text + more)


class _Example:
    """A document that was read, and, as soon as another is like it, where each of its values is written."""

    __slots__ = ("_above", "_changed", "_holders", "_leaves", "_lines", "_plain", "mould")

    def __init__(self, lines: Sequence[str], plain: Plain) -> None:
        self._lines = lines
        self._plain = plain
        self._holders: list[Any] = []
        self._above: list[tuple[int, Any]] = []
        self._leaves: dict[int, _Leaf] = {}
        self._changed: list[int] | None = None
        self.mould: _Mould | None = None

    @property
    def is_surveyed(self) -> bool:
        """Whether another document was as long as this one and had half of its lines."""
        return bool(self._holders)

    def made(self, part: Part) -> Plain | None:
        """The document of as many lines, where they differ in values alone."""
        found = self.mould.cast(part.written) if self.mould is not None else None
        return self.varied(part.lines) if found is None else found

    def varied(self, lines: Sequence[str]) -> Plain | None:
        """The document that as many lines make; None where they differ in more than values."""
        changed = list(compress(count(), map(operator.ne, lines, self._lines)))
        if 2 * len(changed) > len(lines):
            return None
        if not self._holders:
            self._survey()
        copies: dict[int, Any] = {0: self._holders[0].copy()}
        more, end = 0, 0
        for line in changed:
            if line < end:
                continue
            leaf = self._leaves.get(line)
            told = leaf.told(lines) if leaf is not None else None
            if leaf is None or told is None:
                return None
            self._copied(leaf.holder, copies)[leaf.key] = told[0]
            more, end = more + told[1] - leaf.size, leaf.end
        self._learn(changed)
        plain = self._plain
        return Plain(copies[0], plain.line, plain.items, plain.nodes, plain.text + more)

    def _learn(self, changed: list[int]) -> None:
        """Make a mould where the same lines differ as in the document before: it may go on like that."""
        if changed == self._changed and (self.mould is None or self.mould.lines != changed):
            leaves = [self._leaves[line] for line in changed]
            if all(not leaf.end and leaf.before[-1] in _PLAIN_OR_QUOTED for leaf in leaves):
                self.mould = self._moulded(changed, leaves)
        self._changed = changed

    def _moulded(self, changed: list[int], leaves: list[_Leaf]) -> _Mould:
        places, copies = {0: 0}, list[_Copy]()
        for leaf in leaves:
            self._place(leaf.holder, places, copies)
        holes, start = list[_Hole](), 0
        for line, leaf in zip(changed, leaves, strict=True):
            before = "".join([f"\n{same}" for same in self._lines[start:line]]) + f"\n{leaf.before}"
            holes.append((before, leaf.before[-1] == '"', places[leaf.holder], leaf.key, leaf.size))
            start = line + 1
        return _Mould(self._plain, changed, copies, holes, "".join([f"\n{same}" for same in self._lines[start:]]))

    def _place(self, number: int, places: dict[int, int], copies: list[_Copy]) -> None:
        """Have a collection copied, and all around it, where it is not yet."""
        if number not in places:
            above, key = self._above[number]
            self._place(above, places, copies)
            copies.append((places[above], key, self._holders[number]))
            places[number] = len(copies)

    def _copied(self, number: int, copies: dict[int, Any]) -> Any:
        """The copy of a collection; it and all around it are made where there is none yet."""
        if number not in copies:
            above, key = self._above[number]
            copies[number] = self._copied(above, copies)[key] = self._holders[number].copy()
        return copies[number]

    def _survey(self) -> None:
        """Note where each value is written, by going through the lines and what was made of them side by side."""
        lines, waiting = self._lines, [self._opened(0, "", self._plain.value)]
        number = 0
        while number < len(lines):
            line = number
            row = known.get(lines[line]) or row_of(lines[line])
            number += 1
            what, column, is_element, name, _, _ = row
            if what == BLANK:
                continue
            holder, key, value = _following(waiting)
            if is_element and name:
                waiting.append(self._opened(holder, key, value))
                holder, key, value = _following(waiting)
                column += 2
            if what == OPEN and value is not None:
                waiting.append(self._opened(holder, key, value))
            elif what == SCALAR:
                before, size = beginning(lines[line]), row[5] - len(name)
                self._leaves[line] = _Leaf(row, line, holder, key, before, column, 0, size)
            elif what == BLOCK:
                _, number = block(lines, number, column, row[4])
                leaf = _Leaf(row, line, holder, key, "", column, number, len(value))
                self._leaves.update(dict.fromkeys(range(line + 1, number), leaf))

    def _opened(self, above: int, key: Any, value: Any) -> _Open:
        """Count a collection; its number, and what it holds."""
        self._holders.append(value)
        self._above.append((above, key))
        return len(self._holders) - 1, iter(value.items() if isinstance(value, dict) else enumerate(value))


def _following(waiting: list[_Open]) -> tuple[int, Any, Any]:
    """The next value in the order in which they are written: the number of its collection, its key there, itself."""
    while True:
        holder, entries = waiting[-1]
        for key, value in entries:
            return holder, key, value
        waiting.pop()

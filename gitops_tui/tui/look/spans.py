"""Pieces of coloured text by meaning: what a presenter returns and a widget paints.

A span carries a tone, never a colour and never markup, so one presenter serves every theme and text from
outside cannot style anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from gitops_tui.model.text import one_line

Align = Literal["left", "right", "center"]


class Tone(StrEnum):
    """What a piece of text means; a palette gives each its colour."""

    TEXT = "text"
    MUTED = "muted"
    FAINT = "faint"
    ACCENT = "accent"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    BUSY = "busy"
    SPECIAL = "special"


class Ground(StrEnum):
    """What lies under a piece of text."""

    BASE = "base"
    RAISED = "raised"
    CURSOR = "cursor"
    RESTING = "resting"
    ADDED = "added"
    REMOVED = "removed"
    ADDED_STRONG = "added-strong"
    REMOVED_STRONG = "removed-strong"
    MATCH = "match"
    CHIP = "chip"


class Span(NamedTuple):
    """A piece of text on one line, its meaning, and its ground (None: that of the line)."""

    text: str
    tone: Tone = Tone.TEXT
    bold: bool = False
    ground: Ground | None = None


Line = tuple[Span, ...]
EMPTY: Line = ()


def line(*parts: Span | str) -> Line:
    """Make a line of spans; a bare string is normal text."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


def outside(text: str, tone: Tone = Tone.TEXT, *, bold: bool = False, limit: int = 300) -> Span:
    """Return text from Git or a cluster as one harmless span; a space at either end stays."""
    before, after = " " * text.startswith(" "), " " * text.endswith(" ")
    clean = one_line(text, limit=limit)
    return Span(f"{before}{clean}{after}" if clean else "", tone, bold)


def plain(spans: Iterable[Span]) -> str:
    """Return a line's bare text."""
    return "".join(span.text for span in spans)


def width(spans: Iterable[Span]) -> int:
    """Return how many terminal cells a line takes."""
    return sum(cell_len(span.text) for span in spans)


def cut(spans: Line, cells: int) -> Line:
    """Shorten a line to at most `cells`, ending with an ellipsis when anything was lost."""
    if cells <= 0:
        return EMPTY
    if width(spans) <= cells:
        return spans
    kept: list[Span] = []
    room = cells - 1
    for span in spans:
        taken = cell_len(span.text)
        if taken > room:
            text = set_cell_size(span.text, room).rstrip() if room else ""
            kept.append(span._replace(text=text + "…"))
            return tuple(kept)
        kept.append(span)
        room -= taken
    return tuple(kept)


def fit(spans: Line, cells: int, align: Align = "left") -> Line:
    """Make a line exactly `cells` wide: cut when too long, padded when too short."""
    shown = cut(spans, cells)
    missing = cells - width(shown)
    if missing <= 0:
        return shown
    if align == "right":
        return (Span(" " * missing), *shown)
    if align == "center":
        left = missing // 2
        return (Span(" " * left), *shown, Span(" " * (missing - left)))
    return (*shown, Span(" " * missing))


def join(parts: Sequence[Line], separator: Span) -> Line:
    """Put a separator between lines that are not empty and make them one."""
    joined: list[Span] = []
    for part in parts:
        if part:
            if joined:
                joined.append(separator)
            joined.extend(part)
    return tuple(joined)


def spread(left: Line, right: Line, cells: int, gap: int = 2) -> Line:
    """Put one line at each end of `cells`; the right one is kept whole as long as it fits at all."""
    right = cut(right, cells)
    room = max(cells - width(right) - gap, 0)
    shown = cut(left, room)
    return (*shown, Span(" " * max(cells - width(shown) - width(right), 0)), *right)


_LEAST = 8
"""A word that is broken anyway is begun on a line with at least this many cells left."""


def wrap(spans: Line, cells: int, indent: int = 0) -> list[Line]:
    """Break a line at spaces into lines of at most `cells`; later ones are indented."""
    if cells <= 0:
        return [EMPTY]
    if width(spans) <= cells:
        return [spans]
    rows: list[list[Span]] = [[]]
    room, fresh = cells, max(cells - indent, 1)
    for span in spans:
        for word in _words(span.text):
            left = word
            while cell_len(left.rstrip()) > room:
                fits = cell_len(left.rstrip()) <= fresh and room < fresh - _LEAST // 2
                if room < fresh and (fits or room < _LEAST):
                    left = left.lstrip()
                else:
                    head = _head(left, room)
                    rows[-1].append(span._replace(text=head))
                    left = left[len(head) :]
                rows.append([Span(" " * indent)] if indent else [])
                room = fresh
            if cell_len(left) > room:
                left, room = left.rstrip(), 0
            rows[-1].append(span._replace(text=left))
            room = max(room - cell_len(left), 0)
    return [tuple(row) for row in rows if any(span.text.strip() for span in row)]


def block(lines: Sequence[Line], cells: int) -> list[Line]:
    """Return lines for the middle of an area: none wider than reads well, each centred."""
    room = max(min(cells - 4, 76), 1)
    return [fit(row, cells, "center") for one in lines for row in (wrap(one, room) or [EMPTY])]


def chop(spans: Line, cells: int) -> list[Line]:
    """Break a line anywhere into lines of at most `cells`; at least one, for code that must not lose a character."""
    rows: list[list[Span]] = [[]]
    room = max(cells, 1)
    for span in spans:
        left = span.text
        while left:
            if not room:
                rows.append([])
                room = max(cells, 1)
            head = left if cell_len(left) <= room else _head(left, room)
            if cell_len(head) > room and room < cells:
                room = 0
                continue
            rows[-1].append(span._replace(text=head))
            room -= min(cell_len(head), room)
            left = left[len(head) :]
    return [tuple(row) for row in rows]


def _head(text: str, cells: int) -> str:
    """Return as much of the start of a text as fits into `cells`, at least one character."""
    size = len(set_cell_size(text, cells))
    while size > 1 and cell_len(text[:size]) > cells:
        size -= 1
    return text[: max(size, 1)]


def lay_under(spans: Line, start: int, end: int, ground: Ground) -> Line:
    """Put a ground under the characters from `start` to `end`."""
    laid: list[Span] = []
    at = 0
    for span in spans:
        first, last = max(start - at, 0), max(min(end - at, len(span.text)), 0)
        at += len(span.text)
        if first >= last:
            laid.append(span)
            continue
        parts = (span.text[:first], span.text[first:last], span.text[last:])
        grounds = (span.ground, ground, span.ground)
        laid += [span._replace(text=text, ground=under) for text, under in zip(parts, grounds, strict=True) if text]
    return tuple(laid)


def _words(text: str) -> list[str]:
    """Split text into words, each with the spaces that follow it."""
    words: list[str] = []
    start = 0
    for at in range(1, len(text)):
        if text[at - 1] == " " and text[at] != " ":
            words.append(text[start:at])
            start = at
    words.append(text[start:])
    return words

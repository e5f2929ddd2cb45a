"""How the lines of a table look: its header, and a row with its cursor and its mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gitops_tui.tui.look.columns import GAP, Column, Placed
from gitops_tui.tui.look.spans import Line, Span, Tone, fit, line

_EDGE: Final = 2
"""Cells before the first column, of the cursor and the mark."""


def header_line(placed: Sequence[Placed], sorted_by: str, *, reverse: bool) -> Line:
    """The titles of the columns. sorted_by: the key of one, "" for none."""
    spans: list[Span] = [Span(" " * _EDGE)]
    for each in placed:
        column = each.column
        if len(spans) > 1:
            spans.append(Span(" " * GAP))
        if column.key == sorted_by:
            arrow = "▼" if reverse else "▲"
            apart = " " * (len(column.title) + 2 <= each.width)
            title = line(Span(f"{column.title}{apart}{arrow}", Tone.ACCENT, True))
        else:
            title = line(Span(column.title, Tone.MUTED))
        spans.extend(fit(title, each.width, column.align))
    return tuple(spans)


def column_at(placed: Sequence[Placed], x: int) -> Column | None:
    """The column whose title is at a cell of the header."""
    left = _EDGE
    for each in placed:
        if left <= x < left + each.width + GAP:
            return each.column
        left += each.width + GAP
    return None


def row_line(placed: Sequence[Placed], cells: Mapping[str, Line], *, here: bool, active: bool, marked: bool) -> Line:
    """A row. cells: by column. here: the cursor is on it. active: the table has the keyboard."""
    spans: list[Span] = []
    for each in placed:
        if spans:
            spans.append(Span(" " * GAP))
        spans.extend(fit(cells[each.column.key], each.width, each.column.align))
    if here:
        spans = [span._replace(tone=Tone.MUTED) if span.tone is Tone.FAINT else span for span in spans]
    return (*_edge(here=here, active=active, marked=marked), *spans)


def _edge(*, here: bool, active: bool, marked: bool) -> Line:
    bar = Span("▌ ", Tone.ACCENT if active else Tone.FAINT) if here else Span(" " * _EDGE)
    return (bar._replace(text=bar.text[:1]), Span("*", Tone.SPECIAL, True)) if marked else (bar,)

"""The help screen's rows, made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gitops_tui.tui.actions import Action, key_name
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside

COLUMNS: Final = (
    Column("keys", "KEYS", 8),
    Column("title", "", 15, grow=1, most=25),
    Column("tooltip", "", 20, grow=6),
)
ORDER: Final = ("Act", "Look", "Diff", "Go", "Sort", "Move")
SESSION: Final = "Session"


class Fact(NamedTuple):
    """Something to know about this session, such as a path."""

    name: str
    value: str


Help = Action | Fact | str
"""A row: an action, a fact, or a heading."""


def rows(actions: Sequence[Action], info: Sequence[tuple[str, str]] = ()) -> list[Help]:
    """Return the rows of the help screen: keys by group, those that write first; what there is to know at the end."""
    found: list[Help] = []
    for group in ORDER:
        members = [action for action in actions if action.group == group]
        if members:
            found += [group, *members]
    return [*found, SESSION, *(Fact(*each) for each in info)] if info else found


def cells(row: Help) -> tuple[Line, ...]:
    """Return the cells of a row."""
    if isinstance(row, str):
        return (line(Span(row, Tone.ACCENT, True)), EMPTY, EMPTY)
    if isinstance(row, Fact):
        return (EMPTY, line(outside(row.name)), line(outside(row.value, Tone.MUTED)))
    shown = " ".join(key_name(key) for key in row.keys)
    tone = Tone.WARN if row.dangerous else Tone.TEXT
    return (line(Span(shown, Tone.TEXT, True)), line(Span(row.title, tone)), line(Span(row.tooltip, Tone.MUTED)))


def told(row: Help | None) -> Line:
    """Return the whole of what a row says."""
    if isinstance(row, Action):
        return line(Span(f"{row.title}: ", Tone.TEXT, True), Span(row.tooltip, Tone.MUTED))
    return line(outside(row.value, limit=2000)) if isinstance(row, Fact) else EMPTY

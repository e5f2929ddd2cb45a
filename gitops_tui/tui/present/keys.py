"""The help screen's rows, made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gitops_tui.tui.actions import Action, key_name
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, fit, line, outside

COLUMNS: Final = (
    Column("keys", "KEYS", 8),
    Column("title", "", 15),
    Column("tooltip", "", 20, grow=1),
)
ORDER: Final = ("Act", "Look", "Diff", "Go", "Move")

Help = Action | str
"""A row: an action, or a heading."""


def rows(actions: Sequence[Action]) -> list[Help]:
    """Return the rows of the help screen: keys by group, those that write first."""
    found: list[Help] = []
    for group in ORDER:
        members = [action for action in actions if action.group == group]
        if members:
            found += [group, *members]
    return found


def cells(row: Help) -> tuple[Line, ...]:
    """Return the cells of a row."""
    if isinstance(row, str):
        return (line(Span(row, Tone.ACCENT, True)), EMPTY, EMPTY)
    shown = " ".join(key_name(key) for key in row.keys)
    tone = Tone.WARN if row.dangerous else Tone.TEXT
    return (line(Span(shown, Tone.TEXT, True)), line(Span(row.title, tone)), line(Span(row.tooltip, Tone.MUTED)))


def facts(info: Sequence[tuple[str, str]], cells_wide: int) -> list[Line]:
    """Return the facts of this session, their values in one column; a long value loses its start, not its end."""
    label = max((len(name) for name, _ in info), default=0) + 2
    room = max(cells_wide - label - 2, 8)
    return [
        line(
            "  ",
            *fit(line(outside(name, Tone.MUTED)), label),
            outside(value if len(value) <= room else "…" + value[1 - room :]),
        )
        for name, value in info
    ]

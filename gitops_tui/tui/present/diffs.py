"""A difference as coloured lines: one column or two, desired left, live right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gitops_tui.diff import DiffLine, DiffRow, LineKind, side_by_side, unified
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import DriftCode
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.code import highlight, visible_space
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, Span, Tone, fit, line, outside

COLUMNS: Final = (
    Column("drift", "", 1),
    Column("kind", "KIND", 11, grow=1, most=20),
    Column("name", "NAME", 12, grow=2),
    Column("fields", "FIELDS", 6, align="right", rank=1),
)
_GROUNDS: Final = {
    LineKind.SAME: Ground.BASE,
    LineKind.HUNK: Ground.BASE,
    LineKind.ADDED: Ground.ADDED,
    LineKind.REMOVED: Ground.REMOVED,
    LineKind.CHANGED: Ground.ADDED,
}
WHOLE: Final = 100_000
"""So much context that everything is shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines for a pager, the ground of each, and the numbers of the lines where a hunk begins."""

    lines: tuple[Line, ...] = ()
    grounds: tuple[Ground, ...] = ()
    hunks: tuple[int, ...] = ()


def cells(comparison: ResourceComparison) -> tuple[Line, ...]:
    """Return the row of a differing resource."""
    mark = marks.DRIFT[DriftCode(comparison.drift)]
    fields = str(len(comparison.changes)) if comparison.changes else ""
    return (
        line(marks.symbol(mark)),
        line(outside(comparison.key.kind, Tone.MUTED, limit=60)),
        line(outside(comparison.key.name, bold=True, limit=100)),
        line(Span(fields, Tone.MUTED)),
    )


def summary(comparison: ResourceComparison) -> Line:
    """What kind of difference it is, in words."""
    code = DriftCode(comparison.drift)
    words = {
        DriftCode.CHANGED: f"{len(comparison.changes)} field" + "s" * (len(comparison.changes) != 1) + " differ",
        DriftCode.MISSING: "in Git, not in the cluster: a sync creates it",
        DriftCode.EXTRA: "in the cluster, no longer in Git: a sync with prune deletes it",
        DriftCode.IN_SYNC: "no difference",
        DriftCode.UNKNOWN: "could not be compared",
    }[code]
    note = f"  {comparison.note}" if comparison.note else ""
    guess = "  approximate: stated fields only" if comparison.approximate else ""
    return line(
        marks.symbol(marks.DRIFT[code]),
        Span(f" {words}", Tone.MUTED),
        Span(guess, Tone.WARN),
        outside(note, Tone.MUTED),
    )


def one_column(comparison: ResourceComparison, context: int, *, spaces: bool = False) -> Page:
    """Return the unified diff: - is live and would go, + is desired and would come."""
    lines: list[Line] = []
    grounds: list[Ground] = []
    hunks: list[int] = []
    for diff_line in unified(comparison, context):
        if diff_line.kind is LineKind.HUNK:
            if hunks:
                lines.append(EMPTY)
                grounds.append(Ground.BASE)
            hunks.append(len(lines))
            lines.append(_hunk(diff_line))
        else:
            sign, tone = _SIGNS[diff_line.kind]
            number = diff_line.left_no if diff_line.left_no is not None else diff_line.right_no
            lines.append((_number(number), Span(sign, tone, True), *_text(diff_line, spaces=spaces)))
        grounds.append(_GROUNDS[diff_line.kind])
    return Page(tuple(lines), tuple(grounds), tuple(hunks))


_SIGNS: Final = {
    LineKind.SAME: ("  ", Tone.FAINT),
    LineKind.ADDED: ("+ ", Tone.GOOD),
    LineKind.REMOVED: ("- ", Tone.BAD),
    LineKind.CHANGED: ("~ ", Tone.WARN),
}


def two_columns(comparison: ResourceComparison, context: int, cells_wide: int, *, spaces: bool = False) -> Page:
    """Return the diff in two columns that fill `cells_wide`: desired left, live right."""
    half = max((cells_wide - 3) // 2, 10)
    lines: list[Line] = []
    hunks: list[int] = []
    for row in side_by_side(comparison, context):
        if row.kind is LineKind.HUNK and row.left:
            if hunks:
                lines.append(EMPTY)
            hunks.append(len(lines))
            lines.append(_hunk(row.left))
            continue
        left = _side(row.left, half, Ground.ADDED if _differs(row) else None, "+ ", spaces=spaces)
        right = _side(row.right, half, Ground.REMOVED if _differs(row) else None, "- ", spaces=spaces)
        lines.append((*left, Span(" │ ", Tone.FAINT), *right))
    return Page(tuple(lines), (), tuple(hunks))


def headings(cells_wide: int, desired: str, live: str) -> Line:
    """Return the titles over the two columns."""
    half = max((cells_wide - 3) // 2, 10)
    left = line(Span("desired ", Tone.GOOD, True), outside(desired, Tone.MUTED, limit=80))
    right = line(Span("live ", Tone.BAD, True), outside(live, Tone.MUTED, limit=80))
    return (*fit(left, half), Span(" │ ", Tone.FAINT), *fit(right, half))


def _differs(row: DiffRow) -> bool:
    return row.kind is not LineKind.SAME


def _side(one: DiffLine | None, cells_wide: int, ground: Ground | None, sign: str, *, spaces: bool) -> Line:
    if one is None:
        return fit(EMPTY, cells_wide)
    number = one.left_no if one.left_no is not None else one.right_no
    shown = fit(
        (_number(number), Span(sign if ground else "  ", Tone.MUTED, True), *_text(one, spaces=spaces)), cells_wide
    )
    return tuple(span._replace(ground=ground) for span in shown) if ground else shown


def _text(diff_line: DiffLine, *, spaces: bool) -> Line:
    shown = highlight(diff_line.text)
    return visible_space(shown) if spaces else shown


def _number(number: int | None) -> Span:
    return Span(f"{number or '':>4} ", Tone.FAINT)


def _hunk(diff_line: DiffLine) -> Line:
    return line(Span(f"  ⋯  line {diff_line.left_no or 1}", Tone.FAINT))


def changes(comparisons: Sequence[ResourceComparison]) -> int:
    """Return how many fields differ in all."""
    return sum(len(comparison.changes) for comparison in comparisons)

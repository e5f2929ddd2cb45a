"""A difference as coloured lines: one column or two, desired left, live right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from gitops_tui.diff.authorship import byline, signatures
from gitops_tui.diff.lines import DiffLine, LineKind, side_by_side, unified
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import Authorship, DriftCode
from gitops_tui.model.values import dataclass
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.code import highlight, visible_space
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, Span, Tone, chop, fit, lay_under, line, outside
from gitops_tui.tui.look.times import ago

COLUMNS: Final = (
    Column("drift", "", 1),
    Column("kind", "KIND", 11, grow=1, most=20),
    Column("name", "NAME", 12, grow=2),
    Column("fields", "±", 3, align="right", rank=1),
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
        marks.kind(comparison.key.kind),
        line(outside(comparison.key.name, bold=True, limit=100)),
        line(Span(fields, Tone.MUTED)),
    )


def one_column(comparison: ResourceComparison, context: int, *, spaces: bool = False, now: float | None = None) -> Page:
    """Return the unified diff: - is live and would go, + is desired and would come.

    now: seconds since the epoch, to say below each change who made it and when; None leaves that out.
    """
    told = unified(comparison, context)
    authors = signatures(comparison, told) if now is not None else {}
    lines: list[Line] = _rights(comparison) if now is not None else []
    grounds: list[Ground] = [Ground.BASE] * len(lines)
    hunks: list[int] = []
    partners = _partners(told)
    for at, one in enumerate(told):
        if one.kind is LineKind.HUNK:
            if hunks:
                lines.append(EMPTY)
                grounds.append(Ground.BASE)
            hunks.append(len(lines))
            lines.append(_hunk(one))
        else:
            sign, tone = _SIGNS[one.kind]
            text = _text(one, partners.get(at), _STRONG.get(one.kind), spaces=spaces)
            lines.append((_number(one), Span(sign, tone, True), *text))
        grounds.append(_GROUNDS[one.kind])
        if one in authors and now is not None:
            lines += _author(authors[one], now)
            grounds.append(_GROUNDS[one.kind])
    return Page(tuple(lines), tuple(grounds), tuple(hunks))


_SIGNS: Final = {
    LineKind.SAME: ("  ", Tone.FAINT),
    LineKind.ADDED: ("+ ", Tone.GOOD),
    LineKind.REMOVED: ("- ", Tone.BAD),
    LineKind.CHANGED: ("~ ", Tone.WARN),
}
_STRONG: Final = {LineKind.ADDED: Ground.ADDED_STRONG, LineKind.REMOVED: Ground.REMOVED_STRONG}


def _partners(told: Sequence[DiffLine]) -> dict[int, str]:
    """Pair the lines of a block that goes with those of an equally long block that comes in its place."""
    partners: dict[int, str] = {}
    at = 0
    while at < len(told):
        gone = at
        while gone < len(told) and told[gone].kind is LineKind.REMOVED:
            gone += 1
        come = gone
        while come < len(told) and told[come].kind is LineKind.ADDED:
            come += 1
        if gone > at and come - gone == gone - at:
            for old, new in zip(range(at, gone), range(gone, come), strict=True):
                partners[old], partners[new] = told[new].text, told[old].text
        at = max(come, at + 1)
    return partners


def _author(author: Authorship | None, now: float, cells_wide: int = 1000) -> list[Line]:
    """Return who wrote a line, as what stands below it."""
    if author is None:
        return []
    when = f", {ago(author.time, now)}" if author.time else ""
    said = (outside(f"{byline(author)}{when}", Tone.MUTED),)
    return [
        line(Span("         " if at else "       ↳ ", Tone.FAINT), *piece)
        for at, piece in enumerate(chop(said, cells_wide - 9))
    ]


def _rights(comparison: ResourceComparison) -> list[Line]:
    """Return whose fields differ by right, and that there is a rule for it."""
    rows = [
        line(Span("⚑ ", Tone.WARN), outside(change.path, bold=True), outside(f" {change.note}", Tone.MUTED))
        for change in comparison.changes
        if change.note
    ]
    key = line(Span("I", Tone.ACCENT, True), Span(" copies the ignore rule that leaves this alone", Tone.MUTED))
    return [*rows, key, EMPTY] if rows else []


def two_columns(
    comparison: ResourceComparison, context: int, cells_wide: int, *, spaces: bool = False, now: float | None = None
) -> Page:
    """Return the diff in two columns that fill `cells_wide`: desired left, live right; long lines are broken.

    now: as in `one_column`.
    """
    half = max((cells_wide - 3) // 2, 16)
    rows = side_by_side(comparison, context)
    shown = (side for row in rows for side in (row.left, row.right) if side is not None)
    authors = signatures(comparison, shown) if now is not None else {}
    lines: list[Line] = _rights(comparison) if now is not None else []
    hunks: list[int] = []
    for row in rows:
        if row.kind is LineKind.HUNK and row.left:
            if hunks:
                lines.append(EMPTY)
            hunks.append(len(lines))
            lines.append(_hunk(row.left))
            continue
        left = _side(row.left, row.right, half, _LEFT if row.kind is not LineKind.SAME else None, spaces=spaces)
        right = _side(row.right, row.left, half, _RIGHT if row.kind is not LineKind.SAME else None, spaces=spaces)
        for at in range(max(len(left), len(right), 1)):
            mine = left[at] if at < len(left) else fit(EMPTY, half)
            theirs = right[at] if at < len(right) else fit(EMPTY, half)
            lines.append((*mine, Span(" │ ", Tone.FAINT), *theirs))
        if now is not None:
            signed = (authors.get(side) if side else None for side in (row.left, row.right))
            below = zip_longest(*(_author(each, now, half) for each in signed), fillvalue=EMPTY)
            lines += ((*fit(mine, half), Span(" │ ", Tone.FAINT), *fit(theirs, half)) for mine, theirs in below)
    return Page(tuple(lines), (), tuple(hunks))


_LEFT: Final = (Span("+ ", Tone.GOOD, True), Ground.ADDED, Ground.ADDED_STRONG)
_RIGHT: Final = (Span("- ", Tone.BAD, True), Ground.REMOVED, Ground.REMOVED_STRONG)


def _side(
    one: DiffLine | None,
    other: DiffLine | None,
    cells_wide: int,
    look: tuple[Span, Ground, Ground] | None,
    *,
    spaces: bool,
) -> list[Line]:
    """Return one side of a row as the lines it takes."""
    if one is None:
        return []
    sign, ground, strong = look or (Span("  "), None, None)
    text = _text(one, other.text if other and look else None, strong, spaces=spaces)
    made: list[Line] = []
    for at, piece in enumerate(chop(text, cells_wide - 7)):
        lead = (_number(one), sign) if at == 0 else (Span("       "),)
        shown = fit((*lead, *piece), cells_wide)
        made.append(tuple(span._replace(ground=span.ground or ground) for span in shown))
    return made


def as_text(comparison: ResourceComparison, context: int) -> str:
    """Return the difference as `diff -u` writes it: from live to desired."""
    head = [f"--- live {comparison.key.path}", f"+++ desired {comparison.key.path}"]
    signs = {LineKind.ADDED: "+", LineKind.REMOVED: "-", LineKind.HUNK: ""}
    lines = [f"{signs.get(one.kind, ' ')}{one.text}" for one in unified(comparison, context)]
    return "\n".join((*head, *lines, ""))


def pointed_at(page: Page, hunk: int) -> tuple[Line, ...]:
    """Return the lines with the head of one hunk brought out."""
    if len(page.hunks) < 2:
        return page.lines
    lines, at = list(page.lines), page.hunks[hunk]
    lines[at] = tuple(span._replace(tone=Tone.ACCENT, bold=True) for span in lines[at])
    return tuple(lines)


def _text(one: DiffLine, partner: str | None, strong: Ground | None, *, spaces: bool) -> Line:
    """Return a line in colour; where it has a partner, what differs from it lies on strong ground."""
    shown = highlight(one.text)
    if partner is not None and strong is not None:
        start, end = differing(one.text, partner)
        shown = lay_under(shown, start, end, strong)
    return visible_space(shown) if spaces else shown


def differing(text: str, other: str) -> tuple[int, int]:
    """Return where a text differs from another: from, to; nothing when hardly anything is common."""
    shortest = min(len(text), len(other))
    head = next((at for at in range(shortest) if text[at] != other[at]), shortest)
    tail = next((at for at in range(shortest - head) if text[-1 - at] != other[-1 - at]), shortest - head)
    if not text[:head].strip():
        return (0, 0)
    return (head, len(text) - tail)


def _number(one: DiffLine) -> Span:
    number = one.left_no if one.left_no is not None else one.right_no
    return Span(f"{number or '':>4} ", Tone.FAINT)


def _hunk(one: DiffLine) -> Line:
    return line(Span(f"  ⋯  line {one.left_no or 1}", Tone.FAINT))

"""A comparison as text, line by line: unified, and side by side. Pure; colours are the faces' own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import Body
from gitops_tui.model.text import sanitize
from gitops_tui.model.values import dataclass
from gitops_tui.yamlio import dump


class LineKind(StrEnum):
    """What a line tells. ADDED is desired only, REMOVED is live only: a sync adds the one, removes the other."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    HUNK = "hunk"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a unified diff. left_no and right_no: its line in desired and in live, counted from 1."""

    kind: LineKind
    text: str
    left_no: int | None = None
    right_no: int | None = None


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row of a side-by-side diff: desired left, live right; None where a side has no such line."""

    left: DiffLine | None
    right: DiffLine | None
    kind: LineKind


MAX_LINES: Final = 20_000
"""Lines of both sides together up to which they are matched; beyond, only their common head and tail are."""

_Block = tuple[str, int, int, int, int]


def unified(comparison: ResourceComparison, context: int = 3) -> tuple[DiffLine, ...]:
    """Return the lines that differ, each with `context` lines around, below a hunk line; empty when none differ."""
    live, desired = _lines(comparison.live), _lines(wanted(comparison))
    made: list[DiffLine] = []
    for group in _grouped(_blocks(live, desired), context):
        made.append(_hunk(group))
        for tag, live_from, live_to, from_, to in group:
            if tag == "equal":
                pairs = zip(range(live_from, live_to), range(from_, to), strict=True)
                made.extend(DiffLine(LineKind.SAME, live[i], j + 1, i + 1) for i, j in pairs)
            else:
                made.extend(DiffLine(LineKind.REMOVED, live[i], None, i + 1) for i in range(live_from, live_to))
                made.extend(DiffLine(LineKind.ADDED, desired[j], j + 1, None) for j in range(from_, to))
    return tuple(made)


def side_by_side(comparison: ResourceComparison, context: int | None = None) -> tuple[DiffRow, ...]:
    """Return both sides in rows. context: lines around differences, None for everything."""
    live, desired = _lines(comparison.live), _lines(wanted(comparison))
    blocks = _blocks(live, desired)
    if context is None:
        return tuple(row for block in blocks for row in _rows(block, live, desired))
    made: list[DiffRow] = []
    for group in _grouped(blocks, context):
        hunk = _hunk(group)
        made.append(DiffRow(hunk, hunk, LineKind.HUNK))
        made.extend(row for block in group for row in _rows(block, live, desired))
    return tuple(made)


def wanted(comparison: ResourceComparison) -> Body | None:
    """Return the side that a sync leads to: as the server would make it, where that is known."""
    return comparison.predicted if comparison.predicted is not None else comparison.desired


def _lines(body: Body | None) -> list[str]:
    return sanitize(dump(body)).splitlines() if body is not None else []


def _blocks(live: Sequence[str], desired: Sequence[str]) -> list[_Block]:
    """Return difflib's opcodes from live to desired; both sides together are covered without a gap."""
    head = 0
    while head < min(len(live), len(desired)) and live[head] == desired[head]:
        head += 1
    tail = 0
    while tail < min(len(live), len(desired)) - head and live[-1 - tail] == desired[-1 - tail]:
        tail += 1
    old, new = live[head : len(live) - tail], desired[head : len(desired) - tail]
    if len(old) + len(new) <= MAX_LINES:
        import difflib  # noqa: PLC0415 - for lines that differ

        middle: Sequence[_Block] = difflib.SequenceMatcher(
            None, old, new, autojunk=len(old) + len(new) > 2000
        ).get_opcodes()
    else:
        middle = [("replace", 0, len(old), 0, len(new))]
    shifted = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in middle]
    first: list[_Block] = [("equal", 0, head, 0, head)] if head else []
    last: list[_Block] = [("equal", len(live) - tail, len(live), len(desired) - tail, len(desired))] if tail else []
    return [*first, *shifted, *last]


def _grouped(blocks: Sequence[_Block], context: int) -> Iterator[list[_Block]]:
    """Yield the blocks around differences, equal ones cut to `context` lines (as `difflib` groups opcodes)."""
    group: list[_Block] = []
    for index, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue
        is_last = index == len(blocks) - 1
        keep_before = min(context, i2 - i1) if group else 0
        keep_after = 0 if is_last else min(context, i2 - i1)
        if group and not is_last and i2 - i1 <= 2 * context:
            group.append((tag, i1, i2, j1, j2))
            continue
        if group:
            yield [*group, ("equal", i1, i1 + keep_before, j1, j1 + keep_before)]
        group = [("equal", i2 - keep_after, i2, j2 - keep_after, j2)] if not is_last else []
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _hunk(group: Sequence[_Block]) -> DiffLine:
    (_, live_from, _, from_, _), (_, _, live_to, _, to) = group[0], group[-1]
    text = f"@@ -{live_from + 1},{live_to - live_from} +{from_ + 1},{to - from_} @@"
    return DiffLine(LineKind.HUNK, text, from_ + 1, live_from + 1)


def _rows(block: _Block, live: Sequence[str], desired: Sequence[str]) -> Iterator[DiffRow]:
    tag, live_from, live_to, from_, to = block
    for offset in range(max(live_to - live_from, to - from_)):
        i, j = live_from + offset, from_ + offset
        has_live, has_desired = i < live_to, j < to
        kind = _row_kind(tag, has_live=has_live, has_desired=has_desired)
        left = DiffLine(kind, desired[j], j + 1, None) if has_desired else None
        right = DiffLine(kind, live[i], None, i + 1) if has_live else None
        yield DiffRow(left, right, kind)


def _row_kind(tag: str, *, has_live: bool, has_desired: bool) -> LineKind:
    if tag == "equal":
        return LineKind.SAME
    if has_live and has_desired:
        return LineKind.CHANGED
    return LineKind.ADDED if has_desired else LineKind.REMOVED

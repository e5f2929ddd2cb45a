"""Plans, running operations and receipts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from gitops_tui.model.operations import (
    Action,
    Change,
    ChangeSet,
    OperationKind,
    OperationPhase,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import ABSENT, FieldChange
from gitops_tui.model.status import RunningOperation
from gitops_tui.model.values import dataclass
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, join, line, outside
from gitops_tui.tui.look.times import age, duration, moment

CHANGE_COLUMNS: Final = (
    Column("action", "ACTION", 8),
    Column("kind", "KIND", 11, grow=1, most=18),
    Column("name", "NAME", 16, grow=2, most=44),
    Column("namespace", "NAMESPACE", 10, grow=1, most=24, rank=2),
    Column("phase", "PHASE", 8, rank=4),
    Column("fields", "FIELDS", 6, align="right", rank=1),
    Column("why", "WHY", 18, grow=3),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """When a pin lifts. span: seconds from now, None where it is no matter of time."""

    words: str
    kind: str
    span: float | None = None

    def until(self, now: float) -> str:
        """Return it as a pin says it."""
        return self.kind if self.span is None else f"{now + self.span:.0f}"


ENDINGS: Final = (
    Ending("until a newer commit arrives", "next-commit"),
    Ending("until it is unpinned", "manual"),
    Ending("for an hour", "", 3600.0),
    Ending("for 8 hours", "", 8 * 3600.0),
    Ending("for a day", "", 24 * 3600.0),
)


PAUSES: Final = (
    Ending("until it is resumed", "manual"),
    Ending("for an hour", "", 3600.0),
    Ending("for 8 hours", "", 8 * 3600.0),
    Ending("for a day", "", 24 * 3600.0),
)


def change_cells(change: Change) -> tuple[Line, ...]:
    """Return the row of an intended change."""
    wave = f" {change.wave}" if change.wave else ""
    tone = Tone.WARN if change.warnings else Tone.MUTED
    why = "; ".join([*change.warnings, change.why] if change.why else change.warnings)
    return (
        line(marks.ACTION[change.action]),
        marks.kind(change.key.kind),
        line(outside(change.key.name, bold=True, limit=100)),
        line(outside(change.key.namespace or "cluster", Tone.MUTED, limit=60)),
        line(Span(f"{change.phase.value}{wave}", Tone.MUTED)),
        line(Span(str(len(change.changes)) if change.changes else "", Tone.MUTED)),
        line(outside(why, tone, limit=200)),
    )


def change_lines(change: Change) -> list[Line]:
    """Return what an intended change does, and all of why."""
    lines = [line(Span("! ", Tone.WARN), outside(text)) for text in change.warnings]
    if change.changes:
        return lines + field_lines(change.changes)
    if change.why:
        lines.append(line(outside(change.why, limit=1000)))
    if change.action is not Action.SKIP:
        lines.append(line(Span("the whole object", Tone.MUTED)))
    return lines


def in_view_order(changes: Sequence[Change]) -> list[Change]:
    """Return what writes in the order in which it will, then what is left alone."""
    return sorted(changes, key=lambda change: change.action is Action.SKIP)


_RESULT_ORDER: Final = {Result.FAILED: 0, Result.UNCHANGED: 2, Result.SKIPPED: 2, Result.PRUNE_SKIPPED: 2}


def results_in_view_order(results: Sequence[ResourceResult]) -> list[ResourceResult]:
    """Return what failed, then what was changed in the order in which it was, then what was left alone."""
    return sorted(results, key=lambda result: _RESULT_ORDER.get(result.result, 1))


def in_words(plan: ChangeSet) -> str:
    """`2 create, 1 update, 1 delete`, or `nothing`."""
    count = Counter(change.action for change in plan.writes)
    return ", ".join(f"{count[action]} {action.value}" for action in Action if count[action]) or "nothing"


def settings(plan: ChangeSet) -> str:
    """Return with what it was planned: `   prune off`, and the hooks where they do not run as they would by default."""
    hooks = "" if plan.hooks is not plan.partial else f"   hooks {'on' if plan.hooks else 'off'}"
    return f"   prune {'on' if plan.prune else 'off'}{hooks}"


def counted(resources: Sequence[object]) -> str:
    """`2 chosen resources`."""
    return f"{len(resources)} chosen resource" + "s" * (len(resources) != 1)


def field_lines(changes: Sequence[FieldChange], *, most: int = 200) -> list[Line]:
    """Return what would change: path, live value → desired value."""
    lines: list[Line] = []
    for change in changes[:most]:
        live, desired = _value(change.live, Tone.BAD), _value(change.desired, Tone.GOOD)
        lines.append(line(outside(change.path, Tone.ACCENT, limit=200)))
        if len(live.text) + len(desired.text) <= 30:
            lines.append(line("  ", live, Span("  →  ", Tone.FAINT), desired))
        else:
            lines += [line(Span("  - ", Tone.FAINT), live), line(Span("  + ", Tone.FAINT), desired)]
    if len(changes) > most:
        lines.append(line(Span(f"… and {len(changes) - most} more", Tone.MUTED)))
    return lines


def _value(value: Any, tone: Tone) -> Span:
    if value is ABSENT:
        return Span("(absent)", Tone.FAINT)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return outside(text.replace("\n", "↵ ") or '""', tone, limit=240)


RESULT_COLUMNS: Final = (
    Column("result", "RESULT", 14),
    Column("kind", "KIND", 11, grow=1, most=18),
    Column("name", "NAME", 16, grow=2, most=44),
    Column("namespace", "NAMESPACE", 10, grow=1, most=24, rank=2),
    Column("took", "TOOK", 6, align="right", rank=1),
    Column("message", "MESSAGE", 12, grow=3),
)


def result_cells(result: ResourceResult) -> tuple[Line, ...]:
    """Return the row of what became of one resource."""
    failed = result.result is Result.FAILED
    text = "; ".join([result.message, *result.warnings] if result.message else result.warnings)
    return (
        line(marks.RESULT[result.result]),
        marks.kind(result.key.kind),
        line(outside(result.key.name, bold=True, limit=100)),
        line(outside(result.key.namespace or "cluster", Tone.MUTED, limit=60)),
        line(Span(duration(result.duration) if result.duration else "", Tone.MUTED)),
        line(outside(text, Tone.BAD if failed else Tone.WARN if result.warnings else Tone.MUTED, limit=300)),
    )


def result_lines(result: ResourceResult) -> list[Line]:
    """Return everything about what became of one resource."""
    lines = [line(Span("! ", Tone.WARN), outside(text)) for text in result.warnings]
    if result.message:
        lines.append(line(outside(result.message, limit=1000)))
    lines += field_lines(result.changes)
    whole = result.result in {Result.CREATED, Result.PRUNED} and not result.changes
    if whole or not lines:
        lines.append(line(Span("the whole object" if whole else "no field changed", Tone.MUTED)))
    return lines


def receipt_lines(receipt: Receipt) -> list[Line]:
    """Return a receipt's heading: phase, what, who, when, how long."""
    took = duration(receipt.finished - receipt.started) if receipt.finished else ""
    words = results_in_words(receipt.resources)
    message = "" if receipt.message == words else receipt.message
    verified = line(Span("✓ verified: every resource healthy", Tone.GOOD)) if receipt.verified else EMPTY
    if not receipt.verified and receipt.phase.is_final:
        verified = line(Span("? not verified", Tone.MUTED))
    return [
        join(
            [
                line(phase(receipt)),
                verified,
                line(Span("dry run", Tone.SPECIAL)) if receipt.dry_run else EMPTY,
                line(Span(words, Tone.MUTED)),
            ],
            Span("   "),
        ),
        join(
            [
                line(
                    Span(receipt.kind.value),
                    Span(" to " if receipt.revision else "", Tone.MUTED),
                    outside(receipt.revision[:7], Tone.ACCENT),
                ),
                line(Span("by ", Tone.MUTED), outside(receipt.actor, limit=60)),
                line(Span(moment(receipt.started), Tone.MUTED)),
                line(Span(f"took {took}", Tone.MUTED)) if took else EMPTY,
            ],
            Span("  ·  ", Tone.FAINT),
        ),
        line(outside(message, Tone.BAD if _went_wrong(receipt) else Tone.MUTED, limit=600)),
    ]


def phase(receipt: Receipt) -> Span:
    """The phase as a mark; a success that did not end with every resource healthy is told apart."""
    mark = marks.PHASE[receipt.phase]
    is_left = receipt.verified or receipt.dry_run or receipt.kind is OperationKind.DELETE
    if receipt.phase is not OperationPhase.SUCCEEDED or is_left:
        return mark
    return mark._replace(text=f"? {receipt.phase.value}", tone=Tone.WARN)


def _went_wrong(receipt: Receipt) -> bool:
    return marks.PHASE[receipt.phase].tone is Tone.BAD


def results_in_words(results: Sequence[ResourceResult]) -> str:
    """`2 created, 1 configured`."""
    count = Counter(result.result for result in results)
    return ", ".join(f"{count[result]} {result.words}" for result in Result if count[result])


def progress(running: RunningOperation | None, elapsed: float, cells: int, writer: str = "") -> list[Line]:
    """Return a running operation as two lines: a bar, and what it does at this moment.

    writer: who does it, where that is another process, which tells how it went when it is over.
    """
    if writer and (running is None or not running.total):
        lasts = Span(f"   {duration(elapsed)}", Tone.MUTED)
        return [
            line(Span("◌ handed over", Tone.BUSY), lasts),
            line(outside(f"done by {writer}", Tone.MUTED, limit=200)),
        ]
    if running is None:
        return [line(Span("◌ starting…", Tone.BUSY)), EMPTY]
    done, total = running.done, max(running.total, 1)
    room = max(min(cells - 44, 40), 8)
    full = min(room * done // total, room)
    return [
        line(
            marks.PHASE[running.phase],
            Span("   "),
            Span("━" * full, Tone.ACCENT),
            Span("─" * (room - full), Tone.FAINT),
            Span(f"  {done}/{running.total}"),
            Span(f"   {duration(elapsed)}", Tone.MUTED),
        ),
        line(outside(running.current, Tone.MUTED, limit=200)),
    ]


OPERATION_COLUMNS: Final = (
    Column("phase", "PHASE", 13, sort="H"),
    Column("application", "APPLICATION", 16, grow=1, most=32, sort="N"),
    Column("kind", "WHAT", 9),
    Column("revision", "REVISION", 8),
    Column("actor", "WHO", 12, grow=1, most=30, rank=1, sort="W"),
    Column("started", "WHEN", 16, rank=2),
    Column("age", "AGE", 4, align="right", sort="A"),
    Column("took", "TOOK", 7, align="right", rank=3),
    Column("message", "RESULT", 10, grow=3, rank=4),
)


def operation_cells(receipt: Receipt, now: float) -> tuple[Line, ...]:
    """Return the row of an operation."""
    what = receipt.kind.value + (" (dry)" if receipt.dry_run else "")
    text = receipt.message or results_in_words(receipt.resources)
    return (
        line(phase(receipt)),
        line(outside(receipt.application, bold=True, limit=80)),
        line(Span(what)),
        line(outside(receipt.revision[:7], Tone.ACCENT)),
        line(outside(receipt.actor, Tone.MUTED, limit=60)),
        line(Span(moment(receipt.started), Tone.MUTED)),
        line(Span(age(now - receipt.started), Tone.MUTED)),
        line(Span(duration(receipt.finished - receipt.started) if receipt.finished else "", Tone.MUTED)),
        line(outside(text, Tone.BAD if _went_wrong(receipt) else Tone.MUTED, limit=200)),
    )

"""Values as rows of tables: pure, every status a symbol and a word, never colour alone."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gitops_tui.cli.output import Cell, Colour
from gitops_tui.model.operations import Action, ChangeSet, HistoryEntry, OperationPhase, Receipt, Result, SyncPhase
from gitops_tui.model.resources import ABSENT, DriftCode, FieldChange, HealthCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.model.text import one_line, shorten

Row = Sequence[Cell]
Mark = tuple[str, Colour]

SYNC: Final[Mapping[SyncCode, Mark]] = {
    SyncCode.SYNCED: ("✓", Colour.GOOD),
    SyncCode.OUT_OF_SYNC: ("≠", Colour.WARN),
    SyncCode.UNKNOWN: ("?", Colour.FAINT),
}
HEALTH: Final[Mapping[HealthCode, Mark]] = {
    HealthCode.NONE: ("·", Colour.FAINT),
    HealthCode.HEALTHY: ("●", Colour.GOOD),
    HealthCode.SUSPENDED: ("‖", Colour.FAINT),
    HealthCode.PROGRESSING: ("◐", Colour.BUSY),
    HealthCode.MISSING: ("○", Colour.WARN),
    HealthCode.DEGRADED: ("✗", Colour.BAD),
    HealthCode.UNKNOWN: ("?", Colour.FAINT),
}
DRIFT: Final[Mapping[str, Mark]] = {
    DriftCode.IN_SYNC: ("✓", Colour.GOOD),
    DriftCode.CHANGED: ("≠", Colour.WARN),
    DriftCode.MISSING: ("○", Colour.WARN),
    DriftCode.EXTRA: ("+", Colour.WARN),
    DriftCode.UNKNOWN: ("?", Colour.FAINT),
}
ACTION: Final[Mapping[Action, Mark]] = {
    Action.CREATE: ("+", Colour.GOOD),
    Action.UPDATE: ("~", Colour.WARN),
    Action.DELETE: ("-", Colour.BAD),
    Action.HOOK: ("»", Colour.BUSY),
    Action.SKIP: ("·", Colour.FAINT),
}
PHASE: Final[Mapping[OperationPhase, Mark]] = {
    OperationPhase.PENDING: ("◌", Colour.FAINT),
    OperationPhase.RUNNING: ("◐", Colour.BUSY),
    OperationPhase.WAITING: ("◑", Colour.BUSY),
    OperationPhase.SUCCEEDED: ("✓", Colour.GOOD),
    OperationPhase.FAILED: ("✗", Colour.BAD),
    OperationPhase.ERROR: ("!", Colour.BAD),
    OperationPhase.TERMINATED: ("■", Colour.WARN),
    OperationPhase.SUPERSEDED: ("»", Colour.FAINT),
    OperationPhase.INTERRUPTED: ("!", Colour.WARN),
}
RESULT: Final[Mapping[Result, Mark]] = {
    Result.CREATED: ("+", Colour.GOOD),
    Result.CONFIGURED: ("~", Colour.GOOD),
    Result.UNCHANGED: ("=", Colour.FAINT),
    Result.PRUNED: ("-", Colour.WARN),
    Result.PRUNE_SKIPPED: ("·", Colour.FAINT),
    Result.SKIPPED: ("·", Colour.FAINT),
    Result.FAILED: ("✗", Colour.BAD),
}

STATUS_HEADS = ("NAME", "PROJECT", "CONTEXT", "NAMESPACE", "SYNC", "HEALTH", "REVISION", "DRIFTED", "WHAT IS WRONG")
HISTORY_HEADS = ("COMMIT", "TIME", "AUTHOR", "DEPLOYED", "SUBJECT")
JOURNAL_HEADS = ("OPERATION", "STARTED", "APPLICATION", "KIND", "REVISION", "PHASE", "WHO", "MESSAGE")
RECEIPT_HEADS = ("RESULT", "RESOURCE", "MESSAGE")
PLAN_HEADS = ("STEP", "ACTION", "RESOURCE", "WHY")

_FIELDS_SHOWN = 8


def marked(word: str, mark: Mark) -> Cell:
    """A word with its symbol and colour."""
    return Cell(word, mark[1], mark[0])


def status_row(of: ApplicationStatus) -> Row:
    """One application."""
    application = of.application
    revision = of.revision.short if of.revision else "-"
    wrong = of.problems[0].message if of.problems else "; ".join(filter(None, (of.summary, of.waiting)))
    held = [word for word, holds in (("pinned", of.pin), ("paused", of.pause)) if holds]
    return (
        Cell(of.name, Colour.BOLD),
        Cell(application.project),
        Cell(of.context or application.destination.context or "-"),
        Cell(application.destination.namespace),
        marked(of.sync, SYNC[of.sync]),
        marked(of.health.code, HEALTH[of.health.code]),
        Cell(f"{revision} ({', '.join(held)})" if held else revision),
        Cell(f"{of.drifted}/{of.total}"),
        Cell(f"stale: {wrong}" if of.stale and of.compared_at is not None else wrong),
    )


def history_row(of: HistoryEntry) -> Row:
    """One commit. What is deployed now, pinned or quarantined is said beside the time it was deployed."""
    said = [word for word, holds in _standing(of).items() if holds]
    deployed = " ".join(filter(None, (moment(of.deployed), f"({', '.join(said)})" if said else "")))
    return (
        Cell(of.sha[:7], Colour.WARN),
        Cell(moment(of.time)),
        Cell(of.author),
        Cell(deployed or "-", Colour.GOOD if of.current else Colour.PLAIN),
        Cell(of.subject, Colour.BOLD if of.current else Colour.PLAIN),
    )


def _standing(of: HistoryEntry) -> Mapping[str, bool]:
    return {"current": of.current, "pinned": of.pinned, "quarantined": of.quarantined}


def journal_row(of: Receipt) -> Row:
    """One operation."""
    return (
        Cell(of.operation),
        Cell(moment(of.started)),
        Cell(of.application, Colour.BOLD),
        Cell(of.kind),
        Cell(of.revision[:7]),
        marked(of.phase, PHASE[of.phase]),
        Cell(of.actor),
        Cell(of.message),
    )


def receipt_rows(of: Receipt) -> list[Row]:
    """What became of each resource."""
    return [
        (marked(each.result, RESULT[each.result]), Cell(str(each.key)), Cell(each.message)) for each in of.resources
    ]


def plan_rows(of: ChangeSet) -> list[Row]:
    """Each change in its order, with the fields that it changes below it. What writes nothing is no step."""
    rows: list[Row] = []
    step = 0
    for each in of.changes:
        step += each.action is not Action.SKIP
        number = Cell("" if each.action is Action.SKIP else str(step), Colour.FAINT)
        ordinary = each.phase is SyncPhase.SYNC and not each.wave
        when = "" if ordinary else f" [{each.phase}{f' wave {each.wave}' if each.wave else ''}]"
        rows.append((number, marked(each.action, ACTION[each.action]), Cell(f"{each.key}{when}"), Cell(each.why)))
        if each.action is Action.UPDATE:
            rows += _field_rows(each.changes)
        rows += [
            (Cell(""), Cell(""), Cell(f"  warning: {warning}", Colour.WARN), Cell("")) for warning in each.warnings
        ]
    return rows


def plan_summary(of: ChangeSet) -> str:
    """A plan in one line: how much of what, which pods restart, and its hash."""
    tally = Counter(change.action for change in of.writes)
    counted = ", ".join(f"{tally[action]} to {action}" for action in Action if tally[action] and action != Action.HOOK)
    hooks = tally[Action.HOOK]
    parts = [counted or "nothing to change"]
    parts += [f"{hooks} {'hook runs' if hooks == 1 else 'hooks run'}"] if hooks else []
    restarts = [str(change.key) for change in of.changes if change.restarts]
    parts += [f"pods of {', '.join(restarts)} restart"] if restarts else []
    return f"{'; '.join(parts)} (plan {of.hash})"


def _field_rows(changes: Sequence[FieldChange]) -> Iterable[Row]:
    for each in changes[:_FIELDS_SHOWN]:
        text = f"{value(each.live)} → {value(each.desired)}"
        yield Cell(""), Cell(""), Cell(f"  {shorten(each.path, 70)}", Colour.FAINT), Cell(text, Colour.FAINT)
    if len(changes) > _FIELDS_SHOWN:
        more = f"  and {len(changes) - _FIELDS_SHOWN} more fields"
        yield Cell(""), Cell(""), Cell(more, Colour.FAINT), Cell("")


def value(of: Any) -> str:
    """A side of a field, cut short."""
    if of is ABSENT:
        return "(absent)"
    if isinstance(of, str):
        return one_line(of, limit=40) if of else '""'
    return one_line(json.dumps(of, default=str), limit=40)


def moment(seconds: float | None) -> str:
    """Local date and time, "" for none and for what no calendar holds."""
    if not seconds:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return ""

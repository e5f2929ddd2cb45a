"""Values as data: the shapes of `-o json` and `-o yaml`. Scripts rely on them, so keys are added, never changed.

Instants are RFC 3339 in UTC; what is not there is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_tui.diff.authorship import rule_data
from gitops_tui.model.differences import RuleEffect
from gitops_tui.model.operations import (
    Action,
    Change,
    ChangeSet,
    HistoryEntry,
    Pause,
    Pin,
    Receipt,
    ResourceComparison,
    ResourceResult,
)
from gitops_tui.model.resources import ABSENT, Authorship, FieldChange, ResourceKey
from gitops_tui.model.status import ApplicationStatus

Data = dict[str, Any]


def status(of: ApplicationStatus) -> Data:
    """One application of `status`. resources and drifted are counts."""
    source = of.application.source
    return {
        "name": of.name,
        "project": of.application.project,
        "context": of.context or of.application.destination.context,
        "namespace": of.application.destination.namespace,
        "repository": source.repository,
        "path": source.path,
        "tracked": source.revision,
        "revision": of.revision.sha if of.revision else None,
        "sync": str(of.sync),
        "health": str(of.health.code),
        "verified": of.verified,
        "pin": _held(of.pin),
        "pause": _paused(of.pause),
        "waiting": of.waiting or None,
        "resources": of.total,
        "drifted": of.drifted,
        "problems": [
            {"stage": str(each.stage), "subject": each.subject, "message": each.message, "hint": each.hint}
            for each in of.problems
        ],
    }


def diff(
    application: str, revision: str, comparisons: Iterable[ResourceComparison], start: str = "live", end: str = ""
) -> Data:
    """`diff`. Values are masked where secret; a side that is absent is null. start, end: "live" or a sha.

    `live` is the side it starts from and `desired` the one it leads to, whatever they are.
    """
    return {
        "application": application,
        "revision": revision,
        "from": start,
        "to": end or revision,
        "resources": [
            {
                **_key(each.key),
                "drift": str(each.drift),
                "approximate": each.approximate,
                "note": each.note,
                "changes": [_authored(change) for change in each.changes],
            }
            for each in comparisons
        ],
    }


def ignored(application: str, effects: Iterable[RuleEffect]) -> Data:
    """`diff --ignored`: what each rule hides now."""
    return {
        "application": application,
        "rules": [
            {
                "rule": rule_data(each.rule),
                "objects": each.objects,
                "hidden": [{**_key(field.key), **_changes([field.change])[0]} for field in each.hidden],
            }
            for each in effects
        ],
    }


def plan(of: ChangeSet) -> Data:
    """`plan`. held: what a person has to approve; refusals: why it cannot run. step: counted from 1, null for a skip.

    hash: of all that will be written and was shown; the same plan has the same one.
    """
    steps = {id(change): number for number, change in enumerate(of.writes, start=1)}
    changes = [(steps.get(id(change)), change) for change in of.changes]
    return {
        "application": of.application,
        "revision": of.revision,
        "prune": of.prune,
        "partial": of.partial,
        "hash": of.hash,
        "held": list(of.held),
        "refusals": list(of.refusals),
        "changes": [_change(change, step) for step, change in changes],
        "hooks": [_step(c, step) | {"phase": str(c.phase)} for step, c in changes if c.action is Action.HOOK],
        "prunes": [_step(c, step) for step, c in changes if c.action is Action.DELETE],
        "restarts": [_step(c, step) for step, c in changes if c.restarts],
        "irreversible": [_step(c, step) | {"loss": c.irreversible} for step, c in changes if c.irreversible],
    }


def _step(of: Change, step: int | None) -> Data:
    return {"step": step, **_key(of.key)}


def receipt(of: Receipt) -> Data:
    """`sync` and `rollback`. operation is "" for a dry run; commit is the one that a revert pushed."""
    return {
        "application": of.application,
        "operation": of.operation,
        "phase": str(of.phase),
        "revision": of.revision,
        "commit": of.commit or None,
        "message": of.message,
        "resources": [_result(each) for each in of.resources],
    }


def commit(of: HistoryEntry) -> Data:
    """One commit of `history`."""
    return {
        "sha": of.sha,
        "author": of.author,
        "email": of.email,
        "time": instant(of.time),
        "subject": of.subject,
        "deployed": instant(of.deployed),
    }


def operation(of: Receipt) -> Data:
    """One operation of `journal`."""
    return {
        "application": of.application,
        "operation": of.operation,
        "kind": str(of.kind),
        "actor": of.actor,
        "started": instant(of.started),
        "finished": instant(of.finished),
        "revision": of.revision,
        "phase": str(of.phase),
        "verified": of.verified,
        "commit": of.commit or None,
        "message": of.message,
        "resources": [_result(each) for each in of.resources],
    }


def _held(of: Pin | None) -> Data | None:
    """until: an instant, `next-commit` or `manual`."""
    if of is None:
        return None
    return {
        "revision": of.revision,
        "quarantined": of.quarantined,
        "who": of.who,
        "why": of.why,
        "until": of.until if of.lifts_at is None else instant(of.lifts_at),
        "since": instant(of.since),
    }


def _paused(of: Pause | None) -> Data | None:
    if of is None:
        return None
    return {"who": of.who, "why": of.why, "until": instant(of.until), "since": instant(of.since)}


def pin(application: str, of: Pin | None) -> Data:
    """`unpin`: the pin that was lifted; revision is null when there was none."""
    return {
        "application": application,
        "revision": of.revision if of else None,
        "quarantined": of.quarantined if of else None,
        "who": of.who if of else None,
        "why": of.why if of else None,
        "since": instant(of.since) if of else None,
    }


def pause(application: str, of: Pause | None) -> Data:
    """`pause` and `resume`: the pause that was made or lifted; since is null when there was none."""
    return {
        "application": application,
        "who": of.who if of else None,
        "why": of.why if of else None,
        "since": instant(of.since) if of else None,
        "until": instant(of.until) if of else None,
    }


def instant(seconds: float | None) -> str | None:
    """`2026-01-31T12:00:00Z`, None for none and for what no calendar holds."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return None


def _key(key: ResourceKey) -> Data:
    return {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}


def _result(of: ResourceResult) -> Data:
    return {
        **_key(of.key),
        "action": str(of.action) if of.action else None,
        "result": str(of.result),
        "message": of.message,
        "duration": round(of.duration, 3),
        "warnings": list(of.warnings),
        "changes": _changes(of.changes),
        "before": _plain(of.before),
    }


def _change(of: Change, step: int | None) -> Data:
    return {
        "step": step,
        "action": str(of.action),
        "method": str(of.method),
        **_key(of.key),
        "phase": str(of.phase),
        "wave": of.wave,
        "why": of.why,
        "warnings": list(of.warnings),
        "restarts": of.restarts,
        "irreversible": of.irreversible or None,
        "changes": _changes(of.changes),
    }


def _changes(changes: Iterable[FieldChange]) -> list[Data]:
    return [{"path": each.path, "desired": _plain(each.desired), "live": _plain(each.live)} for each in changes]


def _authored(of: FieldChange) -> Data:
    return {
        **_changes([of])[0],
        "desiredBy": _author(of.desired_by),
        "liveBy": _author(of.live_by),
        "note": of.note,
        "suggestedIgnore": rule_data(of.suggested) if of.suggested else None,
    }


def _author(of: Authorship | None) -> Data | None:
    """name is "" when it cannot be told; then detail says why."""
    if of is None:
        return None
    return {"name": of.name, "detail": of.detail, "time": instant(of.time), "place": of.place}


def _plain(value: Any) -> Any:
    """The value as JSON data."""
    if value is ABSENT:
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value

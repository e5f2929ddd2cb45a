"""What is found of a resource: judged from what is desired and live, below it, and heard of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gitops_tui.cluster import Live
from gitops_tui.engine.views.findings import Finding, Heard, is_unwell, uid_of
from gitops_tui.health import counts, lasts
from gitops_tui.model.application import Application
from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.ownership import OWNER, stated_digest
from gitops_tui.model.resources import Body, DriftCode, Health, HealthCode, ResourceKey, ResourceStatus
from gitops_tui.model.status import Problem
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.sync import Pair, hook_of, judge, kept_from_prune


@dataclass(frozen=True, slots=True)
class Frame:
    """What all findings of one look share. now: seconds since the epoch."""

    application: Application
    inventory: frozenset[ResourceKey]
    failures: Mapping[ResourceKey, GitopsError]
    now: float


def found(pair: Pair, seen: Sequence[Live], below: Sequence[Body], heard: Heard, frame: Frame) -> Finding:
    """What is found of a desired object, or of one that is the application's own.

    seen: the live object, where the watches have it, and all below. below: the bodies of these, as far as they are
    to be believed. heard: warnings.
    """
    health = _health(pair, below, heard, frame)
    drift, live = pair.drift, pair.live
    body: Body = live or (pair.manifest.body if pair.manifest else {})
    failure = frame.failures.get(pair.key)
    kept = ""
    if drift.code is DriftCode.EXTRA:
        kept = kept_from_prune(pair.key, body, frame.application.policy, frame.inventory)
    message = failure.message if failure else pair.refusal or drift.note or kept or health.message
    status = ResourceStatus(
        key=pair.key,
        drift=drift.code,
        health=health,
        message=one_line(message),
        version=str(body.get("apiVersion", "")),
        desired=pair.manifest is not None,
        created=_created(live),
        approximate=drift.approximate,
        kept=bool(kept),
        changed_fields=len(drift.changes),
        details={OWNER: pair.owner} if drift.code is DriftCode.UNKNOWN and pair.owner else {},
        digest=stated_digest(pair.manifest),
    )
    uid = uid_of(live)
    is_anothers = pair.manifest is not None and pair.owner not in (None, frame.application.name)
    is_known = live is not None and failure is None and not (pair.refusal or drift.approximate)
    is_lasting = live is not None and (not is_unwell(health) or lasts(live, below, heard))
    return Finding(
        status,
        uid,
        (pair.key, drift.code, pair.owner, uid, drift.changes),
        pair.manifest is not None and counts(pair.manifest.body),
        _of_another(pair, frame.now) if is_anothers else None,
        tuple(seen) if is_known else (),
        heard,
        is_lasting,
        pair.proven and is_lasting and is_known and bool(seen),
    )


def found_below(child: Live, parent: ResourceKey | None, unlisted: str, frame: Frame) -> Finding:
    """What is found of an object below those of an application. unlisted: why what is known of it may be old."""
    body = child.body()
    if unlisted:
        health = Health(HealthCode.UNKNOWN, f"cannot be listed: {unlisted}")
    else:
        health = judge(body, frame.application, now=frame.now)
    status = ResourceStatus(
        key=child.key,
        drift=DriftCode.IN_SYNC,
        health=health,
        message=one_line(health.message),
        version=str(body.get("apiVersion", "")),
        parent=parent,
        desired=False,
        created=child.created,
    )
    is_lasting = not unlisted and (not is_unwell(health) or lasts(body, ()))
    return Finding(status, child.uid, seen=(child,), is_lasting=is_lasting, is_proven=is_lasting)


def _health(pair: Pair, below: Sequence[Body], heard: Heard, frame: Frame) -> Health:
    if pair.live is not None:
        return judge(pair.live, frame.application, below, frame.now, heard)
    if pair.manifest is not None and hook_of(pair.manifest.body) is not None:
        return Health(HealthCode.NONE, "hook: is there while it runs")
    if pair.drift.code is DriftCode.IN_SYNC:
        return Health(HealthCode.NONE, pair.drift.note)
    unread = pair.key in frame.failures and pair.drift.code is DriftCode.UNKNOWN
    return Health(HealthCode.UNKNOWN, "could not be read") if unread else Health(HealthCode.MISSING, "not there yet")


def _of_another(pair: Pair, now: float) -> Problem:
    hint = "let one application state it, or rename one of the two"
    return Problem(Stage.COMPARE, one_line(str(pair.key)), one_line(pair.refusal), hint, now)


def _created(body: Body | None) -> float | None:
    text = ((body or {}).get("metadata") or {}).get("creationTimestamp")
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else None
    except ValueError:
        return None

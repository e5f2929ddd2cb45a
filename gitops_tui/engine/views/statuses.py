"""View -> ApplicationStatus: pure, worst wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gitops_tui.cluster import Live
from gitops_tui.engine.views.reconcile import View
from gitops_tui.health import counts, worst
from gitops_tui.model.application import Application
from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.ownership import OWNER
from gitops_tui.model.resources import Body, DriftCode, Health, HealthCode, ResourceKey, ResourceStatus, digest_of
from gitops_tui.model.status import ApplicationStatus, Problem, SyncCode
from gitops_tui.model.text import one_line
from gitops_tui.sync import Pair, hook_of, judge, kept_from_prune

_DRIFTED = {DriftCode.CHANGED, DriftCode.MISSING, DriftCode.EXTRA}


def problem_of(
    error: GitopsError, since: float, *, stage: Stage | None = None, retry_at: float | None = None
) -> Problem:
    """An error as a value for the faces."""
    return Problem(
        stage or error.stage,
        one_line(error.subject),
        one_line(error.message, limit=2000),
        one_line(error.hint),
        since,
        retry_at,
    )


def status_of(view: View, *, now: float) -> ApplicationStatus:
    """What a look means. Operation, pin and pause are the worker's to add."""
    by_owner = _by_owner(child for child in view.children if child.key not in view.unlisted)
    resources = [_resource(pair, by_owner, view, now) for pair in view.pairs]
    keys = {_uid(pair.live): pair.key for pair in view.pairs if pair.live}
    keys |= {child.uid: child.key for child in view.children}
    below = [_child(child, keys, view, now) for child in view.children]
    drifted = sum(resource.drift is not DriftCode.IN_SYNC for resource in resources)
    problems = (
        *(problem_of(error, now, stage=Stage.OBSERVE) for _, error in sorted(view.failures.items())),
        *(_of_another(pair, now) for pair in view.pairs if _is_of_another(pair, view.application)),
    )
    health = _application_health(view.pairs, resources)
    return ApplicationStatus(
        application=view.application,
        sync=_sync(resources),
        health=health,
        revision=view.revision,
        latest=view.latest,
        resources=(*resources, *below),
        total=len(resources),
        drifted=drifted,
        problems=problems,
        compared_at=now,
        summary=_summary(resources, health, problems),
    )


def _is_of_another(pair: Pair, application: Application) -> bool:
    return pair.manifest is not None and pair.owner not in (None, application.name)


def _of_another(pair: Pair, now: float) -> Problem:
    hint = "let one application state it, or rename one of the two"
    return Problem(Stage.COMPARE, one_line(str(pair.key)), one_line(pair.refusal), hint, now)


def picture_of(view: View) -> str:
    """Return a digest of how desired and live relate: the same as long as an operation would find the same."""
    rows = [
        [pair.key.path, pair.drift.code, pair.owner, _uid(pair.live), *map(str, pair.drift.changes)]
        for pair in view.pairs
    ]
    failures = [f"{key.path}: {error.message}" for key, error in sorted(view.failures.items())]
    return digest_of({"revision": view.revision.sha, "rows": rows, "failures": failures})


def without_view(application: Application) -> ApplicationStatus:
    """The status of an application that could not be looked at yet."""
    return ApplicationStatus(application=application)


def _sync(resources: Sequence[ResourceStatus]) -> SyncCode:
    codes = {resource.drift for resource in resources}
    if DriftCode.UNKNOWN in codes:
        return SyncCode.UNKNOWN
    return SyncCode.OUT_OF_SYNC if codes & _DRIFTED else SyncCode.SYNCED


def _application_health(pairs: Sequence[Pair], resources: Sequence[ResourceStatus]) -> Health:
    # Missing counts only when nothing at all is live (semantics.md: Health per kind).
    counted = [
        resource
        for pair, resource in zip(pairs, resources, strict=True)
        if pair.manifest is not None and counts(pair.manifest.body)
    ]
    live = [resource for resource in counted if resource.drift is not DriftCode.MISSING]
    if not live:
        return (
            Health(HealthCode.MISSING, "nothing is live yet") if counted else Health(HealthCode.HEALTHY, "no resources")
        )
    found = worst(resource.health for resource in live)
    if found.code in {HealthCode.NONE, HealthCode.HEALTHY}:
        return Health(HealthCode.HEALTHY)
    culprit = next(resource for resource in live if resource.health.code is found.code)
    message = f"{culprit.key.kind} {culprit.key.name}: {found.message}" if found.message else ""
    return Health(found.code, message, found.rule)


def _resource(pair: Pair, by_owner: Mapping[str, list[Body]], view: View, now: float) -> ResourceStatus:
    health = _health(pair, by_owner, view, now)
    drift = pair.drift
    body: Body = pair.live or (pair.manifest.body if pair.manifest else {})
    failure = view.failures.get(pair.key)
    kept = ""
    if drift.code is DriftCode.EXTRA:
        kept = kept_from_prune(pair.key, body, view.application.policy, view.inventory)
    message = failure.message if failure else pair.refusal or drift.note or kept or health.message
    return ResourceStatus(
        key=pair.key,
        drift=drift.code,
        health=health,
        message=one_line(message),
        version=str(body.get("apiVersion", "")),
        desired=pair.manifest is not None,
        created=_created(pair.live),
        approximate=drift.approximate,
        kept=bool(kept),
        changed_fields=len(drift.changes),
        details={OWNER: pair.owner} if pair.drift.code is DriftCode.UNKNOWN and pair.owner else {},
    )


def _health(pair: Pair, by_owner: Mapping[str, list[Body]], view: View, now: float) -> Health:
    if pair.live is None and pair.manifest is not None and hook_of(pair.manifest.body) is not None:
        return Health(HealthCode.NONE, "hook: is there while it runs")
    if pair.live is None and pair.drift.code is DriftCode.IN_SYNC:
        return Health(HealthCode.NONE, pair.drift.note)
    if pair.live is None:
        unread = pair.key in view.failures and pair.drift.code is DriftCode.UNKNOWN
        return (
            Health(HealthCode.UNKNOWN, "could not be read") if unread else Health(HealthCode.MISSING, "not there yet")
        )
    return judge(pair.live, view.application, _descendants(_uid(pair.live), by_owner), now, view.events)


def _descendants(uid: str, by_owner: Mapping[str, list[Body]]) -> list[Body]:
    found: list[Body] = []
    front = [uid]
    while front:
        level = [child for owner in front for child in by_owner.get(owner, ())]
        found += level
        front = [_uid(child) for child in level]
    return found


def _by_owner(children: Iterable[Live]) -> dict[str, list[Body]]:
    found: dict[str, list[Body]] = {}
    for child in children:
        body = child.body()
        for uid in child.owner_uids:
            found.setdefault(uid, []).append(body)
    return found


def _child(child: Live, keys: Mapping[str, ResourceKey], view: View, now: float) -> ResourceStatus:
    body = child.body()
    if child.key in view.unlisted:
        health = Health(HealthCode.UNKNOWN, f"cannot be listed: {view.unlisted[child.key]}")
    else:
        health = judge(body, view.application, now=now)
    parent = next((keys[uid] for uid in child.owner_uids if uid in keys), None)
    return ResourceStatus(
        key=child.key,
        drift=DriftCode.IN_SYNC,
        health=health,
        message=one_line(health.message),
        version=str(body.get("apiVersion", "")),
        parent=parent,
        desired=False,
        created=child.created,
    )


def _summary(resources: Sequence[ResourceStatus], health: Health, problems: Sequence[Problem]) -> str:
    if problems:
        more = f" (+{len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"{problems[0].subject}: {problems[0].message}{more}"
    if health.code not in {HealthCode.HEALTHY, HealthCode.NONE} and health.message:
        return health.message
    found = Counter(resource.drift for resource in resources)
    words = ((DriftCode.CHANGED, "changed"), (DriftCode.MISSING, "missing"), (DriftCode.EXTRA, "extra"))
    return ", ".join(f"{found[code]} {word}" for code, word in words if found[code])


def _uid(body: Body | None) -> str:
    return str(_metadata(body).get("uid") or "")


def _metadata(body: Body | None) -> Mapping[str, Any]:
    return (body or {}).get("metadata") or {}


def _created(body: Body | None) -> float | None:
    text = _metadata(body).get("creationTimestamp")
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else None
    except ValueError:
        return None

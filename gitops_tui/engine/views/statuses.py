"""View -> ApplicationStatus: pure, worst wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gitops_tui.engine.views.findings import Finding
from gitops_tui.engine.views.sights import Sight
from gitops_tui.model.application import Application
from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.resources import DriftCode, Health, HealthCode, ResourceStatus, worst
from gitops_tui.model.status import ApplicationStatus, Problem, SyncCode
from gitops_tui.model.text import one_line

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


def status_of(sight: Sight, *, now: float) -> ApplicationStatus:
    """What a look means. Operation, pin and pause are the worker's to add."""
    resources = [each.status for each in sight.own]
    problems = (
        *(problem_of(error, now, stage=Stage.OBSERVE) for _, error in sorted(sight.failures.items())),
        *(each.problem for each in sight.own if each.problem is not None),
    )
    health = _application_health(sight.own)
    return ApplicationStatus(
        application=sight.ground.application,
        sync=_sync(resources),
        health=health,
        revision=sight.ground.revision,
        latest=sight.ground.latest,
        resources=(*resources, *(each.status for each in sight.below)),
        total=len(resources),
        drifted=sum(resource.drift in _DRIFTED for resource in resources),
        problems=problems,
        compared_at=now,
        summary=_summary(resources, health, problems),
    )


def picture_of(sight: Sight) -> object:
    """Return how desired and live relate: equal as long as an operation would find the same."""
    failures = tuple((key, error.message) for key, error in sorted(sight.failures.items()))
    return sight.ground.revision.sha, tuple(each.picture for each in sight.own), failures


def without_view(application: Application) -> ApplicationStatus:
    """The status of an application that could not be looked at yet."""
    return ApplicationStatus(application=application)


def _sync(resources: Sequence[ResourceStatus]) -> SyncCode:
    codes = {resource.drift for resource in resources}
    if DriftCode.UNKNOWN in codes:
        return SyncCode.UNKNOWN
    return SyncCode.OUT_OF_SYNC if codes & _DRIFTED else SyncCode.SYNCED


def _application_health(own: Sequence[Finding]) -> Health:
    # Missing counts only when nothing at all is live (semantics.md: Health per kind).
    counted = [each.status for each in own if each.is_counted]
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


def _summary(resources: Sequence[ResourceStatus], health: Health, problems: Sequence[Problem]) -> str:
    if problems:
        more = f" (+{len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"{problems[0].subject}: {problems[0].message}{more}"
    if health.code not in {HealthCode.HEALTHY, HealthCode.NONE} and health.message:
        return health.message
    if not resources:
        return "Git states no resource"
    found = Counter(resource.drift for resource in resources)
    words = ((DriftCode.CHANGED, "changed"), (DriftCode.MISSING, "missing"), (DriftCode.EXTRA, "extra"))
    return ", ".join(f"{found[code]} {word}" for code, word in words if found[code])

"""Applying one step: all its changes at once, then waiting for what later steps need of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gitops_tui.health import assess
from gitops_tui.model.errors import GitopsError, NotServedError
from gitops_tui.model.fields import dig
from gitops_tui.model.operations import Action, Change, Result
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, HealthCode
from gitops_tui.sync.execution.run import FailedError, Run, uid_of, version_of
from gitops_tui.sync.order import defined_kind

READY_WITHIN: Final = 60.0
"""Seconds that a new definition may take to be served, and a new namespace to be active."""


@dataclass(frozen=True, slots=True)
class _Answer:
    body: Body | None
    warnings: tuple[str, ...]
    failure: str
    duration: float


def apply_step(run: Run, changes: Sequence[Change]) -> None:
    """Apply changes that do not depend on each other. FailedError when one of them failed; all are reported."""
    run.pace.check()
    failures = []
    for change, answer in run.each(changes, lambda change: _apply(run, change)):
        if answer.body is None:
            run.report(change, Result.FAILED, answer.failure, duration=answer.duration)
            failures.append(answer.failure)
            continue
        run.applied[id(change)] = answer.body
        if change.action is Action.HOOK:
            continue
        if owner_of(answer.body) == run.application.name:
            run.recorder.applied(run.application.name, change.key, uid_of(answer.body))
        run.report(change, _result(change, answer.body), duration=answer.duration, warnings=answer.warnings)
        run.tell(f"applied {change.key}")
    if failures:
        raise FailedError(sorted(failures)[0])
    for change in changes:
        _await_usable(run, change)


def _apply(run: Run, change: Change) -> _Answer:
    started = run.pace.clock()
    if change.manifest is None:
        return _Answer(None, (), f"{change.key}: nothing to apply", 0.0)
    try:
        applied = run.cluster.apply(change.manifest, force=run.application.policy.force_conflicts)
    except GitopsError as error:
        return _Answer(None, (), str(error), run.pace.clock() - started)
    return _Answer(applied.body, applied.warnings, "", run.pace.clock() - started)


def _result(change: Change, body: Body) -> Result:
    if change.action is Action.CREATE:
        return Result.CREATED
    return Result.UNCHANGED if version_of(body) == change.resource_version else Result.CONFIGURED


def _await_usable(run: Run, change: Change) -> None:
    if change.key.kind == "CustomResourceDefinition":
        run.tell(f"waits until {change.key} is served")
        is_usable, wanted = _is_served, "served"
    elif change.key.kind == "Namespace" and not change.key.group:
        is_usable, wanted = _is_active, "active"
    else:
        return
    if not run.pace.until(lambda: is_usable(run, change), min(READY_WITHIN, run.timeout)):
        raise FailedError(f"{change.key}: is not {wanted} after {min(READY_WITHIN, run.timeout):.0f} s")


def _is_served(run: Run, change: Change) -> bool:
    live = run.cluster.read(change.key)
    if live is None or assess(live).code is not HealthCode.HEALTHY:
        return False
    try:
        run.cluster.resource(*defined_kind(live))
    except NotServedError:
        return False
    return True


def _is_active(run: Run, change: Change) -> bool:
    live = run.cluster.read(change.key)
    return live is not None and dig(live, "status", "phase") in {"Active", None}

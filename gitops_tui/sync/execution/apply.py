"""Applying one step: all its changes at once, then waiting for what later steps need of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gitops_tui.health import assess
from gitops_tui.model.errors import ClusterError, ConflictError, GitopsError, InvalidError, NotServedError
from gitops_tui.model.fields import dig, uid_of, version_of
from gitops_tui.model.operations import Action, Change, Method, Result
from gitops_tui.model.ownership import anothers, owner_of
from gitops_tui.model.resources import Body, HealthCode, Manifest
from gitops_tui.model.values import dataclass
from gitops_tui.sync.execution.hooks import hook_to_run
from gitops_tui.sync.execution.prune import REPLACED
from gitops_tui.sync.execution.run import FailedError, Run
from gitops_tui.sync.hooks import BEFORE
from gitops_tui.sync.options import awaits_kind, validates
from gitops_tui.sync.order import defined_kind
from gitops_tui.sync.plan import ADOPTS
from gitops_tui.sync.ports import Applied

READY_WITHIN: Final = 60.0
"""Seconds that a new definition may take to be served, and a new namespace to be active."""
TAKEN_WITHIN: Final = 10.0
"""Seconds that a changed definition may take until objects are taken by it."""
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    body: Body | None
    warnings: tuple[str, ...]
    failure: str
    duration: float
    permanent: bool = False


def apply_step(run: Run, changes: Sequence[Change]) -> None:
    """Apply changes that do not depend on each other. FailedError when one of them failed; all are reported."""
    run.pace.check()
    _await_kinds(run, changes)
    _await_definitions(run, changes)
    failures = []
    permanent = True
    for change, answer in run.each(changes, lambda change: _apply(run, change)):
        if answer.body is None:
            run.report(change, Result.FAILED, answer.failure, duration=answer.duration)
            failures.append(answer.failure)
            permanent = permanent and answer.permanent
            continue
        run.applied[id(change)] = answer.body
        warnings = (*_taken(change), *answer.warnings)
        if change.action is Action.HOOK:
            run.warnings[id(change)] = warnings
            continue
        if owner_of(answer.body) == run.application.name:
            run.recorder.applied(run.application.name, change.key, uid_of(answer.body))
        run.report(change, _result(change, answer.body), duration=answer.duration, warnings=warnings)
        run.tell(f"applied {change.key}")
    if failures:
        run.permanent = permanent
        raise FailedError(sorted(failures)[0])
    for change in changes:
        _await_usable(run, change)


def applied(
    run: Run,
    manifest: Manifest,
    *,
    dry_run: bool = False,
    secret: bool | None = None,
    anew: bool = False,
    resource_version: str = "",
) -> Applied:
    """Apply an object by the policies that hold for it. ClusterError when the server refuses it.

    secret: whether something of it is masked, as `Run.masks` tells who has the live object; None to find out.
    """
    policy = run.application.policy
    return run.cluster.apply(
        manifest,
        force=policy.force_conflicts,
        dry_run=dry_run,
        validate=validates(manifest.body, policy),
        secret=_is_masked(run, manifest, anew=anew) if secret is None else secret,
        anew=anew,
        resource_version=resource_version,
    )


def _is_masked(run: Run, manifest: Manifest, *, anew: bool) -> bool:
    if anew or not run.application.masked_paths:
        return run.masks(manifest, None)
    try:
        return run.masks(manifest, run.lookup(manifest.key))
    except ClusterError:
        return True


def replaced(run: Run, change: Change, manifest: Manifest, *, dry_run: bool = False) -> Applied:
    """Put an object in place of the live one. ConflictError when that is another one now, or another's."""
    validate = validates(manifest.body, run.application.policy)
    for attempt in range(_TRIES):
        live = run.cluster.read(change.key)
        if uid_of(live) != change.uid or (live and owner_of(live) not in {None, run.application.name}):
            raise ConflictError(str(change.key), REPLACED, status=409)
        try:
            return run.cluster.replace(
                manifest,
                uid=change.uid,
                resource_version=version_of(live),
                dry_run=dry_run,
                validate=validate,
                secret=run.masks(manifest, live),
            )
        except ConflictError:
            # A status moves it at any time; the preflight saw that nothing else of it did.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _applied_as_planned(run: Run, change: Change, manifest: Manifest) -> Applied:
    """Apply an object, but never take one that came to be, or became another application's, since the plan.

    The server itself refuses that: whatever were read here could be overtaken by a write as well.
    """
    is_hook = change.action is Action.HOOK
    becomes_ours = not change.uid or change.why == ADOPTS or is_hook
    if not becomes_ours or owner_of(manifest.body) != run.application.name:
        return applied(run, manifest)
    # What was left of an earlier run has been deleted, where it was ours.
    anew = not change.uid or (is_hook and BEFORE in hook_to_run(change).delete)
    version = "" if anew else change.resource_version
    for _ in range(_TRIES):
        try:
            return applied(run, manifest, anew=anew, resource_version=version)
        except ConflictError as error:
            if error.causes:
                raise  # it is about fields
        live = run.cluster.read(change.key)
        if live is not None and owner_of(live) == run.application.name:
            return applied(run, manifest)  # the answer to an apply was lost, or another process was first
        anew, version = live is None, version_of(live)
        _require_takeable(run, change, live)
    raise ConflictError(str(change.key), "changes too often to be taken over safely", status=409, temporary=True)


def _require_takeable(run: Run, change: Change, live: Body | None) -> None:
    """ConflictError when an object that is not as it was planned for is not to be taken over."""
    if live is None:
        return
    owner = owner_of(live)
    if owner is None and (uid_of(live) == change.uid or _comes_by_itself(run, change)):
        return
    told = anothers(owner, run.application.name) if owner else "appeared since the plan"
    raise ConflictError(str(change.key), f"{told}; it is left as it is", status=409, temporary=True)


def _comes_by_itself(run: Run, change: Change) -> bool:
    """Whether it is a namespace, which many syncs make, or in one of this plan: Kubernetes makes objects in each."""
    return (change.key.group, change.key.kind) == ("", "Namespace") or (
        change.key.namespace in run.introduced.namespaces
    )


def _apply(run: Run, change: Change) -> _Answer:
    started = run.pace.clock()
    if change.manifest is None:
        return _Answer(None, (), f"{change.key}: nothing to apply", 0.0)
    try:
        if change.method is Method.REPLACE:
            answer = replaced(run, change, change.manifest)
        else:
            answer = _applied_as_planned(run, change, change.manifest)
    except GitopsError as error:
        permanent = isinstance(error, InvalidError) and not error.temporary
        return _Answer(None, (), str(error), run.pace.clock() - started, permanent)
    return _Answer(answer.body, answer.warnings, "", run.pace.clock() - started)


def _taken(change: Change) -> tuple[str, ...]:
    return (f"took over from other field managers: {', '.join(change.takes)}",) if change.takes else ()


def _result(change: Change, body: Body) -> Result:
    if change.action is Action.CREATE or change.method is Method.RECREATE:
        return Result.CREATED
    return Result.UNCHANGED if version_of(body) == change.resource_version else Result.CONFIGURED


def _await_kinds(run: Run, changes: Sequence[Change]) -> None:
    """Wait for kinds that something in an earlier wave brings, where an option says so."""
    for change in changes:
        if change.manifest is None or change.uid or not awaits_kind(change.manifest.body, run.application.policy):
            continue
        group, kind = change.key.group, change.key.kind

        def is_served(group: str = group, kind: str = kind) -> bool:
            try:
                run.cluster.resource(group, kind)
            except NotServedError:
                return False
            return True

        if not is_served():
            run.tell(f"waits until {kind} is served")
            run.pace.until(is_served, min(READY_WITHIN, run.timeout))


def _await_definitions(run: Run, changes: Sequence[Change]) -> None:
    """Wait until the server takes objects by the definition that this run has changed; it does so a moment later."""
    for change in changes:
        if change.manifest is not None and run.introduced.redefines(change.key):

            def is_taken(manifest: Manifest = change.manifest) -> bool:
                try:
                    applied(run, manifest, dry_run=True)
                except (InvalidError, NotServedError):
                    return False
                except ClusterError:
                    return True  # the apply tells
                return True

            run.pace.until(is_taken, min(TAKEN_WITHIN, run.timeout))


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
    if dig(run.applied.get(id(change)), "status", "phase") == "Active":
        return True
    live = run.cluster.read(change.key)
    return live is not None and dig(live, "status", "phase") in {"Active", None}

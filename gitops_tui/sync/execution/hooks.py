"""Hooks: made anew, awaited, and deleted by their policy (semantics.md: Annotations that users bring)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops_tui.model.fields import dig, uid_of
from gitops_tui.model.operations import Action, Change, Result, SyncPhase
from gitops_tui.model.resources import Body, Health, HealthCode
from gitops_tui.model.values import replace
from gitops_tui.sync.execution.prune import REPLACED, Requested, ask_to_delete
from gitops_tui.sync.execution.run import DELETED, NOT_SEEN, FailedError, Run, names
from gitops_tui.sync.guards import PRECIOUS
from gitops_tui.sync.hooks import BEFORE, Hook, hook_of

_WITH_APPLICATION = {SyncPhase.PRE_DELETE, SyncPhase.POST_DELETE}
_PROPAGATION = "background"
_SUCCEEDED = {HealthCode.HEALTHY, HealthCode.NONE}
_FAILED = {HealthCode.DEGRADED, HealthCode.UNKNOWN}


def clear_hooks(run: Run, changes: Iterable[Change]) -> None:
    """Delete what is left of earlier runs of these hooks, as far as they are to be made anew."""
    stale = {}
    for change in changes:
        if change.action is Action.HOOK and BEFORE in hook_to_run(change).delete:
            uid = _cleared(run, change)
            if uid:
                stale[change] = uid

    def are_gone() -> bool:
        return all(uid_of(run.cluster.read(change.key)) != uid for change, uid in stale.items())

    if not run.pace.until(are_gone, run.timeout):
        keys = names(change.key for change in stale)
        raise FailedError(f"hooks of an earlier sync are still there after {run.timeout:.0f} s: {keys}")


def _cleared(run: Run, change: Change) -> str:
    """Ask for the deletion of what is left of an earlier run; returns its uid, "" when nothing of ours is left."""
    own = {uid_of(applied) for applied in run.applied.values()}

    def is_meant(live: Body) -> bool:
        # What has data goes only if the plan said so; of the rest, whatever is left of whichever run.
        return change.key.kind not in PRECIOUS or uid_of(live) in {change.uid, *own}

    request = ask_to_delete(run, change, is_meant, _PROPAGATION)
    _note_loss(run, change, request)
    told = request.failure or (f"{change.key}: {REPLACED}" if request.kept == REPLACED else "")
    if told:
        message = f"{change.key}: what is left of its last run cannot be deleted: {told}"
        run.report(change, Result.FAILED, message)
        raise FailedError(message)
    return request.uid


def _note_loss(run: Run, change: Change, request: Requested) -> None:
    """Keep what was there before this run and had data, as of everything that is deleted."""
    if change.key.kind in PRECIOUS and change.uid and request.uid == change.uid and request.before is not None:
        run.before[id(change)] = request.before


def await_hooks(run: Run, changes: Sequence[Change]) -> None:
    """Wait until the hooks among the applied changes have ended, and report them. FailedError when one failed."""
    started = run.pace.clock()
    pending = [change for change in changes if change.action is Action.HOOK and id(change) not in run.results]
    failures = []

    def have_ended() -> bool:
        for change in tuple(pending):
            health = _verdict(run, change)
            if health.code in _SUCCEEDED | _FAILED:
                pending.remove(change)
                told = "" if health.code in _SUCCEEDED else f"the hook failed: {health.message}"
                failures.extend(_end(run, change, told, run.pace.clock() - started))
        if pending:
            run.tell(f"waits for hook {pending[0].key}")
        return not pending

    in_time = run.pace.until(have_ended, run.timeout)
    for change in pending:
        told = f"did not end within {run.timeout:.0f} s: {run.health(change).message}"
        failures.extend(_end(run, change, told, run.pace.clock() - started))
    if failures or not in_time:
        raise FailedError(failures[0])


def _verdict(run: Run, change: Change) -> Health:
    health = run.health(change)
    if health not in {NOT_SEEN, DELETED} or not run.is_gone(change):
        return health
    ttl = dig(change.manifest.body if change.manifest is not None else None, "spec", "ttlSecondsAfterFinished")
    because = "" if ttl is None else f"; its ttlSecondsAfterFinished is {ttl}"
    return Health(HealthCode.UNKNOWN, f"it was deleted before its end was seen{because}")


def _end(run: Run, change: Change, failure: str, duration: float) -> list[str]:
    """Delete a hook that has ended as its policy says, and report it. failure: how it failed, "" when it did not."""
    warnings = run.warnings.get(id(change), ())
    if ("HookFailed" if failure else "HookSucceeded") in hook_to_run(change).delete:
        uid = uid_of(run.applied.get(id(change)))
        request = ask_to_delete(run, change, lambda live: uid_of(live) == uid, _PROPAGATION)
        _note_loss(run, change, request)
        if request.failure or request.kept:
            warnings = (*warnings, f"not deleted: {request.failure or request.kept}")
    if not failure:
        result = Result.CREATED if uid_of(run.applied.get(id(change))) != change.uid else Result.UNCHANGED
        told = "the hook succeeded" if result is Result.CREATED else "the hook had succeeded before, and is kept"
        run.report(change, result, told, duration=duration, warnings=warnings)
        return []
    message = f"{change.key}: {failure}"
    run.report(change, Result.FAILED, message, duration=duration, warnings=warnings)
    return [message]


def hook_to_run(change: Change) -> Hook:
    """Return how a change runs as a hook, with the policy by which it is deleted."""
    found = hook_of(change.manifest.body) if change.manifest is not None else None
    hook = found if found is not None else Hook(())
    # Nobody is left who would delete it before it runs again.
    return replace(hook, delete=hook.delete | {"HookSucceeded"}) if change.phase in _WITH_APPLICATION else hook

"""Hooks: made anew, awaited, and deleted by their policy (semantics.md: Annotations that users bring)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops_tui.model.errors import GitopsError
from gitops_tui.model.operations import Action, Change, Result, SyncPhase
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.model.values import replace
from gitops_tui.sync.execution.run import FailedError, Run, names, uid_of
from gitops_tui.sync.hooks import Hook, hook_of

_WITH_APPLICATION = {SyncPhase.PRE_DELETE, SyncPhase.POST_DELETE}
_SUCCEEDED = {HealthCode.HEALTHY, HealthCode.NONE}
_FAILED = {HealthCode.DEGRADED, HealthCode.UNKNOWN}


def clear_hooks(run: Run, changes: Iterable[Change]) -> None:
    """Delete what is left of earlier runs of these hooks, as far as they are to be made anew."""
    stale = {}
    for change in changes:
        if change.action is Action.HOOK and "BeforeHookCreation" in _policy(change).delete:
            live = run.cluster.read(change.key)
            if live is not None and owner_of(live) == run.application.name:
                stale[change] = uid_of(live)
                run.cluster.delete(change.key, uid=uid_of(live), propagation="background")

    def are_gone() -> bool:
        return all(uid_of(run.cluster.read(change.key)) != uid for change, uid in stale.items())

    if not run.pace.until(are_gone, run.timeout):
        keys = names(change.key for change in stale)
        raise FailedError(f"hooks of an earlier sync are still there after {run.timeout:.0f} s: {keys}")


def await_hooks(run: Run, changes: Sequence[Change]) -> None:
    """Wait until the hooks among the applied changes have ended, and report them. FailedError when one failed."""
    started = run.pace.clock()
    pending = [change for change in changes if change.action is Action.HOOK and id(change) not in run.results]
    failures = []

    def have_ended() -> bool:
        for change in tuple(pending):
            health = run.health(change)
            if health.code in _SUCCEEDED | _FAILED:
                pending.remove(change)
                failures.extend(_end(run, change, health, run.pace.clock() - started))
        if pending:
            run.tell(f"waits for hook {pending[0].key}")
        return not pending

    in_time = run.pace.until(have_ended, run.timeout)
    for change in pending:
        message = f"{change.key}: did not end within {run.timeout:.0f} s: {run.health(change).message}"
        run.report(change, Result.FAILED, message, warnings=run.warnings.get(id(change), ()))
        failures.append(message)
    if failures or not in_time:
        raise FailedError(failures[0])


def _end(run: Run, change: Change, health: Health, duration: float) -> list[str]:
    succeeded = health.code in _SUCCEEDED
    warnings = run.warnings.get(id(change), ())
    if ("HookSucceeded" if succeeded else "HookFailed") in _policy(change).delete:
        try:
            uid = uid_of(run.applied.get(id(change)))
            run.cluster.delete(change.key, uid=uid, propagation="background")
        except GitopsError as error:
            warnings = (*warnings, f"not deleted: {error}")
    if succeeded:
        run.report(change, Result.CREATED, "the hook succeeded", duration=duration, warnings=warnings)
        return []
    message = f"{change.key}: the hook failed: {health.message}"
    run.report(change, Result.FAILED, message, duration=duration, warnings=warnings)
    return [message]


def _policy(change: Change) -> Hook:
    found = hook_of(change.manifest.body) if change.manifest is not None else None
    hook = found if found is not None else Hook(())
    # Nobody is left who would delete it before it runs again.
    return replace(hook, delete=hook.delete | {"HookSucceeded"}) if change.phase in _WITH_APPLICATION else hook

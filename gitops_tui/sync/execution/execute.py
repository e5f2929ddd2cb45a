"""Executing a ChangeSet: check, apply step by step, prune, wait for health, report every resource."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError, GitopsError, PlanError
from gitops_tui.model.operations import Action, Change, ChangeSet, OperationPhase, Result, SyncPhase
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.sync.execution.apply import apply_step
from gitops_tui.sync.execution.hooks import await_hooks, clear_hooks
from gitops_tui.sync.execution.pace import Pace, StoppedError
from gitops_tui.sync.execution.preflight import preflight
from gitops_tui.sync.execution.prune import prune_step
from gitops_tui.sync.execution.recreate import make_room
from gitops_tui.sync.execution.run import FailedError, Run
from gitops_tui.sync.execution.settle import describe, settle
from gitops_tui.sync.hooks import timed
from gitops_tui.sync.order import arranged, steps
from gitops_tui.sync.ports import NOBODY, Audience, Children, Cluster, Lookup, Outcome, Recorder

WAVE_PAUSE: Final = 2.0
"""Seconds between two waves (Argo CD's default)."""

_WOULD_BE: Final = {
    Action.CREATE: Result.CREATED,
    Action.UPDATE: Result.CONFIGURED,
    Action.HOOK: Result.CREATED,
    Action.DELETE: Result.PRUNED,
}


def execute(
    cluster: Cluster,
    application: Application,
    changeset: ChangeSet,
    *,
    recorder: Recorder,
    stop: threading.Event | None = None,
    audience: Audience = NOBODY,
    timeout: float | None = None,
    dry_run: bool = False,
    lookup: Lookup | None = None,
    children: Children | None = None,
    wave_pause: float = WAVE_PAUSE,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], bool] | None = None,
    now: Callable[[], float] = time.time,
) -> Outcome:
    """Make the cluster what the plan says, and return what became of every resource.

    recorder is told of each step as it happens. stop ends it after the running writes. timeout: seconds that each wait
    for health, for a hook or for a deletion may take; the application's policy by default. dry_run: only check.
    lookup: where live objects are read for their health, the cluster by default. children: what lies below a live
    object, to tell why it is not healthy.

    Raises StalePlanError when the cluster moved since the plan, and PlanError when the plan was refused; nothing
    is written then. Failures of later steps are part of the Outcome.
    """
    if changeset.refusals:
        raise PlanError(f"application {application.name}", f"the plan is refused: {changeset.refusals[0]}")
    event = stop if stop is not None else threading.Event()
    pace = Pace(clock, wait if wait is not None else event.wait, event.is_set, audience.rests)
    seconds = application.policy.health_timeout if timeout is None else timeout
    started = now()
    changes = [timed(change, started, application, changeset.revision) for change in changeset.changes]
    with ThreadPoolExecutor(application.policy.parallel, thread_name_prefix=f"sync-{application.name}") as pool:
        run = Run(
            cluster,
            application,
            arranged(changes),
            recorder,
            pace,
            pool,
            audience.progress,
            lookup if lookup is not None else cluster.read,
            children if children is not None else lambda _live: (),
            now,
            seconds,
            deletes=changeset.deletion is not None,
        )
        return _guarded(run, lambda: _checked(run, dry_run=dry_run, wave_pause=wave_pause))


def _guarded(run: Run, work: Callable[[], tuple[str, bool]]) -> Outcome:
    """Do the work, and make an Outcome of whatever ends it, with a result for every resource."""
    verified = False
    try:
        message, verified = work()
        phase, rest = OperationPhase.SUCCEEDED, "runs only when a sync fails"
    except StoppedError:
        phase, message, rest = OperationPhase.TERMINATED, "stopped", "not done: the operation was stopped"
    except FailedError as failure:
        phase, message, rest = OperationPhase.FAILED, str(failure), f"not done: {failure}"
    except PlanError:
        raise
    except GitopsError as error:
        phase, message, rest = OperationPhase.ERROR, str(error), f"not known: {error}"
    return _outcome(run, phase, message, rest, verified=verified)


def _outcome(run: Run, phase: OperationPhase, message: str, rest: str, *, verified: bool) -> Outcome:
    try:
        run.report_rest(rest)
    except GitopsError as error:  # the journal itself fails: the answer still tells what was done
        phase, message, verified = OperationPhase.ERROR, str(error), False
    rows = tuple(run.results[id(change)] for change in run.changes if id(change) in run.results)
    return Outcome(phase, rows, message, verified, run.permanent and phase is OperationPhase.FAILED)


def _checked(run: Run, *, dry_run: bool, wave_pause: float) -> tuple[str, bool]:
    refusals = preflight(run, again=dry_run)
    run.report_skips()
    for change in run.writes:
        if id(change) in refusals:
            run.report(change, Result.FAILED, refusals[id(change)])
    if refusals:
        raise FailedError(f"nothing was written: {sorted(refusals.values())[0]}")
    if dry_run:
        for change in run.writes:
            run.report(change, _WOULD_BE[change.action], "dry-run")
        return f"dry-run: {_summary(run)}", False
    try:
        return (_removed if run.deletes else _performed)(run, wave_pause)
    except (FailedError, ClusterError) as failure:
        # Its own failure is in its results; the first one says what went wrong.
        with suppress(FailedError, ClusterError):
            _run_phase(run, SyncPhase.SYNC_FAIL, wave_pause)
        raise FailedError(str(failure)) from failure


def _removed(run: Run, wave_pause: float) -> tuple[str, bool]:
    for phase in (SyncPhase.PRE_DELETE, SyncPhase.DELETE, SyncPhase.POST_DELETE):
        _run_phase(run, phase, wave_pause)
    return _summary(run), False


def _performed(run: Run, wave_pause: float) -> tuple[str, bool]:
    ours = [change for change in run.writes if change.manifest is not None and change.action is not Action.HOOK]
    keys = [change.key for change in ours if change.manifest and owner_of(change.manifest.body) == run.application.name]
    if keys:
        run.recorder.intend(run.application.name, keys)
    _run_phase(run, SyncPhase.PRE_SYNC, wave_pause)
    _run_phase(run, SyncPhase.SYNC, wave_pause)
    if any(change.phase is SyncPhase.POST_SYNC for change in run.writes):
        _require_health(run, run.changes)
        _run_phase(run, SyncPhase.POST_SYNC, wave_pause)
    unsettled = settle(run, run.changes)
    broken = [(change, health) for change, health in unsettled.values() if _is_broken(change, health)]
    if broken:
        raise FailedError(f"applied, but not healthy after {run.timeout:.0f} s: {describe(broken)}")
    if unsettled:
        return f"{_summary(run)}; not healthy after {run.timeout:.0f} s: {describe(unsettled.values())}", False
    return _summary(run), True


def _run_phase(run: Run, phase: SyncPhase, wave_pause: float) -> None:
    """Apply the waves of a phase one after another, each healthy before the next, then prune."""
    planned = [(place, group) for place, group in steps(run.writes) if group[0].phase is phase]
    applying = [(place, group) for place, group in planned if not place.deletes]
    waves = [[group for _, group in rows] for _, rows in groupby(applying, key=lambda row: row[0].wave)]
    for number, wave in enumerate(waves):
        changes = [change for group in wave for change in group]
        if number:
            run.pace.pause(wave_pause)
        _run_wave(run, wave)
        if number < len(waves) - 1 or phase is SyncPhase.PRE_SYNC:
            _require_health(run, changes)
    for place, group in planned:
        if place.deletes:
            prune_step(run, group)


def _run_wave(run: Run, wave: Sequence[Sequence[Change]]) -> None:
    changes = [change for group in wave for change in group]
    clear_hooks(run, changes)
    for group in wave:
        make_room(run, group)
        apply_step(run, group)
    await_hooks(run, changes)


def _require_health(run: Run, changes: Sequence[Change]) -> None:
    unsettled = settle(run, changes)
    if unsettled:
        raise FailedError(f"not healthy after {run.timeout:.0f} s: {describe(unsettled.values())}")


def _is_broken(change: Change, health: Health) -> bool:
    return change.action is not Action.SKIP and health.code in {HealthCode.DEGRADED, HealthCode.MISSING}


def _summary(run: Run) -> str:
    tally = Counter(row.result for row in run.results.values())
    return ", ".join(f"{tally[result]} {result.words}" for result in Result if tally[result]) or "nothing to do"

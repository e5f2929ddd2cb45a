"""Deleting what Git no longer states, each object only while it is certainly still ours (invariant 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gitops_tui.diff import mask, normalise
from gitops_tui.model.errors import ConflictError, GitopsError
from gitops_tui.model.fields import dig, mappings, text, uid_of, version_of
from gitops_tui.model.operations import Change, Result
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body
from gitops_tui.model.values import dataclass
from gitops_tui.sync.execution.pace import StoppedError
from gitops_tui.sync.execution.run import FailedError, Run
from gitops_tui.sync.options import propagation_of

_TRIES: Final = 3
REPLACED: Final = "another object has taken its place"


@dataclass(frozen=True, slots=True)
class Requested:
    """What came of asking for a deletion: asked for, or not ours any more, or failed.

    before: what it was, masked. uid: of what was asked for, "" when nothing was.
    """

    kept: str = ""
    failure: str = ""
    before: Body | None = None
    uid: str = ""


def prune_step(run: Run, changes: Sequence[Change]) -> None:
    """Delete objects that do not depend on each other, and wait until they are gone. FailedError otherwise."""
    run.pace.check()
    started = run.pace.clock()
    asked: list[Change] = []
    failures = []
    try:
        for change, request in run.each(changes, lambda change: request_deletion(run, change)):
            if request.before is not None:
                run.before[id(change)] = request.before
            if request.failure:
                run.report(change, Result.FAILED, request.failure)
                failures.append(request.failure)
            elif request.kept:
                run.report(change, Result.PRUNE_SKIPPED, request.kept)
            else:
                asked.append(change)
                run.tell(f"deletes {change.key}")
        failures.extend(_confirm(run, asked, started))
    except StoppedError:
        for change in asked:
            if id(change) not in run.results:
                run.report(change, Result.PRUNE_SKIPPED, "asked for; stopped before it was confirmed")
        raise
    if failures:
        raise FailedError(sorted(failures)[0])


def request_deletion(run: Run, change: Change) -> Requested:
    """Ask for the deletion of the very object that was planned, if it is still ours (invariant 4)."""
    return ask_to_delete(run, change, lambda live: uid_of(live) == change.uid)


def ask_to_delete(
    run: Run, change: Change, is_meant: Callable[[Body], bool], propagation: str | None = None
) -> Requested:
    """Ask for the deletion of what a change names, if that is ours, and the one that is meant.

    propagation: None for what its options and the application's policy say.
    """
    before: Body | None = None
    for _ in range(_TRIES):
        try:
            live = run.cluster.read(change.key)
            if live is None:
                return Requested(before=before)
            if not is_meant(live):
                return Requested(kept=REPLACED)
            if owner_of(live) != run.application.name:
                return Requested(kept=f"is no longer {run.application.name}'s")
            before = mask(normalise(live), run.application.masked_paths)
            how = propagation or propagation_of(live, run.application.policy)
            uid, version = uid_of(live), version_of(live)
            run.cluster.delete(change.key, uid=uid, resource_version=version, propagation=how)
        except ConflictError:
            continue  # it moved between reading and deleting: read it again, it may be another's now
        except GitopsError as error:
            return Requested(failure=str(error))
        return Requested(before=before, uid=uid)
    return Requested(failure=f"{change.key}: changes too often to be deleted safely")


def _confirm(run: Run, asked: Sequence[Change], started: float) -> list[str]:
    """Wait for the deletions; strike from the inventory what is gone, report what is not."""
    pending = list(asked)

    def is_gone(change: Change) -> bool:
        live = run.cluster.read(change.key)
        if live is not None and uid_of(live) == change.uid:
            return False
        run.recorder.strike(run.application.name, change.key)
        run.report(change, Result.PRUNED, duration=run.pace.clock() - started)
        run.tell(f"deleted {change.key}")
        return True

    def are_gone() -> bool:
        pending[:] = [change for change in pending if not is_gone(change)]
        if pending:
            run.tell(f"waits for the deletion of {pending[0].key}")
        return not pending

    if run.pace.until(are_gone, run.timeout):
        return []
    failures = []
    for change in pending:
        message = f"{change.key}: is still there after {run.timeout:.0f} s{why_there(run.cluster.read(change.key))}"
        run.report(change, Result.FAILED, message, duration=run.pace.clock() - started)
        failures.append(message)
    return failures


def why_there(live: Body | None) -> str:
    """Return what holds an object that is being deleted, to be put behind a message; "" when that is not known."""
    finalizers = dig(live, "metadata", "finalizers")
    if isinstance(finalizers, list) and finalizers:
        return f", held by {', '.join(str(name) for name in finalizers)}"
    told = [text(row.get("message")) for row in mappings(dig(live, "status", "conditions")) if _tells_of_rest(row)]
    return f": {'; '.join(told)}" if told else ""


def _tells_of_rest(condition: Mapping[str, Any]) -> bool:
    """Whether a condition says what is left in a namespace, or why that is not known."""
    return text(condition.get("type")).startswith("Namespace") and condition.get("status") == "True"

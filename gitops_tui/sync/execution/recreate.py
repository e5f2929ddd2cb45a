"""Deleting what cannot be changed, so that it can be made anew; each object only while it is certainly ours."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_tui.model.fields import uid_of
from gitops_tui.model.operations import Change, Method, Result
from gitops_tui.sync.execution.prune import request_deletion, why_there
from gitops_tui.sync.execution.run import FailedError, Run


def make_room(run: Run, changes: Sequence[Change]) -> None:
    """Delete the live objects that these changes make anew, and wait until they are gone. FailedError otherwise."""
    run.pace.check()
    pending = []
    failures = []
    recreated = [change for change in changes if change.method is Method.RECREATE]
    for change, request in run.each(recreated, lambda change: request_deletion(run, change)):
        if request.before is not None:
            run.before[id(change)] = request.before
        failure = request.failure or (f"{change.key}: {request.kept}" if request.kept else "")
        if failure:
            run.report(change, Result.FAILED, failure)
            failures.append(failure)
        else:
            run.made_room.add(id(change))
            pending.append(change)
    if failures:
        raise FailedError(sorted(failures)[0])

    def are_gone() -> bool:
        pending[:] = [change for change in pending if uid_of(run.cluster.read(change.key)) == change.uid]
        if pending:
            run.tell(f"waits for the deletion of {pending[0].key}")
        return not pending

    if run.pace.until(are_gone, run.timeout):
        return
    for change in pending:
        message = f"{change.key}: is still there after {run.timeout:.0f} s{why_there(run.cluster.read(change.key))}"
        run.report(change, Result.FAILED, message)
        failures.append(message)
    raise FailedError(sorted(failures)[0])

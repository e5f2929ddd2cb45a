"""Before the first write: is the plan still that of this cluster, and would the server take all of it?"""

from __future__ import annotations

from gitops_tui.diff import compare
from gitops_tui.model.errors import (
    ConflictError,
    DryRunRefusedError,
    GitopsError,
    InvalidError,
    NotServedError,
    StalePlanError,
)
from gitops_tui.model.fields import uid_of, version_of
from gitops_tui.model.operations import Action, Change, Method
from gitops_tui.model.ownership import anothers, owner_of
from gitops_tui.model.resources import Body
from gitops_tui.model.values import dataclass
from gitops_tui.sync.execution.apply import applied, replaced
from gitops_tui.sync.execution.hooks import hook_to_run
from gitops_tui.sync.execution.run import Run
from gitops_tui.sync.hooks import BEFORE
from gitops_tui.sync.options import awaits_kind, is_immutable
from gitops_tui.sync.order import Introduced


@dataclass(frozen=True, slots=True)
class _Finding:
    stale: str = ""
    refusal: str = ""
    permanent: bool = True


def preflight(run: Run, *, again: bool = False) -> dict[int, str]:
    """Check every write against the cluster, by reading and by dry-run; nothing is written.

    What the server was asked when the plan was made, a moment ago, is asked again only where `again` says so.

    Returns the refusals by the identity of their change, empty when the server takes everything. Raises
    StalePlanError when a live object is no longer what the plan was made for.
    """
    introduced = run.introduced
    run.tell("checks the plan by dry-run")
    checked = run.each(
        [each for each in run.writes if again or not each.tried], lambda change: _check(run, introduced, change)
    )
    findings = {id(change): (change, finding) for change, finding in checked}
    stale = [f"{change.key} {finding.stale}" for change, finding in findings.values() if finding.stale]
    if stale:
        raise StalePlanError(
            f"application {run.application.name}",
            f"the plan is stale: {_listed(sorted(stale))}",
            hint="plan again",
            temporary=True,
        )
    refused = {number: finding for number, (_, finding) in findings.items() if finding.refusal}
    run.permanent = bool(refused) and all(finding.permanent for finding in refused.values())
    return {number: finding.refusal for number, finding in refused.items()}


def _listed(texts: list[str]) -> str:
    return "; ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")


def _check(run: Run, introduced: Introduced, change: Change) -> _Finding:
    redefined = introduced.redefines(change.key)
    served = introduced.serves(change.key) or _may_come(run, change)
    excused = served or introduced.excuses(change.key)
    try:
        if change.action is Action.CREATE and change.key.namespace in introduced.namespaces:
            # Nothing is in a namespace that this plan makes, and whether that is there by now is looked at itself.
            run.cluster.resource(change.key.group, change.key.kind)
            return _Finding()
        live = run.cluster.read(change.key, api_version=change.manifest.api_version if change.manifest else "")
    except NotServedError as error:
        return _Finding() if served or redefined else _Finding(refusal=str(error))
    except GitopsError as error:
        return _Finding(refusal=str(error), permanent=not error.temporary)
    stale = _staleness(change, live)
    if stale:
        return _Finding(stale=stale)
    owner = owner_of(live) if live is not None else None
    if owner is not None and owner != run.application.name:
        return _Finding(refusal=f"{change.key}: {anothers(owner, run.application.name)}")
    try:
        return _dry_run(run, change, live, is_due=live is not None or not excused)
    except GitopsError as error:
        is_old = live is not None and _goes_first(run, change, live)
        if isinstance(error, DryRunRefusedError) or (redefined and isinstance(error, InvalidError | NotServedError)):
            return _Finding()  # what cannot be foretold is tried
        if is_old and (isinstance(error, ConflictError) or (isinstance(error, InvalidError) and is_immutable(error))):
            return _Finding()  # a new object differs from nothing
        if isinstance(error, ConflictError):
            return _Finding(refusal=_conflict(error))
        return _Finding(refusal=str(error), permanent=not error.temporary)


def _may_come(run: Run, change: Change) -> bool:
    return change.manifest is not None and awaits_kind(change.manifest.body, run.application.policy)


def _staleness(change: Change, live: Body | None) -> str:
    if change.action is Action.HOOK:
        return ""
    if change.action is Action.DELETE and live is None:
        return ""
    if change.uid != uid_of(live):
        return "appeared" if not change.uid else "is gone" if live is None else "was replaced by another object"
    return ""


def _goes_first(run: Run, change: Change, live: Body) -> bool:
    """Whether what is live is what an earlier run of a hook has left, which is deleted before this one."""
    is_ours = change.action is Action.HOOK and owner_of(live) == run.application.name
    return is_ours and BEFORE in hook_to_run(change).delete


def _dry_run(run: Run, change: Change, live: Body | None, *, is_due: bool) -> _Finding:
    if change.manifest is None or change.method is Method.RECREATE:
        if live is not None:
            run.cluster.delete(change.key, uid=uid_of(live), propagation="foreground", dry_run=True)
        return _Finding()
    if not is_due:
        return _Finding()
    if change.method is Method.REPLACE:
        replaced(run, change, change.manifest, dry_run=True)
    answer = applied(run, change.manifest, dry_run=True, secret=run.masks(change.manifest, live))
    if live is not None and change.action is Action.UPDATE and version_of(live) != change.resource_version:
        return _Finding(stale=_moved(run, change, live, answer.body))
    return _Finding()


def _moved(run: Run, change: Change, live: Body, predicted: Body) -> str:
    """Say that the object changed since the plan, unless only its status did and the plan would be the same.

    An object without a status changes only when somebody changes it; its masked values may look alike.
    """
    if "status" in live and change.manifest is not None:
        rules, masked = run.application.ignore, run.application.masked_paths
        again = compare(change.manifest.body, live, predicted, rules, masked_paths=masked)
        if again.changes == change.changes:
            return ""
    return "changed"


def _conflict(error: ConflictError) -> str:
    owners = f": {', '.join(error.causes)}" if error.causes else ""
    return f"{error.subject}: {error.message}{owners} (force_conflicts takes such fields over)"

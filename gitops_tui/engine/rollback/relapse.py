"""When a commit is to blame and its application goes back by itself: pure decisions (semantics.md: Automation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gitops_tui.model.operations import Deployment, OperationKind, OperationPhase, Receipt, Result
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.model.values import dataclass

ACTOR: Final = "auto-rollback"
SETTLING: Final = 10.0
"""Seconds for which an application has to be Degraded: a container that crashes once while it starts is no relapse."""
_WRITTEN: Final = {Result.CREATED, Result.CONFIGURED, Result.PRUNED}
_DEPLOYING: Final = {OperationKind.SYNC, OperationKind.ROLLBACK}


@dataclass(frozen=True, slots=True)
class Relapse:
    """A commit that seems to be to blame. operation: the sync that brought it. failed: that sync failed."""

    revision: str
    operation: str
    why: str
    failed: bool


def relapse(
    status: ApplicationStatus,
    last: Receipt | None,
    *,
    degraded: float,
    since: float,
    now: float,
    settling: float = SETTLING,
) -> Relapse | None:
    """What an application would go back from, by what is known without looking further; None for nothing.

    last: the newest operation that deployed. degraded: seconds for which it has been Degraded. since, now: when that
    began and what time it is, in seconds since the epoch.
    """
    policy = status.application.policy
    if not policy.auto_rollback or status.pin is not None or status.pause is not None or status.running is not None:
        return None
    if last is None or last.kind is not OperationKind.SYNC or status.revision is None or status.stale:
        return None
    short = last.revision[:7]
    if last.phase is OperationPhase.FAILED and status.revision.sha == last.revision:
        return Relapse(last.revision, last.operation, f"the sync of {short} failed: {last.message}", failed=True)
    if last.phase is not OperationPhase.SUCCEEDED or last.finished is None:
        return None
    # In sync, so what Git says and nothing else is what does not work.
    is_broken = status.sync is SyncCode.SYNCED and status.health.code is HealthCode.DEGRADED and degraded >= settling
    if not is_broken or now - last.finished > policy.soak:
        return None
    if since < last.started:
        # What was broken before the sync was not broken by it.
        return None
    after = max(since - last.finished, 0.0)
    why = f"{short} was Degraded {after:.0f} s after its sync: {status.health.message or 'no reason is given'}"
    return Relapse(last.revision, last.operation, why, failed=False)


def deployed_last(receipts: Iterable[Receipt]) -> Receipt | None:
    """The newest operation that deployed, whatever came of it; what only healed or only wrote to Git is none."""
    return next((each for each in receipts if each.kind in _DEPLOYING and not each.commit), None)


def is_to_blame(
    found: Relapse,
    receipt: Receipt | None,
    deployments: Iterable[Deployment],
    is_same: Callable[[str], bool],
    *,
    soak: float,
    hopeless: bool,
) -> bool:
    """Whether the commit is new, and is what does not work.

    receipt: of the sync, with its results. deployments: newest first. is_same: whether a revision has the content of
    the commit that is blamed. hopeless: nobody tries the sync again.
    """
    if found.failed:
        wrote = receipt is not None and any(each.result in _WRITTEN for each in receipt.resources)
        newest = next(iter(deployments), None)
        # What could be deployed before fails now for another reason than the commit.
        return (wrote or hopeless) and (newest is None or not is_same(newest.revision))
    since = 0.0
    last = receipt.finished if receipt is not None and receipt.finished is not None else 0.0
    for each in deployments:
        if not is_same(each.revision):
            break
        since = each.time
    # The same content may have been synced again and again; it was new once.
    return bool(since) and last - since <= soak


def was_tried(receipts: Iterable[Receipt], is_same: Callable[[str], bool]) -> bool:
    """Whether the application has gone back from this content by itself before: it does so once.

    receipts: newest first. What was synced well in between was another release, and the content is new again.
    """
    for each in receipts:
        if each.actor == ACTOR and each.quarantined and is_same(each.quarantined):
            return True
        if each.kind is OperationKind.SYNC and each.phase is OperationPhase.SUCCEEDED and not is_same(each.revision):
            return False
    return False

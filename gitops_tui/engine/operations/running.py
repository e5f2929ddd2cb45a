"""What becomes of an approved plan: executed entry by entry, journaled, receipted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gitops_tui.cluster import Cluster, beneath
from gitops_tui.engine.operations.entry import journaled
from gitops_tui.engine.operations.halt import Halt
from gitops_tui.engine.operations.planning import Approved, Planned, Plans
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.errors import HeldError, PlanError, StalePlanError
from gitops_tui.model.operations import ChangeSet, OperationKind, OperationPhase, Receipt, ResourceResult, Result
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync.execution import execute
from gitops_tui.sync.ports import Audience, Outcome

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Order:
    """An operation to run: what, by whom, and for how long health is waited for (seconds)."""

    kind: OperationKind
    actor: str
    approved: Approved
    timeout: float | None = None
    dry_run: bool = False
    message: str = ""
    until: str = ""
    unpin: bool = False
    quarantined: str = ""
    """Of a rollback: the newest commit that is rolled away from."""
    on_approved: Callable[[], object] | None = None
    """Called once the plan is known to be the approved one, before anything is written."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A receipt. permanent: it failed, and would again until Git, the cluster or a person changes something.

    journaled: the journal holds it; otherwise it could not be written, and has to be once it can.
    """

    receipt: Receipt
    permanent: bool = False
    journaled: bool = True


class Operations:
    """Runs plans. Thread-safe; one operation an application at a time is the worker's to keep."""

    def __init__(self, reconciler: Reconciler, journal: Journal, plans: Plans, *, wave_pause: float = 2.0) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._plans = plans
        self._wave_pause = wave_pause

    def run(self, application: Application, order: Order, halt: Halt, audience: Audience) -> Ended:
        """Make the plan again, see that it is the approved one, execute it, and journal all of it.

        Raises PlanError, with nothing written, when the plan is stale, refused, or held and not approved.
        """
        planned = self._approved(application, order)
        changeset = planned.changeset
        receipt = _begun(application, order, changeset)
        if order.dry_run:
            return Ended(self._foretold(application, receipt, changeset, halt))
        if order.on_approved is not None:
            order.on_approved()
        with journaled(self._journal, receipt, partial=changeset.partial) as entry:
            context = self._reconciler.cluster(application).context
            self._journal.intend(application.name, context, planned.present)
            for key in sorted(planned.absent):
                self._journal.strike(application.name, context, key)
            recorder = _JournalRecorder(self._journal, receipt.operation, context)
            outcome = self._execute(application, order, changeset, recorder=recorder, halt=halt, audience=audience)
            entry.receipt, entry.permanent = _ended(receipt, outcome, halt), outcome.permanent
        return Ended(entry.receipt, entry.permanent, entry.is_written)

    def _approved(self, application: Application, order: Order) -> Planned:
        approved = order.approved
        planned = self._plans.again(application, approved)
        changeset = planned.changeset
        subject = f"application {application.name}"
        if approved.hash is None:
            if changeset.held:
                raise HeldError(subject, f"held for a person: {'; '.join(changeset.held)}", hint="sync it by hand")
        elif changeset.hash != approved.hash:
            raise StalePlanError(
                subject,
                "the plan is stale: something moved since it was shown",
                hint="look at the new plan",
                temporary=True,
            )
        if changeset.refusals and not order.dry_run:
            raise PlanError(subject, "; ".join(changeset.refusals), hint="nothing was written")
        return planned

    def _execute(
        self,
        application: Application,
        order: Order,
        changeset: ChangeSet,
        *,
        recorder: _JournalRecorder,
        halt: Halt,
        audience: Audience,
    ) -> Outcome:
        cluster = self._reconciler.cluster(application)
        for attempt in range(_TRIES):
            try:
                return execute(
                    cluster,
                    application,
                    changeset,
                    recorder=recorder,
                    stop=halt.event,
                    audience=audience,
                    timeout=order.timeout,
                    lookup=lambda key: seen(cluster, key),
                    children=lambda live: below(cluster, live),
                    wave_pause=self._wave_pause,
                )
            except StalePlanError:
                # A status update moved a resourceVersion: plan again, and go on only if the plan is the same.
                if attempt == _TRIES - 1:
                    raise
                again = Approved.of(changeset)
                changeset = self._approved(application, replace(order, approved=again)).changeset
        raise AssertionError("the last try returns or raises")

    def _foretold(self, application: Application, receipt: Receipt, changeset: ChangeSet, halt: Halt) -> Receipt:
        """What the server says to the whole plan; nothing is written, and nothing journaled."""
        if changeset.refusals:
            why = "not tried: the plan is refused"
            outcome = Outcome(
                OperationPhase.FAILED,
                tuple(ResourceResult(c.key, Result.SKIPPED, why, action=c.action) for c in changeset.changes),
                "; ".join(changeset.refusals),
            )
        else:
            cluster = self._reconciler.cluster(application)
            outcome = execute(
                cluster, application, changeset, recorder=_NoRecorder(), stop=halt.event, dry_run=True, wave_pause=0.0
            )
        return replace(_ended(receipt, outcome, halt), finished=time.time())


def _begun(application: Application, order: Order, changeset: ChangeSet) -> Receipt:
    return Receipt(
        operation="" if order.dry_run else new_operation_id(),
        application=application.name,
        revision=changeset.revision,
        kind=order.kind,
        actor=order.actor,
        phase=OperationPhase.RUNNING,
        plan_hash=changeset.hash,
        started=time.time(),
        message=order.message,
        dry_run=order.dry_run,
        quarantined=order.quarantined,
    )


def _ended(receipt: Receipt, outcome: Outcome, halt: Halt) -> Receipt:
    stopped = outcome.phase is OperationPhase.TERMINATED
    return replace(
        receipt,
        phase=halt.phase if stopped else outcome.phase,
        resources=outcome.resources,
        message=halt.message if stopped else "; ".join(filter(None, (receipt.message, outcome.message))),
        verified=outcome.verified,
    )


def seen(cluster: Cluster, key: ResourceKey) -> Body | None:
    """The live object as the watches have it; read where they do not, or not now. Raises ClusterError."""
    known = cluster.live(key)
    return known.body() if known is not None and cluster.problem(key) is None else cluster.read(key)


def below(cluster: Cluster, live: Body) -> Iterator[Body]:
    """The live objects below one, from the cache: ReplicaSets, then their Pods; none of a kind that is not listed."""
    uids = [str((live.get("metadata") or {}).get("uid") or "")]
    return (child.body() for child in beneath(cluster.below(uids), uids) if cluster.problem(child.key) is None)


class _JournalRecorder:
    """Writes what execution does as it does it."""

    def __init__(self, journal: Journal, operation: str, context: str) -> None:
        self._journal = journal
        self._operation = operation
        self._context = context

    def intend(self, application: str, keys: Iterable[ResourceKey]) -> None:
        """Into the inventory before the first apply, so that a kill leaves nothing unknown behind."""
        self._journal.intend(application, self._context, keys)

    def applied(self, application: str, key: ResourceKey, uid: str) -> None:
        """The inventory holds it since `intend`."""

    def strike(self, application: str, key: ResourceKey) -> None:
        """Out of the inventory after a confirmed deletion."""
        self._journal.strike(application, self._context, key)

    def result(self, result: ResourceResult) -> None:
        """One resource of the receipt."""
        self._journal.result(self._operation, result)


def new_operation_id() -> str:
    """Unique, and sortable by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.urandom(3).hex()}"


class _NoRecorder:
    """For a dry-run, which leaves no trace."""

    def intend(self, application: str, keys: Iterable[ResourceKey]) -> None:
        """Nothing is intended."""

    def applied(self, application: str, key: ResourceKey, uid: str) -> None:
        """Nothing is applied."""

    def strike(self, application: str, key: ResourceKey) -> None:
        """Nothing is deleted."""

    def result(self, result: ResourceResult) -> None:
        """The receipt holds it."""

"""Plans, and what becomes of an approved one: executed entry by entry, journaled, receipted."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_tui.cluster import Cluster
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ForbiddenError, GitopsError, PlanError, StalePlanError
from gitops_tui.model.operations import (
    Action,
    ChangeSet,
    OperationKind,
    OperationPhase,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.sync import Outcome, Pair, execute, plan

_TRIES = 3
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Approved:
    """What a person or a policy approved: enough to make the plan again and to see that it is the same one.

    hash None: whatever the plan says now is approved by policy, unless it is held.
    """

    revision: str
    prune: bool
    resources: frozenset[ResourceKey] | None = None
    hash: str | None = None

    @classmethod
    def of(cls, changeset: ChangeSet) -> Approved:
        """The approval of exactly this plan."""
        chosen = frozenset(change.key for change in changeset.changes) if changeset.partial else None
        return cls(changeset.revision, changeset.prune, chosen, changeset.hash)


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
    on_approved: Callable[[], None] | None = None
    """Called once the plan is known to be the approved one, before anything is written."""


class Operations:
    """Makes plans and runs them. Thread-safe; one operation an application at a time is the worker's to keep."""

    def __init__(
        self, reconciler: Reconciler, journal: Journal, *, fetch_problem: Callable[[str], str], wave_pause: float = 2.0
    ) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._fetch_problem = fetch_problem
        self._wave_pause = wave_pause

    def plan(
        self,
        application: Application,
        revision: str | None = None,
        prune: bool | None = None,
        resources: Iterable[ResourceKey] | None = None,
    ) -> ChangeSet:
        """What a sync would do. Raises GitopsError when nothing can be said."""
        view = self._reconciler.look(application, revision, for_plan=True)
        cluster = self._reconciler.cluster(application)
        incomplete = self._fetch_problem(application.source.repository) or view.incomplete
        return plan(
            application,
            view.revision.sha,
            [*_missing_namespace(application, cluster, view.pairs), *view.pairs],
            prune=application.policy.prune if prune is None else prune,
            inventory=self._journal.inventory(application.name, cluster.context),
            resources=frozenset(resources) if resources else None,
            incomplete=incomplete,
        )

    def run(self, application: Application, order: Order, stop: threading.Event, progress: Progress) -> Receipt:
        """Make the plan again, see that it is the approved one, execute it, and journal all of it.

        Raises PlanError, with nothing written, when the plan is stale, refused, or held and not approved.
        """
        changeset = self._approved_plan(application, order)
        if order.dry_run:
            return _foretold(application, order, changeset)
        if order.on_approved is not None:
            order.on_approved()
        receipt = Receipt(
            operation=new_operation_id(),
            application=application.name,
            revision=changeset.revision,
            kind=order.kind,
            actor=order.actor,
            phase=OperationPhase.RUNNING,
            plan_hash=changeset.hash,
            started=time.time(),
            message=order.message,
        )
        self._journal.begin(receipt, partial=changeset.partial)
        try:
            outcome = self._execute(
                application, order=order, changeset=changeset, receipt=receipt, stop=stop, progress=progress
            )
        except GitopsError as error:
            failed = replace(receipt, phase=OperationPhase.FAILED, finished=time.time(), message=str(error))
            self._journal.finish(failed)
            return failed
        except BaseException:
            self._journal.finish(
                replace(receipt, phase=OperationPhase.ERROR, finished=time.time(), message="stopped by a fault of ours")
            )
            raise
        done = replace(
            receipt,
            phase=outcome.phase,
            finished=time.time(),
            resources=outcome.resources,
            message=outcome.message or order.message,
            verified=outcome.verified,
        )
        self._journal.finish(done)
        return done

    def _approved_plan(self, application: Application, order: Order) -> ChangeSet:
        approved = order.approved
        changeset = self.plan(application, approved.revision, approved.prune, approved.resources)
        subject = f"application {application.name}"
        if approved.hash is None:
            if changeset.held:
                raise PlanError(subject, f"held for a person: {'; '.join(changeset.held)}", hint="sync it by hand")
        elif changeset.hash != approved.hash:
            raise StalePlanError(
                subject,
                "the plan is stale: something moved since it was shown",
                hint="look at the new plan",
                temporary=True,
            )
        if changeset.refusals and not order.dry_run:
            raise PlanError(subject, "; ".join(changeset.refusals), hint="nothing was written")
        return changeset

    def _execute(
        self,
        application: Application,
        *,
        order: Order,
        changeset: ChangeSet,
        receipt: Receipt,
        stop: threading.Event,
        progress: Progress,
    ) -> Outcome:
        cluster = self._reconciler.cluster(application)
        recorder = _JournalRecorder(self._journal, receipt.operation, cluster.context)
        for attempt in range(_TRIES):
            try:
                return execute(
                    cluster,
                    application,
                    changeset,
                    recorder=recorder,
                    stop=stop,
                    progress=progress,
                    timeout=order.timeout,
                    children=lambda live: below(cluster, live),
                    wave_pause=self._wave_pause,
                )
            except StalePlanError:
                # A status update moved a resourceVersion: plan again, and go on only if the plan is the same.
                if attempt == _TRIES - 1:
                    raise
                again = Approved.of(changeset)
                changeset = self._approved_plan(application, replace(order, approved=again))
        raise AssertionError("the last try returns or raises")


def below(cluster: Cluster, live: Body) -> Iterator[Body]:
    """The live objects below one, from the cache: ReplicaSets, then their Pods."""
    for child in cluster.children(str((live.get("metadata") or {}).get("uid") or "")):
        body = child.body()
        yield body
        yield from below(cluster, body)


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
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def _foretold(application: Application, order: Order, changeset: ChangeSet) -> Receipt:
    results = {
        Action.CREATE: Result.CREATED,
        Action.UPDATE: Result.CONFIGURED,
        Action.DELETE: Result.PRUNED,
        Action.HOOK: Result.CREATED,
        Action.SKIP: Result.SKIPPED,
    }
    now = time.time()
    return Receipt(
        operation="",
        application=application.name,
        revision=changeset.revision,
        kind=order.kind,
        actor=order.actor,
        phase=OperationPhase.FAILED if changeset.refusals else OperationPhase.SUCCEEDED,
        plan_hash=changeset.hash,
        started=now,
        finished=now,
        resources=tuple(
            ResourceResult(c.key, results[c.action], c.why, changes=c.changes, warnings=c.warnings)
            for c in changeset.changes
        ),
        message="; ".join(changeset.refusals) or "dry run: nothing was written",
        dry_run=True,
    )


def _missing_namespace(application: Application, cluster: Cluster, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The destination's namespace, when the policy lets us make it and it is not there.

    It is not stamped as ours: other applications live in it too, and a prune must never take it.
    """
    namespace = application.destination.namespace
    key = ResourceKey("", "Namespace", "", namespace)
    if not application.policy.create_namespace or any(pair.key == key for pair in pairs):
        return ()
    if not any(pair.manifest is not None and pair.key.namespace == namespace for pair in pairs):
        return ()
    try:
        if cluster.read(key) is not None:
            return ()
    except ForbiddenError:
        return ()
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return (Pair(key=key, manifest=Manifest.of(body), live=None, drift=Drift(key, DriftCode.MISSING)),)

"""Undo of what was done last: planned like anything else that writes."""

from __future__ import annotations

import time

from gitops_tui.engine.operations.planning import Plans
from gitops_tui.engine.requests import (
    PauseAutomation,
    PlanRevert,
    PlanUndo,
    ResumeAutomation,
    Revert,
    Rollback,
    Sync,
    Undoing,
)
from gitops_tui.engine.rollback.reverts import Reverts
from gitops_tui.engine.rollback.undoing import Deploy, Follow, Hold, Restore, by_somebody, way_back
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.journal.deeds import Deed, DeedKind
from gitops_tui.model.application import Application
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import ChangeSet

_SEARCHED = 100


class Undo:
    """Plans what undoes the newest deed. Thread-safe."""

    def __init__(self, reconciler: Reconciler, journal: Journal, plans: Plans, reverts: Reverts) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._plans = plans
        self._reverts = reverts

    def plan(self, application: Application, request: PlanUndo) -> Undoing:
        """What is undone, and how. PlanError when it cannot be."""
        name, actor = application.name, request.actor
        deeds = by_somebody(self._journal.deeds(name, _SEARCHED))
        newest = deeds[0].receipt if deeds else None
        full = self._journal.receipt(newest.operation) if newest else None
        way = way_back(name, deeds, full.resources if full else (), time.time())
        what = told(deeds[0])
        why = request.why or f"undo of {what}"
        match way:
            case Deploy(revision, pin):
                plan = self._planned(application, revision)
                until = pin.until if pin else "next-commit"
                why = (pin.why if pin else "") or why
                rollback = Rollback(name, plan, actor, why, until, timeout=request.timeout)
                return Undoing(what, f"deploy {revision[:7]} and hold it there", rollback, plan)
            case Follow():
                plan = self._planned(application, None)
                sync = Sync(name, plan, actor, timeout=request.timeout, unpin=True)
                return Undoing(what, f"lift the pin and deploy {plan.revision[:7]}, which is tracked", sync, plan)
            case Restore(commit):
                return self._restored(application, commit, what, request)
            case Hold(pause):
                hold = PauseAutomation(name, actor, pause.why, pause.until)
                return Undoing(what, "pause automation as before", hold)
        return Undoing(what, "let automation go on", ResumeAutomation(name, actor))

    def _planned(self, application: Application, revision: str | None) -> ChangeSet:
        if revision is None:
            mirror = self._reconciler.mirror(application.source.repository)
            revision = mirror.resolve(application.source.revision).sha
        return self._plans.plan(application, revision).changeset

    def _restored(self, application: Application, commit: str, what: str, request: PlanUndo) -> Undoing:
        source = application.source
        mirror = self._reconciler.mirror(source.repository)
        if not mirror.is_ancestor(commit, mirror.resolve(source.revision).sha):
            raise PlanError(
                f"application {application.name}",
                f"cannot undo {what}: its commit {commit[:7]} is not on the tracked branch",
                hint="close its pull request, or delete its branch",
            )
        touched = mirror.history(commit, source.path, limit=2)
        made = self._reverts.plan(application, PlanRevert(application.name, touched[-1].sha))
        why = request.why or f"undo of {what}"
        how = f"commit {source.path or 'everything'} as of {made.revision.short} to {made.target}"
        return Undoing(what, how, Revert.of(made, request.actor, why), restoration=made)


def told(deed: Deed) -> str:
    """A deed in words."""
    receipt = deed.receipt
    if receipt is not None:
        kind = "revert" if receipt.commit else str(receipt.kind)
        to = f" to {receipt.revision[:7]}" if receipt.revision else ""
        return f"the {kind}{to} by {deed.who}"
    words = {
        DeedKind.PIN: "the pin",
        DeedKind.UNPIN: "the unpin",
        DeedKind.PAUSE: "the pause",
        DeedKind.RESUME: "the end of the pause",
    }
    return f"{words.get(deed.kind, 'what was done')} by {deed.who}"

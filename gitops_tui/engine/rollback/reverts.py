"""Reverts: a commit that restores an application's path, planned from the local copy, pushed, and journaled."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gitops_tui.config import Settings
from gitops_tui.engine.operations.entry import Entry, journaled
from gitops_tui.engine.operations.running import new_operation_id
from gitops_tui.engine.requests import PlanRevert, Revert
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from gitops_tui.model.revision import Restoration, Revision, RollbackMode
from gitops_tui.model.text import one_line, sanitize
from gitops_tui.model.values import replace
from gitops_tui.source.writing import Place, Restored, Restorer

_UNSIGNED: Final = (
    "It is not signed, and this application takes signed commits alone: it is not deployed. Set `signCommits` in the"
    " settings, or go back by a pin."
)


class Reverts:
    """Plans reverts and runs approved ones. Thread-safe. settings: those in use now."""

    def __init__(self, reconciler: Reconciler, journal: Journal, settings: Callable[[], Settings]) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._settings = settings

    def plan(self, application: Application, request: PlanRevert) -> Restoration:
        """What the commit would be. PlanError when there is nothing to restore."""
        mirror = self._reconciler.mirror(application.source.repository)
        wanted = mirror.resolve(request.revision).sha
        made = self._restorer(application).plan(_place(application), wanted, request.mode)
        if not made.files:
            raise PlanError(
                f"application {application.name}",
                f"{_path(made)} at {made.revision.short} is what it is on {made.branch} already",
                hint="there is nothing to revert",
            )
        # What is merged from a branch may be signed by whoever merges it.
        is_refused = application.source.signed_by and not made.signed and made.mode is RollbackMode.REVERT
        return replace(made, note=_UNSIGNED) if is_refused else made

    def run(self, application: Application, request: Revert) -> Entry:
        """Push what was approved. StalePlanError, with nothing pushed, when it would be something else by now."""
        restorer, place = self._restorer(application), _place(application)
        plan = restorer.renew(place, request.revision, request.mode, request.hash)
        receipt = Receipt(
            new_operation_id(),
            application.name,
            plan.revision.sha,
            OperationKind.ROLLBACK,
            request.actor,
            OperationPhase.RUNNING,
            plan.hash,
            time.time(),
            message=request.why,
        )
        # Partial: it writes nothing to the cluster, so it is no deployment.
        with journaled(self._journal, receipt, partial=True) as entry:
            made = restorer.perform(place, plan, lambda now: message(now, request.why, request.actor))
            told = _told(made, request)
            entry.receipt = replace(receipt, phase=OperationPhase.SUCCEEDED, commit=made.sha, message=told)
        return entry

    def _restorer(self, application: Application) -> Restorer:
        settings = self._settings()
        mirror = self._reconciler.mirror(application.source.repository)
        return Restorer(mirror, author=settings.author, signs=settings.sign_commits)


def message(plan: Restoration, why: str, actor: str) -> str:
    """The commit's message: what is restored, in place of what, why, and who asked for it."""
    lines = [
        f"Revert {plan.application} to {plan.revision.short}",
        "",
        f"Restores {_path(plan)} as of {_named(plan.revision)}",
        f"in place of {_named(plan.replaced)}.",
        "",
        *((f"Reason: {sanitize(why.strip(), limit=2000)}", "") if why.strip() else ()),
        f"Restores-commit: {plan.revision.sha}",
        f"Replaces-commit: {plan.replaced.sha}",
        f"Requested-by: {one_line(actor, limit=200)}",
    ]
    return "\n".join(lines)


def _named(revision: Revision) -> str:
    return f'{revision.short} "{one_line(revision.subject, limit=100)}"'


def _path(plan: Restoration) -> str:
    return one_line(plan.path) or "everything"


def _told(made: Restored, request: Revert) -> str:
    plan = made.plan
    what = f"{made.sha[:7]} restores {_path(plan)} as of {plan.revision.short} in place of {plan.replaced.short}"
    where = f"pushed to {plan.target}"
    if plan.mode is RollbackMode.BRANCH:
        where += f"; open a pull request: {made.url}" if made.url else f"; open a pull request to {plan.branch}"
    return f"{what}, {where}{f' ({request.why})' if request.why else ''}"


def _place(application: Application) -> Place:
    source = application.source
    return Place(application.name, source.revision, source.path)

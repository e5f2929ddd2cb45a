"""Which lane a question is answered in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.answers import Answers
from gitops_tui.engine.requests import (
    Between,
    Compare,
    Explain,
    History,
    Ignored,
    LastChange,
    LastGood,
    Operations,
    Orphans,
    Plan,
    PlanDeletion,
    PlanRevert,
    PlanUndo,
    ReadLogs,
    Render,
    Request,
    Resolve,
    Reveal,
)
from gitops_tui.engine.rollback.ways import WaysBack
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.model.application import Application
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import SyncCode

_ASKED_AT_ONCE = 2


class Questions:
    """Passes questions on to lanes of their own, so that they never wait for looks or operations."""

    def __init__(self, desk: Desk, answers: Answers, back: WaysBack) -> None:
        self._desk = desk
        self._answers = answers
        self._back = back

    def operations(self, request: Operations, future: Future[Any]) -> None:
        """Receipts of one or all applications."""
        journal = self._desk.journal
        self._ask(
            "journal",
            lambda: journal.receipts(
                request.application, limit=request.limit, since=request.since, resources=request.resources
            ),
            future,
        )

    def take(self, application: Application, request: Request, future: Future[Any]) -> bool:
        """Have a question about an application answered; False when the request is none."""
        repository = f"ask {application.source.repository}"
        answers = self._answers
        match request:
            case Render():
                self._ask(repository, lambda: answers.render(application, request.revision), future)
            case Resolve():
                self._ask(repository, lambda: answers.resolve(application, request.revision), future)
            case LastChange():
                self._ask(repository, lambda: answers.last_change(application, request), future)
            case History():
                live = self._live(application.name)
                self._ask(repository, lambda: answers.history(application, request, live), future)
            case _:
                return self._take_of_cluster(application, request, future)
        return True

    def _take_of_cluster(self, application: Application, request: Request, future: Future[Any]) -> bool:
        """Questions that the cluster has a part in."""
        cluster = f"ask {self._desk.books.context_of(application)}"
        answers = self._answers
        match request:
            case Compare():
                self._ask(cluster, lambda: answers.compare(application, request), future)
            case Reveal():
                self._ask(cluster, lambda: answers.reveal(application, request), future)
            case Explain():
                self._ask(cluster, lambda: answers.explain(application, request.key), future)
            case ReadLogs():
                # A node that does not answer holds up only those who want to read what is written there.
                self._ask(f"logs {cluster}", lambda: answers.logs(application, request), future)
            case Between():
                self._ask(cluster, lambda: answers.between(application, request), future)
            case Ignored():
                self._ask(cluster, lambda: answers.hidden(application, request), future)
            case Orphans():
                stated = self._stated_in(self._desk.books.context_of(application))
                self._ask(cluster, lambda: answers.orphans(application, stated), future)
            case Plan() | PlanDeletion():
                self._ask(cluster, lambda: answers.plan(application, request), future)
            case _:
                return self._take_back(application, request, future)
        return True

    def _take_back(self, application: Application, request: Request, future: Future[Any]) -> bool:
        """Questions about the ways back."""
        cluster = f"ask {self._desk.books.context_of(application)}"
        repository = f"ask {application.source.repository}"
        match request:
            case LastGood():
                self._ask(repository, lambda: self._back.past.last_good(application), future)
            case PlanRevert():
                self._ask(repository, lambda: self._back.reverts.plan(application, request), future)
            case PlanUndo():
                self._ask(cluster, lambda: self._back.undo.plan(application, request), future)
            case _:
                return False
        return True

    def _live(self, name: str) -> str:
        """The commit that the cluster was seen to hold at the last look, "" where it differs or is not known."""
        tracked = self._desk.books.tracked.get(name)
        status = tracked.status if tracked is not None else None
        if status is None or status.revision is None or status.stale or status.sync is not SyncCode.SYNCED:
            return ""
        return status.revision.sha

    def _stated_in(self, context: str) -> frozenset[ResourceKey]:
        """Every object that Git names for a cluster, as of the last looks."""
        return frozenset(
            resource.key
            for tracked in self._desk.books.tracked.values()
            if self._desk.books.context_of(tracked.application) == context
            for resource in tracked.status.resources
            if resource.desired
        )

    def _ask(self, lane: str, job: Callable[[], Any], future: Future[Any]) -> None:
        self._desk.run(lane, _ASKED_AT_ONCE, job, future.set_result, future.set_exception)

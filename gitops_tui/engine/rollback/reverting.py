"""A revert on its way: started in the lane of its repository, and entered in the books when it ends."""

from __future__ import annotations

from typing import Any

from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.entry import Entry
from gitops_tui.engine.operations.halt import Halt
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.requests import Revert
from gitops_tui.engine.rollback.reverts import Reverts
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.lanes import WRITING
from gitops_tui.engine.schedule.tracking import RunningJob, Tracked
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.operations import OperationKind, OperationPhase
from gitops_tui.model.status import RunningOperation
from gitops_tui.model.values import replace


class Reverting:
    """Starts reverts. While one runs, nothing else is started for its application."""

    def __init__(self, desk: Desk, launcher: Launcher, reverts: Reverts) -> None:
        self._desk = desk
        self._launcher = launcher
        self._reverts = reverts

    def start(self, tracked: Tracked, request: Revert, future: Future[Any]) -> None:
        """Run one; its Receipt arrives in the Future. PlanError while another operation runs."""
        application = tracked.application
        self._launcher.refuse_while_busy(tracked)
        tracked.job = RunningJob(Halt(), request.revision, automatic=False)
        running = RunningOperation(
            "", OperationKind.ROLLBACK, OperationPhase.RUNNING, current=f"a commit to {application.source.repository}"
        )
        tracked.status = replace(tracked.status, running=running)
        self._desk.books.mark(tracked)

        def ended(entry: Entry) -> None:
            receipt = entry.receipt
            if not entry.is_written:
                self._launcher.write_later(receipt)
            self._launcher.settle(tracked)
            self._desk.books.load_journal()
            self._desk.books.operation_ended(receipt)
            fetching = self._desk.books.fetching.get(application.source.repository)
            if fetching is not None:
                fetching.due = self._desk.clock()
            future.set_result(receipt)

        def not_run(error: GitopsError) -> None:
            self._launcher.settle(tracked)
            future.set_exception(error)

        lane = f"{WRITING}{application.source.repository}"
        self._desk.run(lane, 1, lambda: self._reverts.run(application, request), ended, not_run)

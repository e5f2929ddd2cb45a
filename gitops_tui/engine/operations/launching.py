"""Operations on their way: started in a lane, followed, and entered in the books when they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from gitops_tui.engine.operations.running import Operations, Order
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import RunningJob, Tracked
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.model.errors import GitopsError, PlanError, Stage
from gitops_tui.model.operations import OperationKind, OperationPhase, Pin, Receipt
from gitops_tui.model.status import Problem, RunningOperation

WRITING = "sync "
"""How the lanes of operations begin: what the worker waits for when it ends."""


class Launcher:
    """Starts operations, one an application at a time."""

    def __init__(self, desk: Desk, operations: Operations) -> None:
        self._desk = desk
        self._operations = operations

    def start(self, tracked: Tracked, order: Order, future: Future[Any]) -> None:
        """Run an order; its Receipt arrives in the Future. PlanError while another operation runs."""
        application = tracked.application
        if tracked.job is not None and not order.dry_run:
            raise PlanError(
                f"application {application.name}",
                "an operation is running",
                hint="wait for it, or stop it first",
            )
        context = self._desk.books.context_of(application)
        stop = threading.Event()
        if not order.dry_run:
            tracked.job = RunningJob(stop, order.approved.revision, automatic=order.approved.hash is None)
            tracked.attempts.started(order.kind, order.approved.revision, self._desk.clock())
            tracked.status = replace(tracked.status, running=RunningOperation("", order.kind, OperationPhase.PENDING))
            self._desk.books.changed = True
        order = replace(order, on_approved=self._pin_for(tracked, order))

        def progress(done: int, total: int, current: str) -> None:
            self._desk.post(lambda: self._progressed(tracked, order, done, total, current))

        self._desk.run(
            f"{WRITING}{context}",
            self._desk.books.config.settings.parallel,
            lambda: self._operations.run(application, order, stop, progress),
            lambda receipt: self._ended(tracked, order, receipt, future),
            lambda error: self._not_run(tracked, order, error, future),
        )

    def _pin_for(self, tracked: Tracked, order: Order) -> Callable[[], None] | None:
        if order.kind is not OperationKind.ROLLBACK or order.dry_run:
            return None
        latest = tracked.status.latest
        pin = Pin(
            tracked.application.name,
            order.approved.revision,
            latest.sha if latest else "",
            order.actor,
            order.message,
            order.until or "next-commit",
            time.time(),
        )
        return lambda: self._desk.journal.pin(pin)

    def _progressed(self, tracked: Tracked, order: Order, done: int, total: int, current: str) -> None:
        if tracked.job is not None:
            phase = OperationPhase.WAITING if total and done >= total else OperationPhase.RUNNING
            tracked.status = replace(
                tracked.status, running=RunningOperation("", order.kind, phase, done, total, current)
            )
            self._desk.books.changed = True

    def _ended(self, tracked: Tracked, order: Order, receipt: Receipt, future: Future[Any]) -> None:
        if not order.dry_run:
            job = tracked.job
            self._settle(tracked)
            self._desk.books.load_journal()
            self._desk.books.operation_ended(receipt)
            superseded = job is not None and job.superseded
            succeeded = receipt.phase is OperationPhase.SUCCEEDED
            tracked.attempts.ended(order.kind, receipt.revision, succeeded or superseded, self._desk.clock())
            tracked.outcome = None if succeeded or superseded else self._failure(receipt)
        future.set_result(receipt)

    def _failure(self, receipt: Receipt) -> Problem:
        failed = [r for r in receipt.resources if r.result == "Failed"]
        message = receipt.message or (f"{failed[0].key}: {failed[0].message}" if failed else "")
        return Problem(
            Stage.EXECUTE,
            f"{receipt.kind} of {receipt.revision[:7]}",
            f"{receipt.phase}: {message}",
            "the receipt tells what became of each resource",
            receipt.finished or 0.0,
        )

    def _not_run(self, tracked: Tracked, order: Order, error: GitopsError, future: Future[Any]) -> None:
        if not order.dry_run:
            automatic = tracked.job is not None and tracked.job.automatic
            self._settle(tracked)
            if automatic:
                tracked.outcome = problem_of(error, time.time(), stage=Stage.PLAN)
                tracked.attempts.ended(order.kind, order.approved.revision, False, self._desk.clock())
        future.set_exception(error)

    def _settle(self, tracked: Tracked) -> None:
        tracked.job = None
        tracked.status = replace(tracked.status, running=None)
        tracked.touch(self._desk.clock())
        self._desk.books.changed = True

    def stop_running(self) -> None:
        """Tell every running operation to end after the write that it is in."""
        for tracked in self._desk.books.tracked.values():
            if tracked.job is not None:
                tracked.job.stop.set()

"""What is asked of the worker, by people and by its own automation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from gitops_tui.engine.operations import handover
from gitops_tui.engine.operations.answers import Answers
from gitops_tui.engine.operations.automation import intent
from gitops_tui.engine.operations.running import Approved, Operations, Order
from gitops_tui.engine.requests import (
    Compare,
    History,
    PauseAutomation,
    Plan,
    Render,
    Request,
    Resolve,
    ResumeAutomation,
    Rollback,
    Sync,
    Terminate,
    Unpin,
)
from gitops_tui.engine.requests import Operations as OperationsRequest
from gitops_tui.engine.schedule.books import Books
from gitops_tui.engine.schedule.looking import RunJob
from gitops_tui.engine.schedule.tracking import RunningJob, Tracked
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.journal import Journal
from gitops_tui.model.errors import GitopsError, PlanError, Stage
from gitops_tui.model.operations import OperationKind, OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.status import Problem, RunningOperation

_ASKED_AT_ONCE = 2


class Commands:
    """Takes requests and starts operations. Everything but the jobs runs in the worker's thread."""

    def __init__(
        self,
        *,
        books: Books,
        journal: Journal,
        operations: Operations,
        answers: Answers,
        run: RunJob,
        post: Callable[[Callable[[], None]], None],
        who: str,
        closing: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._books = books
        self._journal = journal
        self._operations = operations
        self._answers = answers
        self._run = run
        self._post = post
        self._who = who
        self._closing = closing
        self._clock = clock

    # -- the writer's place ----------------------------------------------------------------------------------

    def claim_writer(self) -> bool:
        """Become the writer of the state folder, if nobody else is."""
        if self._journal.is_writer:
            return True
        if not self._journal.claim_writer(self._who):
            return False
        self._journal.interrupt_running()
        self._books.load_journal()
        return True

    # -- requests --------------------------------------------------------------------------------------------

    def take(self, request: Request, future: Future[Any]) -> None:
        """Answer a request in the Future. Raises GitopsError when it cannot even be begun."""
        if isinstance(request, OperationsRequest):
            name, limit = request.application, request.limit
            self._ask("journal", lambda: self._journal.receipts(name, limit=limit), future)
            return
        tracked = self._books.find(getattr(request, "application", ""))
        if request.is_write and not getattr(request, "dry_run", False):
            self._write(tracked, request, future)
            return
        application = tracked.application
        lane = f"ask {self._books.context_of(application)}"
        match request:
            case Compare():
                self._ask(lane, lambda: self._answers.compare(application, request), future)
            case Plan():
                self._ask(lane, lambda: self._answers.plan(application, request), future)
            case Render():
                self._ask(
                    f"ask {application.source.repository}",
                    lambda: self._answers.render(application, request.revision),
                    future,
                )
            case Resolve():
                self._ask(
                    f"ask {application.source.repository}",
                    lambda: self._answers.resolve(application, request.revision),
                    future,
                )
            case History():
                self._ask(
                    f"ask {application.source.repository}", lambda: self._answers.history(application, request), future
                )
            case Sync():
                self._operate(tracked, self._order(request), future)
            case _:
                raise TypeError(f"unknown request {type(request).__name__}")

    def _ask(self, lane: str, job: Callable[[], Any], future: Future[Any]) -> None:
        self._run(lane, _ASKED_AT_ONCE, job, future.set_result, future.set_exception)

    def _write(self, tracked: Tracked, request: Request, future: Future[Any]) -> None:
        self._guard_writable(tracked)
        if not self.claim_writer():
            journal, who, closing = self._journal, self._who, self._closing
            self._run(
                "handover",
                8,
                lambda: handover.hand_over(journal, request, who, closing, lambda: not journal.writer),
                future.set_result,
                future.set_exception,
            )
            return
        self._do(tracked, request, future)

    def _guard_writable(self, tracked: Tracked) -> None:
        settings = self._books.config.settings
        context = self._books.context_of(tracked.application)
        if settings.read_only or context in settings.read_only_contexts:
            raise PlanError(
                f"application {tracked.application.name}",
                f"context {context} is read-only here" if not settings.read_only else "this session is read-only",
                hint="start without --read-only, or change readOnlyContexts",
            )

    def _do(self, tracked: Tracked, request: Request, future: Future[Any]) -> None:
        name = tracked.application.name
        match request:
            case Sync() | Rollback():
                self._operate(tracked, self._order(request), future)
            case Unpin():
                lifted = self._journal.unpin(name, request.actor)
                self._automation_changed(tracked)
                future.set_result(lifted)
            case PauseAutomation():
                pause = Pause(name, request.actor, request.why, request.until, time.time())
                self._journal.pause(pause)
                self._automation_changed(tracked)
                future.set_result(pause)
            case ResumeAutomation():
                lifted_pause = self._journal.resume(name, request.actor)
                self._automation_changed(tracked)
                future.set_result(lifted_pause)
            case Terminate():
                running = tracked.job is not None
                if tracked.job is not None:
                    tracked.job.stop.set()
                future.set_result(running)

    def _automation_changed(self, tracked: Tracked) -> None:
        self._books.load_journal()
        tracked.touch(self._clock())

    def lift(self, pin: Pin) -> None:
        """A newer commit than the quarantined one has arrived: follow the tracked revision again."""
        if self._journal.is_writer:
            self._journal.unpin(pin.application, "next commit")
            tracked = self._books.tracked.get(pin.application)
            if tracked is not None:
                self._automation_changed(tracked)

    def take_question(self, kind: str, payload: Mapping[str, Any], future: Future[Any]) -> None:
        """Do what another process asked for; whatever goes wrong is its answer."""
        try:
            tracked = self._books.find(str(payload.get("application", "")))
            self._guard_writable(tracked)
            actor = str(payload.get("actor", ""))
            name = tracked.application.name
            match kind:
                case "sync" | "rollback":
                    order = Order(
                        OperationKind.SYNC if kind == "sync" else OperationKind.ROLLBACK,
                        actor,
                        handover.approved_from(payload),
                        payload.get("timeout"),
                        message=str(payload.get("why", "")),
                        until=str(payload.get("until", "")),
                    )
                    self._operate(tracked, order, future)
                case "pause":
                    why, until = str(payload.get("why", "")), payload.get("until")
                    self._do(tracked, PauseAutomation(name, actor, why, until), future)
                case "unpin":
                    self._do(tracked, Unpin(name, actor), future)
                case "resume":
                    self._do(tracked, ResumeAutomation(name, actor), future)
                case "terminate":
                    self._do(tracked, Terminate(name, actor), future)
                case _:
                    raise PlanError("the request", f"{kind} is not known to this version")
        except GitopsError as error:
            future.set_exception(error)

    # -- operations ------------------------------------------------------------------------------------------

    def _order(self, request: Sync | Rollback) -> Order:
        approved = Approved.of(request.plan)
        if isinstance(request, Rollback):
            return Order(
                OperationKind.ROLLBACK,
                request.actor,
                approved,
                request.timeout,
                message=request.why,
                until=request.until,
            )
        return Order(OperationKind.SYNC, request.actor, approved, request.timeout, dry_run=request.dry_run)

    def _operate(self, tracked: Tracked, order: Order, future: Future[Any]) -> None:
        application = tracked.application
        if tracked.job is not None and not order.dry_run:
            raise PlanError(
                f"application {application.name}",
                "an operation is running",
                hint="wait for it, or stop it first",
            )
        context = self._books.context_of(application)
        stop = threading.Event()
        if not order.dry_run:
            tracked.job = RunningJob(stop, order.approved.revision, automatic=order.approved.hash is None)
            tracked.attempts.started(order.kind, order.approved.revision, self._clock())
            tracked.status = replace(tracked.status, running=RunningOperation("", order.kind, OperationPhase.PENDING))
            self._books.changed = True
        order = replace(order, on_approved=self._pin_for(tracked, order))

        def progress(done: int, total: int, current: str) -> None:
            self._post(lambda: self._progressed(tracked, order, done, total, current))

        self._run(
            f"sync {context}",
            self._books.config.settings.parallel,
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
        return lambda: self._journal.pin(pin)

    def _progressed(self, tracked: Tracked, order: Order, done: int, total: int, current: str) -> None:
        if tracked.job is not None:
            phase = OperationPhase.WAITING if total and done >= total else OperationPhase.RUNNING
            tracked.status = replace(
                tracked.status, running=RunningOperation("", order.kind, phase, done, total, current)
            )
            self._books.changed = True

    def _ended(self, tracked: Tracked, order: Order, receipt: Receipt, future: Future[Any]) -> None:
        if not order.dry_run:
            job = tracked.job
            self._settle(tracked)
            self._books.load_journal()
            self._books.operation_ended(receipt)
            superseded = job is not None and job.superseded
            succeeded = receipt.phase is OperationPhase.SUCCEEDED
            tracked.attempts.ended(order.kind, receipt.revision, succeeded or superseded, self._clock())
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
                tracked.attempts.ended(order.kind, order.approved.revision, False, self._clock())
        future.set_exception(error)

    def _settle(self, tracked: Tracked) -> None:
        tracked.job = None
        tracked.status = replace(tracked.status, running=None)
        tracked.touch(self._clock())
        self._books.changed = True

    # -- automation ------------------------------------------------------------------------------------------

    def start_automatic(self) -> bool:
        """Start what the policies call for; returns whether anything was."""
        self._lift_what_is_over()
        if not self._journal.is_writer or self._closing.is_set():
            return False
        started = False
        now = self._clock()
        for tracked in self._books.tracked.values():
            if tracked.job is not None or tracked.looking or tracked.dirty:
                continue
            pause = self._books.pauses.get(tracked.application.name)
            wanted = intent(replace(tracked.status, pause=pause), tracked.attempts, now)
            if wanted is None or self._is_read_only(tracked):
                continue
            approved = Approved(wanted.revision, wanted.prune)
            actor = "auto-sync" if wanted.kind is OperationKind.SYNC else "self-heal"
            self._operate(tracked, Order(wanted.kind, actor, approved), Future())
            started = True
        return started

    def _is_read_only(self, tracked: Tracked) -> bool:
        return self._books.context_of(tracked.application) in self._books.config.settings.read_only_contexts

    def _lift_what_is_over(self) -> None:
        if not self._journal.is_writer:
            return
        wall = time.time()
        for pause in tuple(self._books.pauses.values()):
            if pause.until is not None and pause.until <= wall:
                self._journal.resume(pause.application, "time")
                self._books.load_journal()
        for pin in tuple(self._books.pins.values()):
            if _until(pin) <= wall:
                self._journal.unpin(pin.application, "time")
                self._books.load_journal()
                if pin.application in self._books.tracked:
                    self._books.tracked[pin.application].touch(self._clock())

    def next_due(self) -> float:
        """Monotonic seconds at which automation may want to start something."""
        now, wall = self._clock(), time.time()
        due = [t.attempts.not_before for t in self._books.tracked.values() if t.attempts.not_before > now]
        due += [now + p.until - wall for p in self._books.pauses.values() if p.until is not None]
        due += [now + _until(pin) - wall for pin in self._books.pins.values()]
        return min(due, default=float("inf"))

    def stop_running(self) -> None:
        """Tell every running operation to end after the write that it is in."""
        for tracked in self._books.tracked.values():
            if tracked.job is not None:
                tracked.job.stop.set()


def _until(pin: Pin) -> float:
    try:
        return float(pin.until)
    except ValueError:
        return float("inf")

"""Operations on their way: started in a lane, followed, and entered in the books when they end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.entry import finish
from gitops_tui.engine.operations.halt import Halt
from gitops_tui.engine.operations.running import Ended, Operations, Order
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.lanes import WRITING
from gitops_tui.engine.schedule.tracking import RunningJob, Tracked
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.model.errors import GitopsError, PlanError, Stage
from gitops_tui.model.operations import OperationKind, OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.status import Problem, RunningOperation
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync.ports import Audience

_MOST_RESTING: Final = 32
"""Operations that only wait and whose places others take: each keeps a thread."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An operation that waits until fewer run."""

    begin: Callable[[], None]
    cancel: Callable[[GitopsError], None]


class Launcher:
    """Starts operations, one an application at a time, and of all of them so many as may run at once.

    One that has written all that it may write now, and waits until that is healthy, takes no place: what does not
    become healthy would otherwise hold up all the others.
    """

    def __init__(self, desk: Desk, operations: Operations) -> None:
        self._desk = desk
        self._operations = operations
        self._begun: dict[str, Tracked] = {}
        """Those that run, also of applications that are tracked no longer."""
        self._resting: dict[str, str] = {}
        """Of those that only wait: the lane of each."""
        self._turns: dict[str, _Turn] = {}
        self._unwritten: list[Receipt] = []
        """Of operations that ended while the journal could not be written."""

    @property
    def running(self) -> int:
        """How many operations run now."""
        return len(self._begun)

    def turn(self) -> str:
        """Why another operation would have to wait for its turn; "" when it would not."""
        return f"waiting for its turn: {self._working} syncs run" if self.is_full else ""

    @property
    def is_full(self) -> bool:
        """Whether another operation would have to wait for its turn."""
        limit = self._desk.books.config.settings.parallel_syncs
        return bool(limit) and self._working >= limit

    @property
    def _working(self) -> int:
        return len(self._begun) - len(self._resting)

    def start(self, tracked: Tracked, order: Order, future: Future[Any]) -> None:
        """Run an order; its Receipt arrives in the Future. PlanError while another operation runs."""
        application = tracked.application
        if not order.dry_run:
            self.refuse_while_busy(tracked)
        halt = Halt()
        if order.dry_run:
            self._begin(tracked, order, halt, future)
            return
        # What goes back is not superseded by the very commit that it goes back from.
        automatic = order.approved.hash is None and order.kind is not OperationKind.ROLLBACK
        tracked.job = RunningJob(halt, order.approved.revision, automatic=automatic)
        tracked.attempts.started(order.kind, order.approved.revision, self._desk.clock())
        turn = _Turn(
            lambda: self._begin(tracked, order, halt, future),
            lambda error: self._not_run(tracked, order, error, future),
        )
        waits = self.is_full
        current = f"waits for its turn: {self._working} syncs run" if waits else ""
        running = RunningOperation("", order.kind, OperationPhase.PENDING, current=current)
        tracked.status = replace(tracked.status, running=running)
        self._desk.books.mark(tracked)
        if waits:
            self._turns[application.name] = turn
        else:
            turn.begin()

    def _begin(self, tracked: Tracked, order: Order, halt: Halt, future: Future[Any]) -> None:
        application = tracked.application
        context = self._desk.books.context_of(application)
        if not order.dry_run:
            self._begun[application.name] = tracked
        order = self._held(tracked, order)

        lane = f"{WRITING}{context}"

        def progress(done: int, total: int, current: str) -> None:
            self._desk.post(lambda: self._progressed(tracked, order, done, total, current))

        def rests(begins: bool) -> None:
            self._desk.post(lambda: self._rest(application.name, lane, begins=begins))

        self._desk.run(
            lane,
            self._desk.books.config.settings.parallel,
            lambda: self._operations.run(application, order, halt, Audience(progress, rests)),
            lambda ended: self._ended(tracked, order, ended, future),
            lambda error: self._not_run(tracked, order, error, future),
        )

    def _rest(self, name: str, lane: str, *, begins: bool) -> None:
        """An operation only waits, or goes on: then it may be one more than may run for a while."""
        if not begins:
            self._goes_on(name)
        elif name in self._begun and len(self._resting) < _MOST_RESTING:
            self._resting[name] = lane
            self._desk.rest(lane, begins=True)
            self.take_turns()

    def _goes_on(self, name: str) -> None:
        lane = self._resting.pop(name, None)
        if lane is not None:
            self._desk.rest(lane, begins=False)

    def take_turns(self) -> None:
        """Begin what waits, as far as it may run now."""
        while self._turns and not self.is_full:
            self._turns.pop(next(iter(self._turns))).begin()

    def write_later(self, receipt: Receipt) -> None:
        """The journal could not be written when this operation ended."""
        self._unwritten.append(receipt)

    def write_rest(self) -> None:
        """Journal what ended while the journal could not be written, as soon as it can."""
        books = self._desk.books
        while self._unwritten and finish(self._desk.journal, self._unwritten[0]):
            name = self._unwritten.pop(0).application
            books.records.forget(name)
            books.show(name)

    def refuse_while_busy(self, tracked: Tracked) -> None:
        """PlanError while an operation of the application runs."""
        if tracked.job is not None:
            raise PlanError(
                f"application {tracked.application.name}",
                "an operation is running",
                hint="wait for it, or stop it first",
            )

    def _held(self, tracked: Tracked, order: Order) -> Order:
        """What is held as soon as the plan is known to be the approved one.

        A rollback pins the application, undo unpins it, and a deletion pauses it, so that nothing makes it anew.
        """
        if order.kind is OperationKind.DELETE and not order.dry_run:
            pause = self._pause_of_deleted(tracked, order)
            return replace(order, on_approved=lambda: self._desk.journal.pause(pause))
        if order.unpin:
            name = tracked.application.name
            return replace(order, on_approved=lambda: self._desk.journal.unpin(name, order.actor))
        if order.kind is not OperationKind.ROLLBACK or order.dry_run:
            return order
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
        return replace(order, quarantined=pin.quarantined, on_approved=lambda: self._desk.journal.pin(pin))

    def _pause_of_deleted(self, tracked: Tracked, order: Order) -> Pause:
        file = self._desk.books.config.path
        why = f"deleted; take it out of {file} too, or resume it" if file else "deleted; resume it to have it back"
        return Pause(tracked.application.name, order.actor, one_line(why), since=time.time())

    def _progressed(self, tracked: Tracked, order: Order, done: int, total: int, current: str) -> None:
        if tracked.job is not None:
            phase = OperationPhase.WAITING if total and done >= total else OperationPhase.RUNNING
            tracked.status = replace(
                tracked.status, running=RunningOperation("", order.kind, phase, done, total, current)
            )
            self._desk.books.show(tracked.application.name)

    def _ended(self, tracked: Tracked, order: Order, ended: Ended, future: Future[Any]) -> None:
        receipt = ended.receipt
        if not ended.journaled:
            self.write_later(receipt)
        if not order.dry_run:
            self.settle(tracked)
            self._desk.books.load_journal()
            self._desk.books.operation_ended(receipt)
            tracked.attempts.ended(receipt, self._desk.clock(), permanent=ended.permanent)
            is_fine = receipt.phase in {OperationPhase.SUCCEEDED, OperationPhase.SUPERSEDED}
            tracked.outcome = None if is_fine else self._failure(receipt)
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
            self.settle(tracked)
            if automatic:
                tracked.outcome = problem_of(error, time.time(), stage=Stage.PLAN)
                tracked.attempts.refused(order.kind, error, self._desk.clock())
        future.set_exception(error)

    def settle(self, tracked: Tracked) -> None:
        """No operation of the application runs any more: look at it again, and let the next one begin."""
        self._goes_on(tracked.application.name)
        self._begun.pop(tracked.application.name, None)
        self.take_turns()
        tracked.job = None
        tracked.status = replace(tracked.status, running=None)
        tracked.touch(self._desk.clock())
        self._desk.books.mark(tracked)

    def terminate(self, tracked: Tracked, actor: str) -> bool:
        """Stop an application's operation for a person; returns whether there was one."""
        if tracked.job is None:
            return False
        who = actor or "a person"
        turn = self._turns.pop(tracked.application.name, None)
        if turn is not None:
            subject = f"application {tracked.application.name}"
            turn.cancel(PlanError(subject, f"stopped by {who} before it began"))
        else:
            tracked.job.halt.stop(OperationPhase.TERMINATED, f"stopped by {who}")
        return True

    def stop_running(self) -> None:
        """Tell every running operation to end after the write that it is in, because this process ends."""
        while self._turns:
            self._turns.popitem()[1].cancel(GitopsError("the worker", "is stopping", temporary=True))
        for tracked in self._begun.values():
            if tracked.job is not None:
                tracked.job.halt.stop(OperationPhase.INTERRUPTED, "the program was ended while it ran")

"""What is asked of the worker by people, in this process or handed over by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from gitops_tui.engine.future import Future
from gitops_tui.engine.operations import handover
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.questions import Questions
from gitops_tui.engine.operations.running import Order
from gitops_tui.engine.requests import (
    Delete,
    Operations,
    PauseAutomation,
    Request,
    ResumeAutomation,
    Revert,
    Rollback,
    Sync,
    Terminate,
    Unpin,
)
from gitops_tui.engine.rollback.reverting import Reverting
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import LIFT_AGAIN, Tracked
from gitops_tui.model.errors import GitopsError, JournalError, PlanError
from gitops_tui.model.operations import OperationKind, Pause, Pin
from gitops_tui.model.windows import OPEN, standing


class Commands:
    """Takes requests. Everything but the jobs runs in the worker's thread. who: how this process is named."""

    def __init__(
        self,
        desk: Desk,
        questions: Questions,
        launcher: Launcher,
        reverting: Reverting,
        *,
        who: str,
        closing: threading.Event,
    ) -> None:
        self._desk = desk
        self._questions = questions
        self._launcher = launcher
        self._reverting = reverting
        self._who = who
        self._closing = closing

    # -- the writer's place ----------------------------------------------------------------------------------

    def claim_writer(self) -> bool:
        """Become the writer of the state folder, if nobody else is."""
        if self._desk.journal.is_writer:
            return True
        if not self._desk.journal.claim_writer(self._who):
            return False
        for receipt in self._desk.journal.interrupt_running():
            self._desk.books.operation_ended(receipt)
            tracked = self._desk.books.tracked.get(receipt.application)
            if tracked is not None:
                tracked.attempts = self._desk.books.records.attempts(receipt.application, self._desk.clock())
        self._desk.books.load_journal()
        return True

    # -- requests --------------------------------------------------------------------------------------------

    def take(self, request: Request, future: Future[Any]) -> None:
        """Answer a request in the Future. Raises GitopsError when it cannot even be begun."""
        if isinstance(request, Operations):
            self._questions.operations(request, future)
            return
        tracked = self._desk.books.find(getattr(request, "application", ""))
        if self._questions.take(tracked.application, request, future):
            return
        if isinstance(request, Sync) and request.dry_run:
            self._launcher.start(tracked, _order(request), future)
        elif request.is_write:
            self._write(tracked, request, future)
        else:
            raise TypeError(f"unknown request {type(request).__name__}")

    def _write(self, tracked: Tracked, request: Request, future: Future[Any]) -> None:
        self._guard_writable(tracked)
        if not self.claim_writer():
            journal, who, closing = self._desk.journal, self._who, self._closing
            self._desk.run(
                "handover",
                8,
                lambda: handover.hand_over(journal, request, who, closing, lambda: not journal.writer),
                future.set_result,
                future.set_exception,
            )
            return
        self._do(tracked, request, future)

    def _guard_writable(self, tracked: Tracked) -> None:
        settings = self._desk.books.config.settings
        context = self._desk.books.context_of(tracked.application)
        if settings.read_only or context in settings.read_only_contexts:
            raise PlanError(
                f"application {tracked.application.name}",
                f"context {context} is read-only here" if not settings.read_only else "this session is read-only",
                hint="start without --read-only, or change readOnlyContexts",
            )

    def _do(self, tracked: Tracked, request: Request, future: Future[Any]) -> None:
        name = tracked.application.name
        match request:
            case Sync() | Rollback() | Delete():
                self._launch(tracked, _order(request), future)
            case Revert():
                self._reverting.start(tracked, request, future)
            case Unpin():
                lifted = self._desk.journal.unpin(name, request.actor)
                self._automation_changed(tracked)
                future.set_result(lifted)
            case PauseAutomation():
                pause = Pause(name, request.actor, request.why, request.until, time.time())
                self._desk.journal.pause(pause)
                self._automation_changed(tracked)
                future.set_result(pause)
            case ResumeAutomation():
                lifted_pause = self._desk.journal.resume(name, request.actor)
                tracked.attempts.forget()
                self._automation_changed(tracked)
                future.set_result(lifted_pause)
            case Terminate():
                future.set_result(self._launcher.terminate(tracked, request.actor))

    def _launch(self, tracked: Tracked, order: Order, future: Future[Any]) -> None:
        """Start what a person asked for, unless a sync window holds people too."""
        if (order.kind is OperationKind.DELETE) is not (order.approved.deletion is not None):
            raise PlanError(f"application {tracked.application.name}", f"this plan is none for a {order.kind}")
        windows = tracked.application.policy.windows
        found = standing(windows, time.time()) if windows else OPEN
        if not found.manual:
            hint = "a window with manualSync: true lets a person pass"
            raise PlanError(f"application {tracked.application.name}", found.reason, hint=hint)
        self._launcher.start(tracked, order, future)

    def _automation_changed(self, tracked: Tracked) -> None:
        self._desk.books.load_journal()
        self._desk.books.mark(tracked)
        tracked.touch(self._desk.clock())

    def lift(self, pin: Pin) -> None:
        """A newer commit than the quarantined one has arrived: follow the tracked revision again."""
        if not self._desk.journal.is_writer:
            return
        tracked = self._desk.books.tracked.get(pin.application)
        try:
            self._desk.journal.unpin(pin.application, "next commit")
        except JournalError:
            # It holds until that can be written down; the next look finds it superseded again.
            if tracked is not None:
                tracked.stir(self._desk.clock() + LIFT_AGAIN)
            return
        if tracked is not None:
            self._automation_changed(tracked)

    def take_question(self, kind: str, payload: Mapping[str, Any], future: Future[Any]) -> None:
        """Do what another process asked for; whatever goes wrong is its answer."""
        try:
            tracked = self._desk.books.find(str(payload.get("application", "")))
            self._guard_writable(tracked)
            actor = str(payload.get("actor", ""))
            name = tracked.application.name
            match kind:
                case "sync" | "rollback" | "delete":
                    order = Order(
                        OperationKind(kind),
                        actor,
                        handover.approved_from(payload),
                        payload.get("timeout"),
                        message=str(payload.get("why", "")),
                        until=str(payload.get("until", "")),
                        unpin=bool(payload.get("unpin")),
                    )
                    self._launch(tracked, order, future)
                case "revert":
                    self._do(tracked, handover.revert_from(payload, name), future)
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


def _order(request: Sync | Rollback | Delete) -> Order:
    approved = Approved.of(request.plan)
    if isinstance(request, Delete):
        return Order(OperationKind.DELETE, request.actor, approved, request.timeout)
    if isinstance(request, Rollback):
        return Order(
            OperationKind.ROLLBACK,
            request.actor,
            approved,
            request.timeout,
            message=request.why,
            until=request.until,
        )
    sync = OperationKind.SYNC
    return Order(sync, request.actor, approved, request.timeout, dry_run=request.dry_run, unpin=request.unpin)

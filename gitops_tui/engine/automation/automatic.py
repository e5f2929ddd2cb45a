"""What the policies call for, started; pins and pauses that are over, lifted."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import replace

from gitops_tui.engine.automation.intent import intent
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.running import Approved, Order
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.model.operations import OperationKind, Pin


class Automatic:
    """Automation's turn: only in the process that is the writer, and not while it closes."""

    def __init__(self, desk: Desk, launcher: Launcher, closing: threading.Event) -> None:
        self._desk = desk
        self._launcher = launcher
        self._closing = closing

    def start_due(self) -> bool:
        """Start what the policies call for; returns whether anything was."""
        self._lift_what_is_over()
        if not self._desk.journal.is_writer or self._closing.is_set():
            return False
        started = False
        now = self._desk.clock()
        for tracked in self._desk.books.tracked.values():
            if tracked.job is not None or tracked.looking or tracked.dirty:
                continue
            pause = self._desk.books.pauses.get(tracked.application.name)
            wanted = intent(replace(tracked.status, pause=pause), tracked.attempts, now)
            if wanted is None or self._is_read_only(tracked):
                continue
            approved = Approved(wanted.revision, wanted.prune)
            actor = "auto-sync" if wanted.kind is OperationKind.SYNC else "self-heal"
            self._launcher.start(tracked, Order(wanted.kind, actor, approved), Future())
            started = True
        return started

    def _is_read_only(self, tracked: Tracked) -> bool:
        return self._desk.books.context_of(tracked.application) in self._desk.books.config.settings.read_only_contexts

    def _lift_what_is_over(self) -> None:
        if not self._desk.journal.is_writer:
            return
        wall = time.time()
        for pause in tuple(self._desk.books.pauses.values()):
            if pause.until is not None and pause.until <= wall:
                self._desk.journal.resume(pause.application, "time")
                self._desk.books.load_journal()
        for pin in tuple(self._desk.books.pins.values()):
            if _until(pin) <= wall:
                self._desk.journal.unpin(pin.application, "time")
                self._desk.books.load_journal()
                if pin.application in self._desk.books.tracked:
                    self._desk.books.tracked[pin.application].touch(self._desk.clock())

    def next_due(self) -> float:
        """Monotonic seconds at which automation may want to start something."""
        now, wall = self._desk.clock(), time.time()
        due = [t.attempts.not_before for t in self._desk.books.tracked.values() if t.attempts.not_before > now]
        due += [now + p.until - wall for p in self._desk.books.pauses.values() if p.until is not None]
        due += [now + _until(pin) - wall for pin in self._desk.books.pins.values()]
        return min(due, default=float("inf"))


def _until(pin: Pin) -> float:
    try:
        return float(pin.until)
    except ValueError:
        return float("inf")

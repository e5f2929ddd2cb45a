"""What the policies call for, started; pins and pauses that are over, lifted."""

from __future__ import annotations

import threading
import time

from gitops_tui.engine.automation.deciding import Deciding
from gitops_tui.engine.automation.intent import Intent
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.running import Order
from gitops_tui.engine.rollback.relapses import Relapses
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import LIFT_AGAIN, NEVER, Tracked
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import OperationKind, Pin


class Automatic:
    """Automation's turn: only in the process that is the writer, and not while it closes.

    It starts what is decided when something has moved, and what has waited for a place when one comes free; whatever
    many others there are.
    """

    def __init__(
        self, desk: Desk, deciding: Deciding, launcher: Launcher, relapses: Relapses, closing: threading.Event
    ) -> None:
        self._desk = desk
        self._deciding = deciding
        deciding.turn, deciding.is_busy = launcher.turn, relapses.concerns
        self._launcher = launcher
        self._relapses = relapses
        self._closing = closing
        self._was_active = False
        self._lifts_from = 0.0

    def start_due(self) -> bool:
        """Start what the policies call for; returns whether anything was."""
        self._lift_what_is_over()
        is_active = self._desk.journal.is_writer and not self._closing.is_set()
        if is_active and not self._was_active:
            self._desk.books.mark_all()
        self._was_active = is_active
        if not is_active:
            self._deciding.explain()
            return False
        moved = self._deciding.moved()
        started = self._relapses.start_due(moved, self._may_go_back)
        for tracked in moved:
            started = self._go_on(tracked) or started
        return self._next_in_line() or started

    def _next_in_line(self) -> bool:
        """Give the places that have come free to those who wait for one."""
        started = False
        in_line = self._deciding.in_line
        while in_line and not self._launcher.is_full:
            name = next(iter(in_line))
            del in_line[name]
            tracked = self._desk.books.tracked.get(name)
            started = (tracked is not None and self._go_on(tracked)) or started
        return started

    def _go_on(self, tracked: Tracked) -> bool:
        """Start what is wanted for an application; whether anything was."""
        wanted = self._deciding.decide(tracked)
        if wanted is None or self._is_read_only(tracked):
            return False
        self._start(tracked, wanted)
        return True

    def _start(self, tracked: Tracked, wanted: Intent) -> None:
        is_sync = wanted.kind is OperationKind.SYNC
        # Hooks belong to a sync; what is healed is put back as it was.
        approved = Approved(wanted.revision, wanted.prune, hooks=None if is_sync else False)
        self._launcher.start(tracked, Order(wanted.kind, "auto-sync" if is_sync else "self-heal", approved), Future())

    def _may_go_back(self, tracked: Tracked) -> float:
        """When an application may go back by itself: before now for at once, infinity for never."""
        return NEVER if self._is_read_only(tracked) else self._deciding.may_write_at(tracked)

    def _is_read_only(self, tracked: Tracked) -> bool:
        return self._desk.books.context_of(tracked.application) in self._desk.books.config.settings.read_only_contexts

    def _lift_what_is_over(self) -> None:
        now = self._desk.clock()
        if not self._desk.journal.is_writer or now < self._lifts_from:
            return
        try:
            self._lift_pauses(time.time())
            self._lift_pins(time.time())
        except JournalError:
            # They hold until that can be written down; the journal itself shows why it cannot, as a banner.
            self._lifts_from = now + LIFT_AGAIN

    def _lift_pauses(self, wall: float) -> None:
        for pause in tuple(self._desk.books.pauses.values()):
            if pause.until is not None and pause.until <= wall:
                self._desk.journal.resume(pause.application, "time")
                self._desk.books.load_journal()

    def _lift_pins(self, wall: float) -> None:
        for pin in tuple(self._desk.books.pins.values()):
            if _until(pin) <= wall:
                self._desk.journal.unpin(pin.application, "time")
                self._desk.books.load_journal()
                if pin.application in self._desk.books.tracked:
                    self._desk.books.tracked[pin.application].touch(self._desk.clock())

    def next_due(self) -> float:
        """Monotonic seconds at which automation may want to start something."""
        now, wall = self._desk.clock(), time.time()
        due = [self._deciding.next_due(), self._relapses.next_due()]
        if self._desk.journal.is_writer:
            over = [pause.until for pause in self._desk.books.pauses.values() if pause.until is not None]
            over += [_until(pin) for pin in self._desk.books.pins.values()]
            due += [max(now + until - wall, self._lifts_from) for until in over]
        return min(due)


def _until(pin: Pin) -> float:
    try:
        return float(pin.until)
    except ValueError:
        return float("inf")

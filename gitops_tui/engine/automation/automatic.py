"""What the policies call for, started; pins and pauses that are over, lifted."""

from __future__ import annotations

import threading
import time
from typing import Final

from gitops_tui.engine.automation.dependencies import waits_for
from gitops_tui.engine.automation.intent import Gates, Intent, intent
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.running import Order
from gitops_tui.engine.rollback.relapses import Relapses
from gitops_tui.engine.schedule.agenda import Agenda
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import NEVER, Tracked
from gitops_tui.model.operations import OperationKind, Pin
from gitops_tui.model.values import replace
from gitops_tui.model.windows import Standing, SyncWindow, standing

_WINDOW_LOOK: Final = 60.0


class Automatic:
    """Automation's turn: only in the process that is the writer, and not while it closes.

    It decides about an application when something of it has moved, when its own verdict says to ask again, and when
    a place comes free that it waits for; whatever many others there are.
    """

    def __init__(self, desk: Desk, launcher: Launcher, relapses: Relapses, closing: threading.Event) -> None:
        self._desk = desk
        self._launcher = launcher
        self._relapses = relapses
        self._closing = closing
        self._agenda = Agenda()
        """When a verdict may change by itself."""
        self._in_line: dict[str, None] = {}
        """Who waits for a turn, in order."""
        self._was_active = False
        self._standings: dict[tuple[SyncWindow, ...], Standing] = {}
        """What windows say in this turn; most applications have the same ones."""

    def start_due(self) -> bool:
        """Start what the policies call for; returns whether anything was."""
        self._lift_what_is_over()
        is_active = self._desk.journal.is_writer and not self._closing.is_set()
        if is_active and not self._was_active:
            self._desk.books.mark_all()
        self._was_active = is_active
        if not is_active:
            self.explain()
            return False
        moved = self._moved()
        started = self._relapses.start_due(moved, self._may_go_back)
        for tracked in moved:
            started = self._go_on(tracked) or started
        return self._next_in_line() or started

    def explain(self) -> None:
        """Tell why the automation of another process waits, as far as that can be known here."""
        for tracked in self._moved():
            self._decide(tracked)

    def _moved(self) -> list[Tracked]:
        """Whom to decide about in this turn."""
        self._standings.clear()
        books = self._desk.books
        moved = {tracked.application.name: tracked for tracked in books.take_moved()}
        asked = [name for name in self._agenda.take(self._desk.clock()) if name in books.tracked]
        return [*moved.values(), *(books.tracked[name] for name in asked if name not in moved)]

    def _next_in_line(self) -> bool:
        """Give the places that have come free to those who wait for one."""
        started = False
        while self._in_line and not self._launcher.is_full:
            name = next(iter(self._in_line))
            del self._in_line[name]
            tracked = self._desk.books.tracked.get(name)
            started = (tracked is not None and self._go_on(tracked)) or started
        return started

    def _go_on(self, tracked: Tracked) -> bool:
        """Start what is wanted for an application; whether anything was."""
        wanted = self._decide(tracked)
        if wanted is None or self._is_read_only(tracked):
            return False
        self._start(tracked, wanted)
        return True

    def _decide(self, tracked: Tracked) -> Intent | None:
        name = tracked.application.name
        self._in_line.pop(name, None)
        # What happens now marks it again when it ends.
        if self._relapses.concerns(tracked) or tracked.job is not None:
            return None
        now = self._desk.clock()
        gates = self._gates(tracked)
        pause = self._desk.books.pauses.get(name)
        verdict = intent(replace(tracked.status, pause=pause), tracked.attempts, now, gates)
        if verdict.waiting != tracked.waiting:
            tracked.waiting = verdict.waiting
            self._desk.books.changed = True
        self._agenda.put(name, verdict.ask_at)
        if verdict.waiting and verdict.waiting == gates.turn:
            self._in_line[name] = None
        elif verdict.waiting and not gates.window.allowed:
            self._agenda.put(name, min(verdict.ask_at, self._window_changes(gates.window)))
        # What is known may be old; it explains what is shown, but nothing is begun on its ground.
        return None if tracked.looking or tracked.dirty else verdict.intent

    def _window_changes(self, window: Standing) -> float:
        """When to ask again what a window says, at the latest: a wall clock may be set meanwhile."""
        until = NEVER if window.until is None else window.until - time.time()
        return self._desk.clock() + min(until, _WINDOW_LOOK)

    def _start(self, tracked: Tracked, wanted: Intent) -> None:
        is_sync = wanted.kind is OperationKind.SYNC
        # Hooks belong to a sync; what is healed is put back as it was.
        approved = Approved(wanted.revision, wanted.prune, hooks=None if is_sync else False)
        self._launcher.start(tracked, Order(wanted.kind, "auto-sync" if is_sync else "self-heal", approved), Future())

    def _gates(self, tracked: Tracked) -> Gates:
        windows = tracked.application.policy.windows
        if windows not in self._standings:
            self._standings[windows] = standing(windows, time.time())
        running = self._launcher.running
        turn = f"waiting for its turn: {running} syncs run" if self._launcher.is_full else ""
        dependencies = waits_for(tracked, self._desk.books.tracked, self._desk.clock())
        return Gates(self._standings[windows], dependencies, turn)

    def _may_go_back(self, tracked: Tracked) -> float:
        """When an application may go back by itself: before now for at once, infinity for never."""
        if self._is_read_only(tracked):
            return NEVER
        window = self._gates(tracked).window
        return 0.0 if window.allowed else self._window_changes(window)

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
        due = [self._agenda.next_due(), self._relapses.next_due()]
        due += [now + p.until - wall for p in self._desk.books.pauses.values() if p.until is not None]
        due += [now + _until(pin) - wall for pin in self._desk.books.pins.values()]
        return min(due)


def _until(pin: Pin) -> float:
    try:
        return float(pin.until)
    except ValueError:
        return float("inf")

"""What the policies call for, started; pins and pauses that are over, lifted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

from gitops_tui.engine.automation.dependencies import waits_for
from gitops_tui.engine.automation.intent import Gates, Intent, intent
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.running import Order
from gitops_tui.engine.rollback.relapses import Relapses
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.model.operations import OperationKind, Pin
from gitops_tui.model.values import replace
from gitops_tui.model.windows import Standing, SyncWindow, standing


class Automatic:
    """Automation's turn: only in the process that is the writer, and not while it closes."""

    def __init__(self, desk: Desk, launcher: Launcher, relapses: Relapses, closing: threading.Event) -> None:
        self._desk = desk
        self._launcher = launcher
        self._relapses = relapses
        self._closing = closing
        self._ask_at = float("inf")
        self._standings: dict[tuple[SyncWindow, ...], Standing] = {}
        """What windows say in this turn; most applications have the same ones."""

    def start_due(self) -> bool:
        """Start what the policies call for; returns whether anything was."""
        self._lift_what_is_over()
        if not self._desk.journal.is_writer or self._closing.is_set():
            self.explain()
            return False
        relapsed = self._relapses.start_due(self._may_go_back)
        due = tuple(self._decided())
        for tracked, wanted in due:
            self._start(tracked, wanted)
        return relapsed or bool(due)

    def explain(self) -> None:
        """Tell why the automation of another process waits, as far as that can be known here."""
        for _ in self._decided():
            pass

    def _decided(self) -> Iterator[tuple[Tracked, Intent]]:
        self._ask_at = float("inf")
        self._standings.clear()
        for tracked in self._desk.books.tracked.values():
            if self._relapses.concerns(tracked):
                continue
            if tracked.job is None and not tracked.looking and not tracked.dirty:
                wanted = self._decide(tracked)
                if wanted is not None and not self._is_read_only(tracked):
                    yield tracked, wanted

    def _decide(self, tracked: Tracked) -> Intent | None:
        now = self._desk.clock()
        pause = self._desk.books.pauses.get(tracked.application.name)
        verdict = intent(replace(tracked.status, pause=pause), tracked.attempts, now, self._gates(tracked))
        if verdict.waiting != tracked.waiting:
            tracked.waiting = verdict.waiting
            self._desk.books.changed = True
        self._ask_at = min(self._ask_at, verdict.ask_at)
        return verdict.intent

    def _start(self, tracked: Tracked, wanted: Intent) -> None:
        is_sync = wanted.kind is OperationKind.SYNC
        # Hooks belong to a sync; what is healed is put back as it was.
        approved = Approved(wanted.revision, wanted.prune, hooks=None if is_sync else False)
        self._launcher.start(tracked, Order(wanted.kind, "auto-sync" if is_sync else "self-heal", approved), Future())

    def _gates(self, tracked: Tracked) -> Gates:
        windows = tracked.application.policy.windows
        if windows not in self._standings:
            self._standings[windows] = standing(windows, time.time())
        window = self._standings[windows]
        if window.until is not None:
            self._ask_at = min(self._ask_at, self._desk.clock() + window.until - time.time())
        running, limit = self._launcher.running, self._desk.books.config.settings.parallel_syncs
        turn = f"waiting for its turn: {running} syncs run" if limit and running >= limit else ""
        return Gates(window, waits_for(tracked, self._desk.books.tracked, self._desk.clock()), turn)

    def _may_go_back(self, tracked: Tracked) -> bool:
        return not self._is_read_only(tracked) and self._gates(tracked).window.allowed

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
        due = [self._ask_at, self._relapses.next_due()]
        due += [now + p.until - wall for p in self._desk.books.pauses.values() if p.until is not None]
        due += [now + _until(pin) - wall for pin in self._desk.books.pins.values()]
        return min(due, default=float("inf"))


def _until(pin: Pin) -> float:
    try:
        return float(pin.until)
    except ValueError:
        return float("inf")

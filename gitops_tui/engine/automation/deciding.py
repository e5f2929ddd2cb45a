"""What the policies call for now, and why it waits, of each application that has moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gitops_tui.engine.automation.dependencies import waits_for
from gitops_tui.engine.automation.intent import Gates, Intent, intent
from gitops_tui.engine.schedule.agenda import Agenda
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import NEVER, Tracked
from gitops_tui.model.values import replace
from gitops_tui.model.windows import Standing, SyncWindow, standing

_WINDOW_LOOK: Final = 60.0


class Deciding:
    """Decides about an application when something of it has moved, or when its own verdict says to ask again.

    It starts nothing: in a process that does, `Automatic` does. turn: why an operation has to wait for others, "" when
    it has not. is_busy: whether something is being decided about an application, so that nothing else is started.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.turn: Callable[[], str] = lambda: ""
        self.is_busy: Callable[[Tracked], bool] = lambda _: False
        self.in_line: dict[str, None] = {}
        """Who waits for a turn, in order."""
        self._agenda = Agenda()
        """When a verdict may change by itself."""
        self._standings: dict[tuple[SyncWindow, ...], Standing] = {}
        """What windows say in this turn; most applications have the same ones."""

    def explain(self) -> None:
        """Tell why the automation of another process waits, as far as that can be known here."""
        for tracked in self.moved():
            self.decide(tracked)

    def moved(self) -> list[Tracked]:
        """Whom to decide about in this turn."""
        self._standings.clear()
        books = self._desk.books
        moved = {tracked.application.name: tracked for tracked in books.take_moved()}
        asked = [name for name in self._agenda.take(self._desk.clock()) if name in books.tracked]
        return [*moved.values(), *(books.tracked[name] for name in asked if name not in moved)]

    def decide(self, tracked: Tracked) -> Intent | None:
        """Return what is to be started for an application now, and note why what is called for waits."""
        name = tracked.application.name
        self.in_line.pop(name, None)
        # What happens now marks it again when it ends.
        if self.is_busy(tracked) or tracked.job is not None:
            return None
        now = self._desk.clock()
        gates = self._gates(tracked)
        pause = self._desk.books.pauses.get(name)
        status = tracked.status if tracked.status.pause is pause else replace(tracked.status, pause=pause)
        verdict = intent(status, tracked.attempts, now, gates)
        if verdict.waiting != tracked.waiting:
            tracked.waiting = verdict.waiting
            self._desk.books.show(name)
        self._agenda.put(name, verdict.ask_at)
        if verdict.waiting and verdict.waiting == gates.turn:
            self.in_line[name] = None
        elif verdict.waiting and not gates.window.allowed:
            self._agenda.put(name, min(verdict.ask_at, self._window_changes(gates.window)))
        # What is known may be old; it explains what is shown, but nothing is begun on its ground.
        return None if tracked.looking or tracked.dirty else verdict.intent

    def may_write_at(self, tracked: Tracked) -> float:
        """Monotonic seconds from when on the windows of an application let automation write: 0 for now."""
        window = self._standing(tracked)
        return 0.0 if window.allowed else self._window_changes(window)

    def next_due(self) -> float:
        """Monotonic seconds at which a verdict may change by itself."""
        return self._agenda.next_due()

    def _gates(self, tracked: Tracked) -> Gates:
        dependencies = waits_for(tracked, self._desk.books.tracked, self._desk.clock())
        return Gates(self._standing(tracked), dependencies, self.turn())

    def _standing(self, tracked: Tracked) -> Standing:
        windows = tracked.application.policy.windows
        if windows not in self._standings:
            self._standings[windows] = standing(windows, time.time())
        return self._standings[windows]

    def _window_changes(self, window: Standing) -> float:
        """When to ask again what a window says, at the latest: a wall clock may be set meanwhile."""
        until = NEVER if window.until is None else window.until - time.time()
        return self._desk.clock() + min(until, _WINDOW_LOOK)

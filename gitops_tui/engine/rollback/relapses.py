"""Auto-rollback: applications that go back to their last verified commit by themselves, once for each commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from gitops_tui.engine.automation.attempts import RETRIES
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.running import Order
from gitops_tui.engine.rollback.past import Past
from gitops_tui.engine.rollback.relapse import ACTOR, SETTLING, Relapse, relapse
from gitops_tui.engine.schedule.agenda import Agenda
from gitops_tui.engine.schedule.backoff import Backoff
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.model.application import SyncMode
from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.operations import OperationKind
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass, field, replace


@dataclass(slots=True)
class _Watch:
    """One application. Times are monotonic seconds. done: syncs that were judged."""

    degraded_since: float | None = None
    degraded_at: float = 0.0
    """The same moment in seconds since the epoch."""
    busy: bool = False
    not_before: float = float("-inf")
    backoff: Backoff = field(default_factory=lambda: Backoff(5.0, 2.0, 180.0))
    done: set[str] = field(default_factory=set)


class Relapses:
    """Watches the applications that opted in. Owned by the worker's thread."""

    def __init__(self, desk: Desk, launcher: Launcher, past: Past) -> None:
        self._desk = desk
        self._launcher = launcher
        self._past = past
        self._watched: dict[str, _Watch] = {}
        self._agenda = Agenda()
        """When one may be found to have relapsed by itself."""

    def concerns(self, tracked: Tracked) -> bool:
        """Whether it is being decided now what the application goes back to, so that nothing else is started."""
        watch = self._watched.get(tracked.application.name)
        return watch is not None and watch.busy

    def next_due(self) -> float:
        """Monotonic seconds at which an application may be found to have relapsed by itself."""
        return self._agenda.next_due()

    def start_due(self, moved: Iterable[Tracked], may_go_back: Callable[[Tracked], float]) -> bool:
        """Begin to take back what is called for and allowed; returns whether anything was begun.

        moved: the applications of which something is news. may_go_back: from when on one is allowed to.
        """
        tracked_now = self._desk.books.tracked
        names = [tracked.application.name for tracked in moved] + self._agenda.take(self._desk.clock())
        begun = False
        for name in dict.fromkeys(names):
            tracked = tracked_now.get(name)
            if tracked is None or not tracked.application.policy.auto_rollback:
                self._forget(name)
                continue
            watch = self._watched.setdefault(name, _Watch())
            found = self._found(tracked, watch)
            if found is None:
                continue
            allowed_at = may_go_back(tracked)
            if allowed_at <= self._desk.clock():
                self._judge(tracked, watch, found)
                begun = True
            else:
                self._agenda.put(name, allowed_at)
        return begun

    def _forget(self, name: str) -> None:
        if self._watched.pop(name, None) is not None:
            self._agenda.drop(name)

    def _found(self, tracked: Tracked, watch: _Watch) -> Relapse | None:
        now = self._desk.clock()
        self._observe(tracked, watch, now)
        if tracked.job is not None or tracked.looking or tracked.dirty or watch.busy:
            return None
        found = self._relapse(tracked, watch, now)
        if found is None or found.operation in watch.done:
            return None
        if now < watch.not_before:
            self._agenda.put(tracked.application.name, watch.not_before)
            return None
        return found

    def _observe(self, tracked: Tracked, watch: _Watch, now: float) -> None:
        if tracked.status.health.code is not HealthCode.DEGRADED:
            watch.degraded_since = None
            return
        if watch.degraded_since is None:
            watch.degraded_since, watch.degraded_at = now, time.time()
        if now < watch.degraded_since + SETTLING:
            self._agenda.put(tracked.application.name, watch.degraded_since + SETTLING)

    def _relapse(self, tracked: Tracked, watch: _Watch, now: float) -> Relapse | None:
        books, name = self._desk.books, tracked.application.name
        status = replace(tracked.status, pin=books.pins.get(name), pause=books.pauses.get(name))
        if status.pin is not None or status.pause is not None:
            return None
        degraded = now - watch.degraded_since if watch.degraded_since is not None else 0.0
        return relapse(
            status, books.records.deployed_last(name), degraded=degraded, since=watch.degraded_at, now=time.time()
        )

    def _judge(self, tracked: Tracked, watch: _Watch, found: Relapse) -> None:
        application, attempts = tracked.application, tracked.attempts
        by_hand = application.policy.mode is SyncMode.MANUAL
        hopeless = by_hand or bool(attempts.why) or attempts.retry.failures > RETRIES
        watch.busy = True

        def judged(target: Revision | None) -> None:
            watch.busy = False
            self._desk.books.mark(tracked)
            watch.done.add(found.operation)
            if target is not None and tracked.job is None:
                self._go_back(tracked, watch, found, target)

        def failed(error: GitopsError) -> None:
            watch.busy = False
            self._not_done(tracked, watch, found, error)

        lane = f"ask {application.source.repository}"
        self._desk.run(lane, 1, lambda: self._past.target(application, found, hopeless=hopeless), judged, failed)

    def _go_back(self, tracked: Tracked, watch: _Watch, found: Relapse, target: Revision) -> None:
        approved = Approved(target.sha, tracked.application.policy.prune)
        order = Order(OperationKind.ROLLBACK, ACTOR, approved, message=found.why)
        future: Future[Any] = Future()
        self._launcher.start(tracked, order, future)

        def ended(done: Future[Any]) -> None:
            error = done.exception()
            if isinstance(error, GitopsError):
                self._not_done(tracked, watch, found, error)

        future.add_done_callback(ended)

    def _not_done(self, tracked: Tracked, watch: _Watch, found: Relapse, error: GitopsError) -> None:
        """It is not possible to go back, or not now."""
        if error.temporary:
            watch.done.discard(found.operation)
            watch.not_before = self._desk.clock() + watch.backoff.fail()
        else:
            watch.done.add(found.operation)
        told = GitopsError(f"{ACTOR} from {found.revision[:7]}", f"{found.why}; {error.message}", hint=error.hint)
        tracked.outcome = problem_of(told, time.time(), stage=Stage.PLAN)
        self._desk.books.mark(tracked)

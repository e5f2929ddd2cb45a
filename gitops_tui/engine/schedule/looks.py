"""When each application is looked at, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from gitops_tui.engine.future import Future
from gitops_tui.engine.request import Refresh
from gitops_tui.engine.schedule.backoff import spread
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.listening import Listening
from gitops_tui.engine.schedule.live import DEBOUNCE, LiveChanges
from gitops_tui.engine.schedule.tracking import NEVER, Fetching, Looked, RefreshWaiter, Tracked, unreadable
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.engine.views.sights import Sight
from gitops_tui.engine.views.statuses import picture_of, problem_of, status_of
from gitops_tui.model.application import Application
from gitops_tui.model.errors import GitopsError, UnreachableError
from gitops_tui.model.operations import OperationPhase, Pin
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, ClusterStatus, Snapshot, SyncCode
from gitops_tui.model.values import dataclass, replace

_WHILE_INCOMPLETE = 2.0
_RESYNC = 300.0


@dataclass(frozen=True, slots=True)
class NotLooked:
    """Why a look failed, and the commits (rendered, newest) that it was about, where they are known."""

    error: GitopsError
    revisions: tuple[Revision, Revision] | None = None


class Looks:
    """Looks at each application when Git, the cluster or a person gives a reason to.

    for_one: the process was started for one question, so that what it has fetched by then is new enough for it.
    """

    def __init__(
        self, desk: Desk, reconciler: Reconciler, unpin: Callable[[Pin], None], *, for_one: bool = False
    ) -> None:
        self._for_one = for_one
        self._desk = desk
        self._reconciler = reconciler
        self._unpin = unpin
        self._live = LiveChanges(desk)
        self._held: dict[str, None] = {}
        """Applications whose look is due, and which may not be looked at yet."""
        self._listening = Listening(desk)

    # -- requests --------------------------------------------------------------------------------------------

    def touch(self, name: str) -> None:
        """Look at an application soon."""
        tracked = self._desk.books.tracked.get(name)
        if tracked is not None:
            tracked.touch(self._desk.clock())

    def refresh(self, request: Refresh, future: Future[Snapshot], fetched: Fetching | None = None) -> None:
        """Fetch and look now; the Future is done when each application has been looked at.

        fetched: a repository that was waited for, and is not fetched once more.
        """
        now = self._desk.clock()
        for fetching in self._desk.books.fetching.values():
            if not fetching.tried and not request.applications:
                # Its applications are not known before it has been read.
                self._refresh_later(request, future, fetching)
                return
        names = request.applications or tuple(self._desk.books.tracked)
        unknown = [name for name in names if name not in self._desk.books.tracked]
        waiting = [f for f in self._desk.books.fetching.values() if not f.tried]
        if unknown and waiting:
            self._refresh_later(request, future, waiting[0])
            return
        chosen = [self._desk.books.find(name) for name in names]
        for_one, self._for_one = self._for_one, False
        waiter = RefreshWaiter(future, set(names), self._desk.books.refreshed)
        if not names:
            self._desk.books.refreshed.append(future)
        for tracked in chosen:
            self._renew(tracked, request.hard)
            (tracked.late if tracked.looking else tracked.waiters).append(waiter)
            tracked.touch(now)
            fetching_of = self._desk.books.fetching.get(tracked.application.source.repository)
            if fetching_of is None or fetching_of is fetched or (for_one and fetching_of.tried):
                continue
            if not fetching_of.busy:
                fetching_of.due = now
            elif fetching_of.tried:
                fetching_of.again = True

    def _refresh_later(self, request: Refresh, future: Future[Snapshot], fetching: Fetching) -> None:
        def again() -> None:
            try:
                self.refresh(request, future, fetching)
            except GitopsError as error:
                future.set_exception(error)

        fetching.due = min(fetching.due, self._desk.clock())
        fetching.then.append(again)

    def _renew(self, tracked: Tracked, hard: bool) -> None:
        self._desk.books.reach(self._desk.books.context_of(tracked.application)).not_before = 0.0
        if hard:
            tracked.attempts.forget()
            tracked.looked = None
            self._reconciler.renew(tracked.application, [r.key for r in tracked.status.resources])

    # -- the schedule ----------------------------------------------------------------------------------------

    def start_due(self, now: float) -> bool:
        """Start every look that is due; returns whether any was."""
        due = [*self._held, *self._desk.books.agenda.take(now)]
        self._held.clear()
        started = False
        for name in due:
            tracked = self._desk.books.tracked.get(name)
            # One that is looked at now gets its next time when it has been.
            if tracked is None or tracked.looking or tracked.due > now:
                continue
            if self._may_look_at(tracked) <= now:
                self._start(tracked, now)
                started = True
            else:
                self._held[name] = None
        return self._listening.start_due(now) or started

    def _may_look_at(self, tracked: Tracked) -> float:
        """Monotonic seconds before which an application is left alone; infinity while its repository is awaited."""
        fetching = self._desk.books.fetching.get(tracked.application.source.repository)
        if fetching is not None and (not fetching.tried or (tracked.waiters and fetching.busy)):
            return NEVER
        return self._desk.books.reach(self._desk.books.context_of(tracked.application)).not_before

    def next_due(self) -> float:
        """Monotonic seconds at which a look is due next."""
        held = (self._desk.books.tracked[name] for name in self._held if name in self._desk.books.tracked)
        return min([self._desk.books.agenda.next_due(), self._listening.next_due(), *map(self._may_look_at, held)])

    # -- looking ---------------------------------------------------------------------------------------------

    def _start(self, tracked: Tracked, now: float) -> None:
        if tracked.afresh > now and self._glances(tracked, now):
            return
        application = tracked.application
        pin = self._desk.books.pins.get(application.name)
        last = tracked.looked
        if tracked.afresh <= now:
            tracked.afresh = now + spread(_RESYNC)
            # Where all was in order, nothing but what has moved can be otherwise.
            last = last if last is not None and last.sight.is_in_order else None
        tracked.looking, tracked.dirty = True, False
        tracked.look_at(now + _RESYNC)
        context = self._desk.books.context_of(application)
        self._desk.run(
            f"look {context}",
            self._desk.books.config.settings.parallel,
            lambda: self._look(application, pin, last),
            lambda result: self._back(tracked, context, result),
            lambda error: self._failed(tracked, context, NotLooked(error)),
        )

    def _glances(self, tracked: Tracked, now: float) -> bool:
        """Look again here and now, if that takes no request, and nothing but live objects and time can have moved."""
        last, application = tracked.looked, tracked.application
        if (
            last is None
            or tracked.job is not None
            or last.sight.ground.application is not application
            or last.pin != self._desk.books.pins.get(application.name)
            or last.cluster.context != self._desk.books.context_of(application)
        ):
            return False
        wall, is_planned = time.time(), tracked.planned <= now
        try:
            sight = self._reconciler.sights.glance(last.sight, wall)
        except GitopsError:
            # A look in its lane tells what is wrong.
            return False
        if sight is None:
            return False
        tracked.dirty = False
        looked = replace(last, sight=sight, status=_status(sight, last, wall))
        self._looked(tracked, looked, None if is_planned else tracked.planned)
        return True

    def _look(self, application: Application, pin: Pin | None, last: Looked | None) -> Looked | NotLooked:
        self._live.subscribe(self._reconciler.cluster(application))
        wall = time.time()
        try:
            before = last.sight if last is not None else None
            sight = self._reconciler.sight(application, pin.revision if pin else None, before, now=wall)
        except GitopsError as error:
            return NotLooked(error, self._revisions(application, pin))
        cluster = sight.ground.cluster
        lift = pin is not None and pin.until == "next-commit"
        return Looked(
            sight,
            _status(sight, last, wall),
            ClusterStatus(cluster.context, cluster.server, cluster.version()),
            pin,
            lift and self._reconciler.supersedes(application, sight.ground.latest, pin.quarantined if pin else ""),
        )

    def _revisions(self, application: Application, pin: Pin | None) -> tuple[Revision, Revision] | None:
        """The commit that a failed look was of, and the newest one; None when not even that can be told."""
        try:
            return self._reconciler.revision(application, pin.revision if pin else None)
        except GitopsError:
            return None

    def _looked(self, tracked: Tracked, looked: Looked, planned: float | None = None) -> None:
        """Take over what a look brought back. planned: when the next one is due in time, None where this was one."""
        now, before = self._desk.clock(), tracked.status
        tracked.looking, tracked.looked = False, looked
        status, sight = looked.status, looked.sight
        reaching = self._desk.books.reach(looked.cluster.context)
        reaching.backoff.succeed()
        reaching.status = looked.cluster
        if status.health != before.health:
            tracked.progress.succeed()
        tracked.status = status if before.running is None else replace(status, running=before.running)
        if planned is None or status.health.code is not before.health.code or status.problems:
            due = min(now + self._pause_after(tracked, looked), max(tracked.afresh, now + DEBOUNCE))
            planned = due if planned is None else min(due, planned)
        tracked.look_at(planned)
        if status.sync is SyncCode.SYNCED:
            tracked.attempts.in_sync(sight.ground.revision.sha)
        tracked.attempts.seen(picture_of(sight))
        self._supersede(tracked)
        self._live.index(tracked, looked.cluster.context, sight.uids)
        if tracked.dirty:
            # It stays so until it is looked at: nothing is begun on the ground of what may be old.
            tracked.stir(now + DEBOUNCE)
        self._listening.want(tracked.application.name, sight)
        pin = looked.pin
        if looked.lift_pin and pin is not None and self._desk.books.pins.get(pin.application) == pin:
            self._unpin(pin)
        self._answer_waiters(tracked)

    def _pause_after(self, tracked: Tracked, looked: Looked) -> float:
        if looked.status.problems:
            return min(tracked.backoff.fail(), _RESYNC)
        tracked.backoff.succeed()
        if looked.sight.incomplete:
            return _WHILE_INCOMPLETE
        return tracked.progress.fail() if looked.status.health.code is HealthCode.PROGRESSING else spread(_RESYNC)

    def _supersede(self, tracked: Tracked) -> None:
        job, revision = tracked.job, tracked.status.revision
        if job is not None and job.automatic and revision is not None and revision.sha != job.revision:
            job.halt.stop(OperationPhase.SUPERSEDED, f"a newer commit took over: {revision.short}")

    def _back(self, tracked: Tracked, context: str, result: Looked | NotLooked) -> None:
        if isinstance(result, Looked):
            self._looked(tracked, result)
        else:
            self._failed(tracked, context, result)

    def _failed(self, tracked: Tracked, context: str, failed: NotLooked) -> None:
        error = failed.error
        now, wall = self._desk.clock(), time.time()
        tracked.looking, tracked.looked = False, None
        if isinstance(error, UnreachableError):
            reaching = self._desk.books.reach(context)
            if reaching.not_before <= now:
                reaching.not_before = now + reaching.backoff.fail()
            delay = reaching.not_before - now
            reaching.status = replace(reaching.status, problem=problem_of(error, wall, retry_at=wall + delay))
        else:
            delay = tracked.backoff.fail()
        known = tracked.status.problems[0] if tracked.status.problems else None
        since = known.since if known and known.message == problem_of(error, wall).message else wall
        tracked.status = unreadable(tracked.status, problem_of(error, since, retry_at=wall + delay))
        if failed.revisions is not None:
            revision, latest = failed.revisions
            tracked.status = replace(tracked.status, revision=revision, latest=latest)
        tracked.look_at(now + delay)
        self._answer_waiters(tracked)

    def _answer_waiters(self, tracked: Tracked) -> None:
        self._desk.books.mark(tracked)
        waiters, tracked.waiters, tracked.late = tracked.waiters, tracked.late, []
        for waiter in waiters:
            waiter.looked_at(tracked.application.name)
        if tracked.waiters:
            tracked.touch(self._desk.clock())


def _status(sight: Sight, last: Looked | None, now: float) -> ApplicationStatus:
    """What a look means: the same as before, where it found the very same."""
    if last is not None and last.sight is sight:
        return replace(last.status, compared_at=now)
    return status_of(sight, now=now)

"""When each repository is fetched and each application is looked at, and what comes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from gitops_tui.cluster import Cluster, Live
from gitops_tui.config import Config
from gitops_tui.engine.requests import Refresh
from gitops_tui.engine.schedule.backoff import spread
from gitops_tui.engine.schedule.books import Books
from gitops_tui.engine.schedule.tracking import Fetching, RefreshWaiter, Tracked, unreadable
from gitops_tui.engine.views.folders import applications_from
from gitops_tui.engine.views.reconcile import Reconciler, View
from gitops_tui.engine.views.statuses import problem_of, status_of
from gitops_tui.engine.views.watches import Watches
from gitops_tui.model.application import Application, FolderTemplate, Repository
from gitops_tui.model.errors import GitopsError, SourceError, UnreachableError
from gitops_tui.model.operations import Pin
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import ApplicationStatus, ClusterStatus, RepositoryStatus, Snapshot, SyncCode

_DEBOUNCE = 0.05
_WHILE_PROGRESSING = 5.0
_WHILE_INCOMPLETE = 2.0
_RESYNC = 300.0
_PENDING_OWNERS = 10_000

RunJob = Callable[[str, int, Callable[[], Any], Callable[[Any], None], Callable[[GitopsError], None]], None]
Post = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look brought back from its lane."""

    status: ApplicationStatus
    lift_pin: bool
    uids: frozenset[str]
    incomplete: bool
    cluster: ClusterStatus


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought back. error: why only what was known before could be used."""

    changed: bool
    note: str
    expanded: dict[FolderTemplate, tuple[Application, ...]]
    error: GitopsError | None = None


class Looking:
    """Fetches and looks. Everything but the jobs runs in the worker's thread."""

    def __init__(
        self,
        *,
        books: Books,
        reconciler: Reconciler,
        watches: Watches,
        run: RunJob,
        post: Post,
        clock: Callable[[], float],
        unpin: Callable[[Pin], None],
    ) -> None:
        self._books = books
        self._reconciler = reconciler
        self._watches = watches
        self._run = run
        self._post = post
        self._clock = clock
        self._unpin = unpin
        self._subscribed: dict[int, Callable[[], None]] = {}
        self._subscribing = threading.Lock()
        self._applications_by_uid: dict[tuple[str, str], str] = {}
        self._orphans: dict[tuple[str, str], None] = {}

    # -- configuration ---------------------------------------------------------------------------------------

    def use(self, config: Config) -> None:
        """Take over a configuration: what it names is tracked, what it no longer names is left alone."""
        self._books.config = config
        self._reconciler.use_repositories(config.repositories)
        self._books.repositories(_all_repositories(config))
        for fetching in self._books.fetching.values():
            if any(t.repository == fetching.repository.url for t in config.folders):
                fetching.due = self._clock()
        self._track()

    def _track(self) -> None:
        found = {application.name: application for application in self._books.config.applications}
        for template in self._books.config.folders:
            fetching = self._books.fetching.get(template.repository)
            for application in fetching.expanded.get(template, ()) if fetching else ():
                found.setdefault(application.name, application)
        for name in self._books.track(found.values()):
            self._watches.drop(name)

    # -- requests --------------------------------------------------------------------------------------------

    def touch(self, name: str) -> None:
        """Look at an application soon."""
        tracked = self._books.tracked.get(name)
        if tracked is not None:
            tracked.touch(self._clock())

    def refresh(self, request: Refresh, future: Future[Snapshot]) -> None:
        """Fetch and look now; the Future is done when each application has been looked at."""
        now = self._clock()
        for fetching in self._books.fetching.values():
            if not fetching.tried and not request.applications:
                # Its applications are not known before it has been read.
                self._refresh_later(request, future, fetching)
                return
        names = request.applications or tuple(self._books.tracked)
        unknown = [name for name in names if name not in self._books.tracked]
        waiting = [f for f in self._books.fetching.values() if not f.tried]
        if unknown and waiting:
            self._refresh_later(request, future, waiting[0])
            return
        chosen = [self._books.find(name) for name in names]
        waiter = RefreshWaiter(future, set(names), self._books.refreshed)
        if not names:
            self._books.refreshed.append(future)
        for tracked in chosen:
            self._renew(tracked, request.hard)
            tracked.waiters.append(waiter)
            tracked.touch(now)
            fetching_of = self._books.fetching.get(tracked.application.source.repository)
            if fetching_of is not None and not fetching_of.busy:
                fetching_of.due = now

    def _refresh_later(self, request: Refresh, future: Future[Snapshot], fetching: Fetching) -> None:
        def again() -> None:
            try:
                self.refresh(request, future)
            except GitopsError as error:
                future.set_exception(error)

        fetching.due = min(fetching.due, self._clock())
        fetching.then.append(again)

    def _renew(self, tracked: Tracked, hard: bool) -> None:
        self._books.reach(self._books.context_of(tracked.application)).not_before = 0.0
        if hard:
            self._reconciler.renew(tracked.application, [r.key for r in tracked.status.resources])

    # -- the schedule ----------------------------------------------------------------------------------------

    def start_due(self) -> bool:
        """Start every fetch and look that is due; returns whether any was."""
        now = self._clock()
        started = False
        for fetching in self._books.fetching.values():
            if not fetching.busy and fetching.due <= now:
                self._start_fetch(fetching)
                started = True
        for tracked in tuple(self._books.tracked.values()):
            if tracked.due <= now and self._may_look(tracked, now):
                self._start_look(tracked)
                started = True
        return started

    def _may_look(self, tracked: Tracked, now: float) -> bool:
        if tracked.looking:
            return False
        fetching = self._books.fetching.get(tracked.application.source.repository)
        if fetching is not None and (not fetching.tried or (tracked.waiters and fetching.busy)):
            return False
        return self._books.reach(self._books.context_of(tracked.application)).not_before <= now

    def next_due(self) -> float:
        """Monotonic seconds at which something is due next."""
        due = [fetching.due for fetching in self._books.fetching.values() if not fetching.busy]
        for tracked in self._books.tracked.values():
            if not tracked.looking:
                held = self._books.reach(self._books.context_of(tracked.application)).not_before
                fetching = self._books.fetching.get(tracked.application.source.repository)
                if fetching is None or (fetching.tried and not (tracked.waiters and fetching.busy)):
                    due.append(max(tracked.due, held))
        return min(due, default=float("inf"))

    # -- fetching --------------------------------------------------------------------------------------------

    def _start_fetch(self, fetching: Fetching) -> None:
        fetching.busy = True
        self._books.changed = True
        repository = fetching.repository
        templates = tuple(t for t in self._books.config.folders if t.repository == repository.url)
        self._run(
            f"fetch {repository.url}",
            1,
            lambda: self._fetch(repository, templates),
            lambda fetched: self._fetched(fetching, fetched),
            lambda error: self._fetched(fetching, Fetched(False, "", fetching.expanded, error)),
        )

    def _fetch(self, repository: Repository, templates: tuple[FolderTemplate, ...]) -> Fetched:
        mirror = self._reconciler.mirror(repository.url)
        failed: GitopsError | None = None
        changed, note = False, ""
        try:
            fetch = mirror.fetch()
            changed, note = fetch.changed, fetch.note
        except SourceError as error:
            if not mirror.exists:
                raise
            failed = error
        expanded: dict[FolderTemplate, tuple[Application, ...]] = {}
        for template in templates:
            sha = mirror.resolve(template.revision).sha
            expanded[template] = applications_from(template, mirror.folders(sha, template.pattern))
        return Fetched(changed, note, expanded, failed)

    def _fetched(self, fetching: Fetching, fetched: Fetched) -> None:
        now, wall = self._clock(), time.time()
        first = not fetching.tried
        fetching.busy, fetching.tried = False, True
        recovered = fetching.status.problem is not None and fetched.error is None
        if fetched.error is None:
            fetching.backoff.succeed()
            fetching.due = now + spread(fetching.repository.interval)
            note = fetched.note or ("" if fetched.changed else fetching.status.note)
            fetching.status = RepositoryStatus(fetching.repository.url, wall, wall + fetching.due - now, note=note)
        else:
            delay = fetching.backoff.fail()
            fetching.due = now + delay
            since = fetching.status.problem.since if fetching.status.problem else wall
            problem = problem_of(fetched.error, since, retry_at=wall + delay)
            fetching.status = replace(fetching.status, problem=problem, next_at=wall + delay)
        self._books.changed = True
        if fetched.expanded != fetching.expanded:
            fetching.expanded = fetched.expanded
            self._track()
        if first or fetched.changed or recovered:
            for tracked in self._books.tracked.values():
                if tracked.application.source.repository == fetching.repository.url:
                    tracked.touch(now)
        then, fetching.then = fetching.then, []
        for call in then:
            call()

    # -- looking ---------------------------------------------------------------------------------------------

    def _start_look(self, tracked: Tracked) -> None:
        tracked.looking, tracked.dirty = True, False
        tracked.due = self._clock() + _RESYNC
        application = tracked.application
        pin = self._books.pins.get(application.name)
        context = self._books.context_of(application)
        self._run(
            f"look {context}",
            self._books.config.settings.parallel,
            lambda: self._look(application, pin),
            lambda looked: self._looked(tracked, pin, looked),
            lambda error: self._failed(tracked, context, error),
        )

    def _look(self, application: Application, pin: Pin | None) -> Looked:
        self._subscribe(self._reconciler.cluster(application))
        view = self._reconciler.look(application, pin.revision if pin else None)
        status = status_of(view, now=time.time())
        cluster = self._reconciler.cluster(application)
        return Looked(
            status,
            pin is not None and pin.until == "next-commit" and self._reconciler.supersedes(view, pin.quarantined),
            _uids(view),
            bool(view.incomplete),
            ClusterStatus(cluster.context, cluster.server, cluster.version()),
        )

    def _looked(self, tracked: Tracked, pin: Pin | None, looked: Looked) -> None:
        now = self._clock()
        tracked.looking = False
        reaching = self._books.reach(looked.cluster.context)
        reaching.backoff.succeed()
        reaching.status = looked.cluster
        tracked.status = replace(looked.status, running=tracked.status.running)
        tracked.due = now + self._pause_after(tracked, looked)
        if looked.status.sync is SyncCode.SYNCED and looked.status.revision is not None:
            tracked.attempts.in_sync(looked.status.revision.sha)
        self._supersede(tracked)
        self._index(tracked, looked.cluster.context, looked.uids)
        if tracked.dirty:
            tracked.touch(now + _DEBOUNCE)
        if looked.lift_pin and pin is not None and self._books.pins.get(pin.application) == pin:
            self._unpin(pin)
        self._answer_waiters(tracked)

    def _pause_after(self, tracked: Tracked, looked: Looked) -> float:
        if looked.status.problems:
            return min(tracked.backoff.fail(), _RESYNC)
        tracked.backoff.succeed()
        if looked.incomplete:
            return _WHILE_INCOMPLETE
        return _WHILE_PROGRESSING if looked.status.health.code is HealthCode.PROGRESSING else spread(_RESYNC)

    def _supersede(self, tracked: Tracked) -> None:
        job, revision = tracked.job, tracked.status.revision
        if job is not None and job.automatic and revision is not None and revision.sha != job.revision:
            job.superseded = True
            job.stop.set()

    def _failed(self, tracked: Tracked, context: str, error: GitopsError) -> None:
        now, wall = self._clock(), time.time()
        tracked.looking = False
        if isinstance(error, UnreachableError):
            reaching = self._books.reach(context)
            if reaching.not_before <= now:
                reaching.not_before = now + reaching.backoff.fail()
            delay = reaching.not_before - now
            reaching.status = replace(reaching.status, problem=problem_of(error, wall, retry_at=wall + delay))
        else:
            delay = tracked.backoff.fail()
        known = tracked.status.problems[0] if tracked.status.problems else None
        since = known.since if known and known.message == problem_of(error, wall).message else wall
        tracked.status = unreadable(tracked.status, problem_of(error, since, retry_at=wall + delay))
        tracked.due = now + delay
        self._answer_waiters(tracked)

    def _answer_waiters(self, tracked: Tracked) -> None:
        self._books.changed = True
        waiters, tracked.waiters = tracked.waiters, []
        for waiter in waiters:
            waiter.looked_at(tracked.application.name)

    # -- live changes ----------------------------------------------------------------------------------------

    def _subscribe(self, cluster: Cluster) -> None:
        with self._subscribing:
            if id(cluster) not in self._subscribed:
                context = cluster.context
                self._subscribed[id(cluster)] = cluster.subscribe(
                    lambda live, gone: self._post(lambda: self._moved(context, live, gone))
                )

    def _moved(self, context: str, live: Live, gone: bool) -> None:
        del gone
        names = {live.owner} if live.owner else set()
        for uid in (live.uid, *live.owner_uids):
            name = self._applications_by_uid.get((context, uid))
            if name is not None:
                names.add(name)
            elif uid != live.uid:
                # Its owner may be seen a moment later than itself; the look that brings the owner looks again.
                self._orphans[context, uid] = None
                while len(self._orphans) > _PENDING_OWNERS:
                    del self._orphans[next(iter(self._orphans))]
        now = self._clock()
        for name in names:
            tracked = self._books.tracked.get(name)
            if tracked is not None:
                tracked.touch(now + _DEBOUNCE)

    def _index(self, tracked: Tracked, context: str, uids: frozenset[str]) -> None:
        name = tracked.application.name
        for uid in uids:
            slot = (context, uid)
            self._applications_by_uid[slot] = name
            if self._orphans.pop(slot, slot) is None:
                tracked.dirty = True
        for uid in tracked.uids - uids:
            self._applications_by_uid.pop((context, uid), None)
        tracked.uids = uids


def _uids(view: View) -> frozenset[str]:
    own = {str((pair.live.get("metadata") or {}).get("uid")) for pair in view.pairs if pair.live}
    return frozenset(own | {child.uid for child in view.children})


def _all_repositories(config: Config) -> Iterable[Repository]:
    known = {repository.url: repository for repository in config.repositories}
    used = [a.source.repository for a in config.applications] + [t.repository for t in config.folders]
    interval = config.settings.interval
    return [known.get(url) or Repository(url, interval=interval) for url in dict.fromkeys(used)]

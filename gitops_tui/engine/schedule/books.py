"""The worker's books as a whole. Owned by the worker's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config
from gitops_tui.engine.future import Future
from gitops_tui.engine.schedule.agenda import Agenda
from gitops_tui.engine.schedule.memory import Memory
from gitops_tui.engine.schedule.records import Records
from gitops_tui.engine.schedule.tracking import Fetching, Looked, Reaching, Tracked
from gitops_tui.engine.views.statuses import problem_of, without_view
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Repository
from gitops_tui.model.errors import ClusterError, JournalError, UsageError
from gitops_tui.model.operations import Pause, Pin, Receipt
from gitops_tui.model.status import ApplicationStatus, ClusterStatus, Problem, RepositoryStatus, Snapshot
from gitops_tui.model.values import replace


class Books:
    """What is known now.

    changed: a new Snapshot is due. unshown: the applications of which it has news, None for all of them. moved: those
    about which automation has to decide anew. ended: an operation has, which every Snapshot that follows must tell.
    """

    def __init__(self, config: Config, journal: Journal, clusters: Clusters, clock: Callable[[], float]) -> None:
        self.config = config
        self.tracked: dict[str, Tracked] = {}
        self.fetching: dict[str, Fetching] = {}
        self.reaching: dict[str, Reaching] = {}
        self.pins: dict[str, Pin] = {}
        self.pauses: dict[str, Pause] = {}
        self.problems: tuple[Problem, ...] = ()
        self.namesakes: tuple[Problem, ...] = ()
        """Which folders became no application, because another one has their name."""
        self.changed = True
        self.unshown: dict[str, None] | None = None
        self.ended = False
        self.moved: dict[str, None] = {}
        self.agenda = Agenda()
        """When each application is looked at next."""
        self.records = Records(journal)
        self.memory = Memory(journal)
        self.on_leave: list[Callable[[str], None]] = []
        """Called with the name of an application that is tracked no longer."""
        self.refreshed: list[Future[Snapshot]] = []
        """Refreshes that the next Snapshot answers."""
        self._journal = journal
        self._clusters = clusters
        self._clock = clock
        self._context: str | None = None
        self._needed_by: dict[str, list[str]] = {}
        self._left: dict[str, Tracked] = {}
        """Those that are tracked no longer while an operation of theirs runs: it is theirs if they come back."""
        self._taken: set[int] = set()
        self._journal_version = -1
        self._seen = 0
        self._was_writer = False

    # -- looking things up -----------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written by this process at all."""
        return self.config.settings.read_only

    @property
    def busy(self) -> bool:
        """Whether anything is being fetched, looked at, or synced, or has to be looked at again at once."""
        at_work = any(t.looking or t.dirty or t.job for t in self.tracked.values())
        return at_work or any(f.busy for f in self.fetching.values())

    def find(self, name: str) -> Tracked:
        """The application of this name; UsageError with the nearest name otherwise."""
        tracked = self.tracked.get(name)
        if tracked is None:
            import difflib  # noqa: PLC0415 - for a mistake alone

            near = difflib.get_close_matches(name, self.tracked, n=1)
            hint = f"did you mean {near[0]}?" if near else "`gitops-tui status` lists the applications"
            unread = next((each.status.problem for each in self.fetching.values() if each.status.problem), None)
            if unread is not None:
                # It may be one of the folders that could not be found.
                hint = f"not everything could be read: {unread.subject}: {unread.message}"
            raise UsageError(f"application {name}", "is not tracked here", hint=hint)
        return tracked

    def looked(self) -> Iterator[Looked]:
        """What the last look at each application brought back."""
        return (tracked.looked for tracked in self.tracked.values() if tracked.looked is not None)

    def context_of(self, application: Application) -> str:
        """The name of the application's context, resolved; "" while no kubeconfig can be read."""
        return application.destination.context or self.current_context

    @property
    def current_context(self) -> str:
        """What the kubeconfig calls its current context; "" while it cannot be read."""
        if self._context is None:
            try:
                self._context = self._clusters.current
            except ClusterError:
                self._context = ""
        return self._context

    def look_up(self) -> None:
        """Begin a turn: what the kubeconfig calls its current context is asked for once in each."""
        self._context = None

    def fetch_problem(self, url: str) -> str:
        """Why what is known of a repository may be old; "" when it is not."""
        fetching = self.fetching.get(url)
        problem = fetching.status.problem if fetching else None
        return f"{problem.subject}: {problem.message}" if problem else ""

    def reach(self, context: str) -> Reaching:
        """The record of a cluster."""
        if context not in self.reaching:
            self.reaching[context] = Reaching(ClusterStatus(context))
        return self.reaching[context]

    def in_use(self, url: str) -> frozenset[str]:
        """The commits of a repository that are deployed, pinned or shown."""
        found: set[str] = set()
        for name, tracked in self.tracked.items():
            if tracked.application.source.repository == url:
                pin, shown = self.pins.get(name), tracked.status.revision
                found |= {self.records.deployed(name), shown.sha if shown else ""}
                found |= {pin.revision, pin.quarantined} if pin else set()
        return frozenset(found - {""})

    # -- what has moved --------------------------------------------------------------------------------------

    def mark(self, tracked: Tracked) -> None:
        """Something is news about an application, to those who look and to automation."""
        self.show(tracked.application.name)
        self.moved[tracked.application.name] = None

    def show(self, name: str) -> None:
        """Something is news about an application to those who look."""
        self.changed = True
        if self.unshown is not None:
            self.unshown[name] = None

    def show_all(self) -> None:
        """Something is news that may concern every application."""
        self.changed, self.unshown = True, None

    def shown(self) -> Iterable[str] | None:
        """Of which applications there is news, None for all; they are taken for shown from now on."""
        unshown, self.unshown, self.changed, self.ended = self.unshown, {}, False, False
        return unshown

    def mark_all(self) -> None:
        """Automation has to decide anew about every application."""
        self.show_all()
        self.moved |= dict.fromkeys(self.tracked)

    def take_moved(self) -> list[Tracked]:
        """The applications that have moved since this was asked last, and those that depend on them."""
        moved, self.moved = self.moved, {}
        moved |= {name: None for needed in moved for name in self._needed_by.get(needed, ())}
        return [self.tracked[name] for name in moved if name in self.tracked]

    # -- keeping them ----------------------------------------------------------------------------------------

    def track(self, applications: Iterable[Application]) -> tuple[str, ...]:
        """Make these the tracked applications; returns the names that are tracked no longer."""
        wanted = {application.name: application for application in applications}
        gone = tuple(name for name in self.tracked if name not in wanted)
        for name in gone:
            self._leave(name)
        for name, application in wanted.items():
            known = self.tracked.get(name) or self._back(name)
            if known is None:
                tracked = self.tracked[name] = Tracked(application, self._recalled(application), self.agenda)
                tracked.attempts = self.records.attempts(name, self._clock())
                tracked.look_at(float("-inf"))
            elif known.application != application:
                known.application = application
                known.status = replace(known.status, application=application)
                known.touch(self._clock())
        # The order of the configuration is the order of the screen.
        self.tracked = {name: self.tracked[name] for name in wanted}
        self._needed_by = {}
        for name, application in wanted.items():
            for needed in application.depends_on:
                self._needed_by.setdefault(needed, []).append(name)
        self.mark_all()
        return gone

    def _leave(self, name: str) -> None:
        self.agenda.drop(name)
        for call in self.on_leave:
            call(name)
        tracked = self._left[name] = self.tracked.pop(name)
        for waiter in (*tracked.waiters, *tracked.late):
            waiter.looked_at(name)
        self._left = {name: each for name, each in self._left.items() if each.job is not None}

    def _back(self, name: str) -> Tracked | None:
        """One that was left out for a moment, if an operation that began before still runs."""
        tracked = self._left.pop(name, None)
        if tracked is None or tracked.job is None:
            return None
        self.tracked[name] = tracked
        tracked.touch(self._clock())
        return tracked

    def _recalled(self, application: Application) -> ApplicationStatus:
        try:
            return self.memory.recall(application)
        except JournalError:
            return without_view(application)

    def repositories(self, repositories: Iterable[Repository]) -> None:
        """Make these the repositories that are asked."""
        wanted = {repository.url: repository for repository in repositories}
        for url in [url for url in self.fetching if url not in wanted]:
            del self.fetching[url]
        for url, repository in wanted.items():
            known = self.fetching.get(url)
            if known is None:
                self.fetching[url] = Fetching(repository, RepositoryStatus(url))
            elif known.repository != repository:
                known.repository = repository
                known.due = self._clock()
        self.show_all()

    def journal_moved(self) -> bool:
        """Whether another process has written to the journal since this was asked last."""
        version = self._journal.data_version()
        moved = version != self._journal_version
        self._journal_version = version
        return moved

    @property
    def journal_matters(self) -> bool:
        """Whether another process may ask something of this one."""
        return self._journal.is_writer

    def load_journal(self) -> None:
        """Take over pins, pauses and what another process did. A journal that cannot be read is a Problem."""
        self.changed = True
        try:
            pins, pauses = dict(self._journal.pins()), dict(self._journal.pauses())
            moved = {name for name in {*pins, *self.pins} if pins.get(name) != self.pins.get(name)}
            moved |= {name for name in {*pauses, *self.pauses} if pauses.get(name) != self.pauses.get(name)}
            self.pins, self.pauses = pins, pauses
            self._seen, written = self._journal.written_since(self._seen)
        except JournalError as error:
            self.problems = (problem_of(error, time.time()),)
            return
        self.problems = tuple(problem for problem in self.problems if problem.stage is not JournalError.stage)
        if not self._was_writer:
            # Another process may have added to them; as the writer they are kept up by `operation_ended`.
            for name in written:
                self.records.forget(name)
                if name in self.tracked:
                    # Its inventory may be another one.
                    self.tracked[name].looked = None
            moved |= written
        self._was_writer = self._journal.is_writer
        for name in sorted(moved):
            self.moved[name] = None
            self.show(name)

    def note(self, problem: Problem) -> None:
        """Show a problem that concerns no single application."""
        self.problems = (*(p for p in self.problems if p.message != problem.message), problem)
        self.changed = True

    def taken(self, question: int) -> bool:
        """Whether a question of another process is being answered already; marks it so."""
        known = question in self._taken
        self._taken.add(question)
        return known

    def operation_ended(self, receipt: Receipt) -> None:
        """The last receipt of its application is this one."""
        self.records.ended(receipt)
        self.show(receipt.application)
        self.ended = True
        self.moved[receipt.application] = None

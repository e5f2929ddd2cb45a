"""The worker's books as a whole, and the Snapshot that is made of them. Owned by the worker's thread."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config
from gitops_tui.engine.automation.attempts import Attempts
from gitops_tui.engine.rollback.relapse import deployed_last
from gitops_tui.engine.schedule.tracking import Fetching, Reaching, Tracked
from gitops_tui.engine.views.statuses import problem_of, without_view
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Repository
from gitops_tui.model.errors import ClusterError, JournalError, Stage, UsageError
from gitops_tui.model.operations import OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.status import (
    ApplicationStatus,
    ClusterStatus,
    Problem,
    RepositoryStatus,
    Snapshot,
    SyncCode,
    WorkerState,
)
from gitops_tui.model.values import replace

_FINEST = 0.05
_SEARCHED = 50


class Books:
    """What is known now. `changed` marks that a new Snapshot is due."""

    def __init__(self, config: Config, journal: Journal, clusters: Clusters, clock: Callable[[], float]) -> None:
        self.config = config
        self.tracked: dict[str, Tracked] = {}
        self.fetching: dict[str, Fetching] = {}
        self.reaching: dict[str, Reaching] = {}
        self.pins: dict[str, Pin] = {}
        self.pauses: dict[str, Pause] = {}
        self.problems: tuple[Problem, ...] = ()
        self.changed = True
        self.refreshed: list[Future[Snapshot]] = []
        """Refreshes that the next Snapshot answers."""
        self._journal = journal
        self._clusters = clusters
        self._clock = clock
        self._last: dict[str, Receipt] = {}
        self._verified: dict[str, bool] = {}
        self._brought: dict[str, Receipt | None] = {}
        self._deployed: dict[str, str] = {}
        self._taken: set[int] = set()
        self._journal_version = -1
        self._generation = 0
        self._published = float("-inf")
        self._state = WorkerState.STARTING
        self._ended = False

    # -- looking things up -----------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written by this process at all."""
        return self.config.settings.read_only

    @property
    def busy(self) -> bool:
        """Whether anything is being fetched, looked at, or synced."""
        return any(t.looking or t.job for t in self.tracked.values()) or any(f.busy for f in self.fetching.values())

    def find(self, name: str) -> Tracked:
        """The application of this name; UsageError with the nearest name otherwise."""
        tracked = self.tracked.get(name)
        if tracked is None:
            near = difflib.get_close_matches(name, self.tracked, n=1)
            hint = f"did you mean {near[0]}?" if near else "`gitops-tui status` lists the applications"
            raise UsageError(f"application {name}", "is not tracked here", hint=hint)
        return tracked

    def context_of(self, application: Application) -> str:
        """The name of the application's context, resolved; "" while no kubeconfig can be read."""
        if application.destination.context:
            return application.destination.context
        try:
            return self._clusters.current
        except ClusterError:
            return ""

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
                found |= {self._deployed_now(name), shown.sha if shown else ""}
                found |= {pin.revision, pin.quarantined} if pin else set()
        return frozenset(found - {""})

    # -- keeping them ----------------------------------------------------------------------------------------

    def track(self, applications: Iterable[Application]) -> tuple[str, ...]:
        """Make these the tracked applications; returns the names that are tracked no longer."""
        wanted = {application.name: application for application in applications}
        gone = tuple(name for name in self.tracked if name not in wanted)
        for name in gone:
            for waiter in self.tracked.pop(name).waiters:
                waiter.looked_at(name)
        for name, application in wanted.items():
            known = self.tracked.get(name)
            if known is None:
                tracked = self.tracked[name] = Tracked(application, without_view(application))
                tracked.attempts = Attempts(synced="" if self._was_interrupted(name) else self._deployed_now(name))
            elif known.application != application:
                known.application = application
                known.status = replace(known.status, application=application)
                known.touch(self._clock())
        # The order of the configuration is the order of the screen.
        self.tracked = {name: self.tracked[name] for name in wanted}
        self.changed = True
        return gone

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
        self.changed = True

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
        """Take over pins, pauses, deployments and the last receipts. A journal that cannot be read is a Problem."""
        try:
            self.pins = dict(self._journal.pins())
            self.pauses = dict(self._journal.pauses())
            if not self._journal.is_writer:
                # Another process may have added to them; as the writer they are kept up by `operation_ended`.
                self._last.clear()
                self._verified.clear()
                self._brought.clear()
                self._deployed.clear()
        except JournalError as error:
            self.problems = (problem_of(error, time.time()),)
        self.changed = True

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
        self._last[receipt.application] = replace(receipt, resources=())
        self._ended = True
        self._deployed.pop(receipt.application, None)
        self._verified.pop(receipt.application, None)
        self._brought.pop(receipt.application, None)
        self.changed = True

    def _was_interrupted(self, name: str) -> bool:
        """Whether the last operation never came to its end, so that nobody knows how far it came."""
        try:
            last = self._last_receipt(name)
        except JournalError:
            return False
        return last is not None and last.phase is OperationPhase.INTERRUPTED

    def _last_receipt(self, name: str) -> Receipt | None:
        if name not in self._last:
            found = self._journal.receipts(name, limit=1, resources=False)
            if not found:
                return None
            self._last[name] = found[0]
        return self._last[name]

    def deployed_last(self, name: str) -> Receipt | None:
        """The newest operation that brought a commit to the cluster, or tried to; without its results."""
        if name not in self._brought:
            try:
                receipts = self._journal.receipts(name, limit=_SEARCHED, resources=False)
            except JournalError:
                return None
            self._brought[name] = deployed_last(receipts)
        return self._brought[name]

    def _is_verified(self, name: str) -> bool:
        """Whether the last operation on the cluster ended well; a commit to Git changes nothing about that."""
        last = self._last_receipt(name)
        if last is not None and last.commit:
            if name not in self._verified:
                earlier = self._journal.receipts(name, limit=_SEARCHED, resources=False)
                self._verified[name] = next((each.verified for each in earlier if not each.commit), False)
            return self._verified[name]
        return bool(last and last.verified)

    def _deployed_now(self, name: str) -> str:
        if name not in self._deployed:
            try:
                newest = self._journal.deployments(name, 1)
            except JournalError:
                return ""
            self._deployed[name] = newest[0].revision if newest else ""
        return self._deployed[name]

    # -- publishing ------------------------------------------------------------------------------------------

    def publishable(self, state: WorkerState) -> bool:
        """Whether a Snapshot should be published now; at most twenty a second, so that a storm is one picture."""
        # The end of an operation is never left out: the next one may end before the next picture.
        urgent = self._ended or (state is not self._state and state not in {WorkerState.IDLE, WorkerState.BUSY})
        return (
            urgent
            or bool(self.refreshed)
            or ((self.changed or state is not self._state) and self.publish_due() <= self._clock())
        )

    def publish_due(self) -> float:
        """Monotonic seconds before which no further Snapshot is published."""
        return self._published + _FINEST

    def snapshot(self, state: WorkerState) -> Snapshot:
        """Everything the faces need, at this instant."""
        self.changed = self._ended = False
        self._published = self._clock()
        self._state = state
        self._generation += 1
        writer = "" if self._journal.is_writer else self._journal.writer
        unfound = (problem for fetching in self.fetching.values() for problem in fetching.unfound)
        notes = tuple(Problem(JournalError.stage, "journal", note) for note in self._journal.notes)
        return Snapshot(
            generation=self._generation,
            time=time.time(),
            applications={name: self._composed(tracked) for name, tracked in self.tracked.items()},
            repositories={url: fetching.status for url, fetching in self.fetching.items()},
            clusters={context: reaching.status for context, reaching in self.reaching.items()},
            worker=state,
            problems=(*self.problems, *notes, *unfound),
            writer=writer,
            read_only=self.read_only,
        )

    def _composed(self, tracked: Tracked) -> ApplicationStatus:
        application = tracked.application
        fetching = self.fetching.get(application.source.repository)
        status = tracked.composed(
            fetching.status if fetching else None,
            self.pins.get(application.name),
            self.pauses.get(application.name),
            self.context_of(application),
        )
        last = self._last_receipt(application.name)
        if status.running is None and last is not None and last.phase is OperationPhase.INTERRUPTED:
            status = _interrupted(status, last)
        verified = self._is_verified(application.name)
        return replace(status, last=last, verified=verified, deployed=self._deployed_now(application.name))


def _interrupted(status: ApplicationStatus, last: Receipt) -> ApplicationStatus:
    """What an operation that was cut off has left undone; nothing, when the cluster holds what Git says."""
    if status.sync is SyncCode.SYNCED or any(problem.stage is Stage.EXECUTE for problem in status.problems):
        return status
    problem = Problem(
        Stage.EXECUTE,
        f"{last.kind} of {last.revision[:7]}",
        f"{last.phase}: {last.message}",
        "sync again: what is done already is left as it is",
        last.finished or last.started,
    )
    summary = status.summary or f"{problem.subject}: {problem.message}"
    return replace(status, problems=(*status.problems, problem), summary=summary)

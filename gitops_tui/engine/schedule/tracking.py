"""The worker's books: what it knows of each application, repository and cluster. Owned by one thread."""

from __future__ import annotations

from collections.abc import Callable

from gitops_tui.engine.automation.attempts import Attempts
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.halt import Halt
from gitops_tui.engine.schedule.agenda import Agenda
from gitops_tui.engine.schedule.backoff import Backoff
from gitops_tui.engine.views.sights import Sight
from gitops_tui.model.application import Application, FolderTemplate, Repository
from gitops_tui.model.operations import Pin
from gitops_tui.model.status import ApplicationStatus, ClusterStatus, Problem, RepositoryStatus, Snapshot, SyncCode
from gitops_tui.model.values import dataclass, field, replace

NEVER = float("inf")
LIFT_AGAIN = 5.0
"""Seconds after which a pin or pause that is over is lifted again, where that could not be written down."""


@dataclass(slots=True)
class RefreshWaiter:
    """A Refresh that is answered, with the next Snapshot, when each of its applications has been looked at."""

    future: Future[Snapshot]
    pending: set[str]
    done: list[Future[Snapshot]]

    def looked_at(self, name: str) -> None:
        """One of them has been, or is tracked no longer; one that is dropped while it is looked at is told twice."""
        if self.pending == {name}:
            self.done.append(self.future)
        self.pending.discard(name)


@dataclass(slots=True)
class RunningJob:
    """The operation that runs for an application."""

    halt: Halt
    revision: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look brought back. pin: the one that it was made under."""

    sight: Sight
    status: ApplicationStatus
    cluster: ClusterStatus
    pin: Pin | None = None
    lift_pin: bool = False


@dataclass(slots=True)
class Tracked:
    """One application. agenda: holds when each is looked at next. dirty: something moved while it was looked at."""

    application: Application
    status: ApplicationStatus
    agenda: Agenda
    looking: bool = False
    dirty: bool = False
    backoff: Backoff = field(default_factory=lambda: Backoff(2.0, 2.0, 60.0, jitter=0.2))
    attempts: Attempts = field(default_factory=Attempts)
    progress: Backoff = field(default_factory=lambda: Backoff(5.0, 1.5, 60.0))
    """How soon it is looked at again while it progresses and nothing moves."""
    job: RunningJob | None = None
    waiters: list[RefreshWaiter] = field(default_factory=list)
    """Whom the next look answers that ends."""
    late: list[RefreshWaiter] = field(default_factory=list)
    """Who asked during a look, which may have begun before what they mean: the one after it answers them."""
    outcome: Problem | None = None
    """What came of the last operation, if it was not a success."""
    waiting: str = ""
    """Why automation does not start what it would."""
    looked: Looked | None = None
    """What the last look brought back; None when it failed, or when nothing of it shall be taken over."""
    planned: float = NEVER
    """When it is looked at whatever moves."""
    afresh: float = float("-inf")
    """When nothing is taken over from the last look, unless all was in order."""

    @property
    def due(self) -> float:
        """Monotonic seconds of its next look."""
        return self.agenda.when(self.application.name)

    def look_at(self, when: float) -> None:
        """Look again at `when`, and not before."""
        self.planned = when
        self.agenda.put(self.application.name, when)

    def touch(self, when: float) -> None:
        """Look at all of it again, at `when` at the latest."""
        self.afresh = min(self.afresh, when)
        self.planned = min(self.planned, when)
        self.stir(when)

    def stir(self, when: float) -> None:
        """Look at what has moved, at `when` at the latest."""
        if self.looking:
            self.dirty = True
        if when < self.due:
            self.agenda.put(self.application.name, when)


@dataclass(slots=True)
class Fetching:
    """One repository. tried: it was asked at least once, so what is known locally is as good as it gets.

    again: somebody asked for the newest while it was being fetched, which may have begun before what they mean was
    pushed.
    """

    repository: Repository
    status: RepositoryStatus
    due: float = 0.0
    busy: bool = False
    tried: bool = False
    again: bool = False
    backoff: Backoff = field(default_factory=lambda: Backoff(2.0, 2.0, 120.0, jitter=0.2))
    expanded: dict[FolderTemplate, tuple[Application, ...]] = field(default_factory=dict)
    unfound: tuple[Problem, ...] = ()
    """Which folders could not be found in it."""
    then: list[Callable[[], None]] = field(default_factory=list)
    """What waits for the end of the fetch."""


@dataclass(slots=True)
class Reaching:
    """One cluster. not_before: monotonic seconds before which it is left alone, because it did not answer."""

    status: ClusterStatus
    not_before: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(1.0, 2.0, 60.0, jitter=0.3))


def unreadable(status: ApplicationStatus, problem: Problem) -> ApplicationStatus:
    """The last good data, marked stale: what cannot be read now is Unknown, never in sync."""
    return replace(
        status,
        sync=SyncCode.UNKNOWN,
        stale=True,
        problems=(problem,),
        summary=f"{problem.subject}: {problem.message}",
    )

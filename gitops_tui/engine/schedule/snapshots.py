"""The Snapshot that is made of the books: each application's status with all that others know of it."""

from __future__ import annotations

import operator
import time

from gitops_tui.engine.rollback.relapse import ACTOR as AUTO_ROLLBACK
from gitops_tui.engine.schedule.books import Books
from gitops_tui.engine.schedule.tracking import NEVER, Tracked
from gitops_tui.journal import Journal
from gitops_tui.model.errors import JournalError, Stage
from gitops_tui.model.operations import OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.status import ApplicationStatus, Problem, RunningOperation, Snapshot, SyncCode, WorkerState
from gitops_tui.model.values import dataclass, replace

_FINEST = 0.05


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is told of one application. waiting: why automation does not start what it would.

    elsewhere: its last operation runs in the process that writes.
    """

    status: ApplicationStatus
    fetch: Problem | None
    outcome: Problem | None
    pin: Pin | None
    pause: Pause | None
    context: str
    waiting: str
    last: Receipt | None
    verified: bool
    deployed: str
    elsewhere: bool


_parts = operator.attrgetter(*_Known.__slots__)


class Snapshots:
    """Makes Snapshots of the books. Owned by the worker's thread.

    A status of which nothing has moved is the same object in the next Snapshot, so that faces can tell at a glance;
    only those of which the books have news are made anew.
    """

    def __init__(self, books: Books, journal: Journal) -> None:
        self._books = books
        self._journal = journal
        self._made: dict[str, tuple[_Known, ApplicationStatus]] = {}
        self._statuses: dict[str, ApplicationStatus] = {}
        self._context = ""
        self._generation = 0
        self._published = float("-inf")
        self._state = WorkerState.STARTING
        self._turned: float | None = None
        """Since when the worker is busy, or is not, and no Snapshot says so."""

    def due(self) -> float:
        """Monotonic seconds at which there is something to publish; infinity while there is nothing."""
        if self._books.changed:
            return self._next
        return NEVER if self._turned is None else max(self._next, self._turned + _FINEST)

    @property
    def _next(self) -> float:
        """Monotonic seconds before which no further Snapshot is published."""
        return self._published + _FINEST

    def is_early(self, now: float) -> bool:
        """Whether nothing may be published now, whatever the worker does."""
        return self._next > now and not self._books.refreshed and not self._books.ended

    def is_due(self, state: WorkerState, now: float) -> bool:
        """Whether one should be published now; at most twenty a second, so that a storm is one picture."""
        # The end of an operation is never left out: the next one may end before the next picture.
        if self._books.ended or self._books.refreshed:
            return True
        if state is self._state:
            self._turned = None
        elif state not in {WorkerState.IDLE, WorkerState.BUSY}:
            return True
        elif self._turned is None:
            # That work begins is no news yet: what comes of it may be there in a moment, and shall not have to wait.
            self._turned = now
        return self.due() <= now

    def make(self, state: WorkerState, now: float) -> Snapshot:
        """Everything the faces need, at this instant."""
        books = self._books
        self._published, self._state, self._turned = now, state, None
        self._generation += 1
        self._compose()
        unfound = (problem for fetching in books.fetching.values() for problem in fetching.unfound)
        notes = tuple(Problem(JournalError.stage, "journal", note) for note in self._journal.notes)
        return Snapshot(
            generation=self._generation,
            time=time.time(),
            applications=self._statuses,
            repositories={url: fetching.status for url, fetching in books.fetching.items()},
            clusters={context: reaching.status for context, reaching in books.reaching.items()},
            worker=state,
            problems=(*books.problems, *notes, *unfound, *books.namesakes),
            writer="" if self._journal.is_writer else self._journal.writer,
            read_only=books.read_only,
        )

    def _compose(self) -> None:
        """Make anew what is told of the applications of which there is news."""
        books = self._books
        names, current = books.shown(), books.current_context
        if names is None or current != self._context:
            names, self._context = books.tracked, current
            self._made = {name: self._made[name] for name in names if name in self._made}
            self._statuses = {}
        made = {name: self._composed(name, books.tracked[name]) for name in names if name in books.tracked}
        self._made |= made
        # Those who have the Snapshot before go on with what it holds.
        self._statuses = self._statuses | {name: status for name, (_, status) in made.items()}

    def _composed(self, name: str, tracked: Tracked) -> tuple[_Known, ApplicationStatus]:
        known = self._known(name, tracked)
        made = self._made.get(name)
        if made is not None and all(map(operator.is_, _parts(made[0]), _parts(known))):
            return made
        return known, _told(known)

    def _known(self, name: str, tracked: Tracked) -> _Known:
        books = self._books
        fetching = books.fetching.get(tracked.application.source.repository)
        last = books.records.last(name)
        is_going_on = last is not None and not last.phase.is_final
        return _Known(
            tracked.status,
            fetching.status.problem if fetching is not None else None,
            tracked.outcome,
            books.pins.get(name),
            books.pauses.get(name),
            books.context_of(tracked.application),
            "" if tracked.job else tracked.waiting,
            last,
            books.records.is_verified(name),
            books.records.deployed(name),
            is_going_on and not self._journal.is_writer and bool(self._journal.writer),
        )


def _told(known: _Known) -> ApplicationStatus:
    status, pin = known.status, known.pin
    problems, stale = status.problems, status.stale
    if known.fetch is not None:
        problems = (known.fetch, *(p for p in problems if p.stage is not known.fetch.stage))
        stale = True
    if known.outcome is not None:
        problems = (*problems, known.outcome)
    summary = status.summary or (f"{problems[0].subject}: {problems[0].message}" if problems else "")
    if not summary and pin is not None and pin.who == AUTO_ROLLBACK:
        summary = f"went back to {pin.revision[:7]}: {pin.why}"
    told = replace(
        status,
        problems=problems,
        stale=stale,
        summary=summary,
        pin=pin,
        pause=known.pause,
        context=known.context,
        waiting=known.waiting,
        last=known.last,
        verified=known.verified,
        deployed=known.deployed,
        running=status.running or _running_elsewhere(known),
    )
    return _with_interruption(told) if told.running is None else told


def _running_elsewhere(known: _Known) -> RunningOperation | None:
    """What another process does, of which the journal tells only that it has begun."""
    last = known.last
    if last is None or not known.elsewhere:
        return None
    return RunningOperation(last.operation, last.kind, last.phase, current=f"of {last.revision[:7]} by {last.actor}")


def _with_interruption(status: ApplicationStatus) -> ApplicationStatus:
    """What an operation that was cut off has left undone; nothing, when the cluster holds what Git says."""
    last = status.last
    if last is None or last.phase is not OperationPhase.INTERRUPTED or status.sync is SyncCode.SYNCED:
        return status
    if any(problem.stage is Stage.EXECUTE for problem in status.problems):
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

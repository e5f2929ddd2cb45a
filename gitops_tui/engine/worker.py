"""The worker: one thread that owns all that changes, a queue in, frozen Snapshots out.

Slow work runs in lanes and comes back through the same queue, so nothing here needs a lock. `step` makes one
pass in the caller's thread instead.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config
from gitops_tui.engine.automation.deciding import Deciding
from gitops_tui.engine.future import Future
from gitops_tui.engine.request import Refresh, Reload, Request
from gitops_tui.engine.schedule.books import Books
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.fetches import Fetches
from gitops_tui.engine.schedule.lanes import WRITING, Lanes, ThreadLanes
from gitops_tui.engine.schedule.looks import Looks
from gitops_tui.engine.schedule.snapshots import Snapshots
from gitops_tui.engine.store import Store
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.engine.views.watches import Watches
from gitops_tui.journal import Journal
from gitops_tui.model.errors import GitopsError, JournalError, Stage
from gitops_tui.model.operations import Pin
from gitops_tui.model.status import Problem, WorkerState
from gitops_tui.model.values import dataclass
from gitops_tui.source import Mirrors

if TYPE_CHECKING:
    from gitops_tui.engine.acting import Acting

_JOURNAL_POLL = 0.25
_CLAIM_AGAIN = 5.0
_IDLE = 3600.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is built of. who: how this process is named to others ("gitops-tui --headless of alice")."""

    config: Config
    clusters: Clusters
    mirrors: Mirrors
    journal: Journal
    store: Store
    who: str
    automate: bool = True
    lanes: Lanes | None = None
    clock: Callable[[], float] = time.monotonic


class Worker:
    """Reconciles every application until it is stopped.

    automate False: it looks and answers, but starts nothing by itself and leaves the writer's place to others
    until it is asked for a write (the command line's way).
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lanes = parts.lanes or ThreadLanes()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self.failure: BaseException | None = None
        watches = Watches()
        reconciler = Reconciler(
            mirrors=parts.mirrors,
            clusters=parts.clusters,
            watches=watches,
            inventory=parts.journal.inventory,
            submit=self._lanes.submit,
            folder=parts.config.settings.state_dir / "renderings",
            findings=parts.config.settings.state_dir / "findings",
        )
        self._books = Books(parts.config, parts.journal, parts.clusters, self._clock)
        self._snapshots = Snapshots(self._books, parts.journal)
        self._desk = desk = Desk(self._books, parts.journal, self._run, self._lanes.rest, self._inbox.put, self._clock)
        self._reconciler = reconciler
        self._deciding = Deciding(desk)
        self._fetches = Fetches(desk, reconciler, watches)
        self._looks = Looks(desk, reconciler, self._lift, for_one=not parts.automate)
        self._made: Acting | None = None
        if parts.automate:
            self._made = self._acting
        self._begun = False
        self._journal_polled = float("-inf")
        self._claim_due = float("-inf")

    # -- the faces' side -------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Where the Snapshots are published."""
        return self._parts.store

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something; the answer, or a GitopsError, arrives in the Future. Thread-safe."""
        future: Future[Any] = Future()
        if self._closing.is_set():
            future.set_exception(GitopsError("the worker", "is stopping"))
        else:
            self._inbox.put(lambda: self._take(request, future))
        return future

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self._loop, name="worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the running writes, then end. Returns after at most `timeout` seconds."""
        self._closing.set()
        self._inbox.put(self._stop_running)
        if self._thread is not None:
            self._thread.join(timeout)
        else:
            self._close()

    def step(self) -> None:
        """One pass in the caller's thread: all that is due now, and all that follows from it."""
        self._begin()
        while self._turn():
            self._drain(0.0)
        self._publish(WorkerState.IDLE, force=True)

    @property
    def _acting(self) -> Acting:
        if self._made is None:
            from gitops_tui.engine.acting import Acting  # noqa: PLC0415 - half of the engine, which a look is not

            parts = self._parts
            self._made = Acting(self._desk, self._reconciler, self._deciding, who=parts.who, closing=self._closing)
        return self._made

    # -- the thread ------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        try:
            self._begin()
            while not self._closing.is_set():
                self._turn()
                self._publish()
                self._drain(self._wait_time())
                self._lanes.give_way()
            self._publish(WorkerState.STOPPING)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and ends the program
            self._fail(error)
        finally:
            self._close()

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self._books.load_journal()
        self._fetches.use(self._parts.config)
        self._publish(WorkerState.IDLE)

    def _turn(self) -> bool:
        """Start what is due. Returns whether anything was started or waits in the queue."""
        self._books.look_up()
        now = self._clock()
        started = self._fetches.start_due(now)
        started = self._looks.start_due(now) or started
        if self._parts.automate:
            started = self._acting.automatic.start_due() or started
            self._acting.upkeep.start_due(now)
        else:
            self._deciding.explain()
        self._poll_journal()
        return started or not self._inbox.empty()

    def _drain(self, timeout: float) -> None:
        with contextlib.suppress(Empty):
            taken = self._inbox.get(timeout=timeout) if timeout > 0 else self._inbox.get_nowait()
            while True:
                self._lanes.give_way()
                taken()
                taken = self._inbox.get_nowait()

    def _wait_time(self) -> float:
        now = self._clock()
        decided = self._acting.automatic if self._parts.automate else self._deciding
        due = min(self._fetches.next_due(), self._looks.next_due(), decided.next_due(), now + _IDLE)
        due = min(due, self._snapshots.due())
        if self._parts.automate or self._books.journal_matters:
            due = min(due, self._journal_polled + _JOURNAL_POLL)
        return max(due - now, 0.001)

    def _poll_journal(self) -> None:
        now = self._clock()
        if now - self._journal_polled < _JOURNAL_POLL:
            return
        self._journal_polled = now
        if self._parts.automate and not self._books.read_only and self._claim_due <= now:
            self._claim_due = now + _CLAIM_AGAIN
            self._acting.claim_writer()
        if self._books.journal_moved():
            self._books.load_journal()
            if self._parts.journal.is_writer:
                self._acting.answer_questions()

    def _take(self, request: Request, future: Future[Any]) -> None:
        try:
            match request:
                case Reload():
                    self._fetches.use(request.config)
                    if self._made is not None:
                        self._made.launcher.take_turns()
                    future.set_result(None)
                case Refresh():
                    self._looks.refresh(request, future)
                case _:
                    self._acting.commands.take(request, future)
        except GitopsError as error:
            future.set_exception(error)

    def _run(
        self,
        lane: str,
        width: int,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[GitopsError], None],
    ) -> None:
        """Run `job` in a lane; `done` or `failed` is called in the worker's thread. An unknown exception is a bug."""

        def finish(future: Future[Any]) -> None:
            error = None if future.cancelled() else future.exception()
            if future.cancelled():
                self._inbox.put(lambda: failed(GitopsError("the worker", "is stopping")))
            elif isinstance(error, GitopsError):
                self._inbox.put(lambda: failed(error))
            elif error is not None:
                self._inbox.put(lambda: self._raise(error))
            else:
                self._inbox.put(lambda: done(future.result()))

        self._lanes.submit(lane, width, job).add_done_callback(finish)

    def _raise(self, error: BaseException) -> None:
        raise error

    def _publish(self, state: WorkerState | None = None, *, force: bool = False) -> None:
        now = self._clock()
        if state is None:
            if self._snapshots.is_early(now):
                return
            state = WorkerState.BUSY if self._books.busy else WorkerState.IDLE
        if force or self._snapshots.is_due(state, now):
            snapshot = self._snapshots.make(state, now)
            self._parts.store.publish(snapshot)
            refreshed, self._books.refreshed[:] = tuple(self._books.refreshed), []
            for future in refreshed:
                future.set_result(snapshot)

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        kind = type(error).__name__
        bug = GitopsError(
            "gitops-tui",
            f"stopped by a fault of its own ({kind})",
            hint="please report it with the log; nothing is written any more",
            stage=Stage.INTERNAL,
        )
        self._books.problems = (*self._books.problems, self._as_problem(bug))
        self._publish(WorkerState.FAILED)

    def _as_problem(self, error: GitopsError) -> Problem:
        return problem_of(error, time.time())

    def _close(self) -> None:
        self._closing.set()
        self._stop_running()
        # Only writes are worth waiting for: a look at a cluster that hangs must not hold up the end.
        self._lanes.close(wait_for=WRITING)
        with contextlib.suppress(Exception):
            # What came back from the lanes last still has to reach those who wait for it.
            self._drain(0.0)
        with contextlib.suppress(JournalError):
            # The next start looks for itself; this only fills its first screen.
            if self._made is not None:
                self._made.upkeep.remember()
        if self.failure is None:
            if not self._parts.automate:
                # A process that stays looks on; what it leaves would be old before anybody wants it.
                self._reconciler.recalled.leave(each.sight for each in self._books.looked())
            self._publish(WorkerState.STOPPED)

    def _lift(self, pin: Pin) -> None:
        self._acting.commands.lift(pin)

    def _stop_running(self) -> None:
        if self._made is not None:
            self._made.launcher.stop_running()

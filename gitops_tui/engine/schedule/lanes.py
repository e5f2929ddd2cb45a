"""Slow work, kept apart by what it depends on.

Each repository and each cluster has its own lane with its own few threads, so one that hangs until its deadline
holds up nobody else.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from gitops_tui.engine.future import Future

T = TypeVar("T")

WRITING = "sync "
"""How the lanes of operations begin: what the worker waits for when it ends."""

_CLOSING = 8.0
_IDLE = 30.0


class Lanes(Protocol):
    """Where jobs run."""

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` in `lane`, where at most `width` jobs run at once."""
        ...

    def rest(self, lane: str, *, begins: bool) -> None:
        """A running job of `lane` begins to wait for something, so that another may run meanwhile; or goes on."""
        ...

    def give_way(self) -> None:
        """Between two jobs, in whatever thread: wait while somebody else goes first."""
        ...

    def close(self, timeout: float = ..., *, wait_for: str = ...) -> bool:
        """Cancel what has not begun; wait for the rest of the lanes whose name begins so. Whether it ended in time."""
        ...


class ThreadLanes:
    """A few threads for each lane, made when they are needed and gone after half a minute without work.

    They are daemon threads: a job that hangs until a deadline of the network must not hold up the end of the
    program. Jobs that write are told to stop before the lanes are closed. give_way: called before each job, in its
    thread.
    """

    def __init__(self, give_way: Callable[[], None] = lambda: None) -> None:
        self._give_way = give_way
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` in `lane`."""
        future: Future[T] = Future()
        with self._lock:
            found = self._lanes.setdefault(lane, _Lane(lane, self._give_way))
        found.put(width, future, job)
        return future

    def rest(self, lane: str, *, begins: bool) -> None:
        """Make room for another job while one of a lane only waits."""
        with self._lock:
            found = self._lanes.get(lane)
        if found is not None:
            found.rest(1 if begins else -1)

    def give_way(self) -> None:
        """Wait while somebody else goes first."""
        self._give_way()

    def close(self, timeout: float = _CLOSING, *, wait_for: str = "") -> bool:
        """Cancel what has not begun, wait at most `timeout` seconds for the rest of the lanes that matter."""
        with self._lock:
            lanes = tuple(self._lanes.items())
        end = time.monotonic() + timeout
        ended = True
        for name, lane in lanes:
            lane.cancel()
            if name.startswith(wait_for):
                ended = lane.wait(end) and ended
        return ended


class _Lane:
    def __init__(self, name: str, give_way: Callable[[], None]) -> None:
        self._name = name
        self._give_way = give_way
        self._changed = threading.Condition()
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._threads = 0
        self._idle = 0
        self._running = 0
        self._resting = 0
        self._width = 0
        self._closed = False

    def put(self, width: int, future: Future[Any], job: Callable[[], Any]) -> None:
        with self._changed:
            if self._closed:
                future.cancel()
                return
            self._jobs.append((future, job))
            self._width = width
            self._staff()

    def rest(self, change: int) -> None:
        with self._changed:
            self._resting += change
            self._staff()

    def _staff(self) -> None:
        """Have a thread for what waits, if one more may run."""
        if self._idle < len(self._jobs) and self._threads - self._resting < self._width:
            self._threads += 1
            threading.Thread(target=self._work, name=f"lane {self._name}", daemon=True).start()
        self._changed.notify()

    def _may_take(self) -> bool:
        return bool(self._jobs) and self._running - self._resting < self._width

    def cancel(self) -> None:
        with self._changed:
            self._closed = True
            waiting, self._jobs = self._jobs, deque()
            self._changed.notify_all()
        for future, _ in waiting:
            future.cancel()
            future.set_running_or_notify_cancel()

    def wait(self, end: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, max(end - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            future, job = taken
            try:
                self._give_way()
                if future.set_running_or_notify_cancel():
                    _run(future, job)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._may_take() or self._closed, _IDLE)
            self._idle -= 1
            if not self._may_take():
                self._threads -= 1
                return None
            self._running += 1
            return self._jobs.popleft()


class InlineLanes:
    """Runs each job at once in the caller's thread, so that `Worker.step` is one deterministic pass."""

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` now."""
        del lane, width
        future: Future[T] = Future()
        _run(future, job)
        return future

    def rest(self, lane: str, *, begins: bool) -> None:
        """Nothing runs beside it."""
        del lane, begins

    def give_way(self) -> None:
        """Nobody else is there."""

    def close(self, timeout: float = 0.0, *, wait_for: str = "") -> bool:
        """Nothing is left to wait for."""
        del timeout, wait_for
        return True


def _run(future: Future[T], job: Callable[[], T]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 - a Future carries whatever its job raised
        future.set_exception(error)

"""An engine that may be used before it is there: the first screen does not wait for what takes time to build."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Request
from gitops_tui.engine.store import Listener, Store
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.engine.worker import Worker
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.status import Snapshot, WorkerState
from gitops_tui.model.values import replace


class BootingEngine:
    """Builds a worker in a thread and passes requests on once it runs.

    build: makes the worker, publishing into the given store; a GitopsError of it becomes a Problem on screen.
    """

    def __init__(self, build: Callable[[Store], Worker]) -> None:
        self._build = build
        self._store = Store()
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._failure: GitopsError | None = None
        self._bug: BaseException | None = None
        self._waiting: list[tuple[Request, Future[Any]]] = []
        self._stopped = False
        self._thread = threading.Thread(target=self._boot, name="boot", daemon=True)

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""
        return self._store.current

    @property
    def failure(self) -> BaseException | None:
        """The fault of ours that stopped the engine, if one did."""
        return self._bug or (self._worker.failure if self._worker else None)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new Snapshot; the returned function ends that."""
        return self._store.subscribe(listener)

    def start(self) -> None:
        """Begin to build; returns at once."""
        self._thread.start()

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something, now or as soon as the worker runs."""
        with self._lock:
            if self._worker is not None:
                return self._worker.submit(request)
            future: Future[Any] = Future()
            if self._failure is not None:
                future.set_exception(self._failure)
            else:
                self._waiting.append((request, future))
            return future

    def stop(self, timeout: float) -> None:
        """Finish the running writes and end, in at most about `timeout` seconds."""
        with self._lock:
            self._stopped = True
            worker = self._worker
        self._thread.join(timeout)
        if worker is None:
            worker = self._worker
        if worker is not None:
            worker.stop(timeout)

    def _boot(self) -> None:
        try:
            worker = self._build(self._store)
        except GitopsError as error:
            self._fail(error)
            return
        except Exception as error:  # noqa: BLE001 - shown, and raised again by the composition root
            self._bug = error
            self._fail(GitopsError("gitops-tui", f"stopped by a fault of its own ({type(error).__name__})"))
            return
        with self._lock:
            self._worker = worker
            waiting, self._waiting = self._waiting, []
            if not self._stopped:
                worker.start()
        for request, future in waiting:
            _pass_on(worker.submit(request), future)

    def _fail(self, error: GitopsError) -> None:
        with self._lock:
            self._failure = error
            waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            future.set_exception(error)
        now = time.time()
        self._store.publish(
            replace(
                self._store.current,
                generation=self._store.current.generation + 1,
                time=now,
                worker=WorkerState.FAILED,
                problems=(problem_of(error, now),),
            )
        )


def _pass_on(answer: Future[Any], to: Future[Any]) -> None:
    def finish(done: Future[Any]) -> None:
        error = done.exception()
        if error is not None:
            to.set_exception(error)
        else:
            to.set_result(done.result())

    answer.add_done_callback(finish)

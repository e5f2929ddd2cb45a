"""The daemon's life: start, signals, one pass or many, an orderly end."""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Protocol

from gitops_tui.config import Config
from gitops_tui.engine import Store
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Refresh, Reload, Request
from gitops_tui.headless.endpoints import Endpoints
from gitops_tui.headless.log import Log, Narrator
from gitops_tui.model.errors import ConfigError, GitopsError, UsageError
from gitops_tui.model.status import ApplicationStatus, Snapshot, SyncCode, WorkerState

IN_SYNC, DIFFERENCES, ERROR = 0, 1, 2
_STOP_TIMEOUT = 9.0


class Engine(Protocol):
    """What the daemon needs of the worker."""

    @property
    def store(self) -> Store:
        """Where Snapshots are published."""
        ...

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self, timeout: float = ...) -> None:
        """Finish the running write and end."""
        ...


class Daemon:
    """Runs a worker until a signal comes (or once), and tells what happens.

    listen: where the endpoints answer, "" for nowhere. reload: reads the configuration again; a GitopsError keeps the
    old one. is_told_where: the command line says where to listen, whatever the configuration does.
    """

    def __init__(
        self, engine: Engine, *, log: Log, listen: str, reload: Callable[[], Config], is_told_where: bool = False
    ) -> None:
        self._engine = engine
        self._log = log
        self._listen = listen
        self._is_told_where = is_told_where
        self._endpoints: Endpoints | None = None
        self._reload = reload
        self._events: queue.SimpleQueue[str | Snapshot] = queue.SimpleQueue()

    def run(self, *, once: bool = False) -> int:
        """Run to the end and return the exit code: 0 done or in sync, 1 differences (once), 2 error."""
        self._endpoints = self._opened(self._listen) if self._listen and not once else None
        before = {number: signal.signal(number, self._on_signal) for number in self._signals()}
        narrator = Narrator(self._log)
        unsubscribe = self._engine.store.subscribe(self._events.put)
        try:
            self._answer()
            self._log.event("started", once=once or None)
            self._engine.start()
            code = self._once(narrator) if once else self._forever(narrator)
        finally:
            self._engine.stop(_STOP_TIMEOUT)
            unsubscribe()
            if self._endpoints is not None:
                self._endpoints.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        self._tell_the_rest(narrator)
        self._log.event("stopped", code=code)
        return code

    @staticmethod
    def _signals() -> Iterable[signal.Signals]:
        return (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # SimpleQueue.put is reentrant, so it may be called from a signal handler.
        self._events.put("reload" if number == signal.SIGHUP else "stop")

    def _forever(self, narrator: Narrator) -> int:
        while True:
            event = self._events.get()
            if event == "stop":
                self._log.event("stopping")
                return IN_SYNC
            if event == "reload":
                self._read_again()
            elif isinstance(event, Snapshot):
                narrator.tell(event)
                if event.worker is WorkerState.FAILED:
                    return ERROR

    def _once(self, narrator: Narrator) -> int:
        """Look at everything; let automation finish what it starts; look again."""
        while True:
            pass_over = self._engine.submit(Refresh())
            pass_over.add_done_callback(lambda _: self._events.put("looked"))
            if not self._follow(narrator, "looked"):
                return ERROR
            error = pass_over.exception()
            if error is not None:
                self._log.event("problem", level="error", message=str(error))
                return ERROR
            snapshot = self._engine.store.current
            if snapshot.worker is WorkerState.IDLE:
                narrator.tell(snapshot)
                return exit_code(snapshot.applications.values())
            # What moved while it was looked at is looked at again, and may be what automation has to act upon.
            while self._engine.store.current.worker is WorkerState.BUSY:
                event = self._events.get()
                if isinstance(event, Snapshot):
                    narrator.tell(event)
                elif event == "stop":
                    return ERROR

    def _follow(self, narrator: Narrator, until: str) -> bool:
        """Tell what happens until an event comes; False when the daemon is told to stop or has failed."""
        while True:
            event = self._events.get()
            if event == until:
                return True
            if isinstance(event, Snapshot):
                narrator.tell(event)
                if event.worker is WorkerState.FAILED:
                    return False
            elif event == "stop":
                return False

    def _read_again(self) -> None:
        try:
            config = self._reload()
        except GitopsError as error:
            self._log.event(
                "reload-refused",
                level="error",
                message=f"{error}; the configuration in use is kept",
                mistakes=(list(error.mistakes) or None) if isinstance(error, ConfigError) else None,
            )
            return
        if not self._is_told_where:
            self._listen_at(config.settings.listen)
        taken = self._engine.submit(Reload(config))
        taken.add_done_callback(self._reloaded)

    def _opened(self, listen: str) -> Endpoints:
        return Endpoints(listen, lambda: self._engine.store.current)

    def _answer(self) -> None:
        if self._endpoints is not None:
            self._endpoints.start()
            self._log.event("listening", address=self._endpoints.address)

    def _listen_at(self, listen: str) -> None:
        """Answer at another address; where that is not possible, say so and go on answering at the old one."""
        if listen == self._listen:
            return
        try:
            endpoints = self._opened(listen) if listen else None
        except UsageError as error:
            self._log.event("problem", level="error", message=f"{error}; the address in use is kept")
            return
        if self._endpoints is not None:
            self._endpoints.stop()
        self._listen, self._endpoints = listen, endpoints
        self._answer()

    def _reloaded(self, taken: Future[Any]) -> None:
        error = taken.exception()
        if isinstance(error, GitopsError):
            self._log.event("reload-refused", level="error", message=str(error))
        else:
            self._log.event("reloaded")

    def _tell_the_rest(self, narrator: Narrator) -> None:
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, Snapshot):
                narrator.tell(event)


def exit_code(statuses: Iterable[ApplicationStatus]) -> int:
    """0 when all is in sync, 1 with differences, 2 when anything could not be read or done."""
    found = tuple(statuses)
    if any(status.problems or status.sync is SyncCode.UNKNOWN for status in found):
        return ERROR
    return DIFFERENCES if any(status.sync is SyncCode.OUT_OF_SYNC for status in found) else IN_SYNC

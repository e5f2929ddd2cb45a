"""Runs the controllers: one queue, one thread, or step by step in a test."""

from __future__ import annotations

import heapq
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from gitops_tui.embedded.api.backend import Backend, clock
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.controllers.clock import Clock, ManualClock, SystemClock, Timings
from gitops_tui.embedded.controllers.world import World, controller_of, namespace_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Event, Key

_RETRY = 1.0
_LATER = 60.0
_LONGEST_SLEEP = 30.0
_LOG = logging.getLogger(__name__)

Reconcile = Callable[[World, Object], float | None]
"""Brings one object closer to what it asks for. Returns the seconds until it wants to look again, None: on a change."""

Follow = Callable[[World, Object], Iterable[Key]]
"""The objects that a change of another object concerns."""


@dataclass(frozen=True)
class Controller:
    """One controller: the kind it looks after, and the other kinds whose changes concern it.

    A change of an object always concerns its own controller, by its owner reference.
    """

    storage: str
    reconcile: Reconcile
    follows: tuple[tuple[str, Follow], ...] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    controller: Controller
    key: Key


class Controllers:
    """The simulated controllers over one backend."""

    def __init__(
        self,
        backend: Backend,
        controllers: Iterable[Controller],
        *,
        clock: Clock | None = None,
        timings: Timings | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self.world = World(backend, self._clock, timings or Timings())
        self._backend = backend
        self._by_storage: dict[str, list[Controller]] = {}
        self._followers: dict[str, list[tuple[Controller, Follow]]] = {}
        for controller in controllers:
            self._by_storage.setdefault(controller.storage, []).append(controller)
            for storage, follow in controller.follows:
                self._followers.setdefault(storage, []).append((controller, follow))
        self._due: dict[_Task, float] = {}
        self._heap: list[tuple[float, int, _Task]] = []
        self._order = count()
        self._news: deque[Event] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def begin(self) -> None:
        """Look at everything that is there, and at every change from now on."""
        with self._backend.store.lock:
            self._unsubscribe = self._backend.store.watch(self._tell)
            for item in self._backend.store.everything():
                for controller in self._by_storage.get(item.key.storage, ()):
                    self._add(_Task(controller, item.key), 0.0)

    def start(self) -> None:
        """Begin, and run in a thread until `stop`."""
        self.begin()
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop at the next object."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def step(self) -> float | None:
        """Do everything that is due now. Returns the time when something is due next, None when nothing is."""
        while True:
            self._hear()
            with self._wake:
                task, due = self._next()
                if task is None and (self._stopping or not self._news):
                    return due
            if task is not None:
                self._do(task)

    def advance(self, seconds: float) -> None:
        """Let time pass on a ManualClock, doing everything in its time."""
        hand = self._clock
        if not isinstance(hand, ManualClock):
            raise TypeError("only a ManualClock can be advanced")
        end = hand.now() + seconds
        due = self.step()
        while due is not None and due <= end:
            hand.move_to(due)
            due = self.step()
        hand.move_to(end)
        self.step()

    def _run(self) -> None:
        latest = self._clock.now()
        while True:
            due = self.step()
            with self._wake:
                if self._stopping:
                    return
                now = self._clock.now()
                if now < latest:
                    self._forget_times()
                latest = now
                if self._news or (self._heap and self._heap[0][0] <= now):
                    continue
                self._wake.wait(_LONGEST_SLEEP if due is None else min(max(0.0, due - now), _LONGEST_SLEEP))

    def _forget_times(self) -> None:
        """After the clock was set back, do everything now: to look too early does no harm, too late does."""
        self._due = dict.fromkeys(self._due, 0.0)
        self._heap = [(0.0, next(self._order), task) for task in self._due]

    def _next(self) -> tuple[_Task | None, float | None]:
        while self._heap and not self._stopping:
            due, _, task = self._heap[0]
            if self._due.get(task) != due:
                heapq.heappop(self._heap)
                continue
            if due > self._clock.now():
                return None, due
            heapq.heappop(self._heap)
            del self._due[task]
            return task, due
        return None, None

    def _do(self, task: _Task) -> None:
        with self._backend.store.lock:
            item = self._backend.store.get(task.key)
            if item is None:
                return
            try:
                with clock(self._clock.now):
                    after = task.controller.reconcile(self.world, item.body)
            except ApiError as error:
                _LOG.warning("%s %s/%s: %s", task.key.storage, task.key.namespace, task.key.name, error)
                after = _RETRY
            except Exception:  # noqa: BLE001 - the edge: an object that one controller chokes on stops no other
                _LOG.exception("%s %s/%s", task.key.storage, task.key.namespace, task.key.name)
                after = _LATER
        if after is not None:
            self._add(task, self._clock.now() + after)

    def _add(self, task: _Task, due: float) -> None:
        with self._wake:
            known = self._due.get(task)
            if known is not None and known <= due:
                return
            self._due[task] = due
            heapq.heappush(self._heap, (due, next(self._order), task))
            self._wake.notify_all()

    def _tell(self, event: Event) -> None:
        """Called by whoever writes, under the store's lock."""
        with self._wake:
            self._news.append(event)
            self._wake.notify_all()

    def _hear(self) -> None:
        """Find out whom the changes since the last time concern."""
        while self._news and not self._stopping:
            event = self._news.popleft()
            key, body = event.item.key, event.item.body
            if event.type == "DELETED":
                self.world.forget(body)
            else:
                for controller in self._by_storage.get(key.storage, ()):
                    self._add(_Task(controller, key), 0.0)
            self._add_owner(body)
            for controller, follow in self._followers.get(key.storage, ()):
                self._follow(controller, follow, body)

    def _follow(self, controller: Controller, follow: Follow, body: Object) -> None:
        try:
            for other in follow(self.world, body):
                self._add(_Task(controller, other), 0.0)
        except Exception:  # noqa: BLE001 - the edge, as in `_do`
            _LOG.exception("%s after %s %s", controller.storage, body.get("kind"), body["metadata"].get("name"))

    def _add_owner(self, body: Object) -> None:
        reference = controller_of(body)
        if reference is None:
            return
        resource = self._backend.registry.of_kind(reference["apiVersion"], reference["kind"])
        if resource is None:
            return
        key = Key(resource.storage, namespace_of(body) if resource.namespaced else "", reference["name"])
        for controller in self._by_storage.get(resource.storage, ()):
            self._add(_Task(controller, key), 0.0)

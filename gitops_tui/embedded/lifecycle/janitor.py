"""The thread in which a server tidies up after deletions and serves new kinds."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace

from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.lifecycle.definitions import DefinitionJanitor
from gitops_tui.embedded.lifecycle.garbage import GarbageCollector
from gitops_tui.embedded.lifecycle.namespaces import NamespaceJanitor
from gitops_tui.embedded.lifecycle.protection import VolumeProtection
from gitops_tui.embedded.store.items import Event


class Janitor:
    """Runs the duties that an API server and its garbage collector have, from start to stop."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._definitions = DefinitionJanitor(backend)
        self._garbage = GarbageCollector(backend)
        self._duties = (self._definitions, NamespaceJanitor(backend), self._garbage, VolumeProtection(backend))
        self._thread = threading.Thread(target=self._run, name="embedded-janitor", daemon=True)
        self._stop_watching: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Take up everything there is, then follow every change. Definitions are served when this returns."""
        with self._backend.store.lock:
            self._stop_watching = self._backend.store.watch(self._events.put)
            items = list(self._backend.store.everything())
        self._garbage.begin(items)
        for item in items:
            event = Event("ADDED", item, None)
            self._definitions.handle(event)
            self._events.put(event)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop_watching()
        self._events.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            with self._backend.store.lock:
                if present := self._present(event):
                    for duty in self._duties:
                        duty.handle(present)

    def _present(self, event: Event) -> Event | None:
        """A change as it matters now: an object that a restore brought back is neither gone nor being deleted."""
        item = self._backend.store.get(event.item.key)
        if item is None or item.body["metadata"]["uid"] != event.item.body["metadata"]["uid"]:
            return event
        return None if event.type == "DELETED" else replace(event, item=item)

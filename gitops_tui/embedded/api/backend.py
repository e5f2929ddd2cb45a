"""What every request works on: the store, the kinds that are served, and the few things that are allocated."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.api.logs import Logs
from gitops_tui.embedded.kinds.registry import Registry
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.store.items import Item, Key
from gitops_tui.embedded.store.store import Store


@dataclass
class Backend:
    """The state of one embedded cluster.

    `admit` may change an object that is about to be stored; it is told whether that is only a dry-run.
    """

    store: Store
    registry: Registry = field(default_factory=Registry)
    logs: Logs = field(default_factory=Logs)
    admit: Callable[[Object, bool], None] = lambda _obj, _dry_run: None

    def key(self, call: Call) -> Key:
        """Where the object of a call is stored."""
        return key_of(call.resource, call.namespace, call.name)

    def require(self, call: Call) -> Item:
        """The object of a call; NotFound otherwise."""
        item = self.store.get(self.key(call))
        if item is None:
            raise errors.not_found(call.resource, call.name)
        return item

    def namespace(self, name: str) -> Item | None:
        """A namespace."""
        return self.store.get(Key("namespaces", "", name))


def key_of(resource: Resource, namespace: str, name: str) -> Key:
    """Where an object of a kind is stored."""
    return Key(resource.storage, namespace if resource.namespaced else "", name)


_NOW: ContextVar[Callable[[], float]] = ContextVar("now", default=time.time)


@contextmanager
def clock(now: Callable[[], float]) -> Iterator[None]:
    """Within it, and in this thread only, writes are dated by another clock (seconds since the epoch)."""
    token = _NOW.set(now)
    try:
        yield
    finally:
        _NOW.reset(token)


def timestamp() -> str:
    """Now, to the second, as objects carry it."""
    return datetime.fromtimestamp(_NOW.get()(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fresh_uid() -> str:
    """A uid that no other object has."""
    return str(uuid.uuid4())

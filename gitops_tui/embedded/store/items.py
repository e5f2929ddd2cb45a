"""What a store keeps and tells: items, events, and the errors of a lost race."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gitops_tui.embedded.kinds.schema import Object

_TYPE = frozenset({"kind", "apiVersion"})


class Key(NamedTuple):
    """Place of an item: storage name (`deployments.apps`), namespace ("" for cluster-scoped), name."""

    storage: str
    namespace: str
    name: str


class Item:
    """One stored object at one revision. `body` must not be changed."""

    __slots__ = ("_bare", "body", "key", "revision")

    def __init__(self, key: Key, body: Object, revision: int) -> None:
        self.key = key
        self.body = body
        self.revision = revision
        self._bare: bytes | None = None

    @property
    def bare(self) -> bytes:
        """The body as JSON without kind and apiVersion, encoded once; lists of built-in kinds hold it like this."""
        if self._bare is None:
            self._bare = encode({name: value for name, value in self.body.items() if name not in _TYPE})
        return self._bare

    def encoded(self, api_version: str) -> bytes:
        """The body as JSON in one version of its kind."""
        return b'{"kind":"%b","apiVersion":"%b",%b' % (self.body["kind"].encode(), api_version.encode(), self.bare[1:])


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `previous` is the item before it (None: created); a deletion's item is its last state."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    item: Item
    previous: Item | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a store held at a revision."""

    items: tuple[Item, ...]
    revision: int


class ConflictError(Exception):
    """The item is not at the expected revision."""


class ExpiredError(Exception):
    """The asked revision is older than the kept history. `oldest` is the first one kept."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")
        self.asked = asked
        self.oldest = oldest


def encode(body: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")

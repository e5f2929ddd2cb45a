"""What goes in and out of a cluster, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.values import dataclass, field


class Scope(NamedTuple):
    """One set of objects to list and watch. namespace "" means all of them; selector is a label selector."""

    group: str
    kind: str
    namespace: str = ""
    selector: str = ""

    def __str__(self) -> str:
        kind = f"{self.group}/{self.kind}" if self.group else self.kind
        return f"{kind} in {self.namespace}" if self.namespace else kind


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A served kind. version is the one to talk to (the server's preferred one); versions are all, best first."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    versions: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", *, version: str = "") -> str:
        """Path of one object, or of all of them in a namespace, or everywhere; at the preferred version or another."""
        root = f"/apis/{quote(self.group, safe='')}" if self.group else "/api"
        parts = [root, quote(version or self.version, safe="")]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(quote(self.plural, safe=""))
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Applied:
    """An API server's answer to an apply: the object as it is (or, in a dry-run, would be) stored."""

    body: Body
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """One live object in the cache: a small summary, and the whole object as JSON bytes.

    owner: the application whose tracking id names this very object. owner_uids: uids of its owner references.
    created: seconds since the epoch. decoded: the object as it came, for the first who wants it; a process that is
    soon gone keeps it until then.
    """

    key: ResourceKey
    uid: str
    resource_version: str
    owner: str | None
    owner_uids: tuple[str, ...]
    created: float | None
    raw: bytes = field(repr=False)
    decoded: list[dict[str, Any]] | None = field(default=None, repr=False, compare=False)

    def body(self) -> dict[str, Any]:
        """The object, nobody else's: a caller may keep or change what it gets."""
        if self.decoded:
            with suppress(IndexError):
                return self.decoded.pop()
        made: dict[str, Any] = json.loads(self.raw)
        return made


class Family(NamedTuple):
    """What the watches have of an application at one instant.

    stated: the objects of the keys that were asked for, in their order; None where there is none. others: more objects
    that are the application's own, in order of their keys. below: the objects that have an owner reference to a uid,
    in order of their keys, for each of these and of what is below them.
    """

    stated: tuple[Live | None, ...]
    others: tuple[Live, ...]
    below: Mapping[str, tuple[Live, ...]]


def beneath(below: Mapping[str, tuple[Live, ...]], uids: Sequence[str]) -> tuple[Live, ...]:
    """Return all that is below some objects, level by level. below: see `Family`."""
    if not below:
        return ()
    found: dict[str, Live] = {}
    front = uids
    while front:
        level = [child for uid in front for child in below.get(uid, ()) if child.uid not in found]
        found.update((child.uid, child) for child in level)
        front = [child.uid for child in level]
    return tuple(found.values())

"""Findings that outlive the process: what the one before found of each resource, recalled where it stands.

Kept is only what follows from what is stated and what is live, and would be found so by any process at any time: that a
resource is proven to be what Git says, and how it is. It is kept by what it rests on: a digest of the manifest, and one
of every byte of the live object and of all below it. So whatever has moved, went back with a backup or was made anew is
judged anew. A file of another program or of an application that is configured otherwise, or one that is damaged, tells
nothing. What may hold secret values leaves nothing behind, not even a digest.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gitops_tui import __version__
from gitops_tui.cluster import Family, Live, beneath
from gitops_tui.engine.views.findings import Finding
from gitops_tui.engine.views.kept import SECRET
from gitops_tui.model.application import Application
from gitops_tui.model.ownership import stated_digest
from gitops_tui.model.resources import DriftCode, Health, HealthCode, Manifest, ResourceKey, ResourceStatus
from gitops_tui.private import make_room, write_private

if TYPE_CHECKING:
    from gitops_tui.engine.views.kept import Settled
    from gitops_tui.engine.views.sights import Sight

_FORMAT: Final = 1
_MOST: Final = 3000
"""Files kept."""

_LARGEST: Final = 20_000
"""Findings of one application that are kept; of one that has more, none is."""

_JUDGES: Final = ("cluster/watching", "diff", "engine/views", "health", "model", "model/rules", "model/windows", "sync")
"""The folders of the program that say what is in sync and well."""


class Known(NamedTuple):
    """Findings that stand. own: of what is desired. below: of live objects below these."""

    own: tuple[Finding, ...] = ()
    below: tuple[Finding, ...] = ()


NOTHING: Final = Known()


class Recalled:
    """The files, one for each application. Safe for several threads and processes: a file is replaced whole.

    folder: private; None where there is none, and nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept: dict[str, int] = {}
        """Applications whose file was read, and how many findings are in it."""

    def take(self, application: Application, settled: Settled, family: Family) -> Known:
        """What stands of that which the process before found, for the first look of this one.

        family: of the objects of `settled`, none of which may be old.
        """
        if self._folder is None or application.name in self._kept:
            return NOTHING
        self._kept[application.name] = 0
        if application.masked_paths:
            # What was found before these were masked may tell of their values.
            self.forget(application)
            return NOTHING
        with suppress(OSError, ValueError):
            found = _File.read(self._path(application).read_bytes(), application)
            known = found.known(settled, family)
            self._kept[application.name] = found.size
            return known
        return NOTHING

    def leave(self, sights: Iterable[Sight]) -> None:
        """Leave to the next process what was found, where that is not what was recalled. A full disk is no failure."""
        if self._folder is None:
            return
        for sight in sights:
            application = sight.ground.application
            kept = [each for each in (*sight.own, *sight.below) if _may_be_kept(each)]
            if application.masked_paths or len(kept) > _LARGEST:
                self.forget(application)
            elif not sum(each.is_recalled for each in kept) == len(kept) == self._kept.get(application.name, 0):
                # What cannot be written would only have saved time.
                with suppress(OSError, ValueError, RecursionError):
                    path = self._path(application)
                    make_room(path, _MOST)
                    write_private(path, _written(sight, kept))

    def forget(self, application: Application) -> None:
        """Keep nothing of an application."""
        self._kept[application.name] = 0
        if self._folder is not None:
            with suppress(OSError):
                self._path(application).unlink(missing_ok=True)

    def _path(self, application: Application) -> Path:
        named = (_FORMAT, application.name, application.source.repository, application.destination)
        return (self._folder or Path()) / _digest(repr(named).encode(errors="surrogatepass"))


class _File(NamedTuple):
    """What is kept of an application.

    kinds: findings without what is of one resource only. own: by the digest of a manifest, that of what was seen, and
    the kind. below: by the digest of an object, its parent and its kind.
    """

    kinds: Sequence[tuple[Health, str, str, bool]]
    own: Mapping[str, tuple[str, int]]
    below: Mapping[str, tuple[Sequence[str] | None, int]]

    @classmethod
    def read(cls, data: bytes, application: Application) -> _File:
        """ValueError when it is not of this application, or not as it was written."""
        first, _, body = data.partition(b"\n")
        if first != _sum(body, application):
            raise ValueError("it is damaged, or was found in another way")
        kinds, own, below = json.loads(body)
        made = [
            (Health(HealthCode(code), text, rule), message, version, counted)
            for code, text, rule, message, version, counted in kinds
        ]
        return cls(made, own, below)

    @property
    def size(self) -> int:
        """How many findings there are."""
        return len(self.own) + len(self.below)

    def known(self, settled: Settled, family: Family) -> Known:
        """Those that stand."""
        own = tuple(
            self._found(manifest, seen, kind)
            for manifest, live in zip(settled.manifests, family.stated, strict=True)
            if live is not None and manifest.key not in settled.unplaced and manifest.digest in self.own
            for seen in [(live, *beneath(family.below, [live.uid]))]
            for mark, kind in [self.own[manifest.digest]]
            if mark == _mark(seen)
        )
        if not self.below:
            return Known(own)
        children = {child.uid: child for each in family.below.values() for child in each}
        below = tuple(
            self._found_below(child, *self.below[mark])
            for child in children.values()
            for mark in [_mark((child,))]
            if mark in self.below
        )
        return Known(own, below)

    def _found(self, manifest: Manifest, seen: tuple[Live, ...], kind: int) -> Finding:
        health, message, version, is_counted = self.kinds[kind]
        key, live, drift = manifest.key, seen[0], DriftCode.IN_SYNC
        status = ResourceStatus(
            key, drift, health, message, version, created=live.created, digest=stated_digest(manifest)
        )
        picture = (key, drift, live.owner, live.uid, ())
        return Finding(status, live.uid, picture, is_counted, None, seen, (), True, True, True)

    def _found_below(self, child: Live, parent: Sequence[str] | None, kind: int) -> Finding:
        health, message, version, _ = self.kinds[kind]
        of = ResourceKey(*parent) if parent is not None else None
        status = ResourceStatus(
            child.key, DriftCode.IN_SYNC, health, message, version, of, desired=False, created=child.created
        )
        return Finding(status, child.uid, (), False, None, (child,), (), True, True, True)


def _may_be_kept(found: Finding) -> bool:
    return found.is_proven and not found.heard and not any(SECRET in live.raw for live in found.seen)


def _written(sight: Sight, kept: Sequence[Finding]) -> bytes:
    manifests = {manifest.key: manifest for manifest in sight.ground.settled.manifests}
    kinds: dict[tuple[object, ...], int] = {}
    own: dict[str, tuple[str, int]] = {}
    below: dict[str, tuple[ResourceKey | None, int]] = {}
    for each in kept:
        status, mark = each.status, _mark(each.seen)
        health = (status.health.code, status.health.message, status.health.rule)
        kind = kinds.setdefault((*health, status.message, status.version, each.is_counted), len(kinds))
        if status.desired:
            own[manifests[status.key].digest] = (mark, kind)
        else:
            below[mark] = (status.parent, kind)
    body = json.dumps([list(kinds), own, below], separators=(",", ":"), allow_nan=False).encode()
    return b"\n".join((_sum(body, sight.ground.application), body))


def _mark(seen: Iterable[Live]) -> str:
    """The digest of objects, byte by byte as they came."""
    mark = blake2b(digest_size=16)
    for live in seen:
        mark.update(b"%d " % len(live.raw))
        mark.update(live.raw)
    return mark.hexdigest()


def _sum(body: bytes, application: Application) -> bytes:
    """The checksum of what is kept, for this program and for the application as it is configured."""
    rules = repr((_program(), application)).encode(errors="surrogatepass")
    return _digest(b"%d " % len(rules) + rules + body).encode()


@cache
def _program() -> tuple[object, ...]:
    """This program, as far as it judges. OSError where that cannot be told."""
    return __version__, sys.version, _sources(Path(__file__).parents[2])


def _sources(top: Path) -> Sequence[tuple[str, int, int]]:
    """The sources that judge, with size and time: of a program that was changed in place the version is the same."""
    files = [entry for folder in _JUDGES for entry in os.scandir(top / folder) if entry.name.endswith(".py")]
    states = ((entry.path, entry.stat()) for entry in files)
    return sorted((path, state.st_size, state.st_mtime_ns) for path, state in states)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()

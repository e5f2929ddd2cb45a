"""Verdicts that cannot have changed, so that a quiet application costs no request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from gitops_tui.model.fields import mappings
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.ownership import DIGEST_ANNOTATION
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.model.values import dataclass

_NEVER = float("-inf")
_STILL_FORETOLD = 30.0
"""Seconds for which a plan, and the execution of it, trust what the server foretold of the same manifest and the same
live object. Everything is tried once before anything is written, and nothing twice within this time."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on. uid "": the object is not there.

    written: who wrote the object when, since a cluster that was restored gives a resourceVersion a second time. rules:
    what is ignored, and what is masked in the changes that a verdict names.
    """

    context: str
    key: ResourceKey
    digest: str
    uid: str
    resource_version: str
    written: int
    rules: int

    @classmethod
    def of(
        cls,
        context: str,
        manifest: Manifest,
        live: Body | None,
        rules: int,
    ) -> Evidence:
        """The evidence of one desired object and its live twin, None when that is missing. rules: see `rules_of`."""
        metadata = (live or {}).get("metadata") or {}
        uid, version = str(metadata.get("uid", "")), str(metadata.get("resourceVersion", ""))
        writes = mappings(metadata.get("managedFields"))
        written = hash(tuple(f"{each.get('manager')} {each.get('time')}" for each in writes))
        return cls(context, manifest.key, manifest.digest, uid, version, written, rules)


def rules_of(ignored: Sequence[IgnoreRule], masked_paths: Sequence[str]) -> int:
    """What is ignored and masked, as evidence."""
    return hash((tuple(ignored), tuple(masked_paths)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an object differs. conflicts: fields of others that an apply would take. foretold: until when (monotonic
    seconds) its prediction holds for a plan."""

    drift: Drift
    conflicts: tuple[str, ...] = ()
    foretold: float = _NEVER

    @property
    def is_proven(self) -> bool:
        """Whether it is in sync, and nobody had to be asked for that."""
        return self.drift.code is DriftCode.IN_SYNC and self.foretold == _NEVER


class Verdicts:
    """The newest verdict on each object, with its evidence. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ResourceKey], tuple[Evidence, Verdict]] = {}

    def known(self, evidence: Evidence, *, for_plan: bool) -> Verdict | None:
        """The verdict, if the evidence is still the same; a plan takes one that differs only while it is fresh."""
        with self._lock:
            kept = self._kept.get((evidence.context, evidence.key))
        if kept is None or kept[0] != evidence:
            return None
        verdict = kept[1]
        holds = bool(evidence.uid) and verdict.drift.code is DriftCode.IN_SYNC
        return verdict if holds or not for_plan or self.is_fresh(verdict) else None

    def is_fresh(self, verdict: Verdict) -> bool:
        """Whether the server foretold it a moment ago."""
        return verdict.foretold >= self._clock()

    def keep(
        self, evidence: Evidence, drift: Drift, *, conflicts: tuple[str, ...] = (), foretold: bool = False
    ) -> Verdict:
        """Keep a verdict in place of the one before. foretold: the server was asked, as for an apply without force."""
        verdict = Verdict(drift, conflicts, self._clock() + _STILL_FORETOLD if foretold else _NEVER)
        with self._lock:
            self._kept[evidence.context, evidence.key] = (evidence, verdict)
        return verdict

    def forget(self, keys: Sequence[ResourceKey] | None = None) -> None:
        """Judge these objects anew at the next look; None: all."""
        with self._lock:
            if keys is None:
                self._kept.clear()
                return
            wanted = set(keys)
            for slot in [slot for slot in self._kept if slot[1] in wanted]:
                del self._kept[slot]


def applied_as_stated(manifest: Manifest, live: Body) -> bool:
    """Whether the digest of what was last applied, kept on the object, is the digest of what Git says."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    stated = manifest.annotations.get(DIGEST_ANNOTATION)
    return stated is not None and annotations.get(DIGEST_ANNOTATION) == stated

"""Desired and live of one application, side by side: read, predicted, compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from gitops_tui.cluster import Cluster, Live, Scope
from gitops_tui.diff import compare
from gitops_tui.engine.views.asking import Asking, Sightings
from gitops_tui.engine.views.judging import Judging
from gitops_tui.engine.views.verdicts import Verdict
from gitops_tui.model.application import Application
from gitops_tui.model.errors import (
    ClusterError,
    DryRunRefusedError,
    GitopsError,
    InvalidError,
    NotServedError,
    UnreachableError,
)
from gitops_tui.model.ownership import anothers, owner_of
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.sync import Pair, hook_of, is_immutable, kept_from_apply

_NONE_SEEN: Final[Mapping[ResourceKey, Live]] = {}


class Pairing:
    """The state of one look: what was read and what could not be.

    seen: objects that are taken as the watches had them when the look began.
    """

    def __init__(
        self,
        cluster: Cluster,
        application: Application,
        judging: Judging,
        asking: Asking,
        seen: Mapping[ResourceKey, Live] = _NONE_SEEN,
    ) -> None:
        self._cluster = cluster
        self._application = application
        self._asking = asking
        self._sightings = Sightings(cluster, seen)
        self._judging = judging
        self._told: dict[ResourceKey, Verdict] = {}
        self.failures: dict[ResourceKey, GitopsError] = {}
        self.absent: set[ResourceKey] = set()

    def pairs(self, manifests: Sequence[Manifest], for_plan: bool) -> list[Pair]:
        """Each desired object and its live twin. What has to be asked of the cluster is asked at once."""
        self._sightings.survey(manifest.key for manifest in manifests if manifest.key not in self.failures)
        sides = [(manifest, self._sightings.cached(manifest.key)) for manifest in manifests]
        told = [self._pair(*side, for_plan) if self._is_known(*side, for_plan) else None for side in sides]
        if not for_plan and self._judging.may_deduce(told.count(None)):
            # Before anything is written the server is asked about all of it.
            told = [pair or self._deduced(*side) for side, pair in zip(sides, told, strict=True)]
        asked = [side for side, pair in zip(sides, told, strict=True) if pair is None]
        answers = iter(self._asking.each(lambda side: self._pair(*side, for_plan), asked))
        return [pair or next(answers) for pair in told]

    def told(self, manifests: Sequence[Manifest]) -> list[Pair] | None:
        """The same, not for a plan, where nothing has to be asked of the cluster for it; None where something has."""
        pairs: list[Pair] = []
        for manifest in manifests:
            cached = self._sightings.cached(manifest.key)
            if not self._is_known(manifest, cached, for_plan=False):
                return None
            pairs.append(self._pair(manifest, cached, for_plan=False))
        return pairs

    def _deduced(self, manifest: Manifest, cached: Body | None) -> Pair | None:
        verdict = self._judging.deduced(manifest, cached) if cached is not None else None
        if verdict is None:
            return None
        self._told[manifest.key] = verdict
        return self._pair(manifest, cached, for_plan=False)

    def _is_known(self, manifest: Manifest, cached: Body | None, for_plan: bool) -> bool:
        """Whether a pair can be made without a request."""
        if manifest.key in self.failures:
            return True
        if cached is None and not self._sightings.is_absent(manifest.key):
            return False
        if cached is None and (not for_plan or self._sightings.lacks(manifest.key.namespace)):
            return True
        verdict = self._judging.known(manifest, cached, for_plan=for_plan)
        if verdict is not None:
            self._told[manifest.key] = verdict
        return verdict is not None

    def _pair(self, manifest: Manifest, cached: Body | None, for_plan: bool) -> Pair:
        """One desired object and its live twin."""
        key = manifest.key
        failure = self.failures.get(key)
        if isinstance(failure, NotServedError):
            # So no such object can exist.
            missing = Drift(key, DriftCode.MISSING)
            return Pair(key=key, manifest=manifest, live=None, drift=missing, refusal=str(failure), unserved=True)
        if failure is not None:
            return _unread(key, manifest, failure)
        try:
            live = cached or self._sightings.live(key)
        except ClusterError as error:
            if isinstance(error, UnreachableError):
                raise
            self.failures[key] = error
            return _unread(key, manifest, error)
        if live is None:
            return self._missing(manifest, for_plan)
        owner = owner_of(live)
        if owner not in (None, self._application.name):
            note = anothers(owner, self._application.name)
            return Pair(
                key=key,
                manifest=manifest,
                live=live,
                drift=Drift(key, DriftCode.UNKNOWN, note=note),
                refusal=note,
                owner=owner,
            )
        return self._present(manifest, live, owner, for_plan)

    def _missing(self, manifest: Manifest, for_plan: bool) -> Pair:
        kept = kept_from_apply(manifest.body, None)
        if kept:
            return Pair(manifest.key, manifest, None, Drift(manifest.key, DriftCode.IN_SYNC, note=kept))
        refusal, tried = "", False
        predicted: Body | None = None
        drift = Drift(manifest.key, DriftCode.IN_SYNC if hook_of(manifest.body) is not None else DriftCode.MISSING)
        # Nothing can be foretold of what is in a namespace that is not there; the plan makes it, or execution tells.
        if for_plan and not self._sightings.lacks(manifest.key.namespace):
            try:
                predicted = self._judging.foretell(manifest, drift)
                tried = True
            except InvalidError as error:
                refusal = f"{error.message}"
            except DryRunRefusedError:
                pass  # what cannot be foretold is tried
            except ClusterError as error:
                # A namespace or kind that the same plan creates is not there yet; execution predicts again.
                if isinstance(error, UnreachableError):
                    raise
                refusal = "" if error.status == 404 else str(error)
        return Pair(
            key=manifest.key,
            manifest=manifest,
            live=None,
            drift=drift,
            predicted=predicted,
            refusal=refusal,
            tried=tried,
        )

    def _present(self, manifest: Manifest, live: Body, owner: str | None, for_plan: bool) -> Pair:
        if hook_of(manifest.body) is not None:
            # A hook is made anew by its policy; what is left of its last run is neither drift nor changed.
            in_sync = Drift(manifest.key, DriftCode.IN_SYNC)
            return Pair(manifest.key, manifest, live, in_sync, owner=owner, proven=True)
        kept = kept_from_apply(manifest.body, live)
        if kept:
            in_sync = Drift(manifest.key, DriftCode.IN_SYNC, note=kept)
            return Pair(manifest.key, manifest, live, in_sync, owner=owner, proven=True)
        refusal, immutable, tried, proven = "", False, False, False
        predicted: Body | None = None
        conflicts: tuple[str, ...] = ()
        try:
            verdict = self._told.pop(manifest.key, None) or self._judging.known(manifest, live, for_plan=for_plan)
            if verdict is None:
                verdict, predicted = self._judging.judged(manifest, live)
            drift, conflicts, tried = verdict.drift, verdict.conflicts, self._judging.is_fresh(verdict)
            proven = verdict.is_proven
        except UnreachableError:
            raise
        except ClusterError as error:
            drift = self._judging.approximated(manifest, live, owner, error)
            if isinstance(error, InvalidError):
                refusal, immutable = _told(error), is_immutable(error)
        if drift.code is DriftCode.IN_SYNC and self._judging.is_to_be_replaced(manifest, live):
            drift = Drift(manifest.key, DriftCode.CHANGED, note="Git states it anew, and Replace puts it whole")
        return Pair(
            key=manifest.key,
            manifest=manifest,
            live=live,
            drift=drift,
            predicted=predicted,
            refusal=refusal,
            owner=owner,
            conflicts=conflicts,
            immutable=immutable,
            tried=tried,
            proven=proven and drift.code is DriftCode.IN_SYNC,
        )

    def extras(self, owned: Collection[ResourceKey], applied: frozenset[ResourceKey] = frozenset()) -> list[Pair]:
        """Objects that are ours and that the commit does not name: what the watches have, and what was once applied."""
        name = self._application.name
        found: list[Pair] = []
        for key in sorted({*owned, *applied}):
            try:
                body = self._sightings.live(key)
            except NotServedError:
                continue
            except ClusterError as error:
                self.failures[key] = error
                if key in owned:
                    found.append(_unread(key, None, error))
                continue
            if body is None:
                self.absent.update({key} & applied)
            elif owner_of(body) == name:
                found.append(_extra(key, body, name))
        return found

    def extra(self, live: Live) -> Pair:
        """One of them, as the watches have it."""
        return _extra(live.key, live.body(), self._application.name)

    def incomplete(self, cluster: Cluster, scopes: frozenset[Scope]) -> str:
        """Why this look is no ground for a prune."""
        unread = [key for key, error in self.failures.items() if not isinstance(error, NotServedError)]
        if unread:
            key = min(unread)
            return f"{key} could not be read: {self.failures[key].message}"
        problems = cluster.problems()
        for scope in scopes:
            problem = problems.get(scope)
            if problem is not None and not isinstance(problem, NotServedError):
                return f"{scope.kind} could not be listed: {problem.message}"
        return "" if cluster.ready(scopes) else "not every kind has been listed yet"


def _unread(key: ResourceKey, manifest: Manifest | None, why: GitopsError) -> Pair:
    return Pair(key=key, manifest=manifest, live=None, drift=Drift(key, DriftCode.UNKNOWN, note=why.message))


def _extra(key: ResourceKey, body: Body, name: str) -> Pair:
    return Pair(key=key, manifest=None, live=body, drift=_extraneous(key, body), owner=name)


def _extraneous(key: ResourceKey, live: Body) -> Drift:
    if hook_of(live) is not None:
        return Drift(key, DriftCode.IN_SYNC, note="hook of an earlier sync")
    return compare(None, live)


def _told(error: InvalidError) -> str:
    """What the server says; about a Secret only fields and reasons are left, which say more than its message."""
    hidden = error.causes and not any(cause in error.message for cause in error.causes)
    return f"{error.message}: {', '.join(error.causes)}" if hidden else error.message

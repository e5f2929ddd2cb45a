"""Desired and live of one application, side by side: read, predicted, compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops_tui.cluster import Cluster, Live, Scope
from gitops_tui.diff import compare, hides
from gitops_tui.engine.views.asking import Asking, Sightings
from gitops_tui.engine.views.verdicts import Evidence, Verdict, Verdicts, applied_as_stated
from gitops_tui.engine.views.watches import scopes_for
from gitops_tui.model.application import Application
from gitops_tui.model.errors import (
    ClusterError,
    ConflictError,
    DryRunRefusedError,
    GitopsError,
    InvalidError,
    NotServedError,
    UnreachableError,
)
from gitops_tui.model.fields import dig, integer
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.model.values import replace
from gitops_tui.sync import Pair, hook_of, is_immutable, kept_from_apply, left_alone, replaces, validates


def twin_of(cluster: Cluster, manifest: Manifest, live: Body) -> Body:
    """The live object at the version that Git states: another version has another form."""
    if live.get("apiVersion") == manifest.api_version:
        return live
    return cluster.read(manifest.key, api_version=manifest.api_version) or live


class Pairing:
    """The state of one look: what was read and what could not be."""

    def __init__(
        self,
        cluster: Cluster,
        application: Application,
        verdicts: Verdicts,
        masked_paths: tuple[str, ...],
        asking: Asking,
    ) -> None:
        self._cluster = cluster
        self._application = application
        self._asking = asking
        self._sightings = Sightings(cluster)
        self._verdicts = verdicts
        self._masked_paths = masked_paths
        self._told: dict[ResourceKey, Verdict] = {}
        self.failures: dict[ResourceKey, GitopsError] = {}
        self.absent: set[ResourceKey] = set()

    def pairs(self, manifests: Sequence[Manifest], for_plan: bool) -> list[Pair]:
        """Each desired object and its live twin. What has to be asked of the cluster is asked at once."""
        self._sightings.survey(manifest.key for manifest in manifests if manifest.key not in self.failures)
        sides = [(manifest, self._sightings.cached(manifest.key)) for manifest in manifests]
        told = [self._pair(*side, for_plan) if self._is_known(*side, for_plan) else None for side in sides]
        asked = [side for side, pair in zip(sides, told, strict=True) if pair is None]
        answers = iter(self._asking.each(lambda side: self._pair(*side, for_plan), asked))
        return [pair or next(answers) for pair in told]

    def _is_known(self, manifest: Manifest, cached: Body | None, for_plan: bool) -> bool:
        """Whether a pair can be made without a request."""
        if manifest.key in self.failures:
            return True
        if cached is None and not self._sightings.is_absent(manifest.key):
            return False
        if cached is None and (not for_plan or self._sightings.lacks(manifest.key.namespace)):
            return True
        verdict = self._known(manifest, cached, for_plan)
        if verdict is not None:
            self._told[manifest.key] = verdict
        return verdict is not None

    def _known(self, manifest: Manifest, live: Body | None, for_plan: bool) -> Verdict | None:
        """The verdict where it is known, or proven: a dry-run could answer nothing new.

        The digest of what was last applied is the digest of what Git says, and every field that Git states has its
        stated value live.
        """
        evidence = self._evidence(manifest, live)
        known = self._verdicts.known(evidence, for_plan=for_plan)
        if known is not None or live is None or not applied_as_stated(manifest, live):
            return known
        if self._stated(manifest, live).code is not DriftCode.IN_SYNC:
            return None
        return self._verdicts.keep(evidence, Drift(manifest.key, DriftCode.IN_SYNC))

    def _evidence(self, manifest: Manifest, live: Body | None) -> Evidence:
        return Evidence.of(self._cluster.context, manifest, live, self._application.ignore)

    def _stated(self, manifest: Manifest, live: Body) -> Drift:
        return compare(manifest.body, live, None, self._application.ignore, masked_paths=self._masked_paths)

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
            note = f"belongs to application {owner}, not to {self._application.name}"
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
                if self._known(manifest, None, for_plan) is None:
                    secret = hides(manifest.body, self._masked_paths)
                    predicted = self._cluster.predict(manifest, validate=self._validates(manifest), secret=secret)
                    self._verdicts.keep(self._evidence(manifest, None), drift, foretold=True)
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
            return Pair(manifest.key, manifest, live, Drift(manifest.key, DriftCode.IN_SYNC), owner=owner)
        kept = kept_from_apply(manifest.body, live)
        if kept:
            return Pair(manifest.key, manifest, live, Drift(manifest.key, DriftCode.IN_SYNC, note=kept), owner=owner)
        refusal, immutable, tried = "", False, False
        predicted: Body | None = None
        conflicts: tuple[str, ...] = ()
        try:
            verdict = self._told.pop(manifest.key, None) or self._known(manifest, live, for_plan)
            if verdict is None:
                verdict, predicted = self._judged(manifest, live)
            drift, conflicts, tried = verdict.drift, verdict.conflicts, self._verdicts.is_fresh(verdict)
        except UnreachableError:
            raise
        except ClusterError as error:
            drift = self._approximated(manifest, live, owner, error)
            if isinstance(error, InvalidError):
                refusal, immutable = _told(error), is_immutable(error)
        if drift.code is DriftCode.IN_SYNC and self._is_to_be_replaced(manifest, live):
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
        )

    def _approximated(self, manifest: Manifest, live: Body, owner: str | None, error: ClusterError) -> Drift:
        """The drift where nothing can be foretold: the stated fields alone do not tell what an apply would remove."""
        drift = replace(self._stated(manifest, live), approximate=True, note=str(error))
        if drift.code is DriftCode.IN_SYNC and owner is not None and not applied_as_stated(manifest, live):
            return replace(drift, code=DriftCode.CHANGED, note=f"stated anew, and nothing can be foretold: {error}")
        return drift

    def _is_to_be_replaced(self, manifest: Manifest, live: Body) -> bool:
        """Whether an update would put it in place of the live object: an apply would not remove what Git dropped."""
        return not applied_as_stated(manifest, live) and replaces(manifest.body, self._application.policy)

    def _validates(self, manifest: Manifest) -> bool:
        return validates(manifest.body, self._application.policy)

    def _judged(self, manifest: Manifest, live: Body) -> tuple[Verdict, Body]:
        """The verdict by a dry-run, and what that said an apply would make of it."""
        secret = any(hides(body, self._masked_paths) for body in (manifest.body, live))
        predicted, conflicts = self._predicted(left_alone(manifest, live, self._application), secret=secret)
        twin = twin_of(self._cluster, manifest, live)
        drift = compare(manifest.body, twin, predicted, self._application.ignore, masked_paths=self._masked_paths)
        if _contradicts(drift, live, predicted):
            drift = self._seen_anew(manifest, predicted)
        evidence = self._evidence(manifest, live)
        return self._verdicts.keep(evidence, drift, conflicts=conflicts, foretold=True), predicted

    def _seen_anew(self, manifest: Manifest, predicted: Body) -> Drift:
        """Compare with what the server says, and have the watches of the kind begin anew: they tell less.

        A watch that began before its kind was defined anew leaves out the fields that the old definition lacks.
        """
        live = self._cluster.read(manifest.key, api_version=manifest.api_version)
        drift = compare(manifest.body, live, predicted, self._application.ignore, masked_paths=self._masked_paths)
        if drift.code is DriftCode.IN_SYNC:
            self._cluster.list_again(scopes_for([manifest.key], self._cluster))
        return drift

    def _predicted(self, manifest: Manifest, *, secret: bool) -> tuple[Body, tuple[str, ...]]:
        """What an apply would make of it, and which fields of others it would take."""
        validate = self._validates(manifest)
        try:
            return self._cluster.predict(manifest, force=False, validate=validate, secret=secret), ()
        except ConflictError as error:
            return self._cluster.predict(manifest, validate=validate, secret=secret), error.causes

    def extras(self, desired: frozenset[ResourceKey], inventory: frozenset[ResourceKey]) -> list[Pair]:
        """Objects that are ours and that the commit does not name."""
        name = self._application.name
        owned = {live.key for live in self._cluster.owned(name)} - desired
        found: list[Pair] = []
        for key in sorted(owned | (inventory - desired)):
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
                self.absent.update({key} & inventory)
            elif owner_of(body) == name:
                found.append(Pair(key=key, manifest=None, live=body, drift=_extraneous(key, body), owner=name))
        return found

    def children(self, pairs: Iterable[Pair]) -> tuple[Live, ...]:
        """Live objects below the pairs, breadth first."""
        found: dict[str, Live] = {}
        front = [str(((pair.live or {}).get("metadata") or {}).get("uid") or "") for pair in pairs if pair.live]
        while front:
            level = [child for uid in front if uid for child in self._cluster.children(uid) if child.uid not in found]
            found.update((child.uid, child) for child in level)
            front = [child.uid for child in level]
        return tuple(found.values())

    def unlisted(self, children: Iterable[Live]) -> dict[ResourceKey, str]:
        """Why what is cached of some children may be old."""
        problems = ((child.key, self._cluster.problem(child.key)) for child in children)
        return {key: problem.message for key, problem in problems if problem is not None}

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


def _extraneous(key: ResourceKey, live: Body) -> Drift:
    if hook_of(live) is not None:
        return Drift(key, DriftCode.IN_SYNC, note="hook of an earlier sync")
    return compare(None, live)


def _contradicts(drift: Drift, live: Body, predicted: Body) -> bool:
    """Whether an apply would change the spec and yet make no new generation of it."""
    counted = [integer(dig(body, "metadata", "generation")) for body in (live, predicted)]
    is_same = counted[0] == counted[1] != 0
    return is_same and any(change.path.startswith("spec.") for change in drift.changes)


def _told(error: InvalidError) -> str:
    """What the server says; about a Secret only fields and reasons are left, which say more than its message."""
    hidden = error.causes and not any(cause in error.message for cause in error.causes)
    return f"{error.message}: {', '.join(error.causes)}" if hidden else error.message

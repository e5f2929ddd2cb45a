"""Whether one object is what Git says: proven where that is possible, else foretold by a dry-run."""

from __future__ import annotations

from gitops_tui.cluster import Cluster
from gitops_tui.diff import compare, hides
from gitops_tui.engine.views.verdicts import Evidence, Verdict, Verdicts, applied_as_stated, rules_of
from gitops_tui.engine.views.watches import scopes_for
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError, ConflictError
from gitops_tui.model.fields import dig, integer
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.model.values import replace
from gitops_tui.sync import left_alone, replaces, validates

_WORTH_IT = 4
"""Objects that differ, from which on asking once about admission is less than a dry-run of each."""


def twin_of(cluster: Cluster, manifest: Manifest, live: Body) -> Body:
    """The live object at the version that Git states: another version has another form."""
    if live.get("apiVersion") == manifest.api_version:
        return live
    return cluster.read(manifest.key, api_version=manifest.api_version) or live


class Judging:
    """Judges the objects of one application on its cluster, and keeps the verdicts. Raises ClusterError."""

    def __init__(self, cluster: Cluster, application: Application, verdicts: Verdicts) -> None:
        self._cluster = cluster
        self._application = application
        self._verdicts = verdicts
        self._masked_paths = application.masked_paths
        self._rules = rules_of(application.ignore, application.masked_paths)

    def known(self, manifest: Manifest, live: Body | None, *, for_plan: bool) -> Verdict | None:
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

    def may_deduce(self, objects: int) -> bool:
        """Whether it is worth it to find out about admission, for so many objects that differ."""
        return objects >= _WORTH_IT or self._cluster.admission.is_known()

    def deduced(self, manifest: Manifest, live: Body) -> Verdict | None:
        """The verdict on an object that differs, where that follows from what is live; None where it does not.

        Only ever that it differs: that it is in sync is told by the digest of what was last applied, or by the server.
        """
        from gitops_tui.diff.outcome import outcome  # noqa: PLC0415 - for many objects that differ

        if self.is_to_be_replaced(manifest, live):
            return None
        stated = left_alone(manifest, live, self._application)
        predicted = outcome(stated.body, live)
        if predicted is None or not self._admitted_as_stated(manifest.key):
            return None
        drift = compare(manifest.body, live, predicted, self._application.ignore, masked_paths=self._masked_paths)
        return self._verdicts.keep(self._evidence(manifest, live), drift) if drift.code is DriftCode.CHANGED else None

    def _admitted_as_stated(self, key: ResourceKey) -> bool:
        resource = self._cluster.resource(key.group, key.kind)
        return self._cluster.admission.leaves_alone(key.group, resource.plural)

    def approximated(self, manifest: Manifest, live: Body, owner: str | None, error: ClusterError) -> Drift:
        """The drift where nothing can be foretold: the stated fields alone do not tell what an apply would remove."""
        drift = replace(self._stated(manifest, live), approximate=True, note=str(error))
        if drift.code is DriftCode.IN_SYNC and owner is not None and not applied_as_stated(manifest, live):
            return replace(drift, code=DriftCode.CHANGED, note=f"stated anew, and nothing can be foretold: {error}")
        return drift

    def is_to_be_replaced(self, manifest: Manifest, live: Body) -> bool:
        """Whether an update would put it in place of the live object: an apply would not remove what Git dropped."""
        return not applied_as_stated(manifest, live) and replaces(manifest.body, self._application.policy)

    def judged(self, manifest: Manifest, live: Body) -> tuple[Verdict, Body]:
        """The verdict by a dry-run, and what that said an apply would make of it."""
        secret = any(hides(body, self._masked_paths) for body in (manifest.body, live))
        predicted, conflicts = self._predicted(left_alone(manifest, live, self._application), secret=secret)
        twin = twin_of(self._cluster, manifest, live)
        drift = compare(manifest.body, twin, predicted, self._application.ignore, masked_paths=self._masked_paths)
        if _contradicts(drift, live, predicted):
            drift = self._seen_anew(manifest, predicted)
        evidence = self._evidence(manifest, live)
        return self._verdicts.keep(evidence, drift, conflicts=conflicts, foretold=True), predicted

    def foretell(self, manifest: Manifest, drift: Drift) -> Body | None:
        """Try a creation, and keep `drift` as its verdict; what it would make, None where that is known to succeed."""
        if self.known(manifest, None, for_plan=True) is not None:
            return None
        secret = hides(manifest.body, self._masked_paths)
        predicted = self._cluster.predict(manifest, validate=self._validates(manifest), secret=secret)
        self._verdicts.keep(self._evidence(manifest, None), drift, foretold=True)
        return predicted

    def is_fresh(self, verdict: Verdict) -> bool:
        """Whether an execution may trust the prediction that a verdict rests on."""
        return self._verdicts.is_fresh(verdict)

    def _evidence(self, manifest: Manifest, live: Body | None) -> Evidence:
        return Evidence.of(self._cluster.context, manifest, live, self._rules)

    def _stated(self, manifest: Manifest, live: Body) -> Drift:
        return compare(manifest.body, live, None, self._application.ignore, masked_paths=self._masked_paths)

    def _validates(self, manifest: Manifest) -> bool:
        return validates(manifest.body, self._application.policy)

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


def _contradicts(drift: Drift, live: Body, predicted: Body) -> bool:
    """Whether an apply would change the spec and yet make no new generation of it."""
    counted = [integer(dig(body, "metadata", "generation")) for body in (live, predicted)]
    is_same = counted[0] == counted[1] != 0
    return is_same and any(change.path.startswith("spec.") for change in drift.changes)

"""One application, one look: what Git says, what the cluster has, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_tui.cluster import Cluster, Clusters, Live, Scope
from gitops_tui.diff import compare
from gitops_tui.engine.views.desired import Renderings, settle
from gitops_tui.engine.views.verdicts import Verdicts
from gitops_tui.engine.views.watches import Watches
from gitops_tui.model.application import Application, Repository
from gitops_tui.model.errors import (
    ClusterError,
    ConflictError,
    DryRunRefusedError,
    GitopsError,
    InvalidError,
    NotServedError,
    UnreachableError,
)
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.render import RenderTarget
from gitops_tui.source import Mirror, Mirrors
from gitops_tui.sync import Pair, left_alone

_READY_TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class View:
    """What one look found. latest: the newest commit of the tracked ref; revision: the one that was rendered.

    pairs: every desired or owned object. children: live objects below them (ReplicaSets, Pods). failures: what
    could not be read, by resource. incomplete: why nothing may be pruned on the ground of this view, "" if sound.
    """

    application: Application
    revision: Revision
    latest: Revision
    pairs: tuple[Pair, ...] = ()
    children: tuple[Live, ...] = ()
    failures: Mapping[ResourceKey, GitopsError] = field(default_factory=dict)
    incomplete: str = ""


class Reconciler:
    """Makes Views. Thread-safe; it decides nothing and writes nothing."""

    def __init__(
        self,
        *,
        mirrors: Mirrors,
        clusters: Clusters,
        watches: Watches,
        inventory: Callable[[str, str], frozenset[ResourceKey]],
        masked_paths: Sequence[str] = (),
    ) -> None:
        self._mirrors = mirrors
        self._clusters = clusters
        self._watches = watches
        self._inventory = inventory
        self._masked_paths = tuple(masked_paths)
        self._repositories: Mapping[str, Repository] = {}
        self.renderings = Renderings()
        self.verdicts = Verdicts()

    def use_repositories(self, repositories: Iterable[Repository]) -> None:
        """Take over the configured repositories, by URL."""
        self._repositories = {repository.url: repository for repository in repositories}

    def mirror(self, url: str) -> Mirror:
        """The mirror of a repository by its URL."""
        return self._mirrors.mirror(self._repositories.get(url) or Repository(url))

    def cluster(self, application: Application) -> Cluster:
        """The application's destination."""
        return self._clusters.get(application.destination.context)

    def revision(self, application: Application, wanted: str | None) -> tuple[Revision, Revision]:
        """(the wanted or else the tracked commit, the newest commit of the tracked ref). Raises SourceError."""
        mirror = self.mirror(application.source.repository)
        latest = mirror.resolve(application.source.revision)
        return (mirror.revision(wanted) if wanted else latest), latest

    def manifests(self, application: Application, sha: str) -> tuple[Manifest, ...]:
        """The application's manifests at a commit, as written. Works without the cluster."""
        mirror = self.mirror(application.source.repository)
        return self.renderings.get(mirror, application, sha, lambda: self._target(application))

    def _target(self, application: Application) -> RenderTarget:
        cluster = self.cluster(application)
        return RenderTarget(kube_version=cluster.version(), api_versions=cluster.api_versions())

    def look(self, application: Application, wanted: str | None = None, *, for_plan: bool = False) -> View:
        """Compare one application at a commit with its cluster.

        for_plan: also predict creations, read what the inventory names but no watch covers, and take in a
        missing namespace. Raises GitopsError when nothing at all can be said; a failure of single objects is
        in `failures`.
        """
        revision, latest = self.revision(application, wanted)
        raw = self.manifests(application, revision.sha)
        cluster = self.cluster(application)
        settled = settle(raw, application, lambda group, kind: cluster.resource(group, kind).namespaced)
        inventory = self._inventory(application.name, cluster.context)
        scopes = self._watches.want(application, cluster, settled.manifests, inventory)
        cluster.wait_ready(scopes, _READY_TIMEOUT)
        look = _Look(cluster, application, self.verdicts, tuple(application.masked_paths) + self._masked_paths)
        look.failures.update(settled.unserved)
        pairs = [look.pair(manifest, for_plan) for manifest in settled.manifests]
        pairs += look.extras(frozenset(m.key for m in settled.manifests), inventory if for_plan else frozenset())
        children = look.children(pairs)
        return View(
            application, revision, latest, tuple(pairs), children, look.failures, look.incomplete(cluster, scopes)
        )

    def renew(self, application: Application, keys: Sequence[ResourceKey]) -> None:
        """Forget what was kept of an application: renderings and verdicts."""
        self.renderings.forget(application.name)
        self.verdicts.forget(keys)

    def supersedes(self, view: View, quarantined: str) -> bool:
        """Whether the newest commit is past the quarantined one and brings the application something else."""
        if not quarantined or view.latest.sha == quarantined:
            return False
        source = view.application.source
        mirror = self.mirror(source.repository)
        if mirror.is_ancestor(view.latest.sha, quarantined):
            return False
        return mirror.tree_id(view.latest.sha, source.path) != mirror.tree_id(quarantined, source.path)

    def twin(self, application: Application, manifest: Manifest, live: Body) -> Body:
        """The live object at the version that Git states: another version has another form."""
        return _twin(self.cluster(application), manifest, live)

    def predict(self, application: Application, pair: Pair) -> Body | None:
        """What an apply would make of a desired object, for showing; None where that cannot be told.

        Ignored fields are left out, if the pair has a live side that they are left to.
        """
        if pair.manifest is None:
            return None
        try:
            applied = left_alone(pair.manifest, pair.live, application) if pair.live is not None else pair.manifest
            return self.cluster(application).predict(applied)
        except UnreachableError:
            raise
        except ClusterError:
            # The pair's drift says already that it is approximate, and why.
            return None


def _twin(cluster: Cluster, manifest: Manifest, live: Body) -> Body:
    if live.get("apiVersion") == manifest.api_version:
        return live
    return cluster.read(manifest.key, api_version=manifest.api_version) or live


class _Look:
    """The state of one look: what was read and what could not be."""

    def __init__(
        self, cluster: Cluster, application: Application, verdicts: Verdicts, masked_paths: tuple[str, ...]
    ) -> None:
        self._cluster = cluster
        self._application = application
        self._verdicts = verdicts
        self._masked_paths = masked_paths
        self.failures: dict[ResourceKey, GitopsError] = {}
        self._conflicts: dict[ResourceKey, tuple[str, ...]] = {}

    def pair(self, manifest: Manifest, for_plan: bool) -> Pair:
        """One desired object and its live twin."""
        key = manifest.key
        if key in self.failures:
            # The kind is not served, so no such object can exist.
            missing = Drift(key, DriftCode.MISSING)
            return Pair(key=key, manifest=manifest, live=None, drift=missing)
        try:
            live = self._live(key)
        except ClusterError as error:
            if isinstance(error, UnreachableError):
                raise
            self.failures[key] = error
            return Pair(key=key, manifest=manifest, live=None, drift=Drift(key, DriftCode.UNKNOWN, note=error.message))
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
        refusal = ""
        predicted: Body | None = None
        if for_plan:
            try:
                predicted = self._cluster.predict(manifest)
            except InvalidError as error:
                refusal = f"{error.message}"
            except DryRunRefusedError:
                pass  # what cannot be foretold is tried
            except ClusterError as error:
                # A namespace or kind that the same plan creates is not there yet; execution predicts again.
                if isinstance(error, UnreachableError):
                    raise
                refusal = "" if error.status == 404 else str(error)
        drift = Drift(manifest.key, DriftCode.MISSING)
        return Pair(key=manifest.key, manifest=manifest, live=None, drift=drift, predicted=predicted, refusal=refusal)

    def _present(self, manifest: Manifest, live: Body, owner: str | None, for_plan: bool) -> Pair:
        rules = self._application.ignore

        def stated() -> Drift:
            return compare(manifest.body, live, None, rules, masked_paths=self._masked_paths)

        def predict() -> tuple[Drift, Body]:
            predicted = self._predicted(left_alone(manifest, live, self._application), for_plan)
            twin = _twin(self._cluster, manifest, live)
            return compare(manifest.body, twin, predicted, rules, masked_paths=self._masked_paths), predicted

        refusal = ""
        predicted: Body | None = None
        try:
            drift, predicted = self._verdicts.judge(
                self._cluster.context, manifest, live, rules=rules, stated=stated, predict=predict, anew=for_plan
            )
        except UnreachableError:
            raise
        except ClusterError as error:
            drift = replace(stated(), approximate=True, note=str(error))
            if isinstance(error, InvalidError):
                refusal = error.message
        return Pair(
            key=manifest.key,
            manifest=manifest,
            live=live,
            drift=drift,
            predicted=predicted,
            refusal=refusal,
            owner=owner,
            conflicts=self._conflicts.get(manifest.key, ()),
        )

    def _predicted(self, manifest: Manifest, for_plan: bool) -> Body:
        if for_plan:
            try:
                return self._cluster.apply(manifest, force=False, dry_run=True).body
            except ConflictError as error:
                self._conflicts[manifest.key] = error.causes
        return self._cluster.predict(manifest)

    def _live(self, key: ResourceKey) -> Body | None:
        known = self._cluster.live(key)
        return known.body() if known is not None else self._cluster.read(key)

    def extras(self, desired: frozenset[ResourceKey], inventory: frozenset[ResourceKey]) -> list[Pair]:
        """Objects that are ours and that the commit does not name."""
        name = self._application.name
        extra: dict[ResourceKey, Body] = {
            live.key: live.body() for live in self._cluster.owned(name) if live.key not in desired
        }
        for key in inventory - desired - extra.keys():
            try:
                body = self._cluster.read(key)
            except NotServedError:
                continue
            except ClusterError as error:
                self.failures[key] = error
                continue
            if body is not None and owner_of(body) == name:
                extra[key] = body
        return [
            Pair(key=key, manifest=None, live=body, drift=compare(None, body), owner=name)
            for key, body in sorted(extra.items(), key=lambda item: item[0])
        ]

    def children(self, pairs: Iterable[Pair]) -> tuple[Live, ...]:
        """Live objects below the pairs, breadth first."""
        found: dict[str, Live] = {}
        front = [str(((pair.live or {}).get("metadata") or {}).get("uid") or "") for pair in pairs if pair.live]
        while front:
            level = [child for uid in front if uid for child in self._cluster.children(uid) if child.uid not in found]
            found.update((child.uid, child) for child in level)
            front = [child.uid for child in level]
        return tuple(found.values())

    def incomplete(self, cluster: Cluster, scopes: frozenset[Scope]) -> str:
        """Why this look is no ground for a prune."""
        if self.failures:
            key, error = next(iter(self.failures.items()))
            if not isinstance(error, NotServedError):
                return f"{key} could not be read: {error.message}"
        problems = cluster.problems()
        for scope in scopes:
            problem = problems.get(scope)
            if problem is not None and not isinstance(problem, NotServedError):
                return f"{scope.kind} could not be listed: {problem.message}"
        return "" if cluster.ready(scopes) else "not every kind has been listed yet"

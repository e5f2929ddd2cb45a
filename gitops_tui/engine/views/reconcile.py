"""One application, one look: what Git says, what the cluster has, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_tui.cluster import Cluster, Clusters, Live, beneath
from gitops_tui.engine.views.desired import Renderings
from gitops_tui.engine.views.findings import uid_of
from gitops_tui.engine.views.kept import Settled
from gitops_tui.engine.views.recalled import Recalled
from gitops_tui.engine.views.sights import Ground, Sight, Sights
from gitops_tui.engine.views.verdicts import Verdicts
from gitops_tui.engine.views.watches import Watches
from gitops_tui.model.application import Application, Repository
from gitops_tui.model.errors import GitopsError, SourceError
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass, field
from gitops_tui.render import RenderTarget
from gitops_tui.source import Mirror, Mirrors

if TYPE_CHECKING:
    from gitops_tui.engine.views.asking import Submit
    from gitops_tui.source.signatures import Signatures
    from gitops_tui.sync import Pair

_READY_TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class View:
    """What one look found. latest: the newest commit of the tracked ref; revision: the one that was rendered.

    pairs: every desired or owned object. children: live objects below them (ReplicaSets, Pods). failures: what
    could not be read, by resource. incomplete: why nothing may be pruned on the ground of this view, "" if sound.
    absent: what the inventory names, and is certainly neither live nor desired; only looked for when for_plan.
    """

    application: Application
    revision: Revision
    latest: Revision
    pairs: tuple[Pair, ...] = ()
    children: tuple[Live, ...] = ()
    failures: Mapping[ResourceKey, GitopsError] = field(default_factory=dict)
    incomplete: str = ""
    absent: frozenset[ResourceKey] = frozenset()


class Reconciler:
    """Makes Views. Thread-safe; it decides nothing, and writes nothing but renderings below `folder` and findings."""

    def __init__(
        self,
        *,
        mirrors: Mirrors,
        clusters: Clusters,
        watches: Watches,
        inventory: Callable[[str, str], frozenset[ResourceKey]],
        submit: Submit,
        folder: Path | None = None,
        findings: Path | None = None,
    ) -> None:
        self._mirrors = mirrors
        self._clusters = clusters
        self._watches = watches
        self._inventory = inventory
        self._submit = submit
        self._repositories: Mapping[str, Repository] = {}
        self._signatures: Signatures | None = None
        self.renderings = Renderings(folder)
        self.verdicts = Verdicts()
        self.recalled = Recalled(findings)
        self.sights = Sights(self.verdicts, self.recalled, submit)

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

    def demand_signature(self, url: str, sha: str, signed_by: Sequence[str], subject: str) -> None:
        """Raise SourceError about `subject` unless the commit may be deployed (reliability.md: Signatures)."""
        if not signed_by:
            return
        if self._signatures is None:
            from gitops_tui.source.signatures import Signatures  # noqa: PLC0415 - few ask for signatures

            self._signatures = Signatures()
        self._signatures.demand(self.mirror(url), sha, signed_by, subject)

    def manifests(self, application: Application, sha: str) -> tuple[Manifest, ...]:
        """The application's manifests at a commit, as written. Works without the cluster."""
        mirror = self.mirror(application.source.repository)
        return self.renderings.get(mirror, application, sha, lambda: self._target(application))

    def _target(self, application: Application) -> RenderTarget:
        cluster = self.cluster(application)
        return RenderTarget(kube_version=cluster.version(), api_versions=cluster.api_versions())

    def _settled(self, application: Application, sha: str) -> Settled:
        return self.renderings.settled(
            self.mirror(application.source.repository),
            application,
            sha,
            lambda: self._target(application),
            lambda group, kind: self.cluster(application).resource(group, kind).namespaced,
        )

    def sight(self, application: Application, wanted: str | None, last: Sight | None, *, now: float) -> Sight:
        """Look at an application at a commit, None for the tracked one: the look that its status is made of.

        last: see `Sights.look`. Raises GitopsError when nothing at all can be said.
        """
        return self.sights.look(self._ground(application, wanted), last, now)

    def _ground(self, application: Application, wanted: str | None) -> Ground:
        """What a look is of; every kind in play has been listed, or cannot be."""
        revision, latest = self.revision(application, wanted)
        source = application.source
        self.demand_signature(source.repository, revision.sha, source.signed_by, f"application {application.name}")
        settled = self._settled(application, revision.sha)
        cluster = self.cluster(application)
        inventory = self._inventory(application.name, cluster.context)
        scopes = self._watches.want(application, cluster, settled.manifests, inventory)
        cluster.wait_ready(scopes, _READY_TIMEOUT)
        return Ground(application, cluster, revision, latest, settled, inventory, scopes)

    def look(self, application: Application, wanted: str | None = None, *, for_plan: bool = False) -> View:
        """Compare one application at a commit with its cluster, for a plan or for what a person asks.

        for_plan: also predict creations, read what the inventory names but no watch covers, and take in a
        missing namespace. Raises GitopsError when nothing at all can be said; a failure of single objects is
        in `failures`.
        """
        ground = self._ground(application, wanted)
        cluster, settled, scopes = ground.cluster, ground.settled, ground.scopes
        look = self.sights.pairing(ground)
        look.failures.update(settled.unplaced)
        pairs = look.pairs(settled.manifests, for_plan)
        stated = frozenset(manifest.key for manifest in settled.manifests)
        owned = {live.key for live in cluster.owned(application.name)} - stated
        pairs += look.extras(owned, ground.inventory - stated if for_plan else frozenset())
        uids = [uid_of(pair.live) for pair in pairs if pair.live is not None]
        return View(
            application,
            ground.revision,
            ground.latest,
            tuple(pairs),
            beneath(cluster.below(uids), uids),
            look.failures,
            look.incomplete(cluster, scopes) or (for_plan and self._left_out(application, cluster)) or "",
            frozenset(look.absent),
        )

    def _left_out(self, application: Application, cluster: Cluster) -> str:
        """Why a chart may have rendered less than it should: what a group serves was never heard; "" if it was."""
        if not self.renderings.asks_cluster(application):
            return ""
        heard = {resource.group for resource in cluster.resources()}
        for group, why in sorted(cluster.unknown_groups().items()):
            if group not in heard:
                return f"{group} cannot be asked what it serves, which the chart may ask for: {why}"
        return ""

    def renew(self, application: Application, keys: Sequence[ResourceKey]) -> None:
        """Forget what was kept of an application: renderings, verdicts, and what its cluster listed."""
        self._watches.list_again(application.name)
        self.renderings.forget(application.name)
        self.recalled.forget(application)
        self.verdicts.forget(keys)

    def supersedes(self, application: Application, latest: Revision, quarantined: str) -> bool:
        """Whether the newest commit is past the quarantined one and brings the application something else.

        One that may not be deployed takes no pin away: whoever can push could end what holds the application.
        """
        if not quarantined or latest.sha == quarantined:
            return False
        source = application.source
        mirror = self.mirror(source.repository)
        if mirror.is_ancestor(latest.sha, quarantined):
            return False
        if mirror.tree_id(latest.sha, source.path) == mirror.tree_id(quarantined, source.path):
            return False
        try:
            self.demand_signature(source.repository, latest.sha, source.signed_by, f"application {application.name}")
        except SourceError:
            return False
        return True

    def twin(self, application: Application, manifest: Manifest, live: Body) -> Body:
        """The live object at the version that Git states: another version has another form."""
        from gitops_tui.engine.views.judging import twin_of  # noqa: PLC0415 - for a person who looks closely

        return twin_of(self.cluster(application), manifest, live)

    def predict(self, application: Application, pair: Pair) -> Body | None:
        """What an apply would make of a desired object, for showing; None where Git does not state it.

        Ignored fields are left out, if the pair has a live side that they are left to. Raises ClusterError.
        """
        from gitops_tui.diff import hides  # noqa: PLC0415 - for a person who looks closely
        from gitops_tui.sync import left_alone, validates  # noqa: PLC0415

        manifest = pair.manifest
        if manifest is None:
            return None
        applied = left_alone(manifest, pair.live, application) if pair.live is not None else manifest
        secret = any(hides(body, application.masked_paths) for body in (manifest.body, pair.live))
        validate = validates(manifest.body, application.policy)
        return self.cluster(application).predict(applied, validate=validate, secret=secret)

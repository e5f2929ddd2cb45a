"""What an operation would do, and what it takes to make that plan again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_tui.cluster import Cluster
from gitops_tui.engine.views.reconcile import Reconciler, View
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.errors import (
    ClusterError,
    ForbiddenError,
    GitopsError,
    NotServedError,
    SourceError,
    UnreachableError,
)
from gitops_tui.model.operations import ChangeSet, Deletion
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync import Pair, creates_namespace, hook_of
from gitops_tui.sync.deletion import deletion
from gitops_tui.sync.order import DEFINITION, defined_kind
from gitops_tui.sync.plan import is_chosen, plan


@dataclass(frozen=True, slots=True)
class Approved:
    """What a person or a policy approved: enough to make the plan again and to see that it is the same one.

    hash None: whatever the plan says now is approved by policy, unless it is held. hooks None: they run in a sync
    of the whole application.
    """

    revision: str
    prune: bool
    resources: frozenset[ResourceKey] | None = None
    hash: str | None = None
    hooks: bool | None = None
    deletion: Deletion | None = None

    @classmethod
    def of(cls, changeset: ChangeSet) -> Approved:
        """The approval of exactly this plan."""
        chosen = frozenset(change.key for change in changeset.changes) if changeset.partial else None
        hooks, how = changeset.hooks, changeset.deletion
        return cls(changeset.revision, changeset.prune, chosen, changeset.hash, hooks, how)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what was found on the way.

    absent: of the inventory, certainly not live and not desired. present: desired, and live as the application's own,
    which the inventory does not hold where the journal was lost.
    """

    changeset: ChangeSet
    absent: frozenset[ResourceKey] = frozenset()
    present: frozenset[ResourceKey] = frozenset()


class Plans:
    """Makes plans. Thread-safe. fetch_problem: why what is known of a repository may be old, "" when it is not."""

    def __init__(self, reconciler: Reconciler, journal: Journal, fetch_problem: Callable[[str], str]) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._fetch_problem = fetch_problem

    def plan(
        self,
        application: Application,
        revision: str | None = None,
        prune: bool | None = None,
        resources: Iterable[ResourceKey] | None = None,
        hooks: bool | None = None,
    ) -> Planned:
        """What a sync would do. Raises GitopsError when nothing can be said."""
        view = self._reconciler.look(application, revision, for_plan=True)
        cluster = self._reconciler.cluster(application)
        incomplete = self._fetch_problem(application.source.repository) or view.incomplete
        chosen = frozenset(resources) if resources else None
        namespaces = _missing_namespace(
            application, cluster, [pair for pair in view.pairs if is_chosen(pair, chosen, hooks=hooks)]
        )
        changeset = plan(
            application,
            view.revision.sha,
            [*namespaces, *_with_use(cluster, view.pairs)],
            prune=application.policy.prune if prune is None else prune,
            inventory=self._journal.inventory(application.name, cluster.context),
            # Nothing can be made in a namespace that is not.
            resources=None if chosen is None else chosen | {pair.key for pair in namespaces},
            incomplete=incomplete,
            hooks=hooks,
        )
        held = (*changeset.held, *self._no_fast_forward(application, view))
        changeset = replace(changeset, held=held, context=cluster.context)
        return Planned(changeset, view.absent, _present(application, view.pairs))

    def _no_fast_forward(self, application: Application, view: View) -> tuple[str, ...]:
        """Why a person has to see what the tracked ref means now; what was chosen, such as a rollback, is no news."""
        if not application.policy.fast_forward_only or view.revision.sha != view.latest.sha:
            return ()
        deployed = self._journal.deployments(application.name, 1)
        if not deployed:
            return ()
        mirror, old, new = self._reconciler.mirror(application.source.repository), deployed[0].revision, view.revision
        try:
            if mirror.is_ancestor(old, new.sha):
                return ()
        except SourceError as error:
            return (f"whether {new.short} contains {old[:7]}, the commit deployed last, is not known: {error.message}",)
        tracked = one_line(application.source.revision or "HEAD", limit=80)
        return (f"{tracked} moved from {old[:7]} to {new.short}, which does not contain it",)

    def deletion(self, application: Application, how: Deletion, *, hooks: bool, revision: str | None = None) -> Planned:
        """What taking the application away would do. hooks False: without asking Git. Raises GitopsError."""
        cluster = self._reconciler.cluster(application)
        inventory = self._journal.inventory(application.name, cluster.context)
        if hooks and how is Deletion.CASCADE:
            view = self._reconciler.look(application, revision, for_plan=True)
            pairs, sha, unread = view.pairs, view.revision.sha, _unread(view.failures)
            if not inventory and view.incomplete and not unread:
                # By labels alone, what cannot be listed would be left behind unseen.
                unread = [view.incomplete]
        else:
            pairs, failures = _owned(application, cluster, inventory)
            sha, unread = "", _unread(failures)
        if how is Deletion.CASCADE:
            pairs = tuple(_with_use(cluster, pairs))
        changeset = deletion(application, sha, pairs, how=how, inventory=inventory, hooks=hooks, unread=unread)
        return Planned(replace(changeset, context=cluster.context))

    def again(self, application: Application, approved: Approved) -> Planned:
        """The plan as it is now for what was approved."""
        if approved.deletion is not None:
            hooks = approved.hooks is not False
            return self.deletion(application, approved.deletion, hooks=hooks, revision=approved.revision or None)
        return self.plan(application, approved.revision, approved.prune, approved.resources, approved.hooks)


def _present(application: Application, pairs: Iterable[Pair]) -> frozenset[ResourceKey]:
    ours = (pair for pair in pairs if pair.live is not None and pair.owner == application.name)
    return frozenset(pair.key for pair in ours if pair.manifest is not None and hook_of(pair.manifest.body) is None)


def _owned(
    application: Application, cluster: Cluster, inventory: frozenset[ResourceKey]
) -> tuple[tuple[Pair, ...], Mapping[ResourceKey, GitopsError]]:
    """What the application has applied, and what is left of its hooks, as it is live; and what could not be read.

    inventory: empty where it was lost, so that all that bears its label is what it has applied.
    """
    failures: dict[ResourceKey, GitopsError] = {}
    found: dict[ResourceKey, Body] = {
        live.key: live.body()
        for live in cluster.owned(application.name)
        if not inventory or hook_of(live.body()) is not None
    }
    for key in sorted(inventory):
        try:
            live = cluster.read(key)
        except ClusterError as error:
            if isinstance(error, UnreachableError):
                raise
            failures[key] = error
            continue
        if live is not None:
            found[key] = live
    pairs = (Pair(key, None, live, Drift(key, DriftCode.EXTRA), owner=owner_of(live)) for key, live in found.items())
    return tuple(pairs), failures


def _with_use(cluster: Cluster, pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs, with what is known of the objects of definitions that may be deleted."""
    for pair in pairs:
        may_go = pair.live is not None and (pair.manifest is None or pair.immutable)
        is_unused = may_go and pair.key.kind == DEFINITION and _is_unused(cluster, pair.live or {})
        yield replace(pair, unused=True) if is_unused else pair


def _is_unused(cluster: Cluster, definition: Body) -> bool:
    """Whether no object of the defined kind is live, as far as that can be told."""
    try:
        return next(iter(cluster.outlines(cluster.resource(*defined_kind(definition)), "")), None) is None
    except UnreachableError:
        raise
    except ClusterError:
        return False


def _unread(failures: Mapping[ResourceKey, GitopsError]) -> list[str]:
    return [f"{key}: {error.message}" for key, error in failures.items() if not isinstance(error, NotServedError)]


def _missing_namespace(application: Application, cluster: Cluster, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The destination's namespace, when the policy lets us make it and it is not there.

    It is not stamped as ours: other applications live in it too, and a prune must never take it.
    """
    namespace = application.destination.namespace
    key = ResourceKey("", "Namespace", "", namespace)
    if not creates_namespace(application.policy) or any(pair.key == key for pair in pairs):
        return ()
    if not any(pair.manifest is not None and pair.key.namespace == namespace for pair in pairs):
        return ()
    try:
        if cluster.read(key) is not None:
            return ()
    except ForbiddenError:
        return ()
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return (Pair(key=key, manifest=Manifest.of(body), live=None, drift=Drift(key, DriftCode.MISSING)),)

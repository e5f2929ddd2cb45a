"""Answers to questions that change nothing. They run beside the worker, in lanes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_tui.engine.operations.differing import Differences
from gitops_tui.engine.operations.planning import Plans
from gitops_tui.engine.requests import (
    Between,
    Compare,
    History,
    Ignored,
    LastChange,
    Plan,
    PlanDeletion,
    ReadLogs,
    Reveal,
)
from gitops_tui.engine.views.explaining import explanation
from gitops_tui.engine.views.orphans import orphans_in
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.differences import Difference, Orphanage, RuleEffect
from gitops_tui.model.explanation import Explanation
from gitops_tui.model.operations import ChangeSet, HistoryEntry, ResourceComparison
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.source import Mirror

if TYPE_CHECKING:
    from gitops_tui.model.logs import Logs

_DEPLOYMENTS_SHOWN = 1000
_CHANGES_KEPT = 20_000
_PAGES_KEPT = 100


class Answers:
    """Reads what is asked for. Thread-safe."""

    def __init__(self, reconciler: Reconciler, plans: Plans, journal: Journal) -> None:
        self._reconciler = reconciler
        self._plans = plans
        self._journal = journal
        self._differences = Differences(reconciler, journal)
        self._touching: dict[tuple[str, str, str], Revision] = {}
        self._holding: dict[tuple[str, tuple[str, ...]], dict[str, str | None]] = {}
        """Of pages that were shown: which of its commits a deployed one holds, if any."""

    def held_revision(self, application: Application) -> str | None:
        """The commit that the application is pinned to."""
        pin = self._journal.pins().get(application.name)
        return pin.revision if pin else None

    def expand(self, application: Application, revision: str | None) -> str | None:
        """The full sha of what a user typed (a sha, the beginning of one, a branch or a tag); None for none."""
        if revision is None:
            return self.held_revision(application)
        mirror = self._reconciler.mirror(application.source.repository)
        return mirror.resolve(revision).sha

    def compare(self, application: Application, request: Compare) -> tuple[ResourceComparison, ...]:
        """Masked sides of each resource that differs, or of the chosen ones."""
        return self._differences.with_live(application, self.expand(application, request.revision), request.keys)

    def reveal(self, application: Application, request: Reveal) -> ResourceComparison:
        """One resource with nothing masked."""
        wanted = self.expand(application, request.revision)
        (found,) = self._differences.with_live(application, wanted, (request.key,), revealed=True)
        return found

    def explain(self, application: Application, key: ResourceKey | None) -> Explanation:
        """Conditions of a resource and the events about it, or those about all of them."""
        view = self._reconciler.look(application, self.held_revision(application))
        return explanation(view, self._reconciler.cluster(application), key)

    def logs(self, application: Application, request: ReadLogs) -> Logs:
        """What the containers below a resource write."""
        from gitops_tui.engine.views.logs import logs_of  # noqa: PLC0415 - few questions are about logs

        view = self._reconciler.look(application, self.held_revision(application))
        return logs_of(view, self._reconciler.cluster(application), request)

    def between(self, application: Application, request: Between) -> Difference:
        """What changes from one side to another."""
        return self._differences.between(application, request.start, request.end)

    def hidden(self, application: Application, request: Ignored) -> tuple[RuleEffect, ...]:
        """What ignore rules hide."""
        return self._differences.hidden(application, self.expand(application, request.revision))

    def orphans(self, application: Application, stated: frozenset[ResourceKey]) -> Orphanage:
        """What is nobody's in the application's namespace. stated: what Git is known to name, for any application."""
        return orphans_in(self._reconciler.cluster(application), application.destination.namespace, stated)

    def render(self, application: Application, revision: str | None) -> tuple[Manifest, ...]:
        """The manifests at a commit, as written."""
        wanted, _ = self._reconciler.revision(application, self.expand(application, revision))
        return self._reconciler.manifests(application, wanted.sha)

    def resolve(self, application: Application, revision: str | None) -> Revision:
        """The commit that a word names, or the one held."""
        wanted, _ = self._reconciler.revision(application, self.expand(application, revision))
        return wanted

    def plan(self, application: Application, request: Plan | PlanDeletion) -> ChangeSet:
        """What a sync would do, or taking the application away."""
        if isinstance(request, PlanDeletion):
            held = self.held_revision(application)
            return self._plans.deletion(application, request.how, hooks=request.hooks, revision=held).changeset
        wanted = self.expand(application, request.revision)
        return self._plans.plan(application, wanted, request.prune, request.resources, request.hooks).changeset

    def history(self, application: Application, request: History, live: str = "") -> tuple[HistoryEntry, ...]:
        """Commits that touch the application's path, with when each was deployed.

        live: the commit that the cluster was seen to hold, whatever became of its sync; "" where that is not known,
        and the one deployed last is taken for it.
        """
        mirror = self._reconciler.mirror(application.source.repository)
        path = application.source.path
        tip = mirror.resolve(application.source.revision)
        commits = mirror.history(tip.sha, path, limit=request.limit, offset=request.offset)
        deployments = self._journal.deployments(application.name, _DEPLOYMENTS_SHOWN)
        pin = self._journal.pins().get(application.name)
        marked = {pin.revision, pin.quarantined} if pin else set()
        live = live or (deployments[0].revision if deployments else "")
        shas = {deployment.revision for deployment in deployments} | marked | {live} - {""}
        row_of = self._rows_of(mirror, path, tuple(commit.sha for commit in commits), shas)
        deployed: dict[str, float] = {}
        for deployment in deployments:
            sha = row_of.get(deployment.revision, "")
            deployed[sha] = max(deployed.get(sha, 0.0), deployment.time)
        current = row_of.get(live)
        pinned = row_of.get(pin.revision) if pin else None
        quarantined = row_of.get(pin.quarantined) if pin else None
        return tuple(
            HistoryEntry(
                sha=commit.sha,
                author=commit.author,
                email=commit.email,
                time=commit.time,
                subject=commit.subject,
                deployed=deployed.get(commit.sha),
                current=commit.sha == current,
                pinned=commit.sha == pinned,
                quarantined=commit.sha == quarantined and commit.sha != pinned,
            )
            for commit in commits
        )

    def _rows_of(self, mirror: Mirror, path: str, rows: tuple[str, ...], shas: set[str]) -> dict[str, str]:
        """Which commit of a page each of `shas` holds; what holds none of them is left out."""
        if len(self._holding) >= _PAGES_KEPT:
            self._holding.clear()
        known = self._holding.setdefault((path, rows), {})
        unknown = shas - known.keys()
        if unknown:
            known.update(dict.fromkeys(unknown) | mirror.holding(path, rows, unknown))
        return {sha: row for sha in shas if (row := known[sha]) is not None}

    def last_change(self, application: Application, request: LastChange) -> Revision:
        """The newest commit up to another one that touches the application's path. SourceError."""
        source = application.source
        slot = (source.repository, source.path, request.revision)
        if slot not in self._touching:
            mirror = self._reconciler.mirror(source.repository)
            found = mirror.history(request.revision, source.path, limit=1)
            if len(self._touching) >= _CHANGES_KEPT:
                self._touching.clear()
            self._touching[slot] = found[0] if found else mirror.revision(request.revision)
        return self._touching[slot]

"""What differs, between what sides, who wrote it, and what ignore rules keep quiet about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitops_tui.diff import compare, comparison
from gitops_tui.diff.ignore import applies
from gitops_tui.engine.requests import DEPLOYED, LIVE
from gitops_tui.engine.views.authorship import Authors, Compared
from gitops_tui.engine.views.reconcile import Reconciler, View
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.differences import Difference, Hidden, RuleEffect
from gitops_tui.model.errors import ClusterError, UnreachableError, UsageError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import Body, Drift, DriftCode, FieldChange, Manifest, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import replace
from gitops_tui.sync import Pair


class Differences:
    """Compares. Thread-safe."""

    def __init__(self, reconciler: Reconciler, journal: Journal) -> None:
        self._reconciler = reconciler
        self._journal = journal
        self._authors = Authors()

    def with_live(
        self,
        application: Application,
        wanted: str | None,
        keys: Iterable[ResourceKey] = (),
        *,
        revealed: bool = False,
    ) -> tuple[ResourceComparison, ...]:
        """Masked sides of each resource that differs from what is live, or of the chosen ones. wanted: a sha.

        revealed: the sides are not masked. Only for a person who asks to see them.
        """
        view = self._reconciler.look(application, wanted)
        chosen = set(keys)
        pairs = [
            pair for pair in view.pairs if (pair.key in chosen if chosen else pair.drift.code is not DriftCode.IN_SYNC)
        ]
        found = self._signed(view, [self._compared(application, pair, revealed=revealed) for pair in pairs])
        below = [child for child in view.children if child.key in chosen]
        found += tuple(
            comparison(child.key, None, child.body(), None, masked_paths=application.masked_paths, revealed=revealed)
            for child in below
        )
        missing = chosen - {each.key for each in found}
        if missing:
            raise UsageError(str(min(missing)), f"is no resource of application {application.name}")
        return found

    def _compared(self, application: Application, pair: Pair, *, revealed: bool) -> Compared:
        live, predicted, why = pair.live, pair.predicted, ""
        if pair.manifest is not None and live is not None:
            live = self._reconciler.twin(application, pair.manifest, live)
            predicted, why = (predicted, "") if predicted else self._foretold(application, pair)
        made = comparison(
            pair.key,
            pair.manifest.body if pair.manifest else None,
            live,
            predicted,
            application.ignore,
            masked_paths=application.masked_paths,
            revealed=revealed,
        )
        return Compared(_as_judged(made, pair.drift, why), pair.manifest, live)

    def _foretold(self, application: Application, pair: Pair) -> tuple[Body | None, str]:
        """What an apply would make of it, or why that cannot be told."""
        try:
            return self._reconciler.predict(application, pair), ""
        except UnreachableError:
            raise
        except ClusterError as error:
            return None, str(error)

    def _signed(self, view: View, compared: Sequence[Compared]) -> tuple[ResourceComparison, ...]:
        bodies = [body for pair in view.pairs for body in (pair.live, pair.manifest and pair.manifest.body) if body]
        mirror = self._reconciler.mirror(view.application.source.repository)
        return self._authors.signed(mirror, view.application, view.revision.sha, compared, bodies)

    # -- between any two sides ---------------------------------------------------------------------------------

    def between(self, application: Application, start: str, end: str | None) -> Difference:
        """What changes from one side to the other: each is live, deployed, or a commit. end None: the one held."""
        first, last = (self._side(application, word) for word in (start, end))
        if first is not None and last is not None:
            return Difference(first, last, self._commits(application, first, last))
        if first is not None:
            found = self.with_live(application, first.sha)
            return Difference(first, None, tuple(_turned(each) for each in found))
        if last is not None:
            return Difference(None, last, self.with_live(application, last.sha))
        raise UsageError("diff", "from live to live there is no difference", hint="name a commit on one side")

    def _side(self, application: Application, word: str | None) -> Revision | None:
        mirror = self._reconciler.mirror(application.source.repository)
        if word == LIVE:
            return None
        if word == DEPLOYED:
            newest = self._journal.deployments(application.name, 1)
            if not newest:
                raise UsageError(
                    f"application {application.name}", "was never deployed from here", hint="name a commit instead"
                )
            return mirror.revision(newest[0].revision)
        if word is not None:
            return mirror.resolve(word)
        pin = self._journal.pins().get(application.name)
        return self._reconciler.revision(application, pin.revision if pin else None)[0]

    def _commits(self, application: Application, first: Revision, last: Revision) -> tuple[ResourceComparison, ...]:
        """What two commits state, as written: no cluster is asked, and no rule hides anything."""
        before, after = (self._stated(application, side.sha) for side in (first, last))
        compared = []
        for slot in sorted({*before, *after}):
            old, new = before.get(slot), after.get(slot)
            if old is not None and new is not None and old.digest == new.digest:
                continue
            made = _of_commits(slot[0], old, new, application.masked_paths)
            if made.drift != DriftCode.IN_SYNC:
                compared.append((made, old, new))
        mirror = self._reconciler.mirror(application.source.repository)
        removed = [Compared(_turned(made), old, None) for made, old, _ in compared]
        signed = self._authors.signed(mirror, application, first.sha, removed, ())
        added = [Compared(_turned(made), new, None) for made, (_, _, new) in zip(signed, compared, strict=True)]
        return self._authors.signed(mirror, application, last.sha, added, ())

    def _stated(self, application: Application, sha: str) -> Mapping[tuple[ResourceKey, str], Manifest]:
        manifests = self._reconciler.manifests(application, sha)
        return {(each.key, _generated(each.body)): each for each in manifests}

    # -- ignore rules ------------------------------------------------------------------------------------------

    def hidden(self, application: Application, wanted: str | None) -> tuple[RuleEffect, ...]:
        """What each ignore rule of the application keeps out of its differences now."""
        view = self._reconciler.look(application, wanted)
        rules = application.ignore
        pairs = [pair for pair in view.pairs if any(applies(rule, pair.key) for rule in rules)]
        drifts = [(pair, *self._without_rules(application, pair)) for pair in pairs]
        made = []
        for rule in rules:
            fields = [
                Hidden(pair.key, change)
                for pair, sides, drift in drifts
                if applies(rule, pair.key)
                for change in _taken_out(sides, drift, rule, application.masked_paths)
            ]
            made.append(RuleEffect(rule, sum(applies(rule, pair.key) for pair in pairs), tuple(fields)))
        return tuple(made)

    def _without_rules(self, application: Application, pair: Pair) -> tuple[_Sides, Drift]:
        if pair.manifest is None or pair.live is None or pair.owner not in {None, application.name}:
            return None, Drift(pair.key, pair.drift.code)
        desired, live = pair.manifest.body, self._reconciler.twin(application, pair.manifest, pair.live)
        predicted, _ = self._foretold(application, replace(pair, live=None))
        drift = compare(desired, live, predicted, (), masked_paths=application.masked_paths)
        return (desired, live, predicted), drift


_Sides = tuple[Body, Body, Body | None] | None


def _taken_out(sides: _Sides, drift: Drift, rule: IgnoreRule, masked_paths: Sequence[str]) -> Iterable[FieldChange]:
    if sides is None or not drift.changes:
        return ()
    left = {change.path for change in compare(*sides, (rule,), masked_paths=masked_paths).changes}
    return (change for change in drift.changes if change.path not in left)


def _as_judged(made: ResourceComparison, drift: Drift, why: str) -> ResourceComparison:
    """The comparison with what the look knows better, such as that it is another's object; why: it is approximate."""
    if drift.code is DriftCode.UNKNOWN:
        return replace(made, drift=drift.code.value, note=drift.note)
    return replace(made, note=made.note or drift.note or why)


def _of_commits(
    key: ResourceKey, old: Manifest | None, new: Manifest | None, masked_paths: Sequence[str]
) -> ResourceComparison:
    """Old is the side that live usually is. What new states is taken as it is, so no field is passed over."""
    after = new.body if new else None
    made = comparison(key, after, old.body if old else None, after, masked_paths=masked_paths)
    return replace(made, desired=made.predicted or made.desired, predicted=None, approximate=False)


def _turned(made: ResourceComparison) -> ResourceComparison:
    """The same comparison seen from the other side."""
    sides = {DriftCode.MISSING: DriftCode.EXTRA, DriftCode.EXTRA: DriftCode.MISSING}
    code = DriftCode(made.drift)
    changes = tuple(
        replace(each, desired=each.live, live=each.desired, desired_by=each.live_by, live_by=each.desired_by)
        for each in made.changes
    )
    return replace(
        made,
        drift=sides.get(code, code).value,
        changes=changes,
        desired=made.live,
        live=made.desired if made.predicted is None else made.predicted,
        predicted=None,
    )


def _generated(body: Body) -> str:
    """What tells apart objects that get their names from the server."""
    metadata = body.get("metadata") or {}
    return "" if metadata.get("name") else str(metadata.get("generateName") or "")

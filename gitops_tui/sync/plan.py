"""From pairs to a ChangeSet: what a sync would do, in order, with a why for each object. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gitops_tui.diff import strip_ignored
from gitops_tui.model.application import Application
from gitops_tui.model.fields import dig, text
from gitops_tui.model.operations import Action, Change, ChangeSet, SyncPhase
from gitops_tui.model.resources import Body, DriftCode, FieldChange, Manifest, ResourceKey
from gitops_tui.sync.guards import held
from gitops_tui.sync.options import hook_of, kept_from_apply, kept_from_prune, not_honoured, wave_of
from gitops_tui.sync.order import Introduced, arranged
from gitops_tui.sync.pair import Pair

IN_SYNC: Final = "in sync"

_TEMPLATED: Final = frozenset({"DaemonSet", "Deployment", "StatefulSet"})
_LOSSES: Final = {
    "CustomResourceDefinition": "every object of its kind is deleted with it",
    "Namespace": "everything in it is deleted with it",
    "PersistentVolume": "its data may be lost",
    "PersistentVolumeClaim": "its data may be lost",
    "StatefulSet": "its pods end",
}


@dataclass(frozen=True, slots=True)
class _Planner:
    application: Application
    prune: bool
    inventory: frozenset[ResourceKey]
    incomplete: str
    introduced: Introduced
    partial: bool

    def changes(self, pair: Pair) -> Iterator[Change]:
        if pair.manifest is None:
            if pair.live is not None and pair.owner == self.application.name:
                yield self._extra(pair, pair.live)
            return
        hook = hook_of(pair.manifest.body)
        if hook is None:
            yield self._desired(pair, pair.manifest)
        elif not hook.phases:
            yield self._skip(pair, "hook that is no part of a sync")
        elif self.partial:
            yield self._skip(pair, "hook: runs in a sync of the whole application")
        else:
            for phase in hook.phases:
                yield self._change(pair, Action.HOOK, f"runs as {phase} hook", phase=phase)

    def refusals(self, pair: Pair) -> Iterator[str]:
        if pair.manifest is None or self._leaves_alone(pair, pair.manifest):
            return
        if pair.owner is not None and pair.owner != self.application.name:
            yield (
                f"{pair.key}: belongs to application {pair.owner}; application {self.application.name} "
                "states it too and does not touch it"
            )
        elif self.introduced.excuses(pair.key) and pair.live is None:
            return
        elif pair.refusal:
            yield pair.refusal if pair.refusal.startswith(str(pair.key)) else f"{pair.key}: {pair.refusal}"
        elif pair.drift.code is DriftCode.UNKNOWN:
            yield f"{pair.key}: {pair.drift.note or 'it could not be compared'}"
        elif pair.conflicts and not self.application.policy.force_conflicts:
            yield f"{pair.key}: other field managers own {', '.join(pair.conflicts)}"

    def _leaves_alone(self, pair: Pair, manifest: Manifest) -> bool:
        hook = hook_of(manifest.body)
        if hook is not None:
            return not hook.phases or self.partial
        return bool(kept_from_apply(manifest.body, pair.live))

    def _desired(self, pair: Pair, manifest: Manifest) -> Change:
        live = pair.live
        left_alone = kept_from_apply(manifest.body, live)
        if left_alone:
            return self._skip(pair, left_alone)
        if live is None:
            return self._change(pair, Action.CREATE, "new")
        if dig(live, "metadata", "deletionTimestamp"):
            return self._skip(pair, "is being deleted; it is made anew once it is gone")
        if pair.owner is None:
            warning = f"exists and is no application's: {self.application.name} takes it over"
            return self._change(pair, Action.UPDATE, "adopt existing object", warnings=(warning,))
        if pair.drift.code is DriftCode.IN_SYNC:
            return self._skip(pair, IN_SYNC)
        return self._change(pair, Action.UPDATE, _why_update(pair))

    def _extra(self, pair: Pair, live: Body) -> Change:
        kept = self._why_kept(pair, live)
        if kept:
            return self._skip(pair, kept)
        loss = _LOSSES.get(pair.key.kind)
        return self._change(pair, Action.DELETE, "no longer in Git", warnings=(loss,) if loss else ())

    def _why_kept(self, pair: Pair, live: Body) -> str:
        if hook_of(live) is not None:
            return "hook of an earlier sync"
        if dig(live, "metadata", "deletionTimestamp"):
            return "is being deleted already"
        if kept_from_prune(live):
            return kept_from_prune(live)
        if not self.prune:
            return "no longer in Git; kept, because this sync does not prune"
        if self.incomplete:
            return f"no longer in Git; kept, because nothing may be pruned now: {self.incomplete}"
        if self.inventory and pair.key not in self.inventory:
            return "no longer in Git; kept, because this application never applied it"
        return ""

    def _skip(self, pair: Pair, why: str) -> Change:
        return self._change(pair, Action.SKIP, why)

    def _change(
        self,
        pair: Pair,
        action: Action,
        why: str,
        *,
        phase: SyncPhase = SyncPhase.SYNC,
        warnings: tuple[str, ...] = (),
    ) -> Change:
        manifest, live = pair.manifest, pair.live
        if manifest is not None and live is not None and action is Action.UPDATE:
            manifest = left_alone(manifest, live, self.application)
        if action in {Action.CREATE, Action.UPDATE, Action.HOOK}:
            warnings = (*warnings, *self._warnings(pair))
        return Change(
            pair.key,
            action,
            why,
            phase,
            wave_of(manifest.body if manifest is not None else live or {}),
            manifest,
            uid=_metadata(live, "uid"),
            resource_version=_metadata(live, "resourceVersion"),
            changes=pair.drift.changes,
            warnings=warnings,
        )

    def _warnings(self, pair: Pair) -> Iterator[str]:
        if pair.key.kind in _TEMPLATED and any(_is_template(change) for change in pair.drift.changes):
            yield "its pods restart"
        if pair.key.kind == "PersistentVolumeClaim" and pair.drift.changes:
            yield "a volume that has grown cannot shrink again"
        if pair.drift.approximate and pair.live is not None:
            yield "compared without the server's prediction: defaults and removed fields are not shown"
        if pair.conflicts and self.application.policy.force_conflicts:
            yield f"takes over from other field managers: {', '.join(pair.conflicts)}"
        if pair.manifest is not None:
            yield from not_honoured(pair.manifest.body)


def plan(
    application: Application,
    revision: str,
    pairs: Sequence[Pair],
    *,
    prune: bool,
    inventory: frozenset[ResourceKey],
    resources: frozenset[ResourceKey] | None = None,
    incomplete: str = "",
) -> ChangeSet:
    """Return the whole ordered plan that makes live what the pairs desire.

    inventory: every object that this application has applied; only what is in it and live as ours is pruned.
    Empty although live objects are ours means that it was lost: then labels decide, and a person approves.
    resources: plan these only. incomplete: why the picture has gaps, and so nothing may be pruned.
    """
    chosen = [pair for pair in pairs if resources is None or pair.key in resources]
    introduced = Introduced(pair.manifest for pair in chosen if pair.manifest is not None and pair.live is None)
    planner = _Planner(application, prune, inventory, incomplete, introduced, resources is not None)
    changes = arranged(change for pair in chosen for change in planner.changes(pair))
    return ChangeSet(
        application.name,
        revision,
        changes,
        prune=prune,
        held=held(application, pairs, changes, inventory_lost=not inventory),
        refusals=tuple(sorted(refusal for pair in chosen for refusal in planner.refusals(pair))),
        partial=resources is not None,
    )


def left_alone(manifest: Manifest, live: Body, application: Application) -> Manifest:
    """Return the manifest to apply to a live object: without what ignore rules say to leave alone."""
    body = strip_ignored(manifest.body, live, application.ignore)
    return manifest if body is manifest.body else Manifest.of(body, manifest.origin)


def _metadata(live: Body | None, field: str) -> str:
    value: Any = dig(live, "metadata", field)
    return text(value)


def _is_template(change: FieldChange) -> bool:
    return change.path.startswith("spec.template")


def _why_update(pair: Pair) -> str:
    count = len(pair.drift.changes)
    return f"{count} {'field differs' if count == 1 else 'fields differ'}"

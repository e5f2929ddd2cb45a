"""From pairs to a ChangeSet: what a sync would do, in order, with a why for each object. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.fields import dig, uid_of, version_of
from gitops_tui.model.operations import Action, Change, ChangeSet, Method, SyncPhase
from gitops_tui.model.ownership import letting_go
from gitops_tui.model.resources import Body, DriftCode, Manifest, ResourceKey
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync.effects import loss_by_update, loss_of, of_pods, restarts_pods
from gitops_tui.sync.guards import held
from gitops_tui.sync.hooks import RUN_ALREADY, has_run, hook_of, in_phase, is_generated, may_delete, not_anew
from gitops_tui.sync.options import (
    WAY_OUT,
    awaits_kind,
    forces,
    is_on,
    kept_from_apply,
    kept_from_prune,
    not_honoured,
    replaces,
    wave_of,
)
from gitops_tui.sync.order import Introduced, arranged
from gitops_tui.sync.pair import Pair, adopted
from gitops_tui.sync.stamp import left_alone

IN_SYNC: Final = "in sync"
ADOPTS: Final = "adopt existing object"

_PARTIAL: Final = "hook: runs in a sync of the whole application"
_IF_GONE: Final = "take it out of one of the two, or, if that one is no more, let go of it"
_MADE_ANEW: Final = "is deleted and made anew"


@dataclass(frozen=True, slots=True)
class _Planner:
    application: Application
    prune: bool
    inventory: frozenset[ResourceKey]
    incomplete: str
    introduced: Introduced
    revision: str
    hooks: bool
    without_hooks: str

    def changes(self, pair: Pair) -> Iterator[Change]:
        if pair.manifest is None:
            if pair.live is not None and pair.owner == self.application.name:
                yield self._extra(pair, pair.live)
            return
        hook = hook_of(pair.manifest.body)
        if hook is None:
            yield self._desired(pair, pair.manifest)
        elif not hook.in_sync:
            yield self._skip(pair, "hook that is no part of a sync")
        elif not self.hooks:
            yield self._skip(pair, self.without_hooks)
        else:
            yield from (self._hook(pair, pair.manifest, phase) for phase in hook.in_sync)

    def _hook(self, pair: Pair, manifest: Manifest, phase: SyncPhase) -> Change:
        if is_generated(manifest.body, self.revision):
            made = in_phase(manifest, phase, self.application)
            pair = replace(pair, key=made.key, manifest=made)
        loss = loss_of(pair) if may_delete(pair) else ""
        warnings = not_anew(pair, self.application)
        return self._change(pair, Action.HOOK, f"runs as {phase} hook", phase=phase, loss=loss, warnings=warnings)

    def refusals(self, pair: Pair) -> Iterator[str]:
        if pair.manifest is None or self._leaves_alone(pair, pair.manifest):
            return
        if pair.owner is not None and pair.owner != self.application.name:
            yield (
                f"{pair.key}: belongs to application {pair.owner}; application {self.application.name} "
                f"states it too and does not touch it ({_IF_GONE}: {letting_go(pair.key)})"
            )
        elif has_run(pair, self.application):
            yield RUN_ALREADY.format(pair.key)
        elif self._comes_later(pair, pair.manifest) or self._method(pair, pair.manifest) is Method.RECREATE:
            return
        elif pair.refusal:
            told = pair.refusal if pair.refusal.startswith(str(pair.key)) else f"{pair.key}: {pair.refusal}"
            yield f"{told} ({WAY_OUT})" if pair.immutable and pair.owner == self.application.name else told
        elif pair.drift.code is DriftCode.UNKNOWN:
            yield f"{pair.key}: {pair.drift.note or 'it could not be compared'}"
        elif pair.conflicts and not self.application.policy.force_conflicts:
            yield f"{pair.key}: other field managers own {', '.join(pair.conflicts)}"

    def _leaves_alone(self, pair: Pair, manifest: Manifest) -> bool:
        hook = hook_of(manifest.body)
        if hook is not None:
            return not hook.in_sync or not self.hooks
        return bool(kept_from_apply(manifest.body, pair.live))

    def _comes_later(self, pair: Pair, manifest: Manifest) -> bool:
        """Whether a refusal says nothing yet, because kind or namespace come or change while the sync runs."""
        if pair.refusal and self.introduced.redefines(pair.key):
            return True
        if pair.live is not None:
            return False
        if pair.unserved:
            return self.introduced.serves(pair.key) or awaits_kind(manifest.body, self.application.policy)
        return self.introduced.excuses(pair.key)

    def _method(self, pair: Pair, manifest: Manifest) -> Method:
        """How a live object is changed. What is nobody's yet is never deleted to be made anew."""
        if pair.live is None or pair.drift.code is DriftCode.IN_SYNC:
            return Method.APPLY
        policy, body = self.application.policy, manifest.body
        if pair.owner == self.application.name and forces(body, policy) and (pair.immutable or replaces(body, policy)):
            return Method.RECREATE
        if replaces(body, policy) and left_alone(manifest, pair.live, self.application) is manifest:
            return Method.REPLACE
        return Method.APPLY

    def _desired(self, pair: Pair, manifest: Manifest) -> Change:
        live = pair.live
        left_alone = kept_from_apply(manifest.body, live)
        if left_alone:
            return self._skip(pair, left_alone)
        if live is None and pair.drift.code is DriftCode.UNKNOWN and not self._comes_later(pair, manifest):
            return self._skip(pair, "cannot be read")
        if live is None:
            return self._change(pair, Action.CREATE, "new")
        if dig(live, "metadata", "deletionTimestamp"):
            return self._skip(pair, "is being deleted; it is made anew once it is gone")
        if pair.owner is None:
            warnings = (adopted(self.application),)
            return self._change(pair, Action.UPDATE, ADOPTS, warnings=warnings)
        if pair.drift.code is DriftCode.IN_SYNC:
            return self._skip(pair, IN_SYNC)
        method = self._method(pair, manifest)
        if method is Method.RECREATE:
            why = "a field cannot change" if pair.immutable else _why_update(pair)
            loss = loss_of(pair)
            return self._change(
                pair, Action.UPDATE, f"made anew: {why}", method=method, loss=loss, warnings=(_MADE_ANEW,)
            )
        return self._change(pair, Action.UPDATE, _why_update(pair), method=method)

    def _extra(self, pair: Pair, live: Body) -> Change:
        kept = self._why_kept(pair, live)
        if kept:
            return self._skip(pair, kept)
        last = is_on(live, self.application.policy, "PruneLast")
        return self._change(
            pair,
            Action.DELETE,
            "no longer in Git; after everything else, by PruneLast" if last else "no longer in Git",
            phase=SyncPhase.POST_SYNC if last else SyncPhase.SYNC,
            loss=loss_of(pair),
        )

    def _why_kept(self, pair: Pair, live: Body) -> str:
        if hook_of(live) is not None:
            return "hook of an earlier sync"
        if dig(live, "metadata", "deletionTimestamp"):
            return "is being deleted already"
        kept = kept_from_prune(pair.key, live, self.application.policy, self.inventory)
        if kept:
            return kept
        if not self.prune:
            return "no longer in Git; kept, because this sync does not prune"
        if self.incomplete:
            return f"no longer in Git; kept, because nothing may be pruned now: {self.incomplete}"
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
        method: Method = Method.APPLY,
        loss: str = "",
        warnings: tuple[str, ...] = (),
    ) -> Change:
        manifest, live = pair.manifest, pair.live
        if manifest is not None and live is not None and action is Action.UPDATE and method is not Method.RECREATE:
            manifest = left_alone(manifest, live, self.application)
        restarts = action is Action.UPDATE and restarts_pods(pair, method)
        if action is Action.UPDATE:
            loss = loss or loss_by_update(pair)
        if action in {Action.CREATE, Action.UPDATE, Action.HOOK}:
            warnings = (*warnings, *self._warnings(pair, method))
        said = of_pods(pair, action, restarts=restarts)
        return Change(
            pair.key,
            action,
            why,
            phase,
            wave_of(manifest.body if manifest is not None else live or {}),
            manifest,
            uid=uid_of(live),
            resource_version=version_of(live),
            changes=pair.drift.changes,
            warnings=(*warnings, *filter(None, (loss,)), *said),
            method=method,
            irreversible=loss,
            restarts=restarts,
            tried=pair.tried and method is Method.APPLY and action in {Action.CREATE, Action.UPDATE},
            takes=pair.conflicts if self.application.policy.force_conflicts else (),
        )

    def _warnings(self, pair: Pair, method: Method) -> Iterator[str]:
        policy = self.application.policy
        if pair.drift.approximate and pair.live is not None and method is not Method.RECREATE:
            yield "compared without the server's prediction: defaults and removed fields are not shown"
        if pair.conflicts and policy.force_conflicts:
            yield f"takes over from other field managers: {', '.join(pair.conflicts)}"
        if method is Method.REPLACE:
            yield "replaces the whole object: fields that Git does not state go, whoever set them"
        if pair.manifest is not None:
            yield from not_honoured(pair.manifest.body, policy)
            if method is Method.APPLY and pair.live is not None and replaces(pair.manifest.body, policy):
                yield "applied, not replaced: ignore rules leave fields of it to others"


def plan(
    application: Application,
    revision: str,
    pairs: Sequence[Pair],
    *,
    prune: bool,
    inventory: frozenset[ResourceKey],
    resources: frozenset[ResourceKey] | None = None,
    incomplete: str = "",
    hooks: bool | None = None,
) -> ChangeSet:
    """Return the whole ordered plan that makes live what the pairs desire.

    inventory: every object that this application has applied; only what is in it and live as ours is pruned.
    Empty although live objects are ours means that it was lost: then labels decide, and a person approves.
    resources: plan these only. incomplete: why the picture has gaps, and so nothing may be pruned. hooks: whether
    they run, all of them; None for in a plan of the whole application only.
    """
    chosen = [pair for pair in pairs if is_chosen(pair, resources, hooks=hooks)]
    introduced = Introduced(
        (pair.manifest for pair in chosen if pair.manifest is not None and pair.live is None),
        (pair.manifest for pair in chosen if pair.manifest is not None and pair.drift.code is DriftCode.CHANGED),
    )
    runs_hooks = resources is None if hooks is None else hooks
    why_not = _PARTIAL if resources is not None else "hook: this sync runs none"
    planner = _Planner(application, prune, inventory, incomplete, introduced, revision, runs_hooks, why_not)
    changes = arranged(change for pair in chosen for change in planner.changes(pair))
    return ChangeSet(
        application.name,
        revision,
        changes,
        prune=prune,
        held=held(application, pairs, changes, inventory_lost=not inventory),
        refusals=tuple(sorted(refusal for pair in chosen for refusal in planner.refusals(pair))),
        partial=resources is not None,
        hooks=runs_hooks,
    )


def is_chosen(pair: Pair, resources: frozenset[ResourceKey] | None, *, hooks: bool | None) -> bool:
    """Whether a plan of these resources, None for all, takes in a pair; hooks belong to it where they run."""
    is_hook = pair.manifest is not None and hook_of(pair.manifest.body) is not None
    return resources is None or pair.key in resources or bool(hooks and is_hook)


def _why_update(pair: Pair) -> str:
    count = len(pair.drift.changes)
    if not count and pair.drift.note:
        return "stated anew in Git"
    return f"{count} {'field differs' if count == 1 else 'fields differ'}"

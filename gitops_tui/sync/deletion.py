"""Taking an application away: its objects left as they are, or deleted in reverse order around hooks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitops_tui.model.application import Application
from gitops_tui.model.fields import dig, uid_of, version_of
from gitops_tui.model.operations import Action, Change, ChangeSet, Deletion, SyncPhase
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.values import dataclass
from gitops_tui.sync.effects import loss_of, of_pods
from gitops_tui.sync.guards import INVENTORY_LOST, PRECIOUS, hooks_held
from gitops_tui.sync.hooks import RUN_ALREADY, has_run, hook_of, in_phase, is_generated
from gitops_tui.sync.options import NOT_KNOWN, kept_from_deletion, must_confirm, wave_of
from gitops_tui.sync.order import arranged
from gitops_tui.sync.pair import Pair

_AROUND = (SyncPhase.PRE_DELETE, SyncPhase.POST_DELETE)


@dataclass(frozen=True, slots=True)
class _Remover:
    application: Application
    revision: str
    inventory: frozenset[ResourceKey]
    how: Deletion
    hooks: bool

    def changes(self, pair: Pair) -> Iterator[Change]:
        if pair.live is not None and pair.owner == self.application.name:
            yield self._removed(pair, pair.live)
        if self.hooks and self.how is Deletion.CASCADE:
            yield from self._hooks(pair)

    def _hooks(self, pair: Pair) -> Iterator[Change]:
        manifest = pair.manifest
        hook = hook_of(manifest.body) if manifest is not None else None
        if manifest is None or hook is None:
            return
        for phase in _AROUND:
            if phase in hook.phases:
                is_named = not is_generated(manifest.body, self.revision)
                runs = manifest if is_named else in_phase(manifest, phase, self.application)
                uid = uid_of(pair.live) if is_named else ""
                # It is deleted once it has run, whatever its policy says.
                loss = loss_of(pair) if uid else ""
                yield Change(
                    runs.key,
                    Action.HOOK,
                    f"runs as {phase} hook",
                    phase,
                    wave_of(manifest.body),
                    runs,
                    uid,
                    warnings=(loss,) if loss else (),
                    irreversible=loss,
                )

    def _removed(self, pair: Pair, live: Body) -> Change:
        key, loss = pair.key, loss_of(pair)
        kept = self._why_kept(key, live)
        return Change(
            key,
            Action.SKIP if kept else Action.DELETE,
            kept or f"deleted with application {self.application.name}",
            SyncPhase.DELETE,
            wave_of(live),
            uid=uid_of(live),
            resource_version=version_of(live),
            warnings=() if kept else (*filter(None, (loss,)), *of_pods(pair, Action.DELETE, restarts=False)),
            irreversible="" if kept else loss,
        )

    def _why_kept(self, key: ResourceKey, live: Body) -> str:
        if self.how is Deletion.LEAVE:
            return "left as it is"
        if dig(live, "metadata", "deletionTimestamp"):
            return "is being deleted already"
        if self.inventory and key not in self.inventory and hook_of(live) is None:
            return f"kept, because {NOT_KNOWN}"
        return kept_from_deletion(live, self.application.policy)


def deletion(
    application: Application,
    revision: str,
    pairs: Sequence[Pair],
    *,
    how: Deletion,
    inventory: frozenset[ResourceKey],
    hooks: bool = True,
    unread: Iterable[str] = (),
) -> ChangeSet:
    """Return the plan that takes an application away.

    inventory: every object that it has applied; what is in it and live as its own is deleted, and what is left of
    its hooks. Empty although objects are its own means that it was lost: then labels decide. hooks: whether PreDelete
    and PostDelete hooks run. unread: what could not be read, each with its reason.
    """
    remover = _Remover(application, revision, inventory, how, hooks)
    changes = arranged(change for pair in pairs for change in remover.changes(pair))
    deleted = {change.key for change in changes if change.action is Action.DELETE}
    asked = (
        f"{pair.key} asks for a confirmed deletion"
        for pair in pairs
        if pair.key in deleted and pair.live is not None and must_confirm(pair.live, application.policy, "Delete")
    )
    return ChangeSet(
        application.name,
        revision,
        changes,
        prune=how is Deletion.CASCADE,
        held=(
            *(f"deletes {key}" for key in sorted(deleted) if key.kind in PRECIOUS),
            *hooks_held(change for change in changes if change.uid),
            *asked,
            *([INVENTORY_LOST.format("deleted")] if deleted and not inventory else []),
        ),
        refusals=tuple(sorted((*unread, *_run_already(application, pairs, changes)))),
        hooks=hooks,
        deletion=how,
    )


def _run_already(application: Application, pairs: Iterable[Pair], changes: Iterable[Change]) -> Iterator[str]:
    """Why hooks would not run: objects of nobody bear their names, and have an end of their own."""
    running = {change.key for change in changes if change.action is Action.HOOK}
    yield from (RUN_ALREADY.format(pair.key) for pair in pairs if pair.key in running and has_run(pair, application))

"""Reasons for which a plan waits for a person (reliability.md: invariants 1 and 3; semantics.md: Automation)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.operations import Action, Change, Method
from gitops_tui.sync.hooks import hook_of, may_delete
from gitops_tui.sync.options import must_confirm
from gitops_tui.sync.pair import Pair

HARMLESS: Final = 3
"""As many resources may always be pruned, whatever share of the application they are."""

INVENTORY_LOST: Final = "the journal holds no inventory: what is {} is known by labels only"
PRECIOUS: Final = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})


def held(
    application: Application, pairs: Sequence[Pair], changes: Iterable[Change], *, inventory_lost: bool
) -> tuple[str, ...]:
    """Return why a person has to approve the plan, empty when nobody has to."""
    given = tuple(changes)
    pruned = [change for change in given if change.action is Action.DELETE]
    reasons = list(_reasons(application, pairs, pruned, inventory_lost=inventory_lost)) if pruned else []
    reasons += [
        f"deletes {change.key} and makes it anew"
        for change in given
        if change.method is Method.RECREATE and change.key.kind in PRECIOUS
    ]
    at_risk = {pair.key for pair in pairs if may_delete(pair)}
    reasons += hooks_held(change for change in given if change.key in at_risk)
    return tuple(reasons)


def hooks_held(changes: Iterable[Change]) -> list[str]:
    """Return why a person has to approve changes whose live object may be deleted, where they are hooks."""
    precious = {change.key for change in changes if change.action is Action.HOOK and change.key.kind in PRECIOUS}
    return [f"may delete {key}, as a hook" for key in sorted(precious)]


def _reasons(
    application: Application, pairs: Sequence[Pair], pruned: Sequence[Change], *, inventory_lost: bool
) -> Iterator[str]:
    owned = [
        pair
        for pair in pairs
        if pair.live is not None and pair.owner == application.name and hook_of(pair.live) is None
    ]
    is_empty = all(pair.manifest is None for pair in pairs)
    if is_empty and not application.policy.allow_empty:
        yield "Git states no resource at all"
    elif len(pruned) >= len(owned) and not application.policy.allow_empty:
        yield f"prunes every resource of {application.name}"
    if len(pruned) > HARMLESS and len(pruned) > application.policy.max_prune * len(owned):
        yield f"prunes {len(pruned)} of {len(owned)} resources, more than {application.policy.max_prune:.0%}"
    yield from (f"prunes {change.key}" for change in pruned if change.key.kind in PRECIOUS)
    policy = application.policy
    confirmed = {pair.key for pair in pairs if pair.live is not None and must_confirm(pair.live, policy, "Prune")}
    yield from (f"{change.key} asks for a confirmed prune" for change in pruned if change.key in confirmed)
    if inventory_lost:
        yield INVENTORY_LOST.format("pruned")

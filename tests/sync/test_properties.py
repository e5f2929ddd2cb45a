"""Whatever Git says and whatever is live: a sync ends in sync, leaves others alone, and then has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import Action, Deletion, OperationPhase
from gitops_tui.sync.deletion import deletion
from gitops_tui.sync.order import rank_of, steps
from tests.sync.world import SHOP, Scene, body

POLICY = SyncPolicy(prune=True, allow_empty=True, max_prune=1.0)
OTHER = replace(SHOP, name="billing")
_KINDS = st.sampled_from(["ConfigMap", "Secret", "Service", "ServiceAccount"])
_OPTIONS = st.sampled_from(
    ["", "Replace=true", "Force=true", "Replace=true,Force=true", "PruneLast=true", "Prune=false"]
)
_OBJECTS = st.tuples(_KINDS, st.sampled_from("abcd"), st.integers(-2, 2), _OPTIONS, st.integers(0, 2))


def made(row: tuple[str, str, int, str, int]) -> Any:
    kind, name, wave, options, value = row
    notes = {"argocd.argoproj.io/sync-wave": str(wave)} | (
        {"argocd.argoproj.io/sync-options": options} if options else {}
    )
    return body(kind, name, notes=notes, data={"value": value})


def each_once(rows: list[tuple[str, str, int, str, int]]) -> list[Any]:
    return [made(row) for row in {row[:2]: row for row in rows}.values()]


_MANY = st.lists(_OBJECTS, max_size=8).map(each_once)
_OWNERS = st.sampled_from(["ours", "nobody's"])


def world(live: list[Any], owner: str) -> Scene:
    scene = Scene(replace(SHOP, policy=POLICY))
    scene.world.put(*live, application=scene.application if owner == "ours" else None)
    return scene


@settings(max_examples=60, deadline=None)
@given(_MANY, _MANY, _OWNERS)
def test_a_sync_ends_in_sync_and_then_has_nothing_to_do(desired: list[Any], live: list[Any], owner: str) -> None:
    scene = world(live, owner)

    outcome = scene.sync(*desired, prune=True)

    assert outcome.phase is OperationPhase.SUCCEEDED
    written = len(scene.writes)
    again = scene.plan(*desired, prune=True)
    assert again.writes == ()
    assert {change.why for change in again.changes} <= {"in sync", "kept by Prune=false"}
    assert scene.execute(again).phase is OperationPhase.SUCCEEDED
    assert len(scene.writes) == written, "and nothing is written twice"


@settings(max_examples=40, deadline=None)
@given(_MANY, _MANY, _MANY)
def test_what_is_anothers_or_nobodys_stays_as_it_is(desired: list[Any], theirs: list[Any], nobodys: list[Any]) -> None:
    scene = Scene(replace(SHOP, policy=POLICY))
    stated = {(each["kind"], each["metadata"]["name"]) for each in desired}
    foreign = [each for each in theirs if (each["kind"], each["metadata"]["name"]) not in stated]
    free = [
        each
        for each in nobodys
        if (each["kind"], each["metadata"]["name"])
        not in stated | {(one["kind"], one["metadata"]["name"]) for one in foreign}
    ]
    scene.world.put(*foreign, application=OTHER)
    scene.world.put(*free)
    before = dict(scene.world.objects)

    scene.sync(*desired, prune=True)
    known = frozenset(scene.world.objects)
    away = deletion(scene.application, "c0ffee", scene.pairs(), how=Deletion.CASCADE, inventory=known)
    scene.execute(away)

    assert dict(scene.world.objects) == before, "and what was ours is gone"


@settings(max_examples=60, deadline=None)
@given(_MANY, _MANY)
def test_inside_a_wave_kinds_come_in_their_order_and_go_in_the_reverse(desired: list[Any], live: list[Any]) -> None:
    changeset = world(live, "ours").plan(*desired, prune=True)
    places: dict[tuple[str, int, bool], list[int]] = {}
    for change in changeset.writes:
        slot = (change.phase, change.wave, change.action is Action.DELETE)
        places.setdefault(slot, []).append(rank_of(change.key.kind))
    for (_, _, goes), ranks in places.items():
        assert ranks == sorted(ranks, reverse=goes)
    flat = [change for _, group in steps(changeset.changes) for change in group]
    assert flat == list(changeset.changes), "what is shown is what is run"

"""What a sync would do, and why."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import Action, Change, ChangeSet
from gitops_tui.model.resources import Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.sync import Pair
from gitops_tui.sync.plan import plan
from tests.sync.world import SHOP, Scene, body, definition

OTHER = replace(SHOP, name="billing")


def config(name: str, value: str = "1", **notes: str) -> Any:
    return body("ConfigMap", name, notes=notes or None, data={"a": value})


def told(changeset: ChangeSet) -> list[tuple[str, str, str]]:
    return [(change.action.value, change.key.kind_name, change.why) for change in changeset.changes]


def only(changeset: ChangeSet) -> Change:
    (change,) = changeset.changes
    return change


def test_create_update_skip_and_delete(scene: Scene) -> None:
    scene.world.put(config("same"), config("changed", "old"), config("gone"), application=SHOP)

    changeset = scene.plan(config("new"), config("same"), config("changed", "new"), prune=True)

    assert told(changeset) == [
        ("update", "ConfigMap/changed", "1 field differs"),
        ("create", "ConfigMap/new", "new"),
        ("skip", "ConfigMap/same", "in sync"),
        ("delete", "ConfigMap/gone", "no longer in Git"),
    ]
    assert [change.key.name for change in changeset.writes] == ["changed", "new", "gone"]
    assert [change.path for change in changeset.changes[0].changes] == ["data.a"]
    assert changeset.refusals == ()
    assert (changeset.application, changeset.revision, changeset.prune) == ("shop", "c0ffee", True)


def test_a_change_names_the_very_object_it_was_planned_against(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    live = scene.world.objects[ResourceKey("", "ConfigMap", "shop", "a")]

    change = only(scene.plan(config("a", "new")))

    assert (change.uid, change.resource_version) == (live["metadata"]["uid"], live["metadata"]["resourceVersion"])


def test_the_hash_is_that_of_what_will_be_written(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)

    assert scene.plan(config("a", "new")).hash == scene.plan(config("a", "new")).hash
    assert scene.plan(config("a", "new")).hash != scene.plan(config("a", "newer")).hash
    assert scene.plan(config("a", "new")).hash != scene.plan(config("a", "new"), prune=True).hash


def test_the_hash_is_that_of_what_was_shown_too(scene: Scene) -> None:
    """What would be taken over from somebody else is approved with the rest."""
    scene.world.put(config("a", "old"), application=SHOP)
    pairs = scene.pairs(config("a", "new"))
    taken = [replace(pair, conflicts=("data.a: kubectl-edit",)) for pair in pairs]

    def plan_of(given: list[Pair]) -> ChangeSet:
        return plan(SHOP, "c0ffee", given, prune=False, inventory=frozenset())

    assert plan_of(list(pairs)).hash != plan_of(taken).hash


# ownership


def test_another_applications_object_is_refused_and_both_are_named(scene: Scene) -> None:
    scene.world.put(config("a"), application=OTHER)

    (refusal,) = scene.plan(config("a")).refusals

    assert refusal.startswith("ConfigMap shop/a: belongs to application billing")
    assert "shop states it too" in refusal
    command = "kubectl annotate --namespace shop configmap/a gitops-tui.dev/tracking-id-"
    assert refusal.endswith(f"(take it out of one of the two, or, if that one is no more, let go of it: {command})")


def test_an_object_of_nobody_is_adopted_with_a_warning(scene: Scene) -> None:
    scene.world.put(config("a"))

    change = only(scene.plan(config("a")))

    assert (change.action, change.why) == (Action.UPDATE, "adopt existing object")
    assert change.warnings[0] == "exists and is no application's: shop takes it over"


def test_another_applications_objects_are_never_pruned(scene: Scene) -> None:
    scene.world.put(config("theirs"), application=OTHER)
    scene.world.put(config("nobodys"))
    pairs = [replace(pair, manifest=None) for pair in scene.pairs(config("theirs"), config("nobodys"))]
    everything = frozenset(pair.key for pair in pairs)

    changeset = plan(SHOP, "c0ffee", pairs, prune=True, inventory=everything)

    assert changeset.writes == ()
    assert changeset.refusals == ()


def test_a_copied_object_is_nobodys(scene: Scene) -> None:
    scene.world.put(config("original"), application=SHOP)
    copied = copy.deepcopy(scene.world.objects[ResourceKey("", "ConfigMap", "shop", "original")])
    copied["metadata"]["name"] = "copy"
    scene.world.objects[ResourceKey("", "ConfigMap", "shop", "copy")] = copied

    assert [change.key.name for change in scene.plan(config("original"), prune=True).changes] == ["original"]


# prune


def test_without_prune_an_extra_object_stays_and_the_plan_says_so(scene: Scene) -> None:
    scene.world.put(config("extra"), application=SHOP)

    change = only(scene.plan())

    assert (change.action, change.why) == (Action.SKIP, "no longer in Git; kept, because this sync does not prune")


def test_an_incomplete_picture_prunes_nothing(scene: Scene) -> None:
    scene.world.put(config("extra"), application=SHOP)

    change = only(scene.plan(prune=True, incomplete="Widgets could not be listed"))

    assert change.action is Action.SKIP
    assert change.why.endswith("nothing may be pruned now: Widgets could not be listed")


def test_what_this_application_never_applied_is_not_pruned(scene: Scene) -> None:
    scene.world.put(config("extra"), application=SHOP)
    something = frozenset({ResourceKey("", "ConfigMap", "shop", "else")})

    assert only(scene.plan(prune=True, inventory=something)).action is Action.SKIP


def test_with_the_inventory_lost_labels_decide_and_a_person_approves(scene: Scene) -> None:
    scene.world.put(*[config(f"c{number}") for number in range(9)], application=SHOP)

    changeset = scene.plan(*[config(f"c{number}") for number in range(8)], prune=True, inventory=frozenset())

    assert [change.key.name for change in changeset.writes] == ["c8"]
    assert changeset.held == ("the journal holds no inventory: what is pruned is known by labels only",)


@pytest.mark.parametrize(
    "notes",
    [
        {"argocd.argoproj.io/sync-options": "Validate=false, Prune=false"},
        {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"},
        {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
        {"kustomize.toolkit.fluxcd.io/prune": "Disabled"},
        {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
        {"argocd.argoproj.io/hook": "PostSync"},
        {"helm.sh/hook": "test"},
    ],
)
def test_what_asks_to_be_kept_is_kept(scene: Scene, notes: dict[str, str]) -> None:
    scene.world.put(config("kept", **notes), application=SHOP)

    assert scene.plan(prune=True).writes == ()


def test_what_is_being_deleted_is_not_deleted_again_nor_applied(scene: Scene) -> None:
    scene.world.put(config("a", "old"), config("b"), application=SHOP)
    for live in scene.world.objects.values():
        live["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"

    changeset = scene.plan(config("a", "new"), prune=True)

    assert changeset.writes == ()
    assert "made anew once it is gone" in changeset.changes[0].why


# guards


def test_an_empty_rendering_waits_for_a_person(scene: Scene) -> None:
    scene.world.put(config("a"), application=SHOP)

    assert scene.plan(prune=True).held == ("Git states no resource at all",)


def test_pruning_everything_waits_for_a_person(scene: Scene) -> None:
    scene.world.put(config("old"), application=SHOP)

    assert scene.plan(config("new"), prune=True).held == ("prunes every resource of shop",)


def test_what_is_left_of_hooks_and_what_is_nobodys_does_not_loosen_the_guard(scene: Scene) -> None:
    hook = body("ConfigMap", "migrate", notes={"argocd.argoproj.io/hook": "PreSync"})
    scene.world.put(config("a"), hook, application=SHOP)
    scene.world.put(config("nobodys"))

    changeset = scene.plan(config("nobodys"), config("new"), prune=True)

    assert [change.key.name for change in changeset.writes if change.action is Action.DELETE] == ["a"]
    assert changeset.held == ("prunes every resource of shop",)


@pytest.mark.parametrize(("total", "pruned", "is_held"), [(10, 3, False), (10, 4, True), (30, 6, False), (30, 7, True)])
def test_pruning_a_large_share_waits_for_a_person(scene: Scene, total: int, pruned: int, is_held: bool) -> None:
    scene.world.put(*[config(f"c{number}") for number in range(total)], application=SHOP)

    changeset = scene.plan(*[config(f"c{number}") for number in range(total - pruned)], prune=True)

    assert len(changeset.writes) == pruned
    assert changeset.held == ((f"prunes {pruned} of {total} resources, more than 20%",) if is_held else ())


@pytest.mark.parametrize("kind", ["Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"])
def test_pruning_something_precious_waits_for_a_person_and_warns(scene: Scene, kind: str) -> None:
    scene.world.put(body(kind, "precious"), config("a"), application=SHOP)

    changeset = scene.plan(config("a"), prune=True)

    assert len(changeset.held) == 1
    assert changeset.held[0].startswith("prunes ")
    assert changeset.writes[0].warnings != ()


def test_a_definition_of_which_nothing_is_live_is_held_too_but_loses_nothing(scene: Scene) -> None:
    scene.world.put(definition(), config("a"), application=SHOP)
    pairs = [replace(pair, unused=pair.manifest is None) for pair in scene.pairs(config("a"))]

    changeset = plan(SHOP, "c0ffee", pairs, prune=True, inventory=frozenset(scene.world.objects))

    (change,) = changeset.writes
    assert (change.action, change.irreversible, change.warnings) == (Action.DELETE, "", ())
    assert changeset.held == ("prunes apiextensions.k8s.io/CustomResourceDefinition widgets.example.org",)


@pytest.mark.parametrize(
    ("size", "irreversible"), [("1Gi", ""), ("2Gi", "a volume that has grown cannot shrink again")]
)
def test_only_a_volume_claim_that_grows_cannot_go_back(scene: Scene, size: str, irreversible: str) -> None:
    def claim(size: str, label: str) -> Any:
        made = body("PersistentVolumeClaim", "data", spec={"resources": {"requests": {"storage": size}}})
        return made | {"metadata": made["metadata"] | {"labels": {"tier": label}}}

    scene.world.put(claim("1Gi", "a"), application=SHOP)

    assert only(scene.plan(claim(size, "b"))).irreversible == irreversible


def test_an_object_may_ask_for_a_confirmed_prune(scene: Scene) -> None:
    scene.world.put(config("a"), config("b", **{"argocd.argoproj.io/sync-options": "Prune=confirm"}), application=SHOP)

    assert scene.plan(config("a"), prune=True).held == ("ConfigMap shop/b asks for a confirmed prune",)


def test_allow_empty_lifts_the_hold_of_an_empty_rendering() -> None:
    scene = Scene(replace(SHOP, policy=SyncPolicy(allow_empty=True)))
    scene.world.put(config("a"), application=SHOP)

    assert scene.plan(prune=True).held == ()


# refusals


def test_a_refused_object_refuses_the_plan(scene: Scene) -> None:
    pairs = [replace(pair, refusal="spec.x: is immutable") for pair in scene.pairs(config("a"))]

    assert plan(SHOP, "c0ffee", pairs, prune=False, inventory=frozenset()).refusals == (
        "ConfigMap shop/a: spec.x: is immutable",
    )


def test_what_could_not_be_compared_refuses_the_plan() -> None:
    manifest = Manifest.of(config("a"))
    pair = Pair(manifest.key, manifest, None, Drift(manifest.key, DriftCode.UNKNOWN, note="forbidden"))

    changeset = plan(SHOP, "x", [pair], prune=False, inventory=frozenset())

    assert changeset.refusals == ("ConfigMap shop/a: forbidden",)
    assert told(changeset) == [("skip", "ConfigMap/a", "cannot be read")], "nobody knows whether it would be made"


def test_what_cannot_be_checked_before_the_plan_itself_runs_is_excused(scene: Scene) -> None:
    pairs = scene.pairs(definition(), body("Widget", "w"), body("Namespace", "new"), config("a"))
    pairs += scene.pairs(body("ConfigMap", "b", namespace="new"))
    blind = [replace(pair, refusal="not served" if pair.key.name in "wb" else "") for pair in pairs]

    assert plan(SHOP, "x", blind, prune=False, inventory=frozenset()).refusals == ()


def test_what_is_of_a_kind_that_the_plan_brings_is_made_though_nobody_can_read_it_yet(scene: Scene) -> None:
    defined, widget = scene.pairs(definition(), body("Widget", "w"))
    unread = replace(widget, unserved=True, drift=Drift(widget.key, DriftCode.UNKNOWN, note="not served"))

    changeset = plan(SHOP, "x", [defined, unread], prune=False, inventory=frozenset())

    assert [(change.key.kind, change.action) for change in changeset.writes] == [
        ("CustomResourceDefinition", Action.CREATE),
        ("Widget", Action.CREATE),
    ]


def test_conflicts_are_taken_over_by_policy_and_named(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    pairs = [replace(pair, conflicts=("data.a: kubectl-edit",)) for pair in scene.pairs(config("a", "new"))]

    changeset = plan(SHOP, "x", pairs, prune=False, inventory=frozenset())

    assert changeset.refusals == ()
    assert "takes over from other field managers: data.a: kubectl-edit" in only(changeset).warnings


def test_conflicts_refuse_the_plan_where_policy_says_so(scene: Scene) -> None:
    application = replace(SHOP, policy=SyncPolicy(force_conflicts=False))
    scene.world.put(config("a", "old"), application=SHOP)
    pairs = [replace(pair, conflicts=("data.a: kubectl-edit",)) for pair in scene.pairs(config("a", "new"))]

    assert plan(application, "x", pairs, prune=False, inventory=frozenset()).refusals == (
        "ConfigMap shop/a: other field managers own data.a: kubectl-edit",
    )


# warnings


def deployment(image: str, replicas: int = 1) -> Any:
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return body("Deployment", "web", spec={"replicas": replicas, "template": template})


def test_a_changed_pod_template_restarts_pods_and_a_changed_count_does_not(scene: Scene) -> None:
    scene.world.put(deployment("web:1"), application=SHOP)
    restarts = "its pods restart"

    assert restarts in only(scene.plan(deployment("web:2"))).warnings
    assert restarts not in only(scene.plan(deployment("web:1", 5))).warnings


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        (
            "DaemonSet",
            {"updateStrategy": {"type": "OnDelete"}},
            "its pods change only when they are deleted (OnDelete)",
        ),
        (
            "StatefulSet",
            {"updateStrategy": {"type": "OnDelete"}},
            "its pods change only when they are deleted (OnDelete)",
        ),
        ("Deployment", {"paused": True}, "its pods restart only when its rollout is no longer paused"),
    ],
)
def test_a_changed_template_that_restarts_nothing_now_says_what_would(
    scene: Scene, kind: str, spec: dict[str, Any], told: str
) -> None:
    def workload(image: str) -> Any:
        made = deployment(image)
        return made | {"kind": kind, "spec": made["spec"] | spec}

    scene.world.put(workload("web:1"), application=SHOP)

    change = only(scene.plan(workload("web:2")))

    assert (change.restarts, change.warnings[-1]) == (False, told)
    assert told not in only(scene.plan(workload("web:1") | {"extra": 1})).warnings


def test_options_that_are_not_followed_are_named(scene: Scene) -> None:
    change = only(scene.plan(config("a", **{"argocd.argoproj.io/sync-options": "ServerSideApply=false"})))

    assert change.warnings == ("sync option ServerSideApply=false is not followed: every apply is server-side",)


# annotations


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        ({"argocd.argoproj.io/hook": "Skip"}, "hook that is no part of a sync"),
        ({"helm.sh/hook": "test"}, "hook that is no part of a sync"),
        ({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}, "left alone by reconcile: disabled"),
        ({"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}, "left alone by ssa: Ignore"),
    ],
)
def test_what_asks_to_be_left_alone_is(scene: Scene, notes: dict[str, str], why: str) -> None:
    change = only(scene.plan(config("a", **notes)))

    assert (change.action, change.why) == (Action.SKIP, why)


def test_if_not_present_makes_but_never_changes(scene: Scene) -> None:
    notes = {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
    assert only(scene.plan(config("a", "new", **notes))).action is Action.CREATE

    scene.world.put(config("a", "old", **notes), application=SHOP)
    assert only(scene.plan(config("a", "new", **notes))).action is Action.SKIP


def test_hooks_run_in_their_phases(scene: Scene) -> None:
    changeset = scene.plan(
        body("Job", "smoke", notes={"argocd.argoproj.io/hook": "PreSync,PostSync"}),
        body("Job", "migrate", notes={"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-3"}),
        body("Job", "both", notes={"argocd.argoproj.io/hook": "Sync", "helm.sh/hook": "pre-install"}),
    )

    assert [(change.phase.value, change.wave, change.key.name) for change in changeset.changes] == [
        ("PreSync", -3, "migrate"),
        ("PreSync", 0, "smoke"),
        ("Sync", 0, "both"),
        ("PostSync", 0, "smoke"),
    ]
    assert {change.action for change in changeset.changes} == {Action.HOOK}


def test_a_sync_of_chosen_resources_takes_only_those_and_no_hooks(scene: Scene) -> None:
    scene.world.put(config("extra"), application=SHOP)
    hook = body("Job", "h", notes={"argocd.argoproj.io/hook": "PreSync"})
    chosen = frozenset({ResourceKey("", "ConfigMap", "shop", "a"), ResourceKey("batch", "Job", "shop", "h")})

    changeset = scene.plan(config("a"), config("b"), hook, prune=True, resources=chosen)

    assert changeset.partial
    assert [(change.action.value, change.key.name) for change in changeset.changes] == [("create", "a"), ("skip", "h")]


def test_ignored_fields_are_left_out_of_what_is_applied() -> None:
    scene = Scene(replace(SHOP, ignore=(IgnoreRule(paths=("spec.replicas",)),)))
    scene.world.put(deployment("web:1", 7), application=SHOP)

    change = only(scene.plan(deployment("web:2", 2)))

    assert change.manifest is not None
    assert "replicas" not in change.manifest.body["spec"]


rows = st.lists(
    st.tuples(
        st.sampled_from(["ConfigMap", "Secret", "Deployment", "Namespace"]),
        st.sampled_from("abcdef"),
        st.sampled_from(["desired", "live", "both"]),
        st.sampled_from(["-1", "0", "2"]),
    ),
    unique_by=lambda row: row[:2],
    max_size=12,
)


@given(rows, st.booleans(), st.randoms(use_true_random=False))
def test_a_plan_depends_on_its_pairs_not_on_their_order(rows: Any, prune: bool, shuffling: random.Random) -> None:
    scene = Scene()
    made = {row: body(row[0], row[1], notes={"argocd.argoproj.io/sync-wave": row[3]}) for row in rows}
    scene.world.put(*[made[row] for row in rows if row[2] != "desired"], application=SHOP)
    pairs = scene.pairs(*[made[row] for row in rows if row[2] != "live"])
    inventory = frozenset(pair.key for pair in pairs)
    shuffled = list(pairs)
    shuffling.shuffle(shuffled)

    one = plan(SHOP, "x", pairs, prune=prune, inventory=inventory)
    other = plan(SHOP, "x", shuffled, prune=prune, inventory=inventory)

    assert one == other
    assert one.hash == other.hash
    assert {change.key for change in one.changes} == {pair.key for pair in pairs}
    deleted = [change.key for change in one.changes if change.action is Action.DELETE]
    assert (deleted == []) or prune

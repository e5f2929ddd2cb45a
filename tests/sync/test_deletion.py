"""An application is taken away: what goes, what stays, in which order, and never what is not its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import Action, ChangeSet, Deletion, OperationPhase
from gitops_tui.model.resources import ResourceKey
from gitops_tui.sync.deletion import deletion
from tests.sync.test_hooks import ends
from tests.sync.world import SHOP, Scene, body, merge

OPTIONS = "argocd.argoproj.io/sync-options"


def config(name: str, **notes: str) -> Any:
    return body("ConfigMap", name, notes=notes or None, data={"a": "1"})


def hook(name: str, phase: str, **more: str) -> Any:
    return body("Job", name, notes={"argocd.argoproj.io/hook": phase, **more}, spec={"template": {}})


def plan(scene: Scene, *desired: Any, how: Deletion = Deletion.CASCADE, **more: Any) -> ChangeSet:
    more.setdefault("inventory", frozenset(scene.world.objects))
    return deletion(scene.application, "c0ffee", scene.pairs(*desired), how=how, **more)


def told(changeset: ChangeSet) -> list[tuple[str, str]]:
    return [(change.action.value, change.key.name) for change in changeset.changes]


def test_objects_go_in_reverse_order_of_waves_and_kinds(scene: Scene) -> None:
    wave = {"argocd.argoproj.io/sync-wave": "1"}
    late = body("ConfigMap", "late", notes=wave, data={})
    objects = [config("settings"), body("Deployment", "web", spec={}), late]
    scene.world.put(*objects, application=SHOP)

    outcome = scene.execute(plan(scene, *objects))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == [
        "delete ConfigMap/late foreground",
        "delete Deployment/web foreground",
        "delete ConfigMap/settings foreground",
    ]
    assert [row.before is not None for row in outcome.resources] == [True, True, True]


def test_left_behind_nothing_is_written(scene: Scene) -> None:
    scene.world.put(config("a"), application=SHOP)
    changeset = plan(scene, config("a"), how=Deletion.LEAVE)
    assert [(change.action, change.why) for change in changeset.changes] == [(Action.SKIP, "left as it is")]
    assert scene.execute(changeset).phase is OperationPhase.SUCCEEDED
    assert scene.writes == []


def test_hooks_run_before_and_after_and_leave_nothing(scene: Scene) -> None:
    ends(scene, "Complete", after=3)
    scene.world.put(config("a"), application=SHOP)
    before, after = hook("drain", "PreDelete"), hook("tell", "PostDelete")

    outcome = scene.execute(plan(scene, config("a"), before, after, hook("migrate", "PreSync")))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == [
        "apply Job/drain",
        "delete Job/drain background",
        "delete ConfigMap/a foreground",
        "apply Job/tell",
        "delete Job/tell background",
    ]


def test_helms_hooks_are_known(scene: Scene) -> None:
    scene.world.put(config("a"), application=SHOP)
    chart = body("Job", "drain", notes={"helm.sh/hook": "pre-delete,post-delete"}, spec={})
    phases = [change.phase.value for change in plan(scene, config("a"), chart).changes]
    assert phases == ["PreDelete", "Delete", "PostDelete"]


def test_a_hook_that_fails_keeps_everything(scene: Scene) -> None:
    ends(scene, "Failed")
    scene.world.put(config("a"), application=SHOP)
    outcome = scene.execute(plan(scene, config("a"), hook("drain", "PreDelete")))
    assert outcome.phase is OperationPhase.FAILED
    assert scene.writes == ["apply Job/drain"]
    assert ResourceKey("", "ConfigMap", "shop", "a") in scene.world.objects


def test_without_hooks_none_runs(scene: Scene) -> None:
    scene.world.put(config("a"), application=SHOP)
    assert told(plan(scene, config("a"), hook("drain", "PreDelete"), hooks=False)) == [("delete", "a")]


def test_a_hook_of_nobody_that_has_run_already_is_refused_not_believed(scene: Scene) -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    scene.world.put(config("a"), application=SHOP)
    scene.world.put({**hook("drain", "PreDelete"), "status": done})

    changeset = plan(scene, config("a"), hook("drain", "PreDelete"))

    assert "would not run anew" in changeset.refusals[0]
    assert plan(scene, config("a"), hook("drain", "PreDelete"), hooks=False).refusals == ()


def test_a_hook_that_takes_over_what_has_data_says_so_since_it_deletes_it(scene: Scene) -> None:
    space = body("Namespace", "payments", notes={"argocd.argoproj.io/hook": "PreDelete"})
    scene.world.put(space)
    changeset = plan(scene, space)
    assert changeset.held == ("may delete Namespace payments, as a hook",)
    assert changeset.changes[0].irreversible == "everything in it is deleted with it"


def test_what_is_left_of_earlier_hooks_goes_too(scene: Scene) -> None:
    scene.world.put(config("a"), hook("migrate", "PreSync"), application=SHOP)
    changeset = plan(scene, config("a"), inventory=frozenset({ResourceKey("", "ConfigMap", "shop", "a")}))
    assert told(changeset) == [("delete", "migrate"), ("delete", "a")]


def test_what_it_never_applied_and_what_is_anothers_stays(scene: Scene) -> None:
    other = replace(SHOP, name="billing")
    scene.world.put(config("ours"), config("unknown"), application=SHOP)
    scene.world.put(config("theirs"), application=other)
    scene.world.put(config("nobodys"))
    known = frozenset(key for key in scene.world.objects if key.name != "unknown")

    changeset = plan(scene, config("ours"), config("theirs"), config("nobodys"), inventory=known)

    assert told(changeset) == [("delete", "ours"), ("skip", "unknown")]


def test_an_object_that_became_anothers_since_the_plan_stays(scene: Scene) -> None:
    scene.world.put(config("a"), application=SHOP)
    changeset = plan(scene, config("a"))
    read, looks = scene.world.read, []

    def read_and_lose(at: ResourceKey, *, api_version: str = "") -> Any:
        looks.append(at)
        if len(looks) == 2:  # after the preflight
            theirs = {"gitops-tui.dev/tracking-id": "billing:/ConfigMap:shop/a"}
            merge(scene.world.objects[at], {"metadata": {"annotations": theirs}})
        return read(at, api_version=api_version)

    scene.world.read = read_and_lose  # type: ignore[method-assign, assignment]
    (row,) = scene.execute(changeset).resources
    assert (row.result.value, row.message) == ("PruneSkipped", "is no longer shop's")


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        ({OPTIONS: "Delete=false"}, "kept by Delete=false"),
        ({"kustomize.toolkit.fluxcd.io/prune": "disabled"}, "kept by prune: disabled"),
        ({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}, "kept by reconcile: disabled"),
    ],
)
def test_an_object_may_ask_to_stay(scene: Scene, notes: dict[str, str], why: str) -> None:
    scene.world.put(config("a", **notes), application=SHOP)
    (change,) = plan(scene, config("a", **notes)).changes
    assert (change.action, change.why) == (Action.SKIP, why)


def test_prune_false_is_about_pruning_only(scene: Scene) -> None:
    scene.world.put(config("a", **{OPTIONS: "Prune=false"}), application=SHOP)
    assert told(plan(scene, config("a"))) == [("delete", "a")]


def test_what_cannot_be_undone_and_what_asks_for_it_waits_for_a_person(scene: Scene) -> None:
    claim = body("PersistentVolumeClaim", "data", spec={})
    careful = config("a", **{OPTIONS: "Delete=confirm"})
    scene.world.put(claim, careful, application=SHOP)
    changeset = plan(scene, claim, careful)
    assert changeset.held == (
        "deletes PersistentVolumeClaim shop/data",
        "ConfigMap shop/a asks for a confirmed deletion",
    )
    assert [change.irreversible for change in changeset.changes if change.irreversible] == ["its data may be lost"]


def test_an_option_of_the_application_holds_for_all() -> None:
    scene = Scene(replace(SHOP, policy=SyncPolicy(options=("Delete=false",))))
    scene.world.put(config("a"), application=SHOP)
    assert told(plan(scene, config("a"))) == [("skip", "a")]


def test_what_could_not_be_read_refuses_it(scene: Scene) -> None:
    assert plan(scene, unread=["Secret shop/key: forbidden"]).refusals == ("Secret shop/key: forbidden",)


def test_no_sync_ever_runs_hooks_of_deletions(scene: Scene) -> None:
    (change,) = scene.plan(hook("drain", "PreDelete")).changes
    assert (change.action, change.why) == (Action.SKIP, "hook that is no part of a sync")

"""Hooks run in their phases, are awaited, and deleted by their policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError, ConflictError, ForbiddenError, InvalidError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.sync import generated, stamp
from gitops_tui.sync.ports import Outcome
from tests.sync.world import SHOP, Scene, body, merge


def job(name: str, hook: str, policy: str = "", wave: str = "0") -> Any:
    notes = {"argocd.argoproj.io/hook": hook, "argocd.argoproj.io/sync-wave": wave}
    if policy:
        notes["argocd.argoproj.io/hook-delete-policy"] = policy
    return body("Job", name, notes=notes, spec={"template": {}})


def key(name: str) -> ResourceKey:
    return ResourceKey("batch", "Job", "shop", name)


def ends(scene: Scene, how: str, after: float = 0.0) -> None:
    """Every Job that is made ends so, so many seconds later."""

    def ended(live: dict[str, Any]) -> None:
        merge(live, {"status": {"conditions": [{"type": how, "status": "True", "message": f"{how} indeed"}]}})

    def on_apply(at: ResourceKey, live: dict[str, Any]) -> None:
        if at.kind == "Job":
            scene.clock.at(scene.clock.time + after, lambda: ended(live))

    scene.world.on_apply = on_apply


def results(outcome: Outcome) -> list[tuple[str, str]]:
    return [(row.key.name, row.result.value) for row in outcome.resources]


def merged(stated: Any, **fields: Any) -> Any:
    merge(stated, fields)
    return stated


def nameless(hook: str) -> Any:
    stated = job("", hook)
    stated["metadata"] = {**stated["metadata"], "generateName": "db-"}
    return stated


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
CONFIG = body("ConfigMap", "web", data={"a": "1"})


def test_hooks_run_around_the_sync_each_awaited(scene: Scene) -> None:
    ends(scene, "Complete", after=4)

    outcome = scene.sync(CONFIG, job("migrate", "PreSync"), job("smoke", "PostSync"), job("cleanup", "SyncFail"))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Job/migrate", "apply ConfigMap/web", "apply Job/smoke"]
    assert results(outcome) == [
        ("migrate", "Created"),
        ("web", "Created"),
        ("smoke", "Created"),
        ("cleanup", "Skipped"),
    ]
    assert outcome.resources[-1].message == "runs only when a sync fails"
    assert scene.clock.time >= 8


def test_a_failed_hook_stops_the_sync_and_runs_the_hooks_for_failure(scene: Scene) -> None:
    ends(scene, "Failed")

    outcome = scene.sync(CONFIG, job("migrate", "PreSync"), job("alarm", "SyncFail"))

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message == "batch/Job shop/migrate: the hook failed: Failed indeed"
    assert scene.writes == ["apply Job/migrate", "apply Job/alarm"]
    assert results(outcome) == [("migrate", "Failed"), ("web", "Skipped"), ("alarm", "Failed")]


def test_a_hook_that_does_not_end_fails_at_the_time_out(scene: Scene) -> None:
    outcome = scene.sync(CONFIG, job("migrate", "PreSync"), timeout=30)

    assert outcome.phase is OperationPhase.FAILED
    assert "did not end within 30 s" in outcome.message
    assert scene.writes == ["apply Job/migrate"]


def test_a_hook_that_does_not_end_is_deleted_where_failed_ones_are(scene: Scene) -> None:
    scene.sync(CONFIG, job("migrate", "PreSync", "HookFailed"), timeout=30)

    assert scene.writes == ["apply Job/migrate", "delete Job/migrate background"]


def test_a_hook_that_is_deleted_while_it_runs_has_failed_at_once(scene: Scene) -> None:
    scene.world.on_apply = lambda at, _: scene.clock.at(3, lambda: scene.world.vanish(at))

    outcome = scene.sync(CONFIG, merged(job("migrate", "PreSync"), spec={"ttlSecondsAfterFinished": 0}), timeout=300)

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message.endswith("deleted before its end was seen; its ttlSecondsAfterFinished is 0")
    assert scene.clock.time < 10


def test_a_hook_of_nobody_that_has_run_already_is_refused_not_believed(scene: Scene) -> None:
    scene.world.put(merged(job("migrate", "PreSync"), status=COMPLETE))

    plan = scene.plan(CONFIG, job("migrate", "PreSync"))

    assert plan.refusals == (
        "batch/Job shop/migrate: a hook that exists and is no application's would not run anew; delete it, plan again",
    )


def test_a_hook_of_nobody_that_only_has_to_be_there_is_taken_over(scene: Scene) -> None:
    account = body("ServiceAccount", "migrate", notes={"argocd.argoproj.io/hook": "PreSync"})
    scene.world.put(account)

    plan = scene.plan(account)

    assert "exists and is no application's: shop takes it over" in plan.changes[0].warnings
    assert scene.execute(plan).phase is OperationPhase.SUCCEEDED


@pytest.mark.parametrize("policy", ["BeforeHookCreation", "HookFailed"])
def test_a_hook_leaves_alone_what_became_anothers_since_the_plan(scene: Scene, policy: str) -> None:
    notes = {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": policy}
    account = body("ServiceAccount", "migrate", notes={**notes, "argocd.argoproj.io/sync-wave": "1"})
    at = ResourceKey("", "ServiceAccount", "shop", "migrate")
    scene.world.put(account)

    def once(_key: ResourceKey, _live: dict[str, Any]) -> None:
        scene.world.on_apply = lambda _key, _live: None
        theirs = stamp(Manifest.of(account), replace(SHOP, name="billing"))
        scene.world.touch(at, **dict(theirs.body))

    scene.world.on_apply = once
    outcome = scene.sync(body("ConfigMap", "first", notes=notes), account)

    assert outcome.phase is OperationPhase.FAILED
    assert "belongs to application billing" in outcome.message
    assert owner_of(scene.world.objects[at]) == "billing"


@pytest.mark.parametrize("policy", ["BeforeHookCreation", "HookFailed"])
def test_a_hook_takes_over_what_is_nobodys_though_its_status_moves(scene: Scene, policy: str) -> None:
    notes = {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": policy}
    account = body("ServiceAccount", "migrate", notes={**notes, "argocd.argoproj.io/sync-wave": "1"})
    at = ResourceKey("", "ServiceAccount", "shop", "migrate")
    scene.world.put(account)

    def once(_key: ResourceKey, _live: dict[str, Any]) -> None:
        scene.world.on_apply = lambda _key, _live: None
        scene.world.touch(at, status={"seen": "now"})

    scene.world.on_apply = once
    outcome = scene.sync(body("ConfigMap", "first", notes=notes), account)

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert owner_of(scene.world.objects[at]) == "shop"


def test_a_hook_that_is_there_at_once_again_after_it_was_deleted_is_left_to_who_made_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync"))
    delete = scene.world.delete

    def replaced(at: ResourceKey, **options: Any) -> None:
        delete(at, **options)
        if not options.get("dry_run"):
            scene.world.put(
                merged(job("migrate", "PreSync"), status=COMPLETE), application=replace(SHOP, name="billing")
            )

    monkeypatch.setattr(scene.world, "delete", replaced)
    outcome = scene.sync(CONFIG, job("migrate", "PreSync"))

    assert outcome.phase is OperationPhase.FAILED
    assert "belongs to application billing" in outcome.message
    assert owner_of(scene.world.objects[key("migrate")]) == "billing"


def space(policy: str = "") -> Any:
    return body("Namespace", "data", notes=job("", "PreSync", policy)["metadata"]["annotations"])


@pytest.mark.parametrize(
    ("policy", "owner", "is_held"),
    [
        ("", SHOP, True),
        ("HookSucceeded", SHOP, True),
        ("HookFailed", SHOP, True),
        ("", None, False),
        ("HookSucceeded", None, True),
    ],
)
def test_a_hook_that_may_delete_what_has_data_waits_for_a_person_and_says_what_is_lost(
    scene: Scene, policy: str, owner: Application | None, is_held: bool
) -> None:
    scene.world.put(space(policy), application=owner)

    plan = scene.plan(CONFIG, space(policy))

    assert plan.held == (("may delete Namespace data, as a hook",) if is_held else ())
    assert plan.changes[0].irreversible == ("everything in it is deleted with it" if is_held else "")
    assert ("everything in it is deleted with it" in plan.changes[0].warnings) is is_held


def test_a_hook_that_has_nothing_to_delete_yet_is_not_held(scene: Scene) -> None:
    assert scene.plan(CONFIG, space()).held == ()
    scene.world.put(space(), application=SHOP)
    assert scene.plan(CONFIG, space(), hooks=False).held == ()


def test_what_a_hook_deleted_that_had_data_is_kept_in_the_receipt(scene: Scene) -> None:
    scene.world.put(space(), application=SHOP)

    outcome = scene.sync(CONFIG, space())

    assert scene.writes[:2] == ["delete Namespace/data background", "apply Namespace/data"]
    assert outcome.resources[0].before is not None
    assert outcome.resources[1].before is None


def test_a_hook_never_deletes_data_that_came_after_the_plan(scene: Scene) -> None:
    plan = scene.plan(CONFIG, space())
    scene.world.put(space(), application=SHOP)

    outcome = scene.execute(plan)

    assert outcome.phase is OperationPhase.FAILED
    assert "another object has taken its place" in outcome.message
    assert scene.writes == []


def test_a_hook_with_data_of_nobody_is_taken_over_and_stays(scene: Scene) -> None:
    scene.world.put(space())

    assert scene.sync(CONFIG, space()).phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Namespace/data", "apply ConfigMap/web"]


def test_a_hook_that_became_anothers_while_it_ran_is_not_deleted(scene: Scene) -> None:
    ends(scene, "Complete", after=2)
    other = stamp(Manifest.of(job("migrate", "PreSync")), replace(SHOP, name="billing")).body["metadata"]
    scene.clock.at(1, lambda: scene.world.touch(key("migrate"), metadata=other))

    outcome = scene.sync(CONFIG, job("migrate", "PreSync", "HookSucceeded"))

    assert outcome.resources[0].warnings == ("not deleted: is no longer shop's",)
    assert scene.writes == ["apply Job/migrate", "apply ConfigMap/web"]


def test_a_hook_whose_status_moves_while_it_is_deleted_is_read_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync"))
    delete = scene.world.delete
    moves = iter([True])

    def moved(at: ResourceKey, **more: Any) -> None:
        if not more.get("dry_run") and next(moves, False):
            scene.world.touch(at, status={"ready": 0})
        delete(at, **more)

    monkeypatch.setattr(scene.world, "delete", moved)
    scene.world.diary.clear()

    assert scene.sync(CONFIG, job("migrate", "PreSync")).phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["delete Job/migrate background", "apply Job/migrate"]


def test_a_hook_that_its_policy_keeps_says_that_it_does_not_run_again(scene: Scene) -> None:
    ends(scene, "Complete")
    kept = job("migrate", "PreSync", "HookFailed")
    first = scene.sync(CONFIG, kept)

    plan = scene.plan(CONFIG, kept)
    second = scene.execute(plan)

    assert "it does not run again" in plan.changes[0].warnings[0]
    assert [outcome.resources[0].result.value for outcome in (first, second)] == ["Created", "Unchanged"]
    assert second.resources[0].message == "the hook had succeeded before, and is kept"


def test_a_kept_hook_that_cannot_be_changed_ends_it_before_a_single_write(scene: Scene) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync", "HookFailed"))
    scene.world.diary.clear()
    scene.world.refused[key("migrate")] = InvalidError("Job migrate", "field is immutable", status=422)

    outcome = scene.sync(CONFIG, job("migrate", "PreSync", "HookFailed"))

    assert outcome.message == "nothing was written: Job migrate: field is immutable"
    assert scene.writes == []


def test_a_hook_that_the_server_refuses_ends_it_before_a_single_write_whatever_is_left_of_its_last_run(
    scene: Scene,
) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("smoke", "PostSync"))
    scene.world.diary.clear()
    scene.world.refused[key("smoke")] = InvalidError("Job smoke", 'unknown field "spec.tmplate"', status=400)

    outcome = scene.sync(body("ConfigMap", "web", data={"a": "2"}), job("smoke", "PostSync"))

    assert outcome.message == 'nothing was written: Job smoke: unknown field "spec.tmplate"'
    assert scene.writes == []


@pytest.mark.parametrize(
    "refusal",
    [
        InvalidError("Job smoke", "spec.template: field is immutable", status=422),
        ConflictError("Job smoke", "other field managers own fields", status=409, causes=("spec.suspend: kueue",)),
    ],
)
def test_what_only_the_last_run_of_a_hook_stands_in_the_way_of_refuses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, refusal: ClusterError
) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("smoke", "PostSync"))
    scene.world.diary.clear()
    scene.world.refused[key("smoke")] = refusal
    delete = scene.world.delete

    def deleted(at: ResourceKey, **more: Any) -> None:
        scene.world.refused.clear()
        delete(at, **more)

    monkeypatch.setattr(scene.world, "delete", deleted)

    assert scene.sync(CONFIG, job("smoke", "PostSync")).phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["delete Job/smoke background", "apply Job/smoke"]


def test_what_is_left_of_a_hook_and_cannot_be_deleted_fails_the_sync_as_any_failure(scene: Scene) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync"))
    scene.world.broken[key("migrate")] = ForbiddenError("Job migrate", "is forbidden", status=403)

    outcome = scene.sync(CONFIG, job("migrate", "PreSync"), job("alarm", "SyncFail"))

    assert outcome.phase is OperationPhase.FAILED
    assert results(outcome) == [("migrate", "Failed"), ("web", "Unchanged"), ("alarm", "Created")]
    assert "what is left of its last run cannot be deleted" in outcome.message


def test_a_hook_of_several_phases_runs_anew_in_each(scene: Scene) -> None:
    ends(scene, "Complete", after=2)

    outcome = scene.sync(CONFIG, job("probe", "PreSync,PostSync"))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == [
        "apply Job/probe",
        "apply ConfigMap/web",
        "delete Job/probe background",
        "apply Job/probe",
    ]


def test_hooks_with_one_generated_name_are_told_apart(scene: Scene) -> None:
    ends(scene, "Complete")
    made = [generated(nameless(phase), "c0ffee", number) for number, phase in ((1, "PreSync"), (2, "PreSync"))]

    outcome = scene.sync(*made)

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Job/db-c0ffee-2-presync-0", "apply Job/db-c0ffee-presync-0"]


def test_the_hook_of_an_earlier_sync_is_deleted_first(scene: Scene) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync"))
    scene.world.diary.clear()
    assert scene.plan(CONFIG, job("migrate", "PreSync")).held == ()

    outcome = scene.sync(CONFIG, job("migrate", "PreSync"))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["delete Job/migrate background", "apply Job/migrate"]


def test_a_hook_object_of_somebody_else_is_refused(scene: Scene) -> None:
    scene.world.put(job("migrate", "PreSync"), application=replace(SHOP, name="billing"))

    (refusal,) = scene.plan(CONFIG, job("migrate", "PreSync")).refusals

    assert "belongs to application billing" in refusal


def test_delete_policies(scene: Scene) -> None:
    ends(scene, "Complete")
    scene.sync(job("good", "PreSync", "HookSucceeded"), job("kept", "PreSync", "HookFailed"))
    assert key("good") not in scene.world.objects
    assert key("kept") in scene.world.objects

    ends(scene, "Failed")
    scene.sync(job("bad", "PreSync", "HookFailed,BeforeHookCreation"))
    assert key("bad") not in scene.world.objects


def test_hooks_of_a_later_wave_wait_for_the_earlier_ones(scene: Scene) -> None:
    ends(scene, "Complete", after=3)

    scene.sync(job("second", "PreSync", wave="1"), job("first", "PreSync", wave="-1"), CONFIG)

    assert scene.writes == ["apply Job/first", "apply Job/second", "apply ConfigMap/web"]


def test_hooks_after_the_sync_need_it_healthy(scene: Scene) -> None:
    deployment = body("Deployment", "web", spec={"replicas": 1})

    outcome = scene.sync(deployment, job("smoke", "PostSync"), timeout=10)

    assert outcome.phase is OperationPhase.FAILED
    assert scene.writes == ["apply Deployment/web"]
    assert results(outcome) == [("web", "Created"), ("smoke", "Skipped")]


def test_hooks_are_not_part_of_the_inventory(scene: Scene) -> None:
    ends(scene, "Complete")

    scene.sync(CONFIG, job("migrate", "PreSync"))

    assert [at.kind for at in scene.recorder.inventory] == ["ConfigMap"]

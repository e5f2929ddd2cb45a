"""Hooks run in their phases, are awaited, and deleted by their policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import ResourceKey
from gitops_tui.sync import Outcome
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


def test_the_hook_of_an_earlier_sync_is_deleted_first(scene: Scene) -> None:
    ends(scene, "Complete")
    scene.sync(CONFIG, job("migrate", "PreSync"))
    scene.world.diary.clear()

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

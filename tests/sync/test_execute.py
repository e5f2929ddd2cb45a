"""A plan executed: checked, applied in order, pruned, awaited; every resource reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import (
    ClusterError,
    ForbiddenError,
    InvalidError,
    JournalError,
    PlanError,
    StalePlanError,
    UnreachableError,
)
from gitops_tui.model.operations import OperationPhase, Result
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.sync import stamp
from gitops_tui.sync.ports import Outcome
from tests.sync.world import SHOP, Scene, body, definition, merge

OTHER = replace(SHOP, name="billing")


def config(name: str, value: str = "1", **notes: str) -> Any:
    return body("ConfigMap", name, notes=notes or None, data={"a": value})


def key(kind: str, name: str, namespace: str = "shop", group: str = "") -> ResourceKey:
    return ResourceKey(group, kind, namespace, name)


def deployment(image: str = "web:1", name: str = "web", **notes: str) -> Any:
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return body("Deployment", name, notes=notes or None, spec={"replicas": 1, "template": template})


WEB = key("Deployment", "web", group="apps")


def rolled_out(scene: Scene, at: ResourceKey = WEB, available: int = 1) -> None:
    """The controller says that a Deployment's newest spec is (or is not) out."""
    live = scene.world.objects[at]
    merge(
        live,
        {
            "status": {
                "observedGeneration": live["metadata"]["generation"],
                "replicas": 1,
                "updatedReplicas": 1,
                "availableReplicas": available,
            }
        },
    )


def results(outcome: Outcome) -> dict[str, str]:
    return {row.key.kind_name: row.result.value for row in outcome.resources}


# the good case


def test_everything_is_reported_in_the_order_of_the_plan(scene: Scene) -> None:
    scene.world.put(config("same"), config("changed", "old"), config("gone"), application=SHOP)

    outcome = scene.sync(config("same"), config("changed", "new"), config("new"), prune=True)

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert outcome.verified
    assert outcome.message == "1 created, 1 configured, 1 unchanged, 1 pruned"
    assert [(row.key.name, row.result.value) for row in outcome.resources] == [
        ("changed", "Configured"),
        ("new", "Created"),
        ("same", "Unchanged"),
        ("gone", "Pruned"),
    ]
    assert sorted(map(str, scene.recorder.results)) == sorted(map(str, outcome.resources))
    assert scene.world.diary[0] == "intend 2"
    assert scene.world.diary[-2:] == ["delete ConfigMap/gone foreground", "strike ConfigMap/gone"]
    assert scene.told[-1][:2] == (3, 3)


def test_a_second_sync_writes_nothing(scene: Scene) -> None:
    scene.sync(config("a"), config("b"))
    scene.world.diary.clear()

    outcome = scene.sync(config("a"), config("b"))

    assert scene.world.diary == []
    assert results(outcome) == {"ConfigMap/a": "Unchanged", "ConfigMap/b": "Unchanged"}
    assert outcome.verified


def test_the_results_hold_changes_warnings_and_durations(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    scene.world.warnings[key("ConfigMap", "a")] = ("deprecated\x1b[0m",)

    (row,) = scene.sync(config("a", "new")).resources

    assert [change.path for change in row.changes] == ["data.a"]
    assert row.warnings == ("deprecated␛[0m",)
    assert row.duration >= 0


# before the first write


def test_a_plan_that_was_refused_does_not_run(scene: Scene) -> None:
    changeset = replace(scene.plan(config("a")), refusals=("no",))

    with pytest.raises(PlanError, match="the plan is refused: no"):
        scene.execute(changeset)
    assert scene.world.diary == []


def test_an_object_that_moved_since_the_plan_makes_it_stale(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    changeset = scene.plan(config("a", "new"), config("b"))
    scene.world.touch(key("ConfigMap", "a"), data={"a": "other"})

    with pytest.raises(StalePlanError, match="ConfigMap shop/a changed"):
        scene.execute(changeset)
    assert scene.world.diary == []


def test_an_object_that_appeared_vanished_or_was_replaced_makes_it_stale(scene: Scene) -> None:
    scene.world.put(config("a", "old"), config("b", "old"), application=SHOP)
    changeset = scene.plan(config("a", "new"), config("b", "new"), config("c"))
    scene.world.put(config("b", "old"), config("c"), application=SHOP)
    del scene.world.objects[key("ConfigMap", "a")]

    with pytest.raises(StalePlanError) as caught:
        scene.execute(changeset)

    assert "ConfigMap shop/a is gone" in str(caught.value)
    assert "ConfigMap shop/b was replaced by another object" in str(caught.value)
    assert "ConfigMap shop/c appeared" in str(caught.value)
    assert caught.value.temporary


def test_a_status_that_moved_does_not_make_a_plan_stale(scene: Scene) -> None:
    scene.sync(deployment("web:1"), timeout=0)
    rolled_out(scene)
    changeset = scene.plan(deployment("web:2"))
    scene.world.touch(WEB, status={"conditions": [{"type": "Progressing", "status": "True"}]})
    scene.world.on_apply = lambda at, _live: rolled_out(scene, at)

    assert results(scene.execute(changeset)) == {"Deployment/web": "Configured"}


def test_a_spec_that_moved_beside_the_status_does(scene: Scene) -> None:
    scene.sync(deployment("web:1"), timeout=0)
    rolled_out(scene)
    changeset = scene.plan(deployment("web:2"))
    scene.world.touch(WEB, spec={"template": {"spec": {"containers": [{"name": "web", "image": "web:hotfix"}]}}})

    with pytest.raises(StalePlanError):
        scene.execute(changeset)


def test_one_refused_dry_run_ends_it_before_a_single_write(scene: Scene) -> None:
    scene.world.refused[key("ConfigMap", "b")] = InvalidError("ConfigMap shop/b", "data.a: too long", status=422)

    outcome = scene.sync(config("a"), config("b"), config("c"))

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message == "nothing was written: ConfigMap shop/b: data.a: too long"
    assert results(outcome) == {"ConfigMap/a": "Skipped", "ConfigMap/b": "Failed", "ConfigMap/c": "Skipped"}
    assert scene.world.diary == []


def test_all_refusals_are_told(scene: Scene) -> None:
    for name in "ab":
        scene.world.refused[key("ConfigMap", name)] = ForbiddenError(f"ConfigMap shop/{name}", "forbidden", status=403)

    assert results(scene.sync(config("a"), config("b"))) == {"ConfigMap/a": "Failed", "ConfigMap/b": "Failed"}


def test_an_object_that_another_application_took_since_is_refused(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    changeset = scene.plan(config("a", "new"))
    live = scene.world.objects[key("ConfigMap", "a")]
    merge(live, dict(stamp(Manifest.of(config("a", "old")), OTHER).body))

    outcome = scene.execute(changeset)

    assert outcome.phase is OperationPhase.FAILED
    assert "belongs to application billing" in outcome.message
    assert scene.world.diary == []


@pytest.mark.parametrize("method", ["apply", "replace"])
def test_nobody_quotes_what_is_said_of_an_object_with_a_masked_field_be_it_live_alone(method: str) -> None:
    """A server that refuses the merged object may quote a value that another manager has set."""
    scene = Scene(replace(SHOP, masked_paths=("data.token",)))
    notes = {"argocd.argoproj.io/sync-options": "Replace=true"} if method == "replace" else {}
    for name, data in (("live", {"token": "hunter2"}), ("plain", {"colour": "blue"})):
        scene.world.put(body("ConfigMap", name, data=data), application=SHOP)

    stated = [body("ConfigMap", name, notes=notes, data={"size": "1"}) for name in ("live", "plain")]
    scene.sync(*stated, body("ConfigMap", "stated", notes=notes, data={"token": "x"}))

    assert [f"{method} ConfigMap/live" in scene.world.diary, f"{method} ConfigMap/plain" in scene.world.diary] == [
        True
    ] * 2
    assert scene.world.unquoted == {key("ConfigMap", "live"), key("ConfigMap", "stated")}


def test_what_is_new_is_not_read_to_see_whether_it_has_masked_fields() -> None:
    plain, masking = Scene(), Scene(replace(SHOP, masked_paths=("data.token",)))
    for scene in (plain, masking):
        scene.sync(config("a"), config("b"))
    assert masking.world.reads == plain.world.reads


# between the plan and the write


LATER = {"argocd.argoproj.io/sync-wave": "1"}


def meanwhile(scene: Scene, happening: Callable[[], None]) -> None:
    """Something happens right after the first write, long after the plan was checked."""

    def once(_key: ResourceKey, _live: dict[str, Any]) -> None:
        scene.world.on_apply = lambda _key, _live: None
        happening()

    scene.world.on_apply = once


def test_what_another_application_makes_while_it_runs_is_left_alone(scene: Scene) -> None:
    meanwhile(scene, lambda: scene.world.put(config("b", "theirs"), application=OTHER))

    outcome = scene.sync(config("a"), body("ConfigMap", "b", notes=LATER, data={"a": "ours"}))

    assert results(outcome) == {"ConfigMap/a": "Created", "ConfigMap/b": "Failed"}
    assert "belongs to application billing, not to shop" in outcome.message
    assert scene.world.objects[key("ConfigMap", "b")]["data"] == {"a": "theirs"}
    assert owner_of(scene.world.objects[key("ConfigMap", "b")]) == "billing"


def test_what_somebody_makes_while_it_runs_is_left_alone_until_a_plan_has_shown_it(scene: Scene) -> None:
    meanwhile(scene, lambda: scene.world.put(config("b", "theirs")))
    wanted = (config("a"), body("ConfigMap", "b", notes=LATER, data={"a": "ours"}))

    outcome = scene.sync(*wanted)

    assert results(outcome) == {"ConfigMap/a": "Created", "ConfigMap/b": "Failed"}
    assert "ConfigMap shop/b: appeared since the plan" in outcome.message
    assert scene.world.objects[key("ConfigMap", "b")]["data"] == {"a": "theirs"}
    assert not outcome.permanent, "the next plan shows that it is taken over"
    assert results(scene.sync(*wanted)) == {"ConfigMap/a": "Unchanged", "ConfigMap/b": "Configured"}


def test_what_another_application_takes_over_while_it_runs_is_left_alone(scene: Scene) -> None:
    scene.world.put(config("b", "nobody's"))
    theirs = dict(stamp(Manifest.of(config("b", "theirs")), OTHER).body)
    meanwhile(scene, lambda: scene.world.touch(key("ConfigMap", "b"), **theirs))

    outcome = scene.sync(config("a"), body("ConfigMap", "b", notes=LATER, data={"a": "ours"}))

    assert results(outcome) == {"ConfigMap/a": "Created", "ConfigMap/b": "Failed"}
    assert "belongs to application billing, not to shop" in outcome.message
    assert scene.world.objects[key("ConfigMap", "b")]["data"] == {"a": "theirs"}


def test_an_object_whose_status_moves_is_taken_over_all_the_same(scene: Scene) -> None:
    scene.world.put(config("b", "nobody's"))
    meanwhile(scene, lambda: scene.world.touch(key("ConfigMap", "b"), status={"seen": "now"}))

    outcome = scene.sync(config("a"), body("ConfigMap", "b", notes=LATER, data={"a": "ours"}))

    assert results(outcome) == {"ConfigMap/a": "Created", "ConfigMap/b": "Configured"}
    assert owner_of(scene.world.objects[key("ConfigMap", "b")]) == "shop"


def test_what_an_apply_made_whose_answer_was_lost_is_ours(scene: Scene) -> None:
    meanwhile(scene, lambda: scene.world.put(config("b", "ours"), application=SHOP))

    outcome = scene.sync(config("a"), body("ConfigMap", "b", notes=LATER, data={"a": "ours"}))

    assert results(outcome) == {"ConfigMap/a": "Created", "ConfigMap/b": "Created"}


def test_what_kubernetes_makes_in_a_namespace_of_the_plan_is_taken_over(scene: Scene) -> None:
    account = body("ServiceAccount", "default", namespace="fresh")
    meanwhile(scene, lambda: scene.world.put(account))

    outcome = scene.sync(body("Namespace", "fresh"), {**account, "imagePullSecrets": [{"name": "registry"}]})

    assert results(outcome) == {"Namespace/fresh": "Created", "ServiceAccount/default": "Created"}
    assert owner_of(scene.world.objects[ResourceKey("", "ServiceAccount", "fresh", "default")]) == "shop"


def test_a_namespace_that_another_sync_makes_meanwhile_is_there_for_both(scene: Scene) -> None:
    meanwhile(scene, lambda: scene.world.put(body("Namespace", "fresh")))

    outcome = scene.sync(config("a"), body("Namespace", "fresh", notes=LATER))

    assert results(outcome) == {"ConfigMap/a": "Created", "Namespace/fresh": "Created"}


def test_conflicts_are_shown_with_manager_and_field_and_forced_only_by_policy() -> None:
    for forced in (False, True):
        scene = Scene(replace(SHOP, policy=SyncPolicy(force_conflicts=forced)))
        scene.world.put(config("a", "old"), application=SHOP)
        scene.world.conflicts[key("ConfigMap", "a")] = ("data.a: kubectl-edit",)

        outcome = scene.sync(config("a", "new"))

        assert results(outcome) == {"ConfigMap/a": "Configured" if forced else "Failed"}
        assert ("data.a: kubectl-edit" in outcome.message) is not forced


def test_a_dry_run_writes_nothing_and_foretells(scene: Scene) -> None:
    scene.world.put(config("gone"), config("changed", "old"), application=SHOP)

    outcome = scene.sync(config("new"), config("changed", "new"), prune=True, dry_run=True)

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert results(outcome) == {
        "ConfigMap/changed": "Configured",
        "ConfigMap/new": "Created",
        "ConfigMap/gone": "Pruned",
    }
    assert scene.world.diary == []
    assert sorted(scene.world.dry_runs) == ["ConfigMap/changed", "ConfigMap/new"]


# order


def test_kinds_of_the_same_plan_are_excused_from_dry_run_and_awaited(scene: Scene) -> None:
    def establish() -> None:
        live = scene.world.objects[key("CustomResourceDefinition", "widgets.example.org", "", "apiextensions.k8s.io")]
        merge(live, {"status": {"conditions": [{"type": "Established", "status": "True"}]}})

    scene.clock.at(3, establish)

    outcome = scene.sync(body("Widget", "w"), definition(), config("a"))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply ConfigMap/a", "apply CustomResourceDefinition/widgets.example.org", "apply Widget/w"]
    assert scene.clock.time >= 3
    assert "Widget/w" not in scene.world.dry_runs


def test_a_definition_that_is_never_served_fails_by_name(scene: Scene) -> None:
    outcome = scene.sync(body("Widget", "w"), definition())

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message.endswith("widgets.example.org: is not served after 60 s")
    assert results(outcome)["Widget/w"] == "Skipped"


def test_objects_in_a_namespace_of_the_same_plan_are_excused_and_come_after_it(scene: Scene) -> None:
    outcome = scene.sync(body("ConfigMap", "a", namespace="new", data={}), body("Namespace", "new"))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Namespace/new", "apply ConfigMap/a"]
    assert scene.world.dry_runs == ["Namespace/new"]


def test_a_wave_begins_when_the_one_before_is_healthy(scene: Scene) -> None:
    scene.clock.at(5, lambda: rolled_out(scene))

    outcome = scene.sync(
        deployment(**{"argocd.argoproj.io/sync-wave": "-1"}),
        config("after"),
    )

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Deployment/web", "apply ConfigMap/after"]
    assert scene.clock.time >= 5
    assert any(what.startswith("waits for 1 to become healthy: apps/Deployment shop/web") for _, _, what in scene.told)


def test_a_wave_that_does_not_become_healthy_ends_it(scene: Scene) -> None:
    outcome = scene.sync(deployment(**{"argocd.argoproj.io/sync-wave": "-1"}), config("after"), timeout=30)

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message.startswith("not healthy after 30 s: apps/Deployment shop/web is Progressing")
    assert results(outcome) == {"Deployment/web": "Created", "ConfigMap/after": "Skipped"}


# failures


def test_a_failure_stops_later_steps_and_the_prune_and_names_every_resource(scene: Scene) -> None:
    scene.world.put(config("gone"), application=SHOP)
    scene.world.broken[key("ConfigMap", "b")] = ClusterError("ConfigMap shop/b", "quota exceeded", status=403)

    outcome = scene.sync(config("a"), config("b"), deployment(), body("Secret", "s"), prune=True)

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message == "ConfigMap shop/b: quota exceeded"
    assert results(outcome) == {
        "Secret/s": "Created",
        "ConfigMap/a": "Created",
        "ConfigMap/b": "Failed",
        "Deployment/web": "Skipped",
        "ConfigMap/gone": "PruneSkipped",
    }
    assert key("ConfigMap", "gone") in scene.world.objects


def test_the_next_run_converges(scene: Scene) -> None:
    scene.world.broken[key("ConfigMap", "b")] = ClusterError("ConfigMap shop/b", "quota exceeded", status=403)
    scene.sync(config("a"), config("b"))
    scene.world.broken.clear()
    scene.world.diary.clear()

    assert results(scene.sync(config("a"), config("b"))) == {"ConfigMap/a": "Unchanged", "ConfigMap/b": "Created"}
    assert scene.writes == ["apply ConfigMap/b"]


def test_the_inventory_is_written_before_the_first_apply_or_nothing_is_applied(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_application: str, _keys: Any) -> None:
        raise JournalError("journal", "disk full")

    monkeypatch.setattr(scene.recorder, "intend", refuse)

    outcome = scene.sync(config("a"))

    assert outcome.phase is OperationPhase.ERROR
    assert "disk full" in outcome.message
    assert scene.world.diary == []


def test_a_journal_that_fails_at_the_end_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_result: Any) -> None:
        raise JournalError("journal", "disk full")

    monkeypatch.setattr(scene.recorder, "result", refuse)

    outcome = scene.sync(config("a"))

    assert outcome.phase is OperationPhase.ERROR
    assert results(outcome) == {"ConfigMap/a": "Created"}


# prune


def test_an_object_that_is_no_longer_ours_is_left_alone(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    changeset = scene.plan(config("a", "new"), prune=True)

    def take(at: ResourceKey, _live: Any) -> None:
        notes = scene.world.objects[key("ConfigMap", "gone")]["metadata"]["annotations"]
        notes["gitops-tui.dev/tracking-id"] = "billing:/ConfigMap:shop/gone"

    scene.world.on_apply = take

    outcome = scene.execute(changeset)

    assert results(outcome) == {"ConfigMap/a": "Configured", "ConfigMap/gone": "PruneSkipped"}
    assert "is no longer shop's" in outcome.resources[-1].message
    assert key("ConfigMap", "gone") in scene.world.objects


def test_an_object_that_was_made_anew_is_left_alone(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    changeset = scene.plan(config("a", "new"), prune=True)
    scene.world.on_apply = lambda _key, _live: scene.world.put(config("gone"), application=SHOP)

    outcome = scene.execute(changeset)

    assert results(outcome)["ConfigMap/gone"] == "PruneSkipped"
    assert key("ConfigMap", "gone") in scene.world.objects


def test_an_object_that_moves_while_it_is_deleted_is_read_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    changeset = scene.plan(config("a"), prune=True)
    delete = scene.world.delete
    moved: list[ResourceKey] = []

    def move_once(at: ResourceKey, **options: Any) -> None:
        if not options.get("dry_run") and not moved:
            moved.append(at)
            scene.world.touch(at, data={"x": "y"})
        delete(at, **options)

    monkeypatch.setattr(scene.world, "delete", move_once)

    assert results(scene.execute(changeset))["ConfigMap/gone"] == "Pruned"


def test_an_object_that_is_already_gone_is_struck_from_the_inventory(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    changeset = scene.plan(config("a"), prune=True)
    del scene.world.objects[key("ConfigMap", "gone")]

    assert results(scene.execute(changeset))["ConfigMap/gone"] == "Pruned"
    assert key("ConfigMap", "gone") not in scene.recorder.inventory


def test_a_deletion_that_hangs_names_its_finalizers_and_stays_in_the_inventory(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    scene.world.objects[key("ConfigMap", "gone")]["metadata"]["finalizers"] = ["example.org/guard"]

    outcome = scene.sync(config("a"), prune=True, timeout=20)

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message == "ConfigMap shop/gone: is still there after 20 s, held by example.org/guard"
    assert key("ConfigMap", "gone") in scene.recorder.inventory
    assert scene.clock.time == 20


def test_a_deletion_is_confirmed_before_it_is_struck(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    scene.world.objects[key("ConfigMap", "gone")]["metadata"]["finalizers"] = ["example.org/guard"]
    scene.clock.at(7, lambda: scene.world.vanish(key("ConfigMap", "gone")))

    outcome = scene.sync(config("a"), prune=True)

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.world.diary[-1] == "strike ConfigMap/gone"
    assert scene.clock.time >= 7


def test_the_propagation_policy_is_the_objects_else_the_applications() -> None:
    scene = Scene(replace(SHOP, policy=SyncPolicy(propagation="background")))
    own = {"argocd.argoproj.io/sync-options": "PrunePropagationPolicy=orphan"}
    scene.world.put(config("a"), config("b"), config("c", **own), application=SHOP)

    scene.sync(config("a"), prune=True)

    assert sorted(scene.writes) == ["delete ConfigMap/b background", "delete ConfigMap/c orphan"]


# health


def test_it_has_succeeded_only_once_its_resources_are_healthy(scene: Scene) -> None:
    scene.clock.at(12, lambda: rolled_out(scene))

    outcome = scene.sync(deployment())

    assert (outcome.phase, outcome.verified) == (OperationPhase.SUCCEEDED, True)
    assert scene.clock.time >= 12


def test_it_tells_when_it_only_waits_and_when_it_goes_on(scene: Scene) -> None:
    told: list[tuple[bool, int]] = []
    scene.clock.at(5, lambda: rolled_out(scene))
    first = deployment(**{"argocd.argoproj.io/sync-wave": "-1"})
    scene.sync(first, config("after"), rests=lambda begins: told.append((begins, len(scene.writes))))
    assert told == [(True, 1), (False, 1)]


def test_a_moment_is_no_wait_that_is_told(scene: Scene) -> None:
    told: list[bool] = []
    scene.clock.at(1, lambda: rolled_out(scene))
    scene.sync(deployment(), rests=told.append)
    assert told == []


def test_one_that_is_stopped_while_it_waits_waits_no_longer(scene: Scene) -> None:
    told: list[bool] = []
    scene.clock.at(5, scene.stop.set)
    outcome = scene.sync(deployment(), rests=told.append)
    assert outcome.phase is OperationPhase.TERMINATED
    assert told == [True, False]


def test_what_is_still_on_its_way_at_the_time_out_is_not_verified(scene: Scene) -> None:
    outcome = scene.sync(deployment(), timeout=30)

    assert (outcome.phase, outcome.verified) == (OperationPhase.SUCCEEDED, False)
    assert outcome.message.startswith("1 created; not healthy after 30 s: apps/Deployment shop/web is Progressing")


def test_what_is_deleted_while_its_health_is_awaited_has_failed_and_says_so(scene: Scene) -> None:
    scene.clock.at(10, lambda: scene.world.vanish(WEB))

    outcome = scene.sync(deployment(), timeout=60)

    assert outcome.phase is OperationPhase.FAILED
    assert "apps/Deployment shop/web is Missing: was deleted meanwhile" in outcome.message
    assert any("was deleted meanwhile" in what for _, _, what in scene.told)


def test_what_is_degraded_at_the_time_out_has_failed_with_the_cause_of_its_pods(scene: Scene) -> None:
    crash = {
        "kind": "Pod",
        "apiVersion": "v1",
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "web",
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
                }
            ],
        },
    }

    outcome = scene.sync(
        deployment(), timeout=30, children=lambda live: [crash] if live["kind"] == "Deployment" else []
    )

    assert outcome.phase is OperationPhase.FAILED
    assert outcome.message == (
        "applied, but not healthy after 30 s: apps/Deployment shop/web is Degraded: 1 of 1 pods crash: exit 1"
    )
    assert results(outcome) == {"Deployment/web": "Created"}


def test_a_cache_that_lags_behind_the_apply_is_not_believed(scene: Scene) -> None:
    scene.sync(deployment("web:1"), timeout=0)
    rolled_out(scene)
    old = scene.world.read(WEB)
    scene.clock.at(4, lambda: rolled_out(scene))

    def lookup(at: ResourceKey) -> Any:
        return old if scene.clock.time < 8 else scene.world.read(at)

    assert scene.sync(deployment("web:2"), lookup=lookup).verified
    assert scene.clock.time >= 8


def test_an_outage_while_waiting_is_ridden_out(scene: Scene) -> None:
    def go_down() -> None:
        scene.world.unreadable[WEB] = UnreachableError("cluster x", "connection refused", temporary=True)

    def come_back() -> None:
        scene.world.unreadable.clear()
        rolled_out(scene)

    scene.clock.at(2, go_down)
    scene.clock.at(9, come_back)

    assert scene.sync(deployment()).verified


def test_an_unhealthy_resource_that_was_not_touched_does_not_fail_the_operation(scene: Scene) -> None:
    scene.sync(deployment(), timeout=0)
    late = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "status": "False", "message": "late"}
    rolled_out(scene, available=0)
    scene.world.touch(WEB, status={"conditions": [late]})

    outcome = scene.sync(deployment(), config("new"), timeout=5)

    assert (outcome.phase, outcome.verified) == (OperationPhase.SUCCEEDED, False)
    assert "Deployment shop/web is Degraded: late" in outcome.message


def test_a_resource_told_to_be_ignored_is_not_awaited(scene: Scene) -> None:
    assert scene.sync(deployment(**{"argocd.argoproj.io/ignore-healthcheck": "true"})).verified
    assert scene.clock.time == 0


# stop


def test_a_stop_finishes_the_running_write_and_reports_the_rest(scene: Scene) -> None:
    def stop(at: ResourceKey, _live: Any) -> None:
        if at.kind == "ConfigMap":
            scene.stop.set()

    scene.world.on_apply = stop

    outcome = scene.sync(config("a"), deployment())

    assert outcome.phase is OperationPhase.TERMINATED
    assert results(outcome) == {"ConfigMap/a": "Created", "Deployment/web": "Skipped"}
    assert outcome.resources[1].message == "not done: the operation was stopped"


def test_a_stop_ends_the_wait_for_health(scene: Scene) -> None:
    scene.clock.at(6, scene.stop.set)

    outcome = scene.sync(deployment())

    assert outcome.phase is OperationPhase.TERMINATED
    assert results(outcome) == {"Deployment/web": "Created"}
    assert not outcome.verified
    assert 6 <= scene.clock.time < 7


def test_a_stop_while_deletions_are_awaited_says_what_was_asked_for(scene: Scene) -> None:
    scene.world.put(config("a"), config("gone"), application=SHOP)
    scene.world.objects[key("ConfigMap", "gone")]["metadata"]["finalizers"] = ["example.org/guard"]
    scene.clock.at(3, scene.stop.set)

    outcome = scene.sync(config("a"), prune=True)

    assert outcome.phase is OperationPhase.TERMINATED
    assert outcome.resources[-1].message == "asked for; stopped before it was confirmed"
    assert key("ConfigMap", "gone") in scene.recorder.inventory


def test_stopped_before_it_began_it_writes_nothing(scene: Scene) -> None:
    scene.stop.set()

    outcome = scene.sync(config("a"))

    assert outcome.phase is OperationPhase.TERMINATED
    assert results(outcome) == {"ConfigMap/a": Result.SKIPPED.value}
    assert scene.world.diary == []


# what trying again will not mend


def test_a_refusal_of_the_server_is_permanent(scene: Scene) -> None:
    config = body("ConfigMap", "a", data={"a": "1"})
    key = Manifest.of(config).key
    scene.world.refused[key] = InvalidError(str(key), "data: invalid", status=422)
    assert scene.sync(config).permanent


def test_an_object_that_does_not_become_healthy_is_no_permanent_failure(scene: Scene) -> None:
    outcome = scene.sync(body("PersistentVolumeClaim", "a"), body("ConfigMap", "b", notes=WAVE_ONE), timeout=5)
    assert (outcome.phase, outcome.permanent) == (OperationPhase.FAILED, False)


def test_a_server_that_is_away_is_no_permanent_failure(scene: Scene) -> None:
    config = body("ConfigMap", "a", data={"a": "1"})
    key = Manifest.of(config).key
    scene.world.broken[key] = ClusterError(str(key), "unavailable", status=503, temporary=True)
    outcome = scene.sync(config)
    assert (outcome.phase, outcome.permanent) == (OperationPhase.FAILED, False)


WAVE_ONE = {"argocd.argoproj.io/sync-wave": "1"}

"""What holds automation is told, and lets go when its time has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.engine.requests import Operations, PauseAutomation, Reload, ResumeAutomation, Sync
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from gitops_tui.model.resources import DriftCode, ResourceKey
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.model.windows import SyncWindow, WindowKind
from tests.support.manifests import config_map
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage

FILES: dict[str, str | None] = {"app/a.yaml": config_map("a", b="c")}
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True)
CLOSED = SyncWindow(WindowKind.DENY, "* * * * *", 3600.0)
Enter = Callable[..., Stage]


@pytest.fixture
def enter(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Enter]:
    with ExitStack() as stack:

        def make(policy: SyncPolicy = AUTO, files: dict[str, str | None] = FILES, **more: Any) -> Stage:
            return stack.enter_context(
                stage(tmp_path, control_plane.kubeconfig, namespace, files, policy=policy, **more)
            )

        yield make


def look(shop: Stage) -> ApplicationStatus:
    shop.clock.now += 10
    return shop.status()


# windows


def test_a_closed_window_holds_automation_and_says_until_when(enter: Enter) -> None:
    shop = enter(replace(AUTO, windows=(CLOSED,)))
    status = look(shop)
    assert status.sync is SyncCode.OUT_OF_SYNC
    assert status.waiting.startswith("sync window: deny * * * * * (UTC) for 1h, until ")
    assert shop.ask(Operations(shop.name)) == ()


def test_a_person_is_held_too_unless_the_window_lets_people_pass(enter: Enter) -> None:
    shop = enter(SyncPolicy(windows=(CLOSED,)))
    with pytest.raises(PlanError, match="sync window"):
        shop.sync()
    assert shop.ask(Sync(shop.name, shop.plan(), "tester", dry_run=True)).phase is OperationPhase.SUCCEEDED


def test_where_a_window_lets_people_pass_they_sync(enter: Enter) -> None:
    shop = enter(SyncPolicy(windows=(replace(CLOSED, manual_sync=True),)))
    assert shop.sync().phase is OperationPhase.SUCCEEDED


def test_an_open_window_lets_automation_act(enter: Enter) -> None:
    shop = enter(replace(AUTO, windows=(replace(CLOSED, kind=WindowKind.ALLOW),)))
    shop.until(lambda status: status.sync is SyncCode.SYNCED and status.waiting == "")


# dependencies


def with_database(shop: Stage, **changes: Any) -> str:
    """A second application, which the first one depends on."""
    (app,) = shop.config.applications
    name = f"{shop.name}-db"
    database = replace(app, name=name, source=replace(app.source, path="database"), **changes)
    shop.ask(Reload(replace(shop.config, applications=(replace(app, depends_on=(name,)), database))))
    return name


def test_it_waits_until_what_it_depends_on_is_in_sync_and_healthy(enter: Enter) -> None:
    shop = enter(files={**FILES, "database/db.yaml": config_map("db", port="1")})
    database = with_database(shop, policy=SyncPolicy())
    assert look(shop).waiting == f"waiting for {database}: OutOfSync"
    assert shop.live("", "ConfigMap", "a") is None

    shop.ask(Sync(database, shop.plan(database), "tester"))

    shop.until(lambda status: status.sync is SyncCode.SYNCED)


def test_a_dependency_that_nobody_tracks_is_named(enter: Enter) -> None:
    shop = enter(depends_on=("nowhere",))
    assert look(shop).waiting == "waiting for nowhere: not tracked here"


def test_a_circle_is_told(enter: Enter) -> None:
    shop = enter(files={**FILES, "database/db.yaml": config_map("db", port="1")})
    with_database(shop, depends_on=(shop.name,))
    assert look(shop).waiting.startswith("its dependencies are a circle: ")


# pauses, failures


def test_a_pause_is_told_by_whom_and_why(enter: Enter) -> None:
    shop = enter(automate=False)
    shop.ask(PauseAutomation(shop.name, "alice", "black friday"))
    assert look(shop).waiting == "paused by alice: black friday"
    shop.ask(ResumeAutomation(shop.name, "alice"))
    assert look(shop).waiting == ""


def test_a_refused_plan_is_not_tried_again_until_something_changes(enter: Enter, control_plane: RealCluster) -> None:
    fixed = config_map("a", b="c") + "immutable: true\n"
    shop = enter(files={"app/a.yaml": fixed})
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    shop.repository.commit("Change what cannot change", {"app/a.yaml": fixed.replace('"c"', '"d"')})
    shop.clock.now += 10
    status = shop.until(lambda status: bool(status.waiting))
    assert "not tried again until something changes" in status.waiting
    assert "immutable" in status.waiting
    for _ in range(5):
        shop.clock.now += 1000
        shop.refresh()
    assert len(shop.ask(Operations(shop.name))) == 1, "nothing was begun again"
    control_plane.request("DELETE", f"/api/v1/namespaces/{shop.namespace}/configmaps/a")
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    live = shop.live("", "ConfigMap", "a")
    assert live is not None
    assert live["data"] == {"b": "d"}


def test_a_held_prune_is_told_as_what_is_waited_for(enter: Enter) -> None:
    files = {f"app/{name}.yaml": config_map(name, b="c") for name in "abcdefgh"}
    shop = enter(files=dict(files))
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    shop.repository.commit("Few are left", {f"app/{name}.yaml": None for name in "abcdef"})
    shop.clock.now += 10
    status = shop.until(lambda status: bool(status.waiting))
    assert "held for a person: prunes 6 of 8 resources" in status.waiting


def test_an_object_that_another_keeps_changing_is_left_alone_after_three_times(
    enter: Enter, control_plane: RealCluster
) -> None:
    shop = enter()
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    path = f"/api/v1/namespaces/{shop.namespace}/configmaps/a"
    for number in range(3):
        patch = {"data": {"b": f"theirs {number}"}}
        assert control_plane.request("PATCH", path, patch, content_type="application/merge-patch+json")[0] == 200
        if number < 2:
            shop.until(lambda _, healed=number + 2: len(shop.journal.receipts(shop.name)) == healed)  # type: ignore[misc]
            shop.until(lambda status: status.sync is SyncCode.SYNCED)
    status = shop.until(lambda status: "does not stay as applied" in status.waiting)
    assert "ConfigMap" in status.waiting
    assert "/a was applied 3 times in ten minutes" in status.waiting
    kinds = [receipt.kind for receipt in shop.ask(Operations(shop.name))]
    assert kinds == [OperationKind.SELF_HEAL, OperationKind.SELF_HEAL, OperationKind.SYNC]
    shop.clock.now += 600
    shop.until(lambda status: status.sync is SyncCode.SYNCED)


def test_a_heal_runs_no_hooks(enter: Enter, control_plane: RealCluster) -> None:
    hook = config_map("migrate", a="b").replace(
        "metadata:\n", "metadata:\n  annotations: {argocd.argoproj.io/hook: PreSync}\n"
    )
    shop = enter(files={**FILES, "app/hook.yaml": hook})
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    before = shop.live("", "ConfigMap", "migrate")
    assert before is not None
    control_plane.request("DELETE", f"/api/v1/namespaces/{shop.namespace}/configmaps/a")
    shop.until(lambda _: len(shop.journal.receipts(shop.name)) == 2)
    newest = shop.ask(Operations(shop.name))[0]
    assert newest.kind is OperationKind.SELF_HEAL
    assert {row.key.name: row.message for row in newest.resources}["migrate"] == "hook: this sync runs none"
    after = shop.live("", "ConfigMap", "migrate")
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


# what asks to be left alone


def noted(manifest: str, note: str) -> str:
    return manifest.replace("metadata:\n", f"metadata:\n  annotations: {{{note}}}\n")


@pytest.mark.parametrize(
    "note",
    [
        "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent",
        "kustomize.toolkit.fluxcd.io/ssa: Ignore",
        "kustomize.toolkit.fluxcd.io/reconcile: disabled",
    ],
)
def test_an_object_that_asks_to_be_left_alone_is_no_drift_and_never_healed(
    enter: Enter, control_plane: RealCluster, note: str
) -> None:
    shop = enter(files={**FILES, "app/b.yaml": noted(config_map("b", x="ours"), note)})
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    made = [("a", "Created"), ("b", "Created" if "IfNotPresent" in note else "Skipped")]
    (receipt,) = shop.ask(Operations(shop.name))
    assert sorted((row.key.name, row.result.value) for row in receipt.resources) == made

    path = f"/api/v1/namespaces/{shop.namespace}/configmaps"
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"x": "theirs"}}
    control_plane.request("DELETE", f"{path}/b")
    control_plane.request("POST", path, theirs)
    for _ in range(5):
        shop.clock.now += 400
        status = shop.status()

    (row,) = [row for row in status.resources if row.key.name == "b"]
    assert status.sync is SyncCode.SYNCED
    assert row.message == (
        "exists, and ssa: IfNotPresent says to leave it" if "Not" in note else f"left alone by {note[28:]}"
    )
    live = shop.live("", "ConfigMap", "b")
    assert live is not None
    assert live["data"] == {"x": "theirs"}
    assert len(shop.ask(Operations(shop.name))) == 1


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("argocd.argoproj.io/sync-options: Prune=false", "kept by Prune=false"),
        ("kustomize.toolkit.fluxcd.io/prune: disabled", "kept by prune: disabled"),
    ],
)
def test_an_extra_object_that_asks_to_stay_is_told_and_not_healed_again_and_again(
    enter: Enter, note: str, why: str
) -> None:
    shop = enter(files={**FILES, "app/b.yaml": noted(config_map("b", x="1"), note)})
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    shop.repository.commit("Drop it", {"app/b.yaml": None})
    for _ in range(5):
        shop.clock.now += 400
        status = shop.status()

    assert status.sync is SyncCode.OUT_OF_SYNC
    assert [row.message for row in status.resources if row.drift is DriftCode.EXTRA] == [why]
    assert {receipt.kind for receipt in shop.ask(Operations(shop.name))} == {OperationKind.SYNC}


# operations that were cut off


@pytest.fixture
def restarted(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Enter]:
    """The application in a process that comes after one that died while it synced for a second time."""
    with ExitStack() as stack:

        def make(policy: SyncPolicy) -> Stage:
            with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as before:
                revision = before.sync().revision
                live = before.live("", "ConfigMap", "a")
                assert live is not None
                key = ResourceKey("", "ConfigMap", namespace, "a")
                before.clusters.get().delete(key, uid=live["metadata"]["uid"])
                kind, phase = OperationKind.SYNC, OperationPhase.RUNNING
                before.journal.begin(Receipt("99990101-120000-dead", before.name, revision, kind, "alice", phase))
                repository = before.repository
            again = stage(tmp_path, control_plane.kubeconfig, namespace, FILES, policy=policy, repository=repository)
            return stack.enter_context(again)

        yield make


def test_an_interrupted_operation_is_told_until_a_sync_puts_it_right(restarted: Enter) -> None:
    shop = restarted(SyncPolicy())
    (problem,) = look(shop).problems
    assert "Interrupted" in problem.message
    assert "sync again" in problem.hint
    shop.sync()
    assert look(shop).problems == ()


def test_in_automatic_mode_an_interrupted_sync_is_simply_made_again(restarted: Enter) -> None:
    shop = restarted(SyncPolicy(mode=SyncMode.AUTO))
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    newest = shop.ask(Operations(shop.name))[0]
    assert (newest.kind, newest.actor) == (OperationKind.SYNC, "auto-sync")


def test_resuming_has_what_was_given_up_tried_again(enter: Enter) -> None:
    fixed = config_map("a", b="c") + "immutable: true\n"
    shop = enter(files={"app/a.yaml": fixed})
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    shop.repository.commit("Change what cannot change", {"app/a.yaml": fixed.replace('"c"', '"d"')})
    shop.clock.now += 10
    shop.until(lambda status: "not tried again" in status.waiting)
    shop.ask(PauseAutomation(shop.name, "alice"))
    assert look(shop).waiting == "paused by alice"
    shop.ask(ResumeAutomation(shop.name, "alice"))
    shop.until(lambda status: "not tried again" in status.waiting and status.pause is None)

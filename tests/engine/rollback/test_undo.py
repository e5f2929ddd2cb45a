"""A user takes back what was done last, or is told plainly why that cannot be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import (
    Delete,
    PauseAutomation,
    PlanDeletion,
    PlanRevert,
    PlanUndo,
    ResumeAutomation,
    Revert,
    Sync,
    Undoing,
    Unpin,
)
from gitops_tui.engine.rollback.undo import told
from gitops_tui.engine.rollback.undoing import Deploy, Follow, Hold, Release, Restore, by_somebody, way_back
from gitops_tui.journal.deeds import Deed, DeedKind
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import (
    Deletion,
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import RollbackMode
from gitops_tui.model.status import SyncCode
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

OLD, NEW = "a" * 40, "b" * 40
NOW = 1000.0


def operation(
    kind: OperationKind = OperationKind.SYNC,
    revision: str = NEW,
    phase: OperationPhase = OperationPhase.SUCCEEDED,
    *,
    partial: bool = False,
    **more: Any,
) -> Deed:
    receipt = Receipt("op", "shop", revision, kind, "alice", phase, **more)
    return Deed(DeedKind.OPERATION, 1.0, "alice", receipt, partial)


def pin(revision: str = OLD, until: str = "next-commit") -> Deed:
    return Deed(DeedKind.PIN, 1.0, "alice", pin=Pin("shop", revision, NEW, "alice", "bad", until))


def pause(until: float | None = None) -> Deed:
    return Deed(DeedKind.PAUSE, 1.0, "alice", pause=Pause("shop", "alice", "release", until))


def plain(kind: DeedKind) -> Deed:
    return Deed(kind, 1.0, "alice")


ROLLBACK = operation(OperationKind.ROLLBACK, OLD)
EARLIER = pin("c" * 40)


@pytest.mark.parametrize(
    ("deeds", "way"),
    [
        ([operation(), operation(revision=OLD)], Deploy(OLD)),
        ([operation(phase=OperationPhase.FAILED), operation(revision=OLD)], Deploy(OLD)),
        ([operation(), operation(revision=NEW, phase=OperationPhase.FAILED), operation(revision=OLD)], Deploy(OLD)),
        ([operation(), operation(OperationKind.SELF_HEAL), plain(DeedKind.UNPIN), ROLLBACK, pin()], Deploy(OLD)),
        ([ROLLBACK, pin(), operation()], Follow()),
        ([ROLLBACK, pin(), plain(DeedKind.UNPIN), EARLIER], Follow()),
        ([ROLLBACK, pin(), operation(OperationKind.ROLLBACK), EARLIER], Deploy("c" * 40, EARLIER.pin)),
        ([pin(), operation()], Follow()),
        ([operation(OperationKind.ROLLBACK, OLD, commit="d" * 40)], Restore("d" * 40)),
        ([plain(DeedKind.UNPIN), ROLLBACK, pin()], Deploy(OLD, pin().pin)),
        ([pause(), operation()], Release()),
        ([plain(DeedKind.RESUME), pause(2000.0)], Hold(Pause("shop", "alice", "release", 2000.0))),
        ([operation(OperationKind.DELETE), pause(), operation()], Release()),
        ([operation(OperationKind.DELETE), pause(), plain(DeedKind.RESUME), pause(2000.0)], Release()),
        ([operation(OperationKind.DELETE), pause(), pause(2000.0)], Hold(Pause("shop", "alice", "release", 2000.0))),
        ([operation(OperationKind.DELETE), pause(), pause(999.0)], Release()),
    ],
)
def test_the_way_back_from_what_was_done_last(deeds: list[Deed], way: object) -> None:
    assert way_back("shop", deeds, (), NOW) == way


@pytest.mark.parametrize(
    ("deeds", "why"),
    [
        ([], "nothing was done yet"),
        ([operation()], "nothing was deployed before it"),
        ([operation(), operation()], "it deployed what was deployed before"),
        ([operation(partial=True), operation(revision=OLD)], "it was of chosen resources only"),
        ([operation(OperationKind.SELF_HEAL), operation(revision=OLD)], "change Git instead"),
        ([operation(OperationKind.DELETE, message="refused"), operation(revision=OLD)], "it did nothing"),
        ([operation(OperationKind.ROLLBACK, phase=OperationPhase.FAILED, message="refused")], "it did nothing"),
        ([plain(DeedKind.RESUME), pause(999.0)], "its time is over"),
        ([plain(DeedKind.UNPIN), pin(until="999")], "its time is over"),
        ([plain(DeedKind.UNPIN)], "the journal does not hold the pin"),
    ],
)
def test_what_cannot_be_undone_is_said_plainly(deeds: list[Deed], why: str) -> None:
    with pytest.raises(PlanError, match=why) as failure:
        way_back("shop", deeds, (), NOW)
    assert failure.value.message.startswith("cannot undo ")


def test_what_nobody_did_is_not_what_was_done_last() -> None:
    lifted, over = Deed(DeedKind.UNPIN, 1.0, "next commit"), Deed(DeedKind.RESUME, 1.0, "time")
    revert = operation(OperationKind.ROLLBACK, OLD, commit="d" * 40)
    assert by_somebody([lifted, over, revert, pin()]) == (revert, pin())
    assert by_somebody([plain(DeedKind.UNPIN), lifted]) == (plain(DeedKind.UNPIN), lifted)


def test_what_a_deletion_left_is_followed_again_and_what_it_deleted_is_not_there() -> None:
    deleted = operation(OperationKind.DELETE, revision="")
    web = ResourceKey("apps", "Deployment", "shop", "web")
    left = (ResourceResult(web, Result.PRUNE_SKIPPED),)
    assert way_back("shop", [deleted, pause()], left, NOW) == Release()
    with pytest.raises(PlanError, match="cannot undo the delete: the objects are gone; a sync makes them anew"):
        way_back("shop", [deleted, pause()], (*left, ResourceResult(web, Result.PRUNED)), NOW)
    assert told(deleted) == "the delete by alice"


def test_lost_data_do_not_come_back() -> None:
    claim = ResourceKey("", "PersistentVolumeClaim", "shop", "data")
    lost = (ResourceResult(claim, Result.PRUNED),)
    with pytest.raises(PlanError, match="it deleted PersistentVolumeClaim shop/data, and what was in it") as failure:
        way_back("shop", [operation(), operation(revision=OLD)], lost, NOW)
    assert "`rollback` goes to any commit" in failure.value.hint
    made_anew = (ResourceResult(claim, Result.CREATED, before={"kind": "PersistentVolumeClaim"}),)
    with pytest.raises(PlanError, match="it deleted PersistentVolumeClaim shop/data"):
        way_back("shop", [operation(), operation(revision=OLD)], made_anew, NOW)


# -- on a cluster ----------------------------------------------------------------------------------------------


@pytest.fixture
def shop(
    tmp_path: Path,
    embedded: EmbeddedServer,
    namespace: str,
    *,
    repository: WorkTree,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    repository.commit("Blue", {"app/settings.yaml": config_map("settings", colour="blue")})
    with stage(
        tmp_path, embedded.kubeconfig, namespace, {}, policy=SyncPolicy(prune=True), repository=repository
    ) as made:
        made.refresh()
        made.sync()
        release(made, "green")
        yield made


def release(shop: Stage, colour: str) -> str:
    sha = shop.repository.commit(colour, {"app/settings.yaml": config_map("settings", colour=colour)})
    see(shop)
    shop.sync()
    return sha


def see(shop: Stage) -> None:
    shop.clock.now += 10
    shop.refresh()


def colour(shop: Stage) -> str:
    live = shop.live("", "ConfigMap", "settings")
    assert live is not None
    return str(live["data"]["colour"])


def planned(shop: Stage) -> Undoing:
    made: Undoing = shop.ask(PlanUndo(shop.name, "tester"))
    return made


def undo(shop: Stage) -> Any:
    done = shop.ask(planned(shop).request)
    see(shop)
    return done


def test_a_sync_and_then_its_undo(shop: Stage) -> None:
    made = planned(shop)
    assert made.what.startswith("the sync to ")
    assert made.plan is not None
    assert [change.key.name for change in made.plan.writes] == ["settings"]
    receipt = undo(shop)
    assert (receipt.kind, receipt.phase) == (OperationKind.ROLLBACK, OperationPhase.SUCCEEDED)
    status = shop.status()
    assert status.pin is not None
    assert (colour(shop), status.pin.why.startswith("undo of the sync to")) == ("blue", True)
    receipt = undo(shop)
    assert (receipt.kind, colour(shop), shop.status().pin) == (OperationKind.SYNC, "green", None)
    assert shop.status().sync is SyncCode.SYNCED


def test_a_pin_that_was_lifted_is_restored_as_it_was(shop: Stage) -> None:
    first = shop.repository.git("rev-parse", "HEAD^")
    shop.roll_back(first)
    before = shop.status().pin
    assert before is not None
    shop.ask(Unpin(shop.name, "tester"))
    see(shop)
    undo(shop)
    again = shop.status().pin
    assert again is not None
    assert (again.revision, again.why, again.until) == (before.revision, before.why, before.until)


def test_a_revert_is_undone_by_another(shop: Stage) -> None:
    first, second = shop.repository.git("rev-parse", "HEAD^"), shop.repository.git("rev-parse", "HEAD")
    shop.ask(Revert.of(shop.ask(PlanRevert(shop.name, first)), "tester"))
    see(shop)
    made = planned(shop)
    assert made.restoration is not None
    assert [each.path for each in made.restoration.files] == ["app/settings.yaml"]
    receipt = undo(shop)
    assert receipt.commit == shop.repository.git("rev-parse", "HEAD")
    assert shop.repository.git("rev-parse", "HEAD:app") == shop.repository.git("rev-parse", f"{second}:app")


def test_a_branch_that_is_not_merged_is_not_undone_here(shop: Stage) -> None:
    first = shop.repository.git("rev-parse", "HEAD^")
    shop.ask(Revert.of(shop.ask(PlanRevert(shop.name, first, RollbackMode.BRANCH)), "tester"))
    see(shop)
    with pytest.raises(PlanError, match="is not on the tracked branch") as failure:
        planned(shop)
    assert "close its pull request" in failure.value.hint


def test_a_pause_and_its_end(shop: Stage) -> None:
    until = time.time() + 3600
    shop.ask(PauseAutomation(shop.name, "tester", "release", until))
    shop.ask(ResumeAutomation(shop.name, "tester"))
    undo(shop)
    held = shop.status().pause
    assert held is not None
    assert (held.why, held.until) == ("release", until)
    undo(shop)
    assert shop.status().pause is None


def test_an_application_that_is_no_longer_tracked_is_tracked_again(shop: Stage) -> None:
    plan = shop.ask(PlanDeletion(shop.name, Deletion.LEAVE))
    shop.ask(Delete(shop.name, plan, "tester"))
    assert shop.status().pause is not None
    assert planned(shop).how == "let automation go on"
    undo(shop)
    assert shop.status().pause is None


def test_a_sync_of_chosen_resources_is_told_apart(shop: Stage) -> None:
    shop.repository.commit("red", {"app/settings.yaml": config_map("settings", colour="red")})
    see(shop)
    key = ResourceKey("", "ConfigMap", shop.namespace, "settings")
    shop.ask(Sync(shop.name, shop.plan(resources=(key,)), "tester"))
    with pytest.raises(PlanError, match="chosen resources only"):
        planned(shop)


def test_the_journal_stays_whole(shop: Stage) -> None:
    undo(shop)
    undo(shop)
    assert shop.journal.verify().intact

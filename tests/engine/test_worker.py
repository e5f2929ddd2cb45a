"""The main job, as one user does it: see what differs, sync, see drift, heal it, roll back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.engine.requests import Compare, History, LastChange, Operations, Render, Sync, Unpin
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import PlanError, UsageError
from gitops_tui.model.errors import Stage as FailedStage
from gitops_tui.model.operations import Action, OperationKind, OperationPhase, Result
from gitops_tui.model.resources import DriftCode, Manifest, ResourceKey
from gitops_tui.model.status import SyncCode
from tests.support.manifests import config_map
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage

FILES: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="blue"),
    "app/prices.yaml": config_map("prices", tea="3"),
}
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True)


@pytest.fixture
def shop(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Stage]:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as made:
        yield made


@pytest.fixture
def automatic(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Stage]:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES, policy=AUTO) as made:
        yield made


def key(shop: Stage, name: str) -> ResourceKey:
    return ResourceKey("", "ConfigMap", shop.namespace, name)


def test_before_the_first_sync_everything_is_missing(shop: Stage) -> None:
    status = shop.status()
    assert status.sync is SyncCode.OUT_OF_SYNC
    assert {resource.drift for resource in status.resources} == {DriftCode.MISSING}
    assert (status.total, status.drifted) == (2, 2)
    assert status.revision is not None
    assert status.revision.subject == "First release"


def test_a_sync_creates_what_git_states_and_leaves_a_receipt(shop: Stage) -> None:
    receipt = shop.sync()
    assert receipt.phase is OperationPhase.SUCCEEDED
    assert [r.result for r in receipt.resources] == [Result.CREATED, Result.CREATED]
    status = shop.status()
    assert (status.sync, status.drifted) == (SyncCode.SYNCED, 0)
    assert status.deployed == receipt.revision
    (kept,) = shop.ask(Operations(shop.name))
    assert (kept.operation, kept.phase, kept.actor) == (receipt.operation, OperationPhase.SUCCEEDED, "tester")


def test_a_new_commit_is_seen_compared_and_synced(shop: Stage) -> None:
    shop.sync()
    sha = shop.repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.clock.now += 10
    status = shop.status()
    assert status.sync is SyncCode.OUT_OF_SYNC
    assert status.revision is not None
    assert status.revision.sha == sha
    (found,) = shop.ask(Compare(shop.name))
    (change,) = found.changes
    assert (change.path, change.desired, change.live) == ("data.colour", "green", "blue")
    shop.sync()
    live = shop.live("", "ConfigMap", "settings")
    assert live is not None
    assert live["data"] == {"colour": "green"}
    assert shop.status().sync is SyncCode.SYNCED


def test_what_git_drops_is_extra_kept_without_prune_and_deleted_with_it(shop: Stage) -> None:
    shop.sync()
    shop.repository.commit("No more prices", {"app/prices.yaml": None})
    shop.clock.now += 10
    status = shop.status()
    assert {r.key.name: r.drift for r in status.resources} == {
        "settings": DriftCode.IN_SYNC,
        "prices": DriftCode.EXTRA,
    }
    assert [c.action for c in shop.plan().changes if c.key.name == "prices"] == [Action.SKIP]
    shop.sync()
    assert shop.live("", "ConfigMap", "prices") is not None
    receipt = shop.sync(prune=True)
    assert {r.key.name: r.result for r in receipt.resources}["prices"] is Result.PRUNED
    assert shop.live("", "ConfigMap", "prices") is None
    shop.until(lambda status: status.sync is SyncCode.SYNCED)


def test_a_stale_plan_is_refused(shop: Stage) -> None:
    plan = shop.plan()
    shop.repository.commit("Meanwhile", {"app/prices.yaml": config_map("prices", tea="4")})
    shop.sync()
    with pytest.raises(PlanError, match="stale"):
        shop.ask(Sync(shop.name, plan, "tester"))


def test_a_rollback_pins_deploys_and_marks_the_history(shop: Stage) -> None:
    first = shop.sync().revision
    second = shop.repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.clock.now += 10
    shop.refresh()
    shop.sync()
    receipt = shop.roll_back(first)
    assert (receipt.phase, receipt.kind) == (OperationPhase.SUCCEEDED, OperationKind.ROLLBACK)
    live = shop.live("", "ConfigMap", "settings")
    assert live is not None
    assert live["data"] == {"colour": "blue"}
    status = shop.status()
    assert status.pin is not None
    assert (status.pin.revision, status.pin.quarantined, status.pin.why) == (first, second, "bad release")
    assert (status.sync, status.revision and status.revision.sha) == (SyncCode.SYNCED, first)
    newest, oldest = shop.ask(History(shop.name))
    assert (newest.sha, newest.quarantined, newest.current) == (second, True, False)
    assert (oldest.sha, oldest.pinned, oldest.current) == (first, True, True)
    assert newest.deployed is not None


def test_the_history_tells_what_was_deployed_with_a_commit_to_another_folder(shop: Stage) -> None:
    first = shop.status().revision
    assert first is not None
    elsewhere = shop.repository.commit("Elsewhere", {"other/x.yaml": "x: 1\n"})
    shop.clock.now += 10
    shop.refresh()
    assert shop.sync().revision == elsewhere
    for _ in range(2):
        (row,) = shop.ask(History(shop.name))
        assert (row.sha, row.current) == (first.sha, True)
        assert row.deployed is not None


def test_the_history_marks_what_the_cluster_holds_whatever_became_of_its_sync(shop: Stage) -> None:
    """A sync that fails when all is applied, or one of chosen resources, is no deployment; what it brought is live."""
    shop.sync()
    second = shop.repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.clock.now += 10
    shop.refresh()
    shop.sync(resources=frozenset({ResourceKey("", "ConfigMap", shop.namespace, "settings")}))
    assert shop.status().sync is SyncCode.SYNCED
    newest, oldest = shop.ask(History(shop.name))
    assert (newest.sha, newest.current, newest.deployed) == (second, True, None)
    assert (oldest.current, oldest.deployed is None) == (False, False)


def test_a_pin_stays_while_other_folders_change_and_lifts_when_this_one_does(shop: Stage) -> None:
    first = shop.sync().revision
    shop.repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.clock.now += 10
    shop.sync()
    shop.roll_back(first)
    shop.repository.commit("Something else", {"other/readme.txt": "hello"})
    shop.clock.now += 10
    assert shop.status().pin is not None
    third = shop.repository.commit("Make it red", {"app/settings.yaml": config_map("settings", colour="red")})
    shop.clock.now += 10
    shop.refresh()
    status = shop.status()
    assert status.pin is None
    assert status.revision is not None
    assert status.revision.sha == third


def test_the_last_change_of_an_application_is_no_commit_to_another_folder(shop: Stage) -> None:
    shop.status()
    shop.repository.commit("Elsewhere", {"other/x.yaml": "x: 1\n"})
    shop.clock.now += 10
    revision = shop.status().revision
    assert revision is not None
    assert revision.subject == "Elsewhere"
    assert shop.ask(LastChange(shop.name, revision.sha)).subject == "First release"


def test_a_pin_is_lifted_by_hand(shop: Stage) -> None:
    first = shop.sync().revision
    shop.roll_back(first)
    lifted = shop.ask(Unpin(shop.name, "tester"))
    assert lifted is not None
    assert shop.status().pin is None


def test_automation_deploys_each_commit_and_prunes(automatic: Stage) -> None:
    automatic.until(lambda status: status.sync is SyncCode.SYNCED)
    automatic.repository.commit("Less, and green", {"app/settings.yaml": config_map("settings", colour="green")})
    automatic.clock.now += 10
    automatic.until(
        lambda s: s.sync is SyncCode.SYNCED and s.revision is not None and s.revision.subject != "First release"
    )
    live = automatic.live("", "ConfigMap", "settings")
    assert live is not None
    assert live["data"] == {"colour": "green"}
    kinds = {(r.kind, r.actor) for r in automatic.ask(Operations(automatic.name))}
    assert kinds == {(OperationKind.SYNC, "auto-sync")}


def test_deleting_a_live_object_is_healed(automatic: Stage) -> None:
    automatic.until(lambda status: status.sync is SyncCode.SYNCED)
    live = automatic.live("", "ConfigMap", "settings")
    assert live is not None
    automatic.clusters.get().delete(key(automatic, "settings"), uid=live["metadata"]["uid"])
    automatic.until(lambda _: len(automatic.journal.receipts(automatic.name)) == 2)
    automatic.until(lambda status: status.sync is SyncCode.SYNCED)
    healed = automatic.live("", "ConfigMap", "settings")
    assert healed is not None
    assert healed["metadata"]["uid"] != live["metadata"]["uid"]
    newest, _ = automatic.ask(Operations(automatic.name))
    assert (newest.kind, newest.actor) == (OperationKind.SELF_HEAL, "self-heal")


def test_another_applications_object_is_refused_and_both_are_named(shop: Stage) -> None:
    stolen = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "settings",
            "namespace": shop.namespace,
            "annotations": {"gitops-tui.dev/tracking-id": f"other:/ConfigMap:{shop.namespace}/settings"},
        },
    }
    shop.clusters.get().apply(Manifest.of(stolen))
    (problem,) = shop.status().problems
    assert problem.subject == f"ConfigMap {shop.namespace}/settings"
    assert problem.message == f"belongs to application other, not to {shop.name}"
    plan = shop.plan()
    assert any("other" in refusal and shop.name in refusal for refusal in plan.refusals)
    with pytest.raises(PlanError, match="other"):
        shop.ask(Sync(shop.name, plan, "tester"))
    assert shop.live("", "ConfigMap", "prices") is None, "nothing was written"


def test_a_broken_manifest_leaves_the_last_good_state_and_names_file_and_line(shop: Stage) -> None:
    shop.sync()
    shop.repository.commit("Oops", {"app/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"})
    shop.clock.now += 10
    status = shop.status()
    assert status.sync is SyncCode.UNKNOWN
    assert status.stale
    assert len(status.resources) == 2, "the last good data stay"
    (problem,) = status.problems
    assert problem.stage is FailedStage.RENDER
    assert "app/settings.yaml" in problem.subject + problem.message


def test_a_repository_that_is_gone_keeps_the_last_good_state(shop: Stage, tmp_path: Path) -> None:
    shop.sync()
    (tmp_path / "repository").rename(tmp_path / "elsewhere")
    shop.clock.now += 10
    status = shop.status()
    assert status.stale
    assert status.sync is SyncCode.SYNCED
    assert status.problems[0].stage is FailedStage.FETCH
    manifests = shop.ask(Render(shop.name))
    assert len(manifests) == 2
    (tmp_path / "elsewhere").rename(tmp_path / "repository")
    shop.clock.now += 1000
    assert not shop.status().stale


def test_an_unknown_application_is_told_with_the_nearest_name(shop: Stage) -> None:
    shop.refresh()
    with pytest.raises(UsageError, match=f"did you mean {shop.name}"):
        shop.ask(Compare(shop.name[:-1]))


def test_the_pin_and_the_journal_outlive_the_process(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as before:
        first = before.sync().revision
        before.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        before.clock.now += 10
        before.sync()
        before.roll_back(first)
        repository = before.repository
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES, repository=repository) as after:
        status = after.status()
        assert status.pin is not None
        assert (status.sync, status.deployed) == (SyncCode.SYNCED, first)
        assert len(after.ask(Operations(after.name))) == 3

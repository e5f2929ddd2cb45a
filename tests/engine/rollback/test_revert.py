"""A user goes back with a commit: planned, shown, pushed, journaled; the cluster follows Git as ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Operations, PlanRevert, Reload, Revert
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import PlanError, SourceError, StalePlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from gitops_tui.model.revision import Restoration, RollbackMode
from gitops_tui.model.status import SyncCode
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True)


@pytest.fixture(autouse=True)
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git knows who the user is."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))


@pytest.fixture
def first(repository: WorkTree) -> str:
    return repository.commit("First release", {"app/settings.yaml": config_map("settings", colour="blue")})


@pytest.fixture
def shop(tmp_path: Path, embedded: EmbeddedServer, namespace: str, repository: WorkTree, first: str) -> Iterator[Stage]:
    with stage(tmp_path, embedded.kubeconfig, namespace, {}, policy=AUTO, repository=repository) as made:
        made.until(lambda status: status.sync is SyncCode.SYNCED and status.deployed == first)
        green(made)
        yield made


def green(shop: Stage) -> str:
    """A release that turns out bad, and that is deployed."""
    sha = shop.repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    shop.until(lambda status: status.sync is SyncCode.SYNCED and status.deployed == sha)
    return sha


def plan(shop: Stage, revision: str, mode: RollbackMode = RollbackMode.REVERT) -> Restoration:
    made: Restoration = shop.ask(PlanRevert(shop.name, revision, mode))
    return made


def revert(shop: Stage, made: Restoration, why: str = "") -> Receipt:
    receipt: Receipt = shop.ask(Revert.of(made, "tester", why))
    return receipt


def colour(shop: Stage) -> str:
    live = shop.live("", "ConfigMap", "settings")
    assert live is not None
    return str(live["data"]["colour"])


def test_a_commit_that_the_application_would_not_take_is_told_before_it_is_made(
    tmp_path: Path, embedded: EmbeddedServer, namespace: str, repository: WorkTree, first: str
) -> None:
    repository.commit("Make it green", {"app/settings.yaml": config_map("settings", colour="green")})
    signers = (str(tmp_path / "anna.pub"),)
    with stage(tmp_path, embedded.kubeconfig, namespace, {}, repository=repository, signed_by=signers) as shop:
        shop.refresh()
        made = plan(shop, first)
        assert not made.signed
        assert "not signed" in made.note
        assert "`signCommits`" in made.note
        assert plan(shop, first, RollbackMode.BRANCH).note == "", "whoever merges it may sign"
        settings = replace(shop.config.settings, sign_commits=True)
        shop.ask(Reload(replace(shop.config, settings=settings)))
        assert plan(shop, first).note == ""


def test_the_commit_is_planned_pushed_and_followed(shop: Stage, first: str) -> None:
    second = shop.repository.git("rev-parse", "HEAD")
    made = plan(shop, first[:9])
    assert [(each.letter, each.path) for each in made.files] == [("M", "app/settings.yaml")]
    receipt = revert(shop, made, "wrong colour")
    assert (receipt.kind, receipt.phase) == (OperationKind.ROLLBACK, OperationPhase.SUCCEEDED)
    assert receipt.commit == shop.repository.git("rev-parse", "HEAD")
    assert receipt.message == (
        f"{receipt.commit[:7]} restores app as of {first[:7]} in place of {second[:7]}, pushed to main (wrong colour)"
    )
    text = shop.repository.git("log", "-1", "--format=%B")
    for part in (first, second, "First release", "Make it green", "Reason: wrong colour", "Requested-by: tester"):
        assert part in text
    status = shop.until(lambda status: status.deployed == receipt.commit)
    assert colour(shop) == "blue"
    assert status.pin is None


def test_it_is_journaled_and_is_no_deployment(shop: Stage, first: str) -> None:
    before = shop.status()
    assert before.verified
    shop.ask(Operations(shop.name))
    deployed = shop.journal.deployments(shop.name, 10)
    receipt = revert(shop, plan(shop, first))
    (kept, *_) = [each for each in shop.ask(Operations(shop.name)) if each.commit]
    assert (kept.operation, kept.actor, kept.commit) == (receipt.operation, "tester", receipt.commit)
    assert receipt.operation not in {each.operation for each in shop.journal.deployments(shop.name, 10)}
    assert shop.journal.deployments(shop.name, 10)[-len(deployed) :] == deployed
    assert shop.journal.verify().intact


def test_a_branch_of_its_own_changes_nothing_here(shop: Stage, first: str) -> None:
    made = plan(shop, first, RollbackMode.BRANCH)
    receipt = revert(shop, made)
    name = f"revert/{shop.name}-{first[:7]}"
    assert f"pushed to {name}; open a pull request to main" in receipt.message
    assert shop.repository.git("rev-parse", name) == receipt.commit
    status = shop.status()
    assert (status.sync, colour(shop)) == (SyncCode.SYNCED, "green")
    assert status.verified, "nothing was done to the cluster"


def test_it_lifts_a_pin_that_waits_for_the_next_commit(shop: Stage, first: str) -> None:
    shop.roll_back(first)
    assert shop.status().pin is not None
    receipt = revert(shop, plan(shop, first))
    status = shop.until(lambda status: status.pin is None)
    assert status.revision is not None
    assert (status.revision.sha, colour(shop)) == (receipt.commit, "blue")


def test_a_plan_that_somebody_overtook_is_stale_and_leaves_no_trace(shop: Stage, first: str) -> None:
    made = plan(shop, first)
    shop.repository.commit("Red", {"app/settings.yaml": config_map("settings", colour="red")})
    operations = len(shop.ask(Operations(shop.name)))
    with pytest.raises(StalePlanError):
        revert(shop, made)
    receipts = [each for each in shop.ask(Operations(shop.name)) if each.kind is OperationKind.ROLLBACK]
    assert not receipts
    assert operations


def test_nothing_to_revert(shop: Stage) -> None:
    with pytest.raises(PlanError, match="is what it is on main already"):
        plan(shop, "main")


def test_a_refused_push_is_a_failed_operation(shop: Stage, first: str) -> None:
    (shop.repository.path / "app/settings.yaml").write_text("edited by hand\n")
    receipt = revert(shop, plan(shop, first))
    assert receipt.phase is OperationPhase.FAILED
    assert "the working tree there has changes that are not committed" in receipt.message
    assert not receipt.commit
    (kept, *_) = shop.ask(Operations(shop.name))
    assert (kept.phase, kept.kind) == (OperationPhase.FAILED, OperationKind.ROLLBACK)


def test_a_commit_that_is_not_there(shop: Stage) -> None:
    with pytest.raises(SourceError, match="0123456789"):
        plan(shop, "0123456789")

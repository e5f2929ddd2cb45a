"""Commits without the signature of somebody trusted are shown, and nothing is done for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Rollback, Sync
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import GitopsError, SourceError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, SHOP, Enter
from tests.support.keys import Ssh, needs_ssh, sign
from tests.support.manifests import config_map
from tests.support.oracle import held
from tests.support.stage import Stage
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)
GREEN: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="green"), "app/prices.yaml": None}

pytestmark = needs_ssh


@pytest.fixture
def anna(tmp_path: Path) -> Ssh:
    return Ssh(tmp_path, "anna")


@pytest.fixture
def repository(tmp_path: Path, anna: Ssh) -> WorkTree:
    made = WorkTree(tmp_path / "repository")
    made.commit("First release", FILES)
    sign(made, anna)
    return made


def synced_at(sha: str, shop: Stage) -> None:
    shop.until(lambda status: status.sync is SyncCode.SYNCED and status.revision.sha == sha)  # type: ignore[union-attr]


def told(status: ApplicationStatus) -> str:
    return " ".join(problem.message for problem in status.problems)


def colour(server: EmbeddedServer) -> str:
    return str(held(server, SHOP)["configmaps/settings"]["data"]["colour"])


def test_automation_waits_for_a_commit_that_is_signed(
    enter: Enter, server: EmbeddedServer, anna: Ssh, repository: WorkTree
) -> None:
    with enter(policy=AUTO, repository=repository, signed_by=(str(anna.public),)) as shop:
        synced_at(repository.git("rev-parse", "HEAD"), shop)
        unsigned = repository.commit("Green, and no prices", GREEN)

        shop.until(lambda status: f"commit {unsigned[:7]} is not signed" in told(status))
        for _ in range(20):
            shop.clock.now += 5
            shop.worker.step()
        assert colour(server) == "blue"
        assert "configmaps/prices" in held(server, SHOP)

        synced_at(sign(repository, anna), shop)
        assert colour(server) == "green"
        assert "configmaps/prices" not in held(server, SHOP)
        assert told(shop.status()) == ""


def test_a_person_cannot_sync_it_nor_go_back_to_one(
    enter: Enter, server: EmbeddedServer, anna: Ssh, repository: WorkTree
) -> None:
    unsigned = repository.commit("Green, and no prices", GREEN)
    repository.commit("Blue again", FILES)
    signed = sign(repository, anna)
    with enter(repository=repository, signed_by=(str(anna.public),)) as shop:
        assert shop.sync().phase is OperationPhase.SUCCEEDED
        assert shop.status().revision.sha == signed  # type: ignore[union-attr]
        with pytest.raises(SourceError, match=f"^application {SHOP}: commit {unsigned[:7]} is not signed"):
            shop.plan(revision=unsigned)
        repository.commit("Green, and no prices", GREEN)
        shop.clock.now += 10
        assert "is not signed" in told(shop.status())
        with pytest.raises(SourceError, match="is not signed"):
            shop.plan(prune=True)
        assert colour(server) == "blue"
        assert "configmaps/prices" in held(server, SHOP)


@pytest.mark.parametrize("kind", ["sync", "rollback"])
def test_a_plan_that_was_shown_is_refused_once_its_signer_is_trusted_no_more(
    enter: Enter, server: EmbeddedServer, anna: Ssh, repository: WorkTree, kind: str
) -> None:
    keys = anna.key.with_name("team.pub")
    keys.write_text(anna.public.read_text())
    first = repository.git("rev-parse", "HEAD")
    repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
    sign(repository, anna)
    with enter(repository=repository, signed_by=(str(keys),)) as shop:
        if kind == "sync":
            request: Sync | Rollback = Sync(SHOP, shop.plan(), "tester")
        else:
            shop.sync()
            request = Rollback(SHOP, shop.plan(revision=first), "tester", "bad release")
        before = held(server, SHOP)
        keys.write_text(Ssh(keys.parent, "ben").public.read_text())
        with pytest.raises(GitopsError, match="not among those of `signedBy`"):
            shop.ask(request)
        assert held(server, SHOP) == before


def test_a_pin_stays_until_a_commit_comes_that_may_be_deployed(
    enter: Enter, server: EmbeddedServer, anna: Ssh, repository: WorkTree
) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.commit("Red", {"app/settings.yaml": config_map("settings", colour="red")})
    sign(repository, anna)
    with enter(policy=AUTO, repository=repository, signed_by=(str(anna.public),)) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        shop.roll_back(first)
        unsigned = repository.commit("Green, and no prices", GREEN)
        shop.until(lambda status: status.latest is not None and status.latest.sha == unsigned)
        for _ in range(5):
            shop.clock.now += 10
            status = shop.status()

        assert status.pin is not None
        assert (status.sync, status.problems) == (SyncCode.SYNCED, ())
        assert colour(server) == "blue"

        synced_at(sign(repository, anna), shop)
        assert (shop.status().pin, colour(server)) == (None, "green")

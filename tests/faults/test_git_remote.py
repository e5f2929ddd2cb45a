"""The Git remote is gone, refuses, hangs, or breaks off: the last good commit stays, and nothing is lost by it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import CredentialKind, Credentials, Repository, SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase, Result
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.source import remote as remote_module
from gitops_tui.source.transport.process import Limits
from tests.faults.conftest import FILES, HASTY, SHOP
from tests.support.api_client import ApiClient
from tests.support.git_https import PACK, REFS, GitServer, Misbehaviour, make_certificate, serving
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, mirrored, told
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, max_prune=1.0)
TOKEN = "t0p-secret-token"
SECOND: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="green"),
    "app/prices.yaml": None,
}


@dataclass
class World:
    """A shop whose repository is behind a server that can misbehave."""

    shop: Stage
    git: GitServer
    cluster: EmbeddedServer
    state: Path
    first: str

    @property
    def problem(self) -> str:
        """What is wrong with the repository, "" when nothing is."""
        (status,) = self.shop.store.current.repositories.values()
        return f"{status.problem.message} {status.problem.hint}" if status.problem else ""

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.shop.clock.now += 1
            self.shop.worker.step()

    def everything(self) -> dict[str, Any]:
        """Cluster, journal and Git."""
        journal = told(self.shop.journal, SHOP, "demo")
        return {"cluster": held(self.cluster, SHOP), "journal": journal, "git": mirrored(self.state)}


@pytest.fixture
def world(tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("GIT_SSL_CAINFO", f"{certificate}.crt")
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    repository = WorkTree(tmp_path / "repository")
    first = repository.commit("First release", FILES)
    with serving(tmp_path, certificate) as git:
        git.password = TOKEN
        token = Credentials(CredentialKind.ENVIRONMENT, "SHOP_TOKEN")
        remote = Repository(f"{git.url}/repository", credentials=token, interval=2.0)
        with stage(
            tmp_path, server.kubeconfig, SHOP, {}, policy=AUTO, repository=repository, timing=HASTY, remote=remote
        ) as shop:
            yield World(shop, git, server, tmp_path / "state", first)


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def is_at(sha: str) -> Callable[[ApplicationStatus], bool]:
    return lambda status: is_synced(status) and status.revision is not None and status.revision.sha == sha


def undisturbed(world: World, folder: Path) -> dict[str, Any]:
    """What is there at the end of a run in which nothing went wrong, with the same commits."""
    folder.mkdir()
    with EmbeddedServer.start() as server:
        repository = WorkTree(folder / "repository")
        repository.commit("First release", FILES)
        with stage(folder, server.kubeconfig, SHOP, {}, policy=AUTO, repository=repository) as shop:
            shop.until(is_synced)
            shop.until(is_at(repository.commit("Second release", SECOND)))
            # What is deployed is guarded with the next look at the repository.
            again = World(shop, world.git, server, folder / "state", world.first)
            again.pass_time(5)
            return again.everything()


def answers(code: int, asks: str = "") -> Callable[[World], object]:
    return lambda world: world.git.misbehave(Misbehaviour("answer", asks, code))


def hangs(asks: str) -> Callable[[World], object]:
    return lambda world: world.git.misbehave(Misbehaviour("hang", asks))


def cuts(asks: str) -> Callable[[World], object]:
    return lambda world: world.git.misbehave(Misbehaviour("cut", asks))


def truncates(asks: str) -> Callable[[World], object]:
    return lambda world: world.git.misbehave(Misbehaviour("truncate", asks))


def revokes(world: World) -> None:
    world.git.password = "another"


def redirects(world: World) -> None:
    world.git.redirect = "https://127.0.0.1:1"


def vanishes(world: World) -> None:
    world.git.root = world.git.root / "nowhere"


FETCH = "git-upload-pack fetch"
FAULTS = {
    "the repository is gone": (vanishes, "there is no such repository, or it may not be seen"),
    "access is revoked": (revokes, "access was refused"),
    "it may not be read": (answers(403), "access was refused"),
    "the server is ill": (answers(500), "it cannot be reached"),
    "a proxy answers": (answers(502), "it cannot be reached"),
    "a proxy says that all is well": (answers(200), "it shows no branch and no tag any more"),
    "too many requests": (answers(429), "it cannot be reached"),
    "it is sent elsewhere": (redirects, "it cannot be reached"),
    "no answer to the first question": (hangs(REFS), "no answer within 3 s"),
    "no answer with the objects": (hangs(FETCH), "no answer within 3 s"),
    "the first answer is cut": (cuts(REFS), ""),
    "the first answer is half of one": (truncates(REFS), ""),
    "the list is half of one": (truncates("ls-refs"), ""),
    "the list is cut": (cuts("ls-refs"), ""),
    "the objects are cut": (cuts(FETCH), "it cannot be reached"),
    "the pack is half of one": (truncates(FETCH), ""),
    "the objects are refused": (answers(500, FETCH), "it cannot be reached"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_last_good_commit_stays_and_all_is_made_good_afterwards(
    world: World, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, (begin, message) = world.shop, FAULTS[fault]
    shop.until(is_synced)
    if "within 3 s" in message:
        for name in ("_ASK", "_FETCH"):
            monkeypatch.setattr(remote_module, name, Limits(timeout=3.0))
    diary = Diary(world.cluster, SHOP)
    before = held(world.cluster, SHOP)
    begin(world)
    second = shop.repository.commit("Second release", SECOND)

    stale = shop.until(lambda status: status.stale)

    assert message in world.problem
    assert TOKEN not in world.problem
    assert stale.revision is not None
    assert stale.revision.sha == world.first
    assert stale.sync is SyncCode.SYNCED
    assert [problem.stage for problem in stale.problems] == ["fetch"]
    asked = world.git.requests
    world.pass_time(60)
    assert world.git.requests - asked <= 7 * len((4, 8, 16, 32)), "it asks ever more seldom"
    assert held(world.cluster, SHOP) == before
    assert diary() == {}

    world.git.root = tmp_path
    world.git.behave()
    shop.until(is_at(second))

    assert world.problem == ""
    world.pass_time(5)
    assert world.everything() == undisturbed(world, tmp_path / "undisturbed")
    assert diary() == {
        "MODIFIED configmaps/settings": 1,
        "MODIFIED configmaps/prices": 1,
        "DELETED configmaps/prices": 1,
    }


def test_a_known_commit_may_still_be_synced_but_nothing_is_pruned(world: World) -> None:
    shop = world.shop
    shop.until(is_synced)
    second = shop.repository.commit("Second release", SECOND)
    shop.until(is_at(second))
    revokes(world)
    shop.until(lambda status: status.stale)
    here = f"/api/v1/namespaces/{SHOP}/configmaps/settings"
    ApiClient(world.cluster.kubeconfig).patch(here, {"data": {"colour": "red"}}).ok()
    shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

    receipt = shop.sync()

    assert receipt.phase is OperationPhase.SUCCEEDED
    assert receipt.revision == second
    assert ApiClient(world.cluster.kubeconfig).get(here).ok()["data"] == {"colour": "green"}

    shop.roll_back(world.first)
    rolled = shop.plan(revision=second)
    kept = {change.key.name: change.why for change in rolled.changes if change.action == "skip"}
    assert kept["prices"].startswith("no longer in Git; kept, because nothing may be pruned now: repository ")
    receipt = shop.sync(revision=second)
    assert {row.key.name: row.result for row in receipt.resources}["prices"] is Result.PRUNE_SKIPPED
    assert "configmaps/prices" in held(world.cluster, SHOP)


def test_a_start_without_the_remote_shows_what_was_known(world: World, tmp_path: Path) -> None:
    world.shop.until(is_synced)
    vanishes(world)
    repository, config = world.shop.repository, world.shop.config
    world.shop.journal.close()
    with stage(
        tmp_path,
        world.cluster.kubeconfig,
        SHOP,
        {},
        policy=AUTO,
        repository=repository,
        timing=HASTY,
        remote=config.repositories[0],
    ) as again:
        status = again.until(lambda status: status.compared_at is not None)
        assert status.sync is SyncCode.SYNCED
        assert status.stale
        assert status.revision is not None
        assert status.revision.sha == world.first


def test_a_first_look_that_fails_says_so_and_writes_nothing(world: World, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "state" / "mirrors", ignore_errors=True)
    world.git.misbehave(Misbehaviour("truncate", PACK))
    diary = Diary(world.cluster, SHOP)

    status = world.shop.until(lambda status: bool(status.problems))

    assert status.sync is SyncCode.UNKNOWN
    assert diary() == {}
    assert list((tmp_path / "state" / "mirrors").glob("*/copy-*")) == []
    world.git.behave()
    world.shop.until(is_at(world.first))

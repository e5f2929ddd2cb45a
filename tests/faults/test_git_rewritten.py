"""History is rewritten, a branch deleted, a tag moved: it is told, and what is in use stays within reach."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.source import Mirrors
from tests.faults.conftest import SHOP, Enter
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, undisturbed
from tests.support.stage import Stage

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, max_prune=1.0)
CAREFUL = SyncPolicy(mode=SyncMode.AUTO, prune=True, fast_forward_only=True)
KEPT = "refs/gitops-tui/keep"


def coloured(colour: str) -> dict[str, str | None]:
    return {"app/settings.yaml": config_map("settings", colour=colour)}


def is_at(sha: str) -> Callable[[ApplicationStatus], bool]:
    def wanted(status: ApplicationStatus) -> bool:
        return status.sync is SyncCode.SYNCED and status.revision is not None and status.revision.sha == sha

    return wanted


def note(shop: Stage) -> str:
    (status,) = shop.store.current.repositories.values()
    return status.note


def colour(server: EmbeddedServer) -> str:
    return str(held(server, SHOP)["configmaps/settings"]["data"]["colour"])


def copy_of(folder: Path) -> Path:
    (current,) = (folder / "state" / "mirrors").glob("*/current")
    return current.resolve()


def in_copy(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=copy_of(folder), check=True, capture_output=True, text=True).stdout


@pytest.fixture
def first(enter: Enter) -> Callable[[Stage], str]:
    def at_first(shop: Stage) -> str:
        sha = shop.repository.git("rev-parse", "HEAD")
        shop.until(is_at(sha))
        return sha

    return at_first


def rewritten(shop: Stage, base: str, text: str) -> str:
    """What a force-push makes of the branch: another commit on top of an older one."""
    shop.repository.git("reset", "--quiet", "--hard", base)
    return shop.repository.commit(f"Rewritten: {text}", coloured(text))


def test_a_force_push_is_told_and_what_was_deployed_can_be_gone_back_to(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, first: Callable[[Stage], str]
) -> None:
    with enter(coloured("blue"), policy=AUTO) as shop:
        base = first(shop)
        second = shop.repository.commit("Green", coloured("green"))
        shop.until(is_at(second))
        third = rewritten(shop, base, "red")

        shop.until(is_at(third))

        assert note(shop) == f"main moved from {second[:7]} to {third[:7]}, which does not contain it"
        assert colour(server) == "red"
        shop.roll_back(second)
        shop.clock.now += 10
        shop.refresh()
        assert in_copy(tmp_path, "for-each-ref", "--format=%(refname)", KEPT).split() == sorted(
            f"{KEPT}/{sha}" for sha in (second, third)
        )
        shop.repository.git("reflog", "expire", "--expire=now", "--all")
        shop.repository.git("gc", "--quiet", "--prune=now")
        in_copy(tmp_path, "gc", "--quiet", "--prune=now")
        assert colour(server) == "green"

    assert not (tmp_path / "state" / "checkouts").exists()
    again = Mirrors(tmp_path / "state").mirror(shop.config.repositories[0])
    assert "green" in (again.checkout(second) / "app/settings.yaml").read_text()


def test_a_branch_that_is_deleted_is_unknown_and_nothing_is_pruned(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, first: Callable[[Stage], str]
) -> None:
    with enter(policy=AUTO) as shop:
        sha = first(shop)
        diary = Diary(server, SHOP)
        shop.repository.git("checkout", "--quiet", "-b", "trunk")
        shop.repository.git("branch", "--delete", "--force", "main")

        lost = shop.until(lambda status: status.sync is SyncCode.UNKNOWN)

        assert note(shop) == "branch main was deleted; the default branch is trunk now"
        assert lost.stale
        assert lost.problems[0].message == "there is no branch, tag or commit main"
        for _ in range(30):
            shop.clock.now += 5
            shop.worker.step()
        shop.repository.git("branch", "main", sha)
        shop.until(is_at(sha))
        assert diary() == {}
        assert undisturbed(tmp_path, shop)["cluster"] == held(server, SHOP)


def test_a_tag_that_is_moved_is_told_and_followed(
    enter: Enter, server: EmbeddedServer, first: Callable[[Stage], str]
) -> None:
    with enter(coloured("blue"), policy=AUTO) as shop:
        # What the application tracks by the name main is a tag here.
        shop.repository.git("branch", "--move", "trunk")
        shop.repository.git("tag", "main")
        base = first(shop)
        second = shop.repository.commit("Green", coloured("green"))
        shop.repository.git("tag", "--force", "main")

        shop.until(is_at(second))

        assert note(shop) == f"tag main moved from {base[:7]} to {second[:7]}"
        assert colour(server) == "green"


def test_with_fast_forward_only_a_person_has_to_see_what_was_rewritten(
    enter: Enter, server: EmbeddedServer, first: Callable[[Stage], str]
) -> None:
    with enter(coloured("blue"), policy=CAREFUL) as shop:
        base = first(shop)
        second = shop.repository.commit("Green", coloured("green"))
        shop.until(is_at(second))
        third = rewritten(shop, base, "red")
        why = f"main moved from {second[:7]} to {third[:7]}, which does not contain it"
        diary = Diary(server, SHOP)

        held_back = shop.until(lambda status: why in status.waiting)

        assert held_back.sync is SyncCode.OUT_OF_SYNC
        assert shop.plan().held == (why,)
        assert diary() == {}
        assert shop.sync().phase is OperationPhase.SUCCEEDED
        assert colour(server) == "red"
        fourth = shop.repository.commit("Yellow", coloured("yellow"))
        shop.until(is_at(fourth))
        assert diary() == {"MODIFIED configmaps/settings": 2}


def test_with_fast_forward_only_one_can_still_go_back(enter: Enter, first: Callable[[Stage], str]) -> None:
    with enter(coloured("blue"), policy=CAREFUL) as shop:
        base = first(shop)
        shop.until(is_at(shop.repository.commit("Green", coloured("green"))))
        assert shop.plan(revision=base).held == ()
        assert shop.roll_back(base).phase is OperationPhase.SUCCEEDED


def test_with_fast_forward_only_a_commit_that_is_lost_is_as_good_as_rewritten(
    enter: Enter, tmp_path: Path, first: Callable[[Stage], str]
) -> None:
    with enter(coloured("blue"), policy=CAREFUL) as shop:
        lost = first(shop)
    shop.repository.git("checkout", "--quiet", "--orphan", "anew")
    third = shop.repository.commit("Begun anew", coloured("red"))
    shop.repository.git("branch", "--force", "main", third)
    shop.repository.git("checkout", "--quiet", "main")
    shop.repository.git("branch", "--delete", "--force", "anew")
    (tmp_path / "state" / "mirrors").rename(tmp_path / "mirrors")
    with enter(policy=CAREFUL, repository=shop.repository) as again:
        status = again.until(lambda status: "held for a person" in status.waiting)
        assert f"whether {third[:7]} contains {lost[:7]}, the commit deployed last, is not known" in status.waiting

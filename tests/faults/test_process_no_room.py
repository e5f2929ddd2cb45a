"""The disk is full: what is being fetched is given up clean, nothing is written that cannot be written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Event
from gitops_tui.engine.requests import PauseAutomation
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import JournalError, SourceError
from gitops_tui.model.operations import OperationPhase, Pin
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, mirrored, undisturbed
from tests.support.program import Program
from tests.support.room import give_room, no_room, take_room
from tests.support.stage import Stage
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)
SETTINGS = f"/api/v1/namespaces/{SHOP}/configmaps/settings"


@pytest.fixture(autouse=True)
def _room_afterwards() -> Iterator[None]:
    yield
    give_room()


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def is_at(sha: str) -> Callable[[ApplicationStatus], bool]:
    return lambda status: is_synced(status) and status.revision is not None and status.revision.sha == sha


def banner(shop: Stage) -> list[str]:
    return [problem.message for problem in shop.store.current.problems if problem.stage is JournalError.stage]


def is_read_only(shop: Stage) -> bool:
    return any(message.startswith("the journal is read-only: ") for message in banner(shop))


def green(shop: Stage) -> str:
    return shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})


def test_a_fetch_is_given_up_and_the_last_good_commit_stays(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter(policy=AUTO) as shop:
        first = shop.until(is_synced).revision
        second = green(shop)
        diary = Diary(server, SHOP)
        with no_room():
            stale = shop.until(lambda status: status.stale)

            assert stale.revision == first
            (problem,) = stale.problems
            assert problem.stage is SourceError.stage
            assert "no room is left on the disk" in problem.message
            assert diary() == {}
        shop.until(is_at(second))

        assert diary() == {"MODIFIED configmaps/settings": 1}
        assert undisturbed(tmp_path, shop)["cluster"] == held(server, SHOP)
        kept = mirrored(tmp_path / "state")
        assert (kept["copies"], kept["left over"], kept["complaints"]) == (1, [], [])


def test_nothing_is_healed_that_cannot_be_written_down(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        diary = Diary(server, SHOP)
        client = ApiClient(server.kubeconfig)
        with no_room():
            client.patch(SETTINGS, {"data": {"colour": "red"}}).ok()
            shop.until(lambda status: is_read_only(shop) and status.sync is SyncCode.OUT_OF_SYNC)

            for _ in range(60):
                shop.clock.now += 1
                shop.worker.step()
            assert diary() == {"MODIFIED configmaps/settings": 1}
        shop.until(is_synced)

        assert diary() == {"MODIFIED configmaps/settings": 2}
        assert banner(shop) == []
        assert shop.journal.receipts(SHOP)[0].phase is OperationPhase.SUCCEEDED
        assert shop.journal.verify().intact


def test_room_that_goes_in_the_middle_of_a_sync(enter: Enter, server: EmbeddedServer, tmp_path: Path) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        diary = Diary(server, SHOP)

        def take(event: Event) -> None:
            if event.item.key.name == "settings":
                take_room()

        stop = server.store.watch(take)
        second = green(shop)
        shop.until(lambda _status: is_read_only(shop))
        stop()

        assert shop.journal.receipts(SHOP)[0].phase is not OperationPhase.SUCCEEDED
        give_room()
        shop.until(lambda status: is_at(second)(status) and status.deployed == second)

        assert banner(shop) == []
        assert diary() == {"MODIFIED configmaps/settings": 1}
        assert [each.phase.is_final for each in shop.journal.receipts(SHOP)] == [True, True, True]
        assert shop.journal.verify().intact
        assert undisturbed(tmp_path, shop)["cluster"] == held(server, SHOP)


def test_a_pause_whose_end_comes_while_there_is_no_room_is_lifted_when_there_is(
    enter: Enter, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        until = time.time() + 3600
        shop.ask(PauseAutomation(SHOP, "alice", "stocktaking", until))
        second = green(shop)
        shop.until(lambda status: status.waiting == "paused by alice: stocktaking")
        diary = Diary(server, SHOP)
        with no_room():
            monkeypatch.setattr(time, "time", lambda: until + 1)
            shop.until(lambda _status: is_read_only(shop))

            for _ in range(30):
                shop.clock.now += 1
                shop.worker.step()
            assert shop.worker.failure is None
            assert shop.store.current.applications[SHOP].pause is not None, "it is not lifted yet"
            assert shop.worker._wait_time() > 0.1, "and nobody turns in circles until it is"
            assert diary() == {}
        shop.until(is_at(second))

        assert shop.store.current.applications[SHOP].pause is None
        assert banner(shop) == []
        assert diary() == {"MODIFIED configmaps/settings": 1}
        assert shop.journal.verify().intact


def test_a_pin_that_is_superseded_while_nothing_can_be_written_down_is_lifted_when_it_can(
    enter: Enter, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        first = shop.repository.git("rev-parse", "HEAD")
        second = green(shop)
        shop.until(is_at(second))
        shop.roll_back(first)
        diary = Diary(server, SHOP)
        unpin = shop.journal.unpin
        refused: list[str] = []

        def without_room(application: str, who: str) -> Pin | None:
            with no_room():
                refused.append(application)
                return unpin(application, who)

        monkeypatch.setattr(shop.journal, "unpin", without_room)
        third = shop.repository.commit("Red", {"app/settings.yaml": config_map("settings", colour="red")})
        shop.until(lambda _status: len(refused) > 1)

        assert shop.worker.failure is None
        pin = shop.store.current.applications[SHOP].pin
        assert pin is not None, "it is not lifted yet"
        assert pin.revision == first
        assert diary() == {}
        monkeypatch.setattr(shop.journal, "unpin", unpin)
        shop.until(is_at(third))

        assert shop.store.current.applications[SHOP].pin is None
        assert banner(shop) == []
        assert diary() == {"MODIFIED configmaps/settings": 1}


def test_a_start_without_room_shows_everything_and_writes_when_there_is_room(
    enter: Enter, server: EmbeddedServer
) -> None:
    with enter(policy=AUTO) as shop:
        first = shop.until(is_synced)
        repository = shop.repository
    with no_room(), enter(policy=AUTO, repository=repository) as again:
        status = again.until(lambda status: status.sync is SyncCode.SYNCED)
        assert (status.revision, status.deployed) == (first.revision, first.deployed)
        assert banner(again)[0].startswith("the journal is read-only: ")
        give_room()
        again.until(lambda _status: not banner(again))
        second = green(again)
        again.until(is_at(second))


def test_a_state_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First release", {"app/settings.yaml": config_map("settings", colour="blue")})
    (tmp_path / "file").write_text("no folder")
    program = Program(
        ("--repo", str(repository.path), "--path", "app", "--state-dir", str(tmp_path / "file" / "state"))
    )

    answer = program("status", code=2)

    assert "fault of its own" not in answer.err
    assert "make room on the disk, or mend its permissions" in answer.err
    assert str(tmp_path / "file") in answer.err


def test_an_application_of_folders_that_cannot_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = Program(("--repo", str(gone), "--path", "apps/*", "--state-dir", str(tmp_path / "state")))

    answer = program("status", "web", code=2)

    assert "application web: is not tracked here" in answer.err
    assert f"not everything could be read: repository {gone}" in answer.err

"""The journal is damaged, newer than the program, or another process's: nothing is lost by it, nothing done twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.journal import Journal
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, SHOP, Enter
from tests.support import mortal
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, undisturbed
from tests.support.orphans import no_orphans
from tests.support.work_tree import WorkTree

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, max_prune=1.0)
SECOND: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="green"),
    "app/prices.yaml": None,
}
_DEADLINE = 120.0


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def test_a_lost_journal_is_made_anew_and_what_it_knew_is_not_guessed(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        repository = shop.repository
    for name in ("journal.db-wal", "journal.db-shm"):
        (tmp_path / "state" / name).unlink(missing_ok=True)
    (tmp_path / "state" / "journal.db").write_bytes(b"not a database " * 500)
    second = repository.commit("Second release", SECOND)
    diary = Diary(server, SHOP)

    with enter(policy=AUTO, repository=repository) as again:
        waiting = again.until(lambda status: "held for a person" in status.waiting).waiting

        assert "the journal holds no inventory: what is pruned is known by labels only" in waiting
        banners = [problem.message for problem in again.store.current.problems]
        assert banners[0].startswith("the journal was damaged: moved aside to journal.db.damaged-")
        assert diary() == {}
        receipt = again.sync()

        assert (receipt.phase, receipt.revision) == (OperationPhase.SUCCEEDED, second)
        assert diary() == {
            "MODIFIED configmaps/settings": 1,
            "MODIFIED configmaps/prices": 1,
            "DELETED configmaps/prices": 1,
        }
        assert undisturbed(tmp_path, again)["cluster"] == held(server, SHOP)
        assert again.journal.verify().intact


@pytest.fixture(scope="module")
def _loaded() -> Iterator[None]:
    with mortal.prepared():
        yield


class House:
    """Processes of the real program on one state folder."""

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        self.folder = folder
        self.repository = WorkTree(folder / "repository")
        self.repository.commit("First release", FILES)
        self.config = folder / "gitops-tui.yaml"
        self.config.write_text(
            f"repositories:\n  - {{name: shop, url: {self.repository.path}, interval: 1s}}\n"
            f"applications:\n  - name: {SHOP}\n    source: {{repository: shop, revision: main, path: app}}\n"
            f"    destination: {{namespace: {SHOP}}}\n    sync: {{mode: auto, prune: true, maxPrune: 100%}}\n"
            f"settings: {{kubeconfig: {server.kubeconfig}, stateDir: {folder / 'state'}}}\n"
        )

    def start(self, log: str, *face: str) -> mortal.Mortal:
        return mortal.start(self.folder / log, ("--config", str(self.config), *face))

    def said(self, log: str) -> str:
        file = self.folder / log
        return file.read_text() if file.exists() else ""


@pytest.fixture
def house(tmp_path: Path, server: EmbeddedServer, _loaded: None) -> House:
    return House(tmp_path, server)


def until(wanted: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not wanted():
        assert time.monotonic() < deadline, told()
        time.sleep(0.02)


def test_a_journal_of_a_newer_version_is_not_touched_and_nothing_is_written(
    house: House, server: EmbeddedServer
) -> None:
    state = house.folder / "state"
    Journal.open(state).close()
    with closing(sqlite3.connect(state / "journal.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    before, diary = (state / "journal.db").read_bytes(), Diary(server, SHOP)

    for face in (("status",), ("sync", SHOP), ("--headless",)):
        assert house.start("log", *face).wait() == 2

    assert house.said("log").count("a newer gitops-tui wrote it (format 999") == 3
    assert house.said("log").count("update gitops-tui, or choose another state folder") == 3
    assert "Traceback" not in house.said("log")
    assert (state / "journal.db").read_bytes() == before
    assert diary() == {}


def test_one_of_two_daemons_writes_and_the_other_goes_on_when_it_is_killed(
    house: House, server: EmbeddedServer
) -> None:
    diary = Diary(server, SHOP)

    def told() -> str:
        return house.said("first") + house.said("second")

    def is_green() -> bool:
        return "green" in str(held(server, SHOP).get("configmaps/settings"))

    with no_orphans():
        first = house.start("first", "--headless", "--listen", "127.0.0.1:0")
        until(lambda: '"Synced"' in house.said("first"), told)
        second = house.start("second", "--headless", "--listen", "127.0.0.1:0")
        until(lambda: '"Synced"' in house.said("second"), told)
        assert '"event": "writer"' in house.said("second")
        assert f"pid {first.process.pid} on " in house.said("second")
        house.repository.commit("Second release", SECOND)
        until(is_green, told)
        sha = house.repository.git("rev-parse", "HEAD")
        until(lambda: all(f'"Synced", "health": "Healthy", "revision": "{sha}"' in house.said(n) for n in LOGS), told)
        until(lambda: house.said("first").count('"event": "operation-ended"') == 2, told)

        first.process.kill()
        first.wait()
        until(lambda: '"writer": "this process"' in house.said("second"), told)
        house.repository.commit("Third release", {"app/settings.yaml": config_map("settings", colour="red")})
        until(lambda: "red" in str(held(server, SHOP)["configmaps/settings"]), told)
        second.process.terminate()
        assert second.wait() == 0

    assert diary() == {
        "ADDED configmaps/settings": 1,
        "ADDED configmaps/prices": 1,
        "MODIFIED configmaps/settings": 2,
        "MODIFIED configmaps/prices": 1,
        "DELETED configmaps/prices": 1,
    }
    with closing(Journal.open(house.folder / "state")) as journal:
        assert journal.verify().intact
        phases = [each.phase for each in journal.receipts(SHOP)]
    assert len(phases) == 3
    assert set(phases[1:]) == {OperationPhase.SUCCEEDED}


def test_what_the_writer_does_for_another_process_is_answered_as_if_done_there(house: House) -> None:
    def answer(*verb: str) -> str:
        assert house.start("verb", *verb).wait() == 0, house.said("verb")
        said = house.said("verb")
        (house.folder / "verb").unlink()
        return said

    with no_orphans():
        daemon = house.start("first", "--headless", "--listen", "127.0.0.1:0")
        until(lambda: '"Synced"' in house.said("first"), lambda: house.said("first"))
        first = house.repository.git("rev-parse", "HEAD")
        second = house.repository.commit("Second release", SECOND)
        ended = f'"phase": "Succeeded", "actor": "auto-sync", "revision": "{second}"'
        until(lambda: ended in house.said("first"), lambda: house.said("first"))

        assert f"{SHOP} is paused until it is resumed" in answer("pause", SHOP, "--why", "audit")
        assert f"{SHOP} is resumed" in answer("resume", SHOP)
        assert f"{SHOP} is not paused" in answer("resume", SHOP)
        assert '"until"' in answer("pause", SHOP, "--for", "1s", "-o", "json")
        answer("rollback", SHOP, first, "--yes")
        assert f"{SHOP} is not pinned" not in answer("unpin", SHOP)
        assert f"{SHOP} is not pinned" in answer("unpin", SHOP)
        daemon.process.terminate()
        assert daemon.wait() == 0


LOGS = ("first", "second")

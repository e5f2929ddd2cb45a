"""What is old may go; what is needed, and the proof that nothing was tampered with, stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.journal import Journal
from gitops_tui.model.operations import (
    Deployment,
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import ResourceKey

KEY = ResourceKey("apps", "Deployment", "shop", "web")
FAR = 4_000_000_000.0
"""An instant after every test."""


def run(
    journal: Journal,
    number: int,
    phase: OperationPhase = OperationPhase.SUCCEEDED,
    *,
    verified: bool = False,
    application: str = "shop",
    text: str = "",
) -> None:
    name = f"op-{application}-{number}"
    begun = Receipt(name, application, f"{number:040x}", OperationKind.SYNC, "alice", OperationPhase.RUNNING)
    journal.begin(replace(begun, started=float(number)))
    journal.result(name, ResourceResult(KEY, Result.CONFIGURED, text))
    done = replace(begun, started=float(number), finished=float(number), phase=phase, verified=verified)
    journal.finish(done)


def revisions(journal: Journal, application: str = "shop") -> list[int]:
    return [int(receipt.revision, 16) for receipt in journal.receipts(application, limit=1000)]


def test_without_a_limit_everything_stays(journal: Journal) -> None:
    for number in range(5):
        run(journal, number)
    assert journal.retain() == 0
    assert revisions(journal) == [4, 3, 2, 1, 0]


def test_what_is_old_goes_and_the_newest_the_deployed_and_the_verified_stay(journal: Journal) -> None:
    run(journal, 1)
    run(journal, 2, verified=True)
    run(journal, 3)
    run(journal, 4, OperationPhase.FAILED)

    assert journal.retain(older_than=FAR) > 0

    assert revisions(journal) == [4, 3, 2]
    newest = journal.receipt("op-shop-4")
    assert newest is not None
    assert (newest.phase, newest.resources) == (OperationPhase.FAILED, ()), "single resources are forgotten"
    assert journal.deployments("shop") == (
        Deployment("shop", f"{3:040x}", 3.0, "op-shop-3"),
        Deployment("shop", f"{2:040x}", 2.0, "op-shop-2", True),
    )
    assert journal.verify().intact


def test_what_is_young_stays(journal: Journal) -> None:
    run(journal, 1)
    assert journal.retain(older_than=0.0) == 0
    assert revisions(journal) == [1]


def test_holds_and_inventories_stay(journal: Journal) -> None:
    journal.intend("shop", "prod", [KEY, KEY._replace(name="gone")])
    journal.strike("shop", "prod", KEY._replace(name="gone"))
    pin = Pin("shop", "a" * 40, "b" * 40, "alice")
    pause = Pause("shop", "bob", "black friday")
    journal.pin(pin)
    journal.pause(pause)
    journal.retain(older_than=FAR)
    assert journal.inventory("shop", "prod") == {KEY}
    assert journal.knows("shop", "prod")
    assert (journal.pins(), journal.pauses()) == ({"shop": pin}, {"shop": pause})
    assert journal.verify().intact


def test_a_running_operation_stays_whole(journal: Journal) -> None:
    run(journal, 1)
    running = Receipt("op-running", "shop", "2" * 40, OperationKind.SYNC, "alice", OperationPhase.RUNNING)
    journal.begin(running)
    journal.result("op-running", ResourceResult(KEY, Result.CREATED))
    journal.retain(older_than=FAR)
    found = journal.receipt("op-running")
    assert found is not None
    assert [row.result for row in found.resources] == [Result.CREATED]
    journal.finish(replace(running, phase=OperationPhase.SUCCEEDED))
    assert journal.verify().intact


def test_the_journal_goes_on_and_may_be_cut_again_and_again(journal: Journal) -> None:
    for number in range(1, 6):
        run(journal, number)
        journal.retain(older_than=FAR)
        assert journal.verify().intact
    assert revisions(journal) == [5]


def test_what_was_cut_is_known_after_a_restart(journal: Journal, folder: Path) -> None:
    run(journal, 1)
    run(journal, 2)
    journal.retain(older_than=FAR)
    journal.close()
    again = Journal.open(folder)
    assert again.verify().intact
    assert revisions(again) == [2]
    again.close()


def test_a_file_that_is_too_large_is_made_smaller_oldest_first(journal: Journal, folder: Path) -> None:
    for number in range(60):
        run(journal, number, text="x" * 20_000)
    file = folder / "journal.db"
    limit = 600_000
    assert journal.retain(size=limit) > 0
    assert file.stat().st_size <= limit
    kept = revisions(journal)
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == 59
    assert 5 < len(kept) < 60
    newest = journal.receipt("op-shop-59")
    assert newest is not None
    assert newest.resources
    assert journal.retain(size=limit) == 0, "there is room for more before the next cut"
    assert journal.verify().intact


def test_applications_that_are_quiet_keep_their_last_operation(journal: Journal) -> None:
    run(journal, 1, application="quiet")
    for number in range(2, 50):
        run(journal, number, text="x" * 20_000)
    journal.retain(size=300_000)
    assert revisions(journal, "quiet") == [1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE anchors SET state = replace(state, 'alice', 'mallory')",
        "UPDATE anchors SET hash = 'feed'",
        "DELETE FROM anchors",
        "DELETE FROM events WHERE id = (SELECT min(id) FROM events)",
    ],
)
def test_who_changes_what_stands_for_the_past_is_found_out(journal: Journal, folder: Path, statement: str) -> None:
    run(journal, 1)
    journal.retain(older_than=FAR)
    run(journal, 2)
    journal.close()
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute("DROP TRIGGER events_are_not_deleted")
        connection.execute(statement)
        connection.commit()
    again = Journal.open(folder)
    assert not again.verify().intact
    again.close()


def test_a_beginning_that_another_cut_off_is_no_cut_of_ours(journal: Journal, folder: Path) -> None:
    """An anchor that no event of the chain vouches for."""
    for number in (1, 2, 3):
        run(journal, number)
    journal.close()
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        event, digest = connection.execute("SELECT id, hash FROM events WHERE id = 3").fetchone()
        connection.execute("INSERT INTO anchors VALUES (?, ?, '{}')", (event, digest))
        connection.execute("DELETE FROM events WHERE id <= 3")
        connection.execute("DELETE FROM operations WHERE event <= 3")
        connection.commit()
    again = Journal.open(folder)
    found = again.verify()
    assert not found.intact
    assert "vouches" in found.message
    again.close()


def test_the_database_still_refuses_to_lose_a_younger_event(journal: Journal, folder: Path) -> None:
    run(journal, 1)
    journal.retain(older_than=FAR)
    with (
        closing(sqlite3.connect(folder / "journal.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("DELETE FROM events")


def test_a_damaged_file_is_rebuilt_with_what_its_anchor_knew(journal: Journal, folder: Path) -> None:
    journal.intend("shop", "prod", [KEY])
    run(journal, 1)
    journal.retain(older_than=FAR)
    for number in range(2, 40):
        run(journal, number, text="x" * 2000)
    journal.close()
    file = folder / "journal.db"
    data = bytearray(file.read_bytes())
    data[-8192:] = b"\xff" * 8192
    file.write_bytes(data)

    again = Journal.open(folder)

    assert again.notes
    assert again.inventory("shop", "prod") == {KEY}
    assert 1 in revisions(again)
    assert again.verify().intact
    again.close()

"""Whoever changes the file behind the program's back is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationKind, OperationPhase, Pin, Receipt, ResourceResult, Result
from gitops_tui.model.resources import ResourceKey

KEY = ResourceKey("apps", "Deployment", "shop", "web")


@pytest.fixture
def written(journal: Journal, folder: Path) -> Path:
    running = Receipt("op-1", "shop", "a" * 40, OperationKind.SYNC, "alice", OperationPhase.RUNNING, started=1.0)
    journal.intend("shop", "prod", [KEY])
    journal.begin(running)
    journal.result("op-1", ResourceResult(KEY, Result.FAILED, "image not found"))
    journal.finish(replace(running, phase=OperationPhase.FAILED, finished=2.0))
    journal.pin(Pin("shop", "a" * 40, "b" * 40, "alice"))
    assert journal.verify().intact
    journal.close()
    return folder


def tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def check(folder: Path, judge: Callable[[Journal], None]) -> None:
    journal = Journal.open(folder)
    judge(journal)
    journal.close()


UNLOCK = ("DROP TRIGGER events_are_not_changed", "DROP TRIGGER events_are_not_deleted")


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE events SET payload = replace(payload, 'Failed', 'Created') WHERE id = 3", 3),
        ("UPDATE events SET payload = replace(payload, 'alice', 'mallory') WHERE id = 2", 2),
        ("UPDATE events SET time = time - 60 WHERE id = 4", 4),
        ("DELETE FROM events WHERE id = 3", 3),
        ("INSERT INTO events VALUES (6, 1.0, 'unpin', 'shop', '', '{}', 'feed')", 6),
        ("UPDATE events SET hash = (SELECT hash FROM events WHERE id = 1) WHERE id = 5", 5),
        ("UPDATE events SET payload = CAST(payload AS BLOB) WHERE id = 5", 5),
    ],
)
def test_a_changed_removed_or_inserted_event_breaks_the_chain_there(written: Path, statement: str, broken: int) -> None:
    tamper(written, *UNLOCK, statement)

    def judge(journal: Journal) -> None:
        found = journal.verify()
        assert not found.intact
        assert found.broken == broken
        assert found.events == broken - 1

    check(written, judge)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("DELETE FROM pins", "pins"),
        ("UPDATE operations SET phase = 'Succeeded'", "operations"),
        ("DELETE FROM inventory", "inventory"),
    ],
)
def test_a_changed_table_does_not_match_the_events(written: Path, statement: str, table: str) -> None:
    tamper(written, statement)

    def judge(journal: Journal) -> None:
        found = journal.verify()
        assert not found.intact
        assert f"the table {table} " in found.message

    check(written, judge)


@pytest.mark.parametrize("statement", ["UPDATE events SET application = 'x'", "DELETE FROM events"])
def test_the_database_itself_refuses_to_change_events(written: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tamper(written, statement)
    check(written, lambda journal: None if journal.verify().intact else pytest.fail("the chain broke"))


def test_the_head_changes_with_every_event(journal: Journal) -> None:
    heads = [journal.verify().head]
    for name in ("a", "b", "c"):
        journal.intend("shop", "prod", [KEY._replace(name=name)])
        heads.append(journal.verify().head)
    assert len(set(heads)) == 4

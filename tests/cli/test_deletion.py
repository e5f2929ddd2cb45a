"""An application is deleted only after its name was typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gitops_tui.engine.requests import Delete, PlanDeletion
from gitops_tui.model.operations import (
    Action,
    Change,
    ChangeSet,
    Deletion,
    OperationKind,
    OperationPhase,
    Receipt,
    SyncPhase,
)
from tests.cli.prepared import COMMIT, CONFIG, PreparedSession, Terminal, snapshot, status

GONE = Change(CONFIG, Action.DELETE, "deleted with application shop", SyncPhase.DELETE)
PLAN = ChangeSet("shop", COMMIT.sha, (GONE,), deletion=Deletion.CASCADE)
DONE = Receipt("op", "shop", COMMIT.sha, OperationKind.DELETE, "alice@laptop", OperationPhase.SUCCEEDED)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


def ready(plan: ChangeSet = PLAN) -> PreparedSession:
    return PreparedSession(snapshot(status()), {PlanDeletion: plan, Delete: DONE})


def test_the_plan_is_shown_and_the_name_asked_for(terminal: Terminal) -> None:
    session = ready()
    terminal.type("shop\n")
    assert terminal.run(session, "delete", "shop", "--cascade") == 0
    said = terminal.read()
    assert "ConfigMap shop/web" in said
    assert "Type shop to delete 1 of its objects for good:" in said
    assert session.of(PlanDeletion) == [PlanDeletion("shop", Deletion.CASCADE, hooks=True)]
    assert session.of(Delete) == [Delete("shop", PLAN, "alice@laptop")]


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "shopp\n", "\n"])
def test_anything_but_the_name_does_nothing(terminal: Terminal, typed: str) -> None:
    session = ready()
    terminal.type(typed)
    assert terminal.run(session, "delete", "shop", "--cascade") == 2
    assert "nothing was done" in terminal.read()
    assert session.of(Delete) == []


def test_leaving_them_says_so(terminal: Terminal) -> None:
    left = replace(GONE, action=Action.SKIP, why="left as it is")
    session = ready(replace(PLAN, changes=(left,), deletion=Deletion.LEAVE))
    terminal.type("shop\n")
    assert terminal.run(session, "delete", "shop", "--no-hooks") == 0
    assert "stop tracking it and leave its 1 objects as they are" in terminal.read()
    assert session.of(PlanDeletion) == [PlanDeletion("shop", Deletion.LEAVE, hooks=False)]


def test_a_refused_plan_asks_nothing(terminal: Terminal) -> None:
    session = ready(replace(PLAN, refusals=("Secret shop/key: forbidden",)))
    assert terminal.run(session, "delete", "shop", "--cascade") == 2
    assert "Secret shop/key: forbidden" in terminal.read()
    assert session.of(Delete) == []

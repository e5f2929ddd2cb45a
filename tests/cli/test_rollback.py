"""A user goes back: to a commit or the last good one, by a pin, a commit, or a branch of its own."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.engine.requests import (
    LastGood,
    Plan,
    PlanRevert,
    PlanUndo,
    Request,
    ResumeAutomation,
    Revert,
    Rollback,
    Undoing,
)
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import PlanError, SourceError
from gitops_tui.model.operations import ChangeSet, OperationKind, OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.revision import FileChange, Restoration, Revision, RollbackMode
from tests.cli.prepared import COMMIT, Answer, PreparedSession, Run, Terminal, golden, snapshot, status

BAD = Revision("2" * 40, "Bob", "bob@example.com", 1_767_268_900.0, "Break web")
FILES = (
    FileChange("apps/shop/web.yaml", 2, 3, "a" * 40, "b" * 40),
    FileChange("apps/shop/extra.yaml", 0, 7, "c" * 40, ""),
    FileChange("apps/shop/logo.png", None, None, "", "d" * 40),
)


def planned(request: PlanRevert, **more: Any) -> Restoration:
    target = "main" if request.mode is RollbackMode.REVERT else "revert/shop-1f0c2d3"
    made = Restoration(
        "shop", "apps/shop", request.mode, "main", target, BAD, BAD, COMMIT, FILES, "Ada <ada@example.org>", signed=True
    )
    return replace(made, **more)


def pushed(request: Revert) -> Receipt:
    return Receipt(
        "20260101-120000-abc",
        "shop",
        COMMIT.sha,
        OperationKind.ROLLBACK,
        request.actor,
        OperationPhase.SUCCEEDED,
        message="3333333 restores apps/shop as of 1f0c2d3 in place of 2222222, pushed to main",
        commit="3" * 40,
    )


def rolled(request: Rollback) -> Receipt:
    return Receipt("x", "shop", request.plan.revision, OperationKind.ROLLBACK, request.actor, OperationPhase.SUCCEEDED)


def ready(mode: SyncMode = SyncMode.MANUAL) -> PreparedSession:
    shop = status()
    shop = replace(shop, application=replace(shop.application, policy=SyncPolicy(mode)))
    prepared: dict[type[Request], Answer] = {
        Plan: lambda request: ChangeSet("shop", request.revision),
        Rollback: rolled,
        PlanRevert: planned,
        Revert: pushed,
        LastGood: COMMIT,
    }
    return PreparedSession(snapshot(shop), prepared)


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_revert_in_a_pipe(gitops: Run, form: str) -> None:
    session = ready()
    words = ["rollback", "shop", "1f0c2d3", "--mode", "revert", "--yes", "--why", "it crashes", "-o", form]
    said = gitops(session, *words)
    golden(f"revert.{form}", said.out)
    assert (said.code, said.err) == (0, "note: `gitops-tui sync shop` deploys it\n")
    plan = planned(PlanRevert("shop", "1f0c2d3", RollbackMode.REVERT))
    assert session.of(Revert) == [Revert.of(plan, "alice@laptop", "it crashes")]
    assert session.of(Rollback) == []


def test_where_automation_is_on_it_deploys_the_commit(gitops: Run) -> None:
    said = gitops(ready(SyncMode.AUTO), "rollback", "shop", "1f0c2d3", "--mode", "revert", "-y")
    assert said.err == "note: automation deploys it to shop\n"


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 2)])
def test_the_commit_is_shown_before_a_person_is_asked(terminal: Terminal, answer: str, code: int) -> None:
    session = ready()
    terminal.type(answer)
    assert terminal.run(session, "rollback", "shop", "1f0c2d3", "--mode", "branch") == code
    assert bool(session.of(Revert)) is (code == 0)
    seen = terminal.read()
    for part in (
        "M apps/shop/web.yaml",
        "+2 -3",
        "D apps/shop/extra.yaml",
        "comes back, not text",
        "in place of 2222222 (Break web)",
        "By Ada <ada@example.org>, signed, pushed to revert/shop-1f0c2d3; other paths stay as they are.",
    ):
        assert part in seen
    assert seen.index("+2 -3") < seen.index("Commit this to revert/shop-1f0c2d3 and push it (3 files)? [y/N]")


def test_what_git_refuses_is_an_error_with_a_hint(gitops: Run) -> None:
    session = ready()

    def refuse(_: PlanRevert) -> Restoration:
        raise SourceError("application shop", "it tracks v1, which is no branch", hint="pin it instead")

    session.answers[PlanRevert] = refuse
    said = gitops(session, "rollback", "shop", "1f0c2d3", "--mode", "revert", "-y")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: application shop: it tracks v1, which is no branch\nhint: pin it instead\n"


def test_the_last_good_deployment(gitops: Run) -> None:
    session = ready()
    assert gitops(session, "rollback", "shop", "--last-good", "-y").code == 0
    (request,) = session.of(Rollback)
    assert request.plan.revision == COMMIT.sha
    assert gitops(session, "rollback", "shop", "--last-good", "--mode", "revert", "-y").code == 0
    assert session.of(PlanRevert)[0].revision == COMMIT.sha

    def none(_: LastGood) -> Revision:
        raise PlanError("application shop", "no other deployment is known")

    session.answers[LastGood] = none
    assert gitops(session, "rollback", "shop", "--last-good", "-y").code == 2


def test_a_pin_until_a_time(gitops: Run) -> None:
    session = ready()
    before = time.time()
    assert gitops(session, "rollback", "shop", "1f0c2d3", "-y", "--until", "2h").code == 0
    assert gitops(session, "rollback", "shop", "1f0c2d3", "-y", "--until", "2999-01-31T12:00:00+00:00").code == 0
    assert gitops(session, "rollback", "shop", "1f0c2d3", "-y", "--until", "manual").code == 0
    assert gitops(session, "rollback", "shop", "1f0c2d3", "-y").code == 0
    spans = [request.until for request in session.of(Rollback)]
    assert before + 7199 <= float(spans[0]) <= time.time() + 7201
    assert spans[1:] == ["32474779200", "manual", "next-commit"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--until", "yesterday"], "must be next-commit, manual, a duration such as 2h"),
        (["--until", "2001-01-01"], "must lie in the future"),
        (["--mode", "undo"], "unknown --mode `undo`"),
        (["--last-good"], "not allowed with argument"),
    ],
)
def test_what_cannot_be_meant_is_told(gitops: Run, words: list[str], complaint: str) -> None:
    session = ready()
    with pytest.raises(SystemExit) as ended:
        gitops(session, "rollback", "shop", "1f0c2d3", "-y", *words)
    assert ended.value.code == 2
    assert session.asked == []


def test_a_commit_has_no_end(gitops: Run) -> None:
    session = ready()
    said = gitops(session, "rollback", "shop", "1f0c2d3", "-y", "--mode", "revert", "--until", "2h")
    assert (said.code, session.asked) == (2, [])
    assert "goes with --mode pin" in said.err


def test_status_tells_of_pins_and_pauses(gitops: Run) -> None:
    pin = Pin("shop", COMMIT.sha, BAD.sha, "bob@desk", "bad image", since=1_767_268_800)
    pause = Pause("shop", "bob@desk", "release", 1_767_272_400.0, 1_767_268_800.0)
    session = PreparedSession(snapshot(status(pin=pin, pause=pause)))
    (found,) = json.loads(gitops(session, "status", "-o", "json").out)
    assert found["pin"] == {
        "revision": COMMIT.sha,
        "quarantined": BAD.sha,
        "who": "bob@desk",
        "why": "bad image",
        "until": "next-commit",
        "since": "2026-01-01T12:00:00Z",
    }
    assert found["pause"]["until"] == "2026-01-01T13:00:00Z"
    session = PreparedSession(snapshot(status(pin=replace(pin, until="1767272400"))))
    (found,) = json.loads(gitops(session, "status", "-o", "json").out)
    assert (found["pin"]["until"], found["pause"]) == ("2026-01-01T13:00:00Z", None)


# -- undo ------------------------------------------------------------------------------------------------------


def undoing(request: PlanUndo) -> Undoing:
    plan = ChangeSet("shop", COMMIT.sha)
    what = "the sync to 2222222 by bob@desk"
    rollback = Rollback("shop", plan, request.actor, request.why or f"undo of {what}", timeout=request.timeout)
    return Undoing(what, "deploy 1f0c2d3 and hold it there", rollback, plan)


def test_undo_says_what_and_how_before_it_asks(terminal: Terminal) -> None:
    session = ready()
    session.answers[PlanUndo] = undoing
    terminal.type("y\n")
    assert terminal.run(session, "undo", "shop") == 0
    (done,) = session.of(Rollback)
    assert done.why == "undo of the sync to 2222222 by bob@desk"
    question = "Undo the sync to 2222222 by bob@desk: deploy 1f0c2d3 and hold it there (0 changes)? [y/N]"
    assert question in terminal.read()
    terminal.type("\n")
    assert terminal.run(session, "undo", "shop") == 2
    assert len(session.of(Rollback)) == 1


def test_undo_in_a_pipe(gitops: Run) -> None:
    session = ready()
    session.answers[PlanUndo] = undoing
    said = gitops(session, "undo", "shop")
    assert (said.code, session.asked) == (2, [])
    said = gitops(session, "undo", "shop", "--yes", "--why", "too early", "--timeout", "1m", "-o", "json")
    assert (said.code, json.loads(said.out)["revision"]) == (0, COMMIT.sha)
    (done,) = session.of(Rollback)
    assert (done.why, done.timeout) == ("too early", 60.0)


def test_undo_of_a_commit_shows_its_files(terminal: Terminal) -> None:
    session = ready()
    made = planned(PlanRevert("shop", COMMIT.sha))
    revert = Revert.of(made, "alice@laptop")
    session.answers[PlanUndo] = Undoing("the revert", "commit apps/shop to main", revert, restoration=made)
    terminal.type("y\n")
    assert terminal.run(session, "undo", "shop") == 0
    assert session.of(Revert) == [revert]
    assert "M apps/shop/web.yaml" in terminal.read()


def test_undo_of_a_pause(gitops: Run) -> None:
    session = ready()
    resume = ResumeAutomation("shop", "alice@laptop")
    session.answers |= {PlanUndo: Undoing("the pause by bob@desk", "let automation go on", resume)}
    session.answers[ResumeAutomation] = Pause("shop", "bob@desk")
    assert gitops(session, "undo", "shop", "-y").out == "shop: the pause by bob@desk is undone\n"
    assert session.of(ResumeAutomation) == [resume]


def test_what_cannot_be_undone_is_an_error(gitops: Run) -> None:
    def refuse(_: PlanUndo) -> Undoing:
        raise PlanError("application shop", "cannot undo the sync: it deleted a claim", hint="`rollback` goes anywhere")

    session = ready()
    session.answers[PlanUndo] = refuse
    said = gitops(session, "undo", "shop", "-y")
    assert (said.code, said.out) == (2, "")
    assert (
        said.err
        == "error: application shop: cannot undo the sync: it deleted a claim\nhint: `rollback` goes anywhere\n"
    )

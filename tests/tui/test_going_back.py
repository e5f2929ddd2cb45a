"""What a person does at the terminal to go back: by a pin, a commit or a branch, to the last good one, or one step."""

from __future__ import annotations

from typing import Any, TypeVar

from gitops_tui.engine.requests import (
    LastGood,
    PlanRevert,
    PlanUndo,
    Request,
    ResumeAutomation,
    Revert,
    Rollback,
    Sync,
    Undoing,
)
from gitops_tui.model.errors import PlanError, SourceError
from gitops_tui.model.revision import RollbackMode
from tests.tui import scenes
from tests.tui.cockpit import Driver, cockpit
from tests.tui.scenes import ScriptedEngine

Asked = TypeVar("Asked", bound=Request)
THERE = scenes.cart_history()[3].sha


def the_one(user: Driver, kind: type[Asked]) -> Asked:
    (request,) = user.engine.asked_for(kind)
    assert isinstance(request, kind)
    return request


async def to_the_plan(user: Driver) -> None:
    """The plan of a rollback of cart to an older commit."""
    await user.press("h")
    await user.sees("● current", "Cart 3.8.0")
    await user.press("j", "j", "j", "R")
    await user.sees("Roll back 4 changes")


async def test_m_goes_from_the_pin_to_a_commit_to_a_branch_and_back() -> None:
    async with cockpit() as user:
        await to_the_plan(user)
        await user.sees("m Mode", "until a newer commit arrives")
        await user.press("m")
        await user.sees("with a commit to the tracked branch", "apps/cart/disruption-budget.yaml", "- goes", "-9")
        await user.sees("Commit and push 3 files", "Ada Okafor <ada@example.com>", "signed", "pushed to main")
        await user.press("m")
        await user.sees("a branch of its own, for a pull request", f"pushed to revert/cart-{THERE[:7]}")
        await user.press("m")
        await user.sees("Roll back 4 changes")
        modes = [RollbackMode.REVERT, RollbackMode.BRANCH]
        assert user.engine.asked_for(PlanRevert) == [PlanRevert("cart", THERE, mode) for mode in modes]
        assert user.engine.asked_for(Revert) == []
        await user.press("escape")
        await user.sees("● current")


async def test_a_commit_is_confirmed_with_a_reason_and_leaves_a_receipt() -> None:
    async with cockpit() as user:
        await to_the_plan(user)
        await user.press("m")
        await user.sees("Commit and push 3 files")
        await user.press("enter")
        assert user.engine.asked_for(Revert) == [], "Cancel has the focus"
        await user.sees("● current")
        await user.press("R")
        await user.sees("Roll back 4 changes")
        await user.press("m")
        await user.sees("Commit and push 3 files")
        await user.press("shift+tab")
        await user.type("it loses carts")
        await user.press("enter", "right", "enter")
        await user.sees("Succeeded", "5ad21c0 restores apps/cart")
        request = the_one(user, Revert)
        assert (request.revision, request.why, request.actor) == (THERE, "it loses carts", "ada@laptop")


async def test_what_git_refuses_is_shown_and_cannot_be_pushed() -> None:
    def refuse(_: PlanRevert) -> Any:
        raise SourceError("application cart", "it tracks v1, which is no branch", hint="pin it instead")

    engine = ScriptedEngine()
    engine.answers[PlanRevert] = refuse
    async with cockpit(engine) as user:
        await to_the_plan(user)
        await user.press("m")
        await user.sees("it tracks v1, which is no branch", "pin it instead")
        await user.press("right", "enter")
        assert user.engine.asked_for(Revert) == []


async def test_the_end_of_a_pin_is_chosen() -> None:
    async with cockpit() as user:
        await to_the_plan(user)
        for words in ("until it is unpinned", "for an hour", "for 8 hours", "for a day", "until a newer commit"):
            await user.press("e")
            await user.sees(words)
        await user.press("e", "e", "right", "enter")
        await user.sees("Succeeded")
        request = the_one(user, Rollback)
        assert request.until == f"{scenes.NOW + 3600:.0f}"


async def test_a_sync_has_neither_mode_nor_end() -> None:
    async with cockpit() as user:
        await user.press("s")
        await user.sees("Sync 4 changes")
        assert "Mode" not in user.line_of("Prune on/off")
        await user.press("m")
        await user.sees("only a rollback has modes and an end")


async def test_the_last_good_deployment_is_planned() -> None:
    async with cockpit() as user:
        await user.press("L")
        good = scenes.cart_history()[2].sha
        await user.sees(f"Roll back cart to {good[:7]}", "Roll back 4 changes")
        assert user.engine.asked_for(LastGood) == [LastGood("cart")]
        assert user.engine.asked_for(Rollback) == []


async def test_nothing_good_to_go_back_to_is_told() -> None:
    def none(_: LastGood) -> Any:
        raise PlanError("application cart", "no other deployment is known that ended with every resource healthy")

    engine = ScriptedEngine()
    engine.answers[LastGood] = none
    async with cockpit(engine) as user:
        await user.press("L")
        await user.sees("no other deployment is known")


async def test_undo_shows_what_and_how_and_runs_when_approved() -> None:
    async with cockpit() as user:
        await user.press("z")
        await user.sees("undoes the sync to", "and hold it there", "Roll back 4 changes")
        await user.press("right", "enter")
        await user.sees("Succeeded")
        request = the_one(user, Rollback)
        assert request.why.startswith("undo of the sync to")


async def test_undo_of_a_rollback_is_a_sync() -> None:
    def follow(request: PlanUndo) -> Undoing:
        plan = scenes.cart_plan()
        sync = Sync("cart", plan, request.actor, unpin=True)
        return Undoing("the rollback to 1234567 by bob", "lift the pin and deploy what is tracked", sync, plan)

    engine = ScriptedEngine()
    engine.answers[PlanUndo] = follow
    async with cockpit(engine) as user:
        await user.command("undo")
        await user.sees("undoes the rollback to 1234567 by bob: lift the pin", "Sync 4 changes")
        await user.press("r")
        await user.until(lambda: len(user.engine.asked_for(PlanUndo)) == 2, "planned again")
        await user.sees("Sync 4 changes")
        await user.press("right", "enter")
        await user.sees("Succeeded")
        request = the_one(user, Sync)
        assert request.unpin


async def test_undo_of_a_revert_is_another_commit() -> None:
    def again(request: PlanUndo) -> Undoing:
        made = scenes.cart_revert(PlanRevert("cart", THERE))
        return Undoing("the revert to 1234567 by bob", "commit it", Revert.of(made, request.actor), restoration=made)

    engine = ScriptedEngine()
    engine.answers[PlanUndo] = again
    async with cockpit(engine) as user:
        await user.press("z")
        await user.sees("Commit and push 3 files")
        await user.press("right", "enter")
        await user.sees("Succeeded")
        request = the_one(user, Revert)
        assert request.why == "undo of the revert to 1234567 by bob"


async def test_undo_of_a_pause_is_a_question() -> None:
    resume = ResumeAutomation("cart", "ada@laptop")
    engine = ScriptedEngine()
    engine.answers[PlanUndo] = Undoing("the pause by bob", "let automation go on", resume)
    engine.answers[ResumeAutomation] = None
    async with cockpit(engine) as user:
        await user.press("z")
        await user.sees("Undo the pause by bob?", "let automation go on")
        await user.press("right", "enter")
        await user.until(lambda: user.engine.asked_for(ResumeAutomation))


async def test_what_cannot_be_undone_is_said_plainly() -> None:
    def refuse(_: PlanUndo) -> Any:
        raise PlanError("application cart", "cannot undo the sync: it deleted a claim")

    engine = ScriptedEngine()
    engine.answers[PlanUndo] = refuse
    async with cockpit(engine) as user:
        await user.press("z")
        await user.sees("cannot undo the sync")


async def test_read_only_has_no_ways_back() -> None:
    async with cockpit(read_only=True) as user:
        await user.press("z", "L")
        assert user.engine.asked_for(PlanUndo) == []
        assert user.engine.asked_for(LastGood) == []

"""What a person does at the terminal to take an application away."""

from __future__ import annotations

from gitops_tui.engine.requests import Delete, PlanDeletion
from gitops_tui.model.operations import Deletion
from tests.tui.cockpit import Driver, cockpit


async def answered(user: Driver, name: str) -> None:
    """Type a name, and choose the second answer."""
    await user.press("shift+tab")
    await user.type(name)
    await user.press("enter", "right", "enter")


async def test_by_default_its_objects_stay_and_its_name_has_to_be_typed() -> None:
    async with cockpit() as user:
        await user.press("ctrl+d")
        await user.sees("Stop tracking cart", "its objects stay as they are", "left as it is")
        await user.press("right", "enter")
        await user.sees("type cart first")
        assert user.engine.asked_for(Delete) == []
        await user.type("cart")
        await user.press("enter", "right", "enter")
        await user.until(lambda: user.engine.asked_for(Delete))
        (request,) = user.engine.asked_for(Delete)
        assert isinstance(request, Delete)
        assert (request.application, request.plan.deletion) == ("cart", Deletion.LEAVE)


async def test_the_arrows_lead_to_the_line_for_the_name_too() -> None:
    async with cockpit() as user:
        await user.press("ctrl+d")
        await user.sees("Stop tracking cart", "← type cart to do it")
        await user.press("left")
        await user.type("cart")
        await user.press("enter", "right", "enter")
        await user.until(lambda: user.engine.asked_for(Delete))


async def test_its_objects_are_deleted_when_asked_with_or_without_hooks() -> None:
    async with cockpit() as user:
        await user.press("ctrl+d")
        await user.sees("Stop tracking cart")
        await user.press("m")
        await user.sees("its objects are deleted", "hooks on", "cannot be undone", "its pods end")
        await user.press("H")
        await user.sees("hooks off")
        await answered(user, "cart")
        await user.until(lambda: user.engine.asked_for(Delete))
        leave, cascade = Deletion.LEAVE, Deletion.CASCADE
        assert user.engine.asked_for(PlanDeletion) == [
            PlanDeletion("cart", leave),
            PlanDeletion("cart", cascade),
            PlanDeletion("cart", cascade, hooks=False),
        ]


async def test_cancel_has_the_focus_and_leaves_everything() -> None:
    async with cockpit() as user:
        await user.command("delete cart")
        await user.sees("Stop tracking cart")
        await user.press("enter")
        await user.sees("landing-page")
        assert user.engine.asked_for(Delete) == []


async def test_a_read_only_session_deletes_nothing() -> None:
    async with cockpit(read_only=True) as user:
        await user.press("ctrl+d")
        await user.sees("this is read-only")
        await user.command("delete cart")
        assert user.engine.asked_for(PlanDeletion) == []

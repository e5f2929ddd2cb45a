"""What a person does at the terminal to sync some resources only, and to find out what can be done at all."""

from __future__ import annotations

from gitops_tui.engine.requests import Plan, Sync
from tests.tui.cockpit import Driver, cockpit


async def to_the_tree(user: Driver) -> None:
    await user.press("enter")
    await user.sees("ReplicaSet", "cart-session-key")


def plans(user: Driver) -> list[Plan]:
    return [request for request in user.engine.asked_for(Plan) if isinstance(request, Plan)]


async def test_marked_resources_are_synced_and_no_others() -> None:
    async with cockpit() as user:
        await to_the_tree(user)
        await user.press("space", "G", "space")
        await user.sees("2 marked", "*cart-session-key")
        await user.press("s")
        await user.sees("2 chosen resources only", "Sync 2 changes")
        assert sorted(key.kind_name for key in plans(user)[0].resources) == [
            "Deployment/cart",
            "Secret/cart-session-key",
        ]
        await user.press("right", "enter")
        await user.sees("Succeeded")
        (sync,) = user.engine.asked_for(Sync)
        assert isinstance(sync, Sync)
        assert sync.plan.partial


async def test_a_mark_is_taken_away_by_the_same_key_and_all_by_another() -> None:
    async with cockpit() as user:
        await to_the_tree(user)
        await user.press("space", "k", "space")
        assert "marked" not in user.screen
        await user.press("G", "space", "g", "space")
        await user.sees("2 marked")
        await user.press("ctrl+backslash")
        await user.until(lambda: "marked" not in user.screen)
        await user.press("s")
        await user.sees("Sync 4 changes")
        assert plans(user)[0].resources == ()


async def test_a_range_is_marked_from_the_last_mark_to_the_cursor_without_pods() -> None:
    async with cockpit() as user:
        await to_the_tree(user)
        await user.press("space", "G", "v", "s")
        await user.sees("chosen resources only")
        assert {key.kind for key in plans(user)[0].resources} & {"Pod", "ReplicaSet"} == set()
        assert len(plans(user)[0].resources) > 2


async def test_a_pod_cannot_be_marked_and_says_why() -> None:
    async with cockpit() as user:
        await to_the_tree(user)
        await user.press("j", "space")
        await user.sees("Git does not state it")
        assert "marked" not in user.screen


async def test_hooks_of_chosen_resources_run_when_asked() -> None:
    async with cockpit() as user:
        await to_the_tree(user)
        await user.press("space", "s")
        await user.sees("1 chosen resource only")
        await user.press("H")
        await user.sees("hooks on")
        assert [plan.hooks for plan in plans(user)] == [None, True]


async def test_the_menu_says_what_can_be_done_why_what_cannot_and_does_it() -> None:
    async with cockpit() as user:
        await user.press("a")
        await user.sees("Actions", "Sync", "nothing is running", "it is not pinned")
        await user.press("enter")
        await user.sees("Sync cart to")


async def test_the_menu_of_a_read_only_session_writes_nothing() -> None:
    async with cockpit(read_only=True) as user:
        await user.press("a")
        await user.sees("Actions", "History")
        assert "Rollback" not in user.screen

"""A person asks why: conditions, events, masked values, and takes along what is shown."""

from __future__ import annotations

import base64

import pytest

from gitops_tui.diff import comparison
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Explain, Reveal
from gitops_tui.model.errors import ForbiddenError
from gitops_tui.model.explanation import Condition, Event, Explanation
from gitops_tui.model.resources import HealthCode, ResourceKey
from gitops_tui.model.values import replace
from gitops_tui.tui.screens.diff import DiffView
from tests.tui import scenes
from tests.tui.cockpit import LARGE, SMALL, Driver, cockpit
from tests.tui.scenes import ScriptedEngine

CART = ResourceKey("apps", "Deployment", "shop", "cart")
SECRET = ResourceKey("", "Secret", "shop", "cart-session-key")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_i_explains_the_resource_under_the_cursor(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        await user.press("enter", "i")
        await user.sees("3 fields differ", "Conditions", "MinimumReplicasAvailable", "ScalingReplicaSet")
        assert user.engine.asked_for(Explain) == [Explain("cart", CART)]


async def test_e_lists_the_events_of_an_application_and_of_one_resource() -> None:
    async with cockpit() as user:
        await user.press("e")
        await user.sees("Unhealthy", "no metrics returned", "14")
        await user.press("escape", "enter", "e")
        await user.sees("Deployment/cart", "Unhealthy")
        assert "no metrics" not in user.screen
        assert user.engine.asked_for(Explain) == [Explain("cart"), Explain("cart", CART)]


async def test_events_are_filtered_sorted_and_opened() -> None:
    async with cockpit() as user:
        await user.command("events cart")
        await user.sees("Unhealthy", "Pulled")
        await user.press("ctrl+z")
        await user.until(lambda: "Pulled" not in user.screen)
        await user.press("escape", "/")
        await user.type("type=Normal")
        await user.until(lambda: "Unhealthy" not in user.screen)
        await user.press("enter", "enter")
        await user.sees("Deployment/cart", "Conditions")


async def test_the_whole_message_of_an_event_is_shown_and_copied() -> None:
    async with cockpit(size=SMALL) as user:
        await user.press("e")
        await user.sees("healthz: context", "deadline exceeded")
        await user.press("c")
        assert "Unhealthy: Readiness probe failed" in user.app.clipboard


async def test_no_events_are_said_plainly_and_a_refusal_with_its_reason() -> None:
    engine = ScriptedEngine()
    engine.answers[Explain] = Explanation()
    async with cockpit(engine) as user:
        await user.press("e")
        await user.sees("no events")
        engine.answers[Explain] = ForbiddenError("events in shop", "ada cannot list events")
        await user.press("r")
        await user.sees("ada cannot list events")


async def test_open_events_follow_what_becomes_of_the_resources() -> None:
    async with cockpit() as user:
        await user.press("e")
        await user.sees("Unhealthy")
        shop = scenes.shop()
        cart = scenes.status(
            shop.applications["cart"].application, shop.applications["cart"].sync, HealthCode.DEGRADED, None
        )
        user.engine.publish(replace(shop, applications={**shop.applications, "cart": cart}))
        await user.until(lambda: len(user.engine.asked_for(Explain)) == 2)


async def to_the_secret(user: Driver) -> None:
    await user.press("d")
    await user.sees("replicas: 3")
    await user.press("j", "j")
    await user.sees("Secret/cart-session-key", "••••••••", "x reveals")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_x_reveals_a_secret_in_a_diff_until_one_goes_on(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        await to_the_secret(user)
        await user.press("x")
        await user.sees("new-secret", "old-secret", "revealed")
        assert user.engine.asked_for(Reveal) == [Reveal("cart", SECRET)]
        await user.press("x")
        await user.sees("x reveals")
        assert "new-secret" not in user.screen
        await user.press("x")
        await user.sees("new-secret")
        await user.press("k", "j")
        await user.sees("x reveals")
        assert "new-secret" not in user.screen


async def test_x_reveals_a_secret_in_its_yaml_until_one_leaves() -> None:
    async with cockpit() as user:
        await to_the_secret(user)
        await user.press("x")
        await user.sees("new-secret")
        await user.press("y")
        await user.sees("x reveals")
        await user.press("x")
        await user.sees("key: new-secret", "salt: salt")
        await user.press("tab")
        await user.sees("key: old-secret")
        await user.press("escape")
        await user.sees("Secret/cart-session-key", "x reveals")
        assert isinstance(user.app.screen, DiffView)
        assert "new-secret" not in user.screen


async def test_what_is_revealed_too_late_is_not_shown() -> None:
    engine = ScriptedEngine()
    late: Future[object] = Future()
    engine.answers[Reveal] = lambda _: late
    async with cockpit(engine) as user:
        await to_the_secret(user)
        await user.press("x", "k")
        await user.sees("max-items")
        late.set_result(scenes.revealed(Reveal("cart", SECRET)))
        await user.press("j")
        await user.sees("x reveals")
        assert "new-secret" not in user.screen


async def test_where_nothing_is_masked_or_may_be_read_x_says_so() -> None:
    engine = ScriptedEngine()
    engine.answers[Reveal] = ForbiddenError("Secret shop/cart-session-key", "ada cannot get secrets")
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("replicas: 3")
        await user.press("x")
        await user.sees("nothing here is masked")
        await user.press("j", "j")
        await user.sees("x reveals")
        await user.press("x")
        await user.sees("ada cannot get secrets")


async def test_c_copies_the_text_as_it_is_shown() -> None:
    async with cockpit() as user:
        await to_the_secret(user)
        await user.press("c")
        assert "--- live /Secret/shop/cart-session-key" in user.app.clipboard
        assert "-  key: ••••••••" in user.app.clipboard
        assert "secret\n" not in user.app.clipboard
        await user.press("k", "k", "c")
        assert "+  replicas: 3" in user.app.clipboard
        await user.press("y")
        await user.sees("predicted")
        await user.press("c")
        assert user.app.clipboard.startswith("apiVersion: apps/v1")
        await user.press("i")
        await user.sees("MinimumReplicasAvailable")
        await user.press("c")
        assert "MinimumReplicasAvailable" in user.app.clipboard


HOSTILE = "[/bold]\x1b]0;pwned\x07\x1b[31m[link=x]\u202eevil"


@pytest.mark.parametrize("size", [SMALL, LARGE, (20, 5), (1, 1)])
async def test_hostile_text_is_harmless_in_events_conditions_and_revealed_values(size: tuple[int, int]) -> None:
    engine = ScriptedEngine()
    event = Event(CART, HOSTILE, HOSTILE, scenes.NOW, 2, is_warning=True, source=HOSTILE)
    engine.answers[Explain] = Explanation((Condition(HOSTILE, HOSTILE, HOSTILE, HOSTILE, scenes.NOW),), (event,))
    hostile = scenes.body("Secret", "cart-session-key", data={"key": base64.b64encode(HOSTILE.encode()).decode()})
    engine.answers[Reveal] = comparison(SECRET, hostile, hostile, hostile, revealed=True)
    async with cockpit(engine, size=size) as user:
        for keys in (
            ("e",),
            ("enter",),
            ("c",),
            ("escape", "escape", "d"),
            ("j", "j", "x"),
            ("c",),
            ("y",),
            ("x", "c"),
        ):
            await user.press(*keys)
            for shown in (user.screen, user.app.clipboard):
                assert not set("\x1b\x07\u202e") & set(shown)
        assert user.app.is_running

"""What a person does at the terminal, from key to screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Input

from gitops_tui.diff import comparison
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import (
    Between,
    Compare,
    History,
    LastChange,
    Operations,
    PauseAutomation,
    Plan,
    Refresh,
    Rollback,
    Sync,
    Terminate,
    Unpin,
)
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.model.differences import Difference
from gitops_tui.model.errors import ForbiddenError, PlanError, Stage
from gitops_tui.model.operations import ChangeSet, OperationPhase
from gitops_tui.model.resources import DriftCode, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import (
    ApplicationStatus,
    Problem,
    RepositoryStatus,
    RunningOperation,
    Snapshot,
    WorkerState,
)
from gitops_tui.tui.present import diffs
from gitops_tui.tui.widgets.prompt import Prompt
from gitops_tui.tui.widgets.table import Table
from tests.tui import scenes
from tests.tui.cockpit import LARGE, SMALL, Driver, cockpit
from tests.tui.scenes import ScriptedEngine


def without(snapshot: Snapshot, *names: str) -> Snapshot:
    kept = {name: status for name, status in snapshot.applications.items() if name not in names}
    return replace(snapshot, generation=snapshot.generation + 1, applications=kept)


async def test_the_first_screen_waits_for_nothing() -> None:
    async with cockpit(ScriptedEngine(Snapshot())) as user:
        await user.sees("connecting…")


async def test_an_empty_list_says_which_repository_is_to_blame() -> None:
    problem = Problem(Stage.FETCH, "repository https://git.example.org/shop", "authentication was refused")
    lost = RepositoryStatus("https://git.example.org/shop", problem=problem)
    snapshot = Snapshot(1, scenes.NOW, {}, {lost.url: lost}, worker=WorkerState.IDLE)
    async with cockpit(ScriptedEngine(snapshot)) as user:
        await user.sees("repository https://git.example.org/shop", "authentication was refused")


async def test_applications_appear_as_soon_as_they_are_published() -> None:
    async with cockpit(ScriptedEngine(Snapshot())) as user:
        user.engine.publish(scenes.shop())
        await user.sees("landing-page", "OutOfSync", "3 changed, 1 missing")
        assert "connecting…" not in user.screen


async def test_the_commit_shown_is_the_last_one_to_the_applications_path_once_it_is_known() -> None:
    engine = ScriptedEngine()
    asked: list[Future[Any]] = []

    def last_change(_: LastChange) -> Future[Any]:
        asked.append(Future())
        return asked[-1]

    engine.answers[LastChange] = last_change
    async with cockpit(engine) as user:
        await user.sees("landing-page", "738d8b8")
        await user.until(lambda: asked)
        assert len(asked) == 1, "one after another"
        asked[0].set_result(Revision("c" * 40, subject="Only this one", time=scenes.NOW - 7200))
        await user.sees("Only this one")
        assert "738d8b8" in user.line_of("Only this one"), "the revision is what it is compared with"
        await user.until(lambda: len(asked) == 2)
        names = [request.application for request in engine.asked_for(LastChange) if isinstance(request, LastChange)]
        assert len(set(names)) == 2


async def test_opening_an_application_shows_its_tree_and_escape_leads_back() -> None:
    async with cockpit() as user:
        await user.press("enter")
        await user.sees("└─ cart-", "ReplicaSet", "Pod", "HPA")
        await user.press("escape")
        await user.sees("landing-page")
        assert len(user.app.screen_stack) == 1


async def test_the_pane_explains_the_resource_under_the_cursor() -> None:
    async with cockpit() as user:
        await user.press("enter", "G")
        await user.sees("Secret/cart-session-key", "1 field differs")


async def test_a_diff_shows_both_sides_and_hides_secrets() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("desired", "Git 738d8b8", "live", "replicas: 3", "replicas: 5")
        await user.press("j", "j")
        await user.sees("Secret/cart-session-key", "salt")
        assert "bmV3LXNlY3JldA" not in user.screen
        assert "b2xkLXNlY3JldA" not in user.screen


async def test_a_diff_changes_between_one_column_and_two() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("desired Git")
        assert "replicas: 3" in user.line_of("replicas: 5")
        await user.press("|")
        await user.until(lambda: "replicas: 3" not in user.line_of("replicas: 5"), "one column")


async def test_a_diff_shows_more_or_less_around_each_change() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("3 lines around", "matchLabels")
        await user.press("{")
        await user.sees("0 lines around")
        assert "matchLabels" not in user.screen
        for _ in range(5):
            await user.press("}")
        await user.sees("all lines", "apiVersion")


async def test_a_diff_draws_white_space_when_asked() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("replicas: 3")
        await user.press("w")
        await user.sees("··replicas:·3")


async def test_a_search_in_a_very_long_difference_finds_its_lines_and_draws_nothing_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = diffs.two_columns

    def counted(*arguments: Any, **options: Any) -> diffs.Page:
        drawn.append(1)
        return draw(*arguments, **options)

    monkeypatch.setattr(diffs, "two_columns", counted)
    git, live = (
        scenes.body("ConfigMap", "rules", data={"text": "line\n" * 30_000 + f"the {side} end"}) for side in "ab"
    )
    engine = ScriptedEngine()
    engine.answers[Compare] = (comparison(ResourceKey.of(git), git, live, None),)
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("ConfigMap/rules", "the a end")
        drawn.clear()
        await user.press("enter", "/")
        await user.type("the . end")
        await user.press("enter")
        await user.until(lambda: not user.app.screen.query_one(Prompt).is_open, "a match")
        await user.sees("the a end")
    assert drawn == [], "the line that the search is typed in changes the height alone"


async def test_n_goes_from_change_to_change_and_on_to_the_next_resource() -> None:
    async with cockpit(size=SMALL) as user:
        await user.press("d")
        await user.sees("change 1 of 3")
        await user.press("n")
        await user.sees("change 2 of 3")
        await user.press("n")
        await user.sees("change 3 of 3")
        await user.press("n")
        await user.sees("ConfigMap/cart-settings", "change 1 of 1")
        assert "cart-settings" in user.cursor_line
        await user.press("N")
        await user.sees("Deployment/cart")


async def test_a_long_value_that_differs_only_at_its_end_is_shown_whole() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("-hotfix")


async def test_sync_is_planned_confirmed_and_receipted() -> None:
    async with cockpit() as user:
        await user.press("s")
        await user.sees("Sync cart to 738d8b8 in shop-prod/shop", "1 create, 3 update", "Sync 4 changes")
        assert user.engine.asked_for(Sync) == []
        await user.press("right", "enter")
        await user.sees("Succeeded", "verified", "3 configured")
        [request] = user.engine.asked_for(Sync)
        assert isinstance(request, Sync)
        assert (request.application, request.actor, request.dry_run) == ("cart", "ada@laptop", False)
        assert request.plan.hash == scenes.cart_plan().hash
        await user.press("escape")
        await user.sees("landing-page")


async def test_cancel_has_the_focus_and_enter_writes_nothing() -> None:
    async with cockpit() as user:
        await user.press("s")
        await user.sees("Sync 4 changes")
        assert user.focused is not None
        assert user.focused.id == "cancel"
        await user.press("enter")
        await user.sees("landing-page")
        assert user.engine.asked_for(Sync) == []


async def test_the_plan_is_for_the_row_of_the_key_press_whatever_moves_meanwhile() -> None:
    planned: Future[ChangeSet] = Future()
    engine = ScriptedEngine()
    engine.answers[Plan] = lambda _: planned
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("planning")
        engine.publish(without(scenes.shop(), "cart", "catalog"))
        planned.set_result(scenes.cart_plan())
        await user.sees("Sync cart to", "Sync 4 changes")
        await user.press("right", "enter")
        await user.until(lambda: engine.asked_for(Sync))
        assert [request.application for request in engine.asked_for(Sync) if isinstance(request, Sync)] == ["cart"]


async def test_prune_is_off_until_asked_for_and_then_planned_again() -> None:
    async with cockpit() as user:
        await user.press("s")
        await user.sees("prune off", "skip")
        await user.press("P")
        await user.sees("prune on", "delete", "Sync 5 changes")
        assert [request.prune for request in user.engine.asked_for(Plan) if isinstance(request, Plan)] == [None, True]


async def test_a_refused_plan_cannot_be_run() -> None:
    engine = ScriptedEngine()
    refusal = "apps/Deployment shop/cart belongs to application basket"
    engine.answers[Plan] = replace(scenes.cart_plan(), refusals=(refusal,))
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("refused", refusal)
        await user.press("right", "enter", "tab", "enter")
        assert engine.asked_for(Sync) == []


async def test_a_held_plan_says_why_and_asks_for_approval() -> None:
    engine = ScriptedEngine()
    engine.answers[Plan] = replace(scenes.cart_plan(prune=True), held=("it would delete 5 of 7 resources",))
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("needs your approval", "5 of 7", "Approve: sync 5 changes")


async def test_a_plan_that_became_stale_is_a_calm_problem() -> None:
    engine = ScriptedEngine()
    engine.answers[Sync] = PlanError("cart", "the plan is stale: main moved to 1234567", hint="plan again")
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("Sync 4 changes")
        await user.press("right", "enter")
        await user.sees("it did not run", "the plan is stale", "plan again")


async def test_progress_is_shown_while_the_operation_runs() -> None:
    engine = ScriptedEngine()
    running: Future[Any] = Future()
    engine.answers[Sync] = running
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("Sync 4 changes")
        await user.press("right", "enter")
        await user.sees("starting")
        shop = scenes.shop()
        operation = RunningOperation("op-9", "sync", OperationPhase.RUNNING, 2, 4, "Deployment/cart: 1 of 3 updated")
        cart = replace(shop.applications["cart"], running=operation)
        engine.publish(replace(shop, applications={**shop.applications, "cart": cart}))
        await user.sees("2/4", "1 of 3 updated")
        running.set_result(scenes.cart_receipt())
        await user.sees("Succeeded")


async def test_leaving_the_progress_does_not_stop_the_operation() -> None:
    engine = ScriptedEngine()
    running: Future[Any] = Future()
    engine.answers[Sync] = running
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("Sync 4 changes")
        await user.press("right", "enter")
        await user.sees("starting")
        await user.press("escape")
        await user.sees("landing-page")
        assert not running.cancelled()
        running.set_result(scenes.cart_receipt())
        await user.pilot.pause()
        assert "landing-page" in user.screen


async def test_rollback_from_history_pins_and_keeps_the_reason() -> None:
    async with cockpit() as user:
        await user.press("h")
        await user.sees("● current", "✗ quarantined", "Cart 3.8.0")
        await user.press("j", "j", "j", "R")
        sha = scenes.cart_history()[3].sha
        await user.sees(f"Roll back cart to {sha[:7]}", "pins it there")
        assert user.focused is not None
        assert user.focused.id == "cancel"
        user.app.screen.query_one(".reason", Input).focus()
        await user.type("slow")
        await user.press("enter", "right", "enter")
        await user.sees("rollback to")
        [request] = user.engine.asked_for(Rollback)
        assert isinstance(request, Rollback)
        assert (request.plan.revision, request.why, request.until) == (sha, "slow", "next-commit")


async def test_rollback_from_the_applications_first_asks_for_the_commit() -> None:
    async with cockpit() as user:
        await user.press("R")
        await user.sees("History", "Cart 3.8.0")
        assert user.engine.asked_for(Rollback) == []


async def test_enter_on_a_commit_compares_it_with_what_is_live() -> None:
    async with cockpit() as user:
        await user.press("h")
        await user.sees("Cart 3.8.0")
        await user.press("j", "enter")
        sha = scenes.cart_history()[1].sha
        await user.sees(f"Diff at {sha[:7]}", "replicas: 3")
        [request] = user.engine.asked_for(Compare)
        assert request == Compare("cart", sha)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_two_commits_are_compared_from_the_one_that_space_chose(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        await user.press("h")
        await user.sees("Cart 3.8.0")
        older, newer = (scenes.cart_history()[at].sha for at in (3, 1))
        await user.press("j", "j", "j", "space")
        await user.sees("◆ from")
        await user.press("k", "k", "enter")
        await user.sees(f"Diff {older[:7]} → {newer[:7]}", "replicas: 3")
        assert user.engine.asked_for(Between) == [Between("cart", older, newer)]
        await user.press("j", "j", "x")
        await user.sees("only what differs from")
        await user.press("j")
        await user.sees("HorizontalPodAutoscaler")
        assert "a sync creates it" not in user.screen
        user.engine.answers[Between] = Difference(None, None, ())
        await user.press("r")
        await user.sees("say the same of this application")
        await user.press("escape")
        await user.sees("◆ from")
        await user.press("escape")
        await user.until(lambda: "◆ from" not in user.screen)
        await user.press("enter")
        await user.sees(f"Diff at {newer[:7]}")


async def test_the_history_follows_what_is_deployed_and_pinned_meanwhile() -> None:
    async with cockpit() as user:
        await user.press("h")
        await user.sees("● current")
        entries = tuple(
            replace(entry, current=at == 3, pinned=at == 3) for at, entry in enumerate(scenes.cart_history())
        )
        user.engine.answers[History] = lambda request: entries[request.offset :]
        shop = scenes.shop()
        cart = replace(shop.applications["cart"], deployed=entries[3].sha)
        user.engine.publish(replace(shop, applications={**shop.applications, "cart": cart}))
        await user.sees("⚑ pinned")


async def test_an_open_diff_follows_the_drift() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("replicas: 5")
        user.engine.answers[Compare] = ()
        shop = scenes.shop()
        calm = tuple(replace(one, drift=DriftCode.IN_SYNC) for one in scenes.CART_RESOURCES if one.desired)
        cart = replace(shop.applications["cart"], resources=calm)
        user.engine.publish(replace(shop, applications={**shop.applications, "cart": cart}))
        await user.sees("nothing differs")


async def test_keys_typed_in_a_hurry_meet_the_answer_they_were_meant_for() -> None:
    async with cockpit() as user:
        await user.press("q")
        await user.sees("Quit gitops-tui?")
        user.app.simulate_key("right")
        user.app.simulate_key("enter")
        await user.until(lambda: not user.app.is_running)


async def test_what_is_typed_in_one_burst_goes_where_it_was_meant() -> None:
    async with cockpit() as user:
        await user.burst(":repos\n")
        await user.sees("Repositories", "permission denied")
        await user.press("escape")
        await user.burst("/sR")
        await user.until(lambda: user.app.screen.query_one(Input).value == "sR")
        assert not any(isinstance(request, Plan) for request in user.engine.asked)


async def test_older_commits_are_fetched_when_the_end_is_reached() -> None:
    template = scenes.cart_history()[1]
    entries = tuple(replace(template, sha=scenes.sha(str(at)), subject=f"Commit {at}") for at in range(150))
    engine = ScriptedEngine()
    engine.answers[History] = lambda request: entries[request.offset :][: request.limit]
    async with cockpit(engine) as user:
        await user.press("h")
        await user.sees("Commit 0")
        await user.press("G")
        await user.until(lambda: len(engine.asked_for(History)) == 2)
        await user.press("G")
        await user.sees("Commit 149")


async def test_the_cursor_stays_on_its_row_when_a_row_above_goes_away() -> None:
    async with cockpit() as user:
        await user.press("j", "j", "j")
        assert "landing-page" in user.cursor_line
        user.engine.publish(without(scenes.shop(), "cart"))
        await user.until(lambda: "cart " not in user.screen)
        assert "landing-page" in user.cursor_line
        await user.press("d")
        await user.until(lambda: user.engine.asked_for(Compare))
        assert user.engine.asked_for(Compare) == [Compare("landing-page")]


async def test_the_cursor_goes_to_the_next_row_when_its_own_goes_away() -> None:
    async with cockpit() as user:
        await user.press("j", "j")
        assert "checkout" in user.cursor_line
        user.engine.publish(without(scenes.shop(), "checkout"))
        await user.until(lambda: "landing-page" in user.cursor_line)


async def test_filtering_while_typing_and_clearing_before_leaving() -> None:
    async with cockpit() as user:
        await user.press("/")
        await user.type("pay")
        await user.until(lambda: "catalog" not in user.screen)
        await user.press("enter")
        await user.sees("payments", "/pay")
        await user.press("enter")
        await user.sees("payments-ledger")
        await user.press("escape")
        await user.until(lambda: len(user.app.screen_stack) == 1)
        assert "catalog" not in user.screen
        await user.press("escape")
        await user.sees("catalog")


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("!shop-prod", "warehouse", "catalog"),
        ("-f ctlg", "catalog", "search"),
        ("health=degraded", "notifications", "catalog"),
        ("verified=no", "notifications", "catalog"),
        ("@depot", "warehouse", "catalog"),
        ("^(cart|search)", "search", "payments"),
    ],
)
async def test_every_kind_of_filter(text: str, shown: str, hidden: str) -> None:
    async with cockpit() as user:
        await user.press("/")
        await user.type(text)
        await user.press("enter")
        await user.until(lambda: hidden not in user.screen, f"{hidden} hidden")
        assert shown in user.screen


async def test_a_wrong_filter_stays_open_and_says_why() -> None:
    async with cockpit() as user:
        await user.press("/")
        await user.type("(")
        await user.press("enter")
        await user.sees("not a regular expression")
        await user.press("escape")
        await user.sees("catalog")


async def test_only_problems() -> None:
    async with cockpit() as user:
        await user.press("ctrl+z")
        await user.until(lambda: "catalog" not in user.screen)
        assert "notifications" in user.screen
        await user.press("escape")
        await user.sees("catalog")


async def test_sorting_by_letter_again_and_back() -> None:
    async with cockpit() as user:
        await user.press("H")
        await user.until(lambda: user.lines[3].strip().startswith("warehouse") or "warehouse" in user.lines[3])
        assert "HEALTH ▲" in user.screen
        await user.press("H")
        await user.sees("HEALTH ▼")
        await user.press("H")
        await user.until(lambda: "HEALTH ▲" not in user.screen and "HEALTH ▼" not in user.screen)
        assert "cart" in user.lines[3]


async def test_commands_go_anywhere_with_completion() -> None:
    async with cockpit() as user:
        await user.press(":")
        await user.type("rep")
        await user.press("tab")
        await user.until(lambda: user.app.screen.query_one(Input).value == "repos")
        await user.press("enter")
        await user.sees("Repositories", "permission denied", "force-pushed")
        await user.command("ctx")
        await user.sees("Contexts", "Unreachable", "is the VPN up?")
        await user.press("enter")
        await user.sees("@depot-eu", "warehouse")
        assert "catalog" not in user.screen


async def test_a_wrong_command_stays_open_and_names_the_nearest() -> None:
    async with cockpit() as user:
        await user.command("histroy")
        await user.sees("no command 'histroy', did you mean history?")
        await user.press("escape")
        await user.command("app pyments")
        await user.sees("did you mean payments?")


async def test_a_command_acts_on_the_row_or_on_the_one_named() -> None:
    async with cockpit() as user:
        await user.command("history")
        await user.sees("cart ▸ History")
        await user.command("app payments")
        await user.sees("payments-ledger")
        await user.command("apps health=Degraded")
        await user.until(lambda: "catalog" not in user.screen and "notifications" in user.screen)


async def test_view_history_back_and_forward() -> None:
    async with cockpit() as user:
        await user.press("enter")
        await user.sees("ReplicaSet")
        await user.press("h")
        await user.sees("● current")
        await user.press("[")
        await user.sees("ReplicaSet")
        await user.press("[")
        await user.sees("landing-page")
        await user.press("]", "]")
        await user.sees("● current")
        await user.press("-")
        await user.sees("ReplicaSet")


async def test_yaml_of_a_resource_on_each_side() -> None:
    async with cockpit() as user:
        await user.press("enter", "y")
        await user.sees("desired", "replicas: 3")
        [request] = user.engine.asked_for(Compare)
        assert request == Compare("cart", None, (ResourceKey("apps", "Deployment", "shop", "cart"),))
        await user.press("tab")
        await user.sees("replicas: 5")
        await user.press("/")
        await user.type("LOG_LEVEL")
        await user.press("enter")
        await user.press("escape")
        await user.sees("ReplicaSet")


async def test_operations_open_their_receipt() -> None:
    async with cockpit() as user:
        await user.command("ops")
        await user.sees("Interrupted", "the process ended")
        await user.press("j", "j", "j", "enter")
        await user.sees("notifications", "Failed", "not healthy after 5m")
        assert all(isinstance(request, Operations) for request in user.engine.asked_for(Operations))


async def test_info_tells_what_is_wrong_and_what_to_do() -> None:
    async with cockpit() as user:
        await user.press("G", "i")
        await user.sees("What is wrong", "connection refused", "is the VPN up?", "tried again in 25s")


async def test_everything_that_is_wrong_in_one_place() -> None:
    journal = Problem(Stage.JOURNAL, "the journal", "no space left on device", "make room")
    async with cockpit(ScriptedEngine(replace(scenes.shop(), problems=(journal,)))) as user:
        await user.sees("! 1 problem")
        await user.command("problems")
        await user.sees(
            "no space left", "permission denied (publickey)", "connection refused", "duplicate key replicas"
        )
        assert user.screen.count("connection refused") == 1


async def test_nothing_wrong_is_said_plainly() -> None:
    async with cockpit(ScriptedEngine(Snapshot(worker=WorkerState.IDLE))) as user:
        await user.command("problems")
        await user.sees("nothing is wrong")


async def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with cockpit(skin="") as user:
        assert user.app.theme == "mono"
        await user.sees("≠ OutOfSync")


async def test_skins_can_be_changed() -> None:
    async with cockpit() as user:
        await user.command("skin day")
        await user.until(lambda: user.app.theme == "day")


async def test_help_lists_the_keys_and_the_facts_and_runs_a_row() -> None:
    async with cockpit() as user:
        await user.press("?")
        await user.sees("Make the cluster what Git says")
        await user.press("enter")
        await user.sees("Sync cart to")


def words_on(user: Driver) -> str:
    """The words on the screen, without frames and breaks."""
    return " ".join(user.screen.replace("│", " ").split())


async def press_until(user: Driver, key: str, title: str) -> None:
    """Go to the row of the help with this title."""
    table = user.app.screen.query_one(Table)
    for _ in table.rows:
        row = table.current
        if row and getattr(row.value, "title", getattr(row.value, "name", "")) == title:
            return
        await user.press(key)
    raise AssertionError(f"no row {title}")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_help_says_all_of_the_row_under_the_cursor_and_copies_a_fact(size: tuple[int, int]) -> None:
    command = f"export KUBECONFIG=/home/ada/{'deep/' * 20}kubeconfig"
    async with cockpit(size=size, info=(("use kubectl", command),)) as user:
        await user.press("?")
        await user.until(lambda: user.app.screen.query(Table))
        await press_until(user, "j", "Undo")
        whole = "Undo: Take back what was done last: a sync, a rollback, a revert, a pause"
        await user.until(lambda: whole in words_on(user), whole)
        await user.press("G")
        await user.until(lambda: command.replace(" ", "") in words_on(user).replace(" ", ""), command)
        await user.press("c")
        assert user.app.clipboard == command


async def test_help_lists_the_letters_that_sort_and_enter_sorts() -> None:
    async with cockpit() as user:
        await user.press("?")
        await user.until(lambda: user.app.screen.query(Table))
        await press_until(user, "j", "Sort by age")
        await user.press("enter")
        await user.sees("AGE▲")


async def test_a_key_that_means_something_elsewhere_or_nothing_says_so() -> None:
    async with cockpit() as user:
        await user.press("enter", "I")
        await user.sees("Ignore rule: not on this screen, ? shows its keys")
        await user.press("%")
        await user.sees("%: no key of this screen")
        await user.press("escape")
        await user.until(lambda: len(user.app.screen_stack) == 1)
        await user.press("slash", "%")
        assert "/%" in user.app.root.note, "what is typed is no key"


async def test_the_order_by_age_is_that_of_the_ages_shown() -> None:
    engine = ScriptedEngine()
    hours = {"cart": 5, "landing-page": 1, "search": 3}

    def last_change(request: LastChange) -> Revision:
        ago = hours.get(request.application, 100)
        return Revision("c" * 40, subject=f"#{request.application}", time=scenes.NOW - 3600 * ago)

    engine.answers[LastChange] = last_change
    async with cockpit(engine) as user:
        await user.press("A")
        await user.sees(*(f"#{name}" for name in hours))
        names = [line.split()[0].strip("▌") or line.split()[1] for line in user.lines if "#" in line]
        assert names[:3] == ["landing-page", "search", "cart"]


async def test_a_filter_looks_at_the_commit_that_is_shown_not_at_the_tip_of_all() -> None:
    engine = ScriptedEngine()
    engine.answers[LastChange] = lambda request: Revision(
        "c" * 40, subject=f"faster {request.application}", time=scenes.NOW
    )
    async with cockpit(engine) as user:
        tip = user.app.snapshot.applications["cart"].revision
        assert tip is not None
        await user.press("slash")
        await user.type("faster cart")
        await user.press("enter")
        await user.until(lambda: [row.key for row in user.app.root.query_one(Table).rows] == ["cart"])
        await user.press("escape", "slash")
        await user.type(tip.subject.split()[-1])
        await user.press("enter")
        await user.sees("nothing matches")


async def test_an_application_that_git_states_nothing_for_says_so() -> None:
    shop = scenes.shop()
    cart = replace(shop.applications["cart"], resources=(), total=0, drifted=0, problems=(), compared_at=scenes.NOW)
    engine = ScriptedEngine(replace(shop, applications={**shop.applications, "cart": cart}))
    async with cockpit(engine) as user:
        await user.press("enter")
        await user.sees("Git states no resource here", "no manifest in ")
        assert "not compared yet" not in user.screen


async def test_a_success_that_left_something_unhealthy_is_not_shown_as_a_good_one() -> None:
    engine = ScriptedEngine()
    good = scenes.cart_receipt()
    left = replace(good, operation="left", phase=OperationPhase.SUCCEEDED, verified=False, message="still rolling out")
    engine.answers[Operations] = (left, replace(left, operation="good", verified=True, message="all well"))
    async with cockpit(engine) as user:
        await user.command("ops")
        await user.sees("still rolling out")
        assert "? Succeeded" in user.line_of("still rolling out")
        assert "✓ Succeeded" in user.line_of("all well")


async def test_a_receipt_leads_on_to_what_one_does_next() -> None:
    async with cockpit() as user:
        await user.command("ops")
        await user.press("enter")
        await user.sees("Receipt")
        await user.press("d")
        await user.sees("Diff")
        await user.press("escape", "s")
        await user.sees("Sync ")


async def test_unpin_asks_first() -> None:
    async with cockpit() as user:
        await user.press("j", "j", "j", "u")
        await user.sees("Unpin landing-page?", "priya@ops", "hero image is broken")
        await user.press("enter")
        assert user.engine.asked_for(Unpin) == []
        await user.press("u", "right", "enter")
        await user.until(lambda: user.engine.asked_for(Unpin))
        assert user.engine.asked_for(Unpin) == [Unpin("landing-page", "ada@laptop")]


async def test_a_pause_may_end_at_a_time() -> None:
    async with cockpit() as user:
        await user.press("p")
        await user.sees("Pause cart?", "until it is resumed")
        await user.press("e", "e")
        await user.sees("for 8 hours")
        await user.press("right", "enter")
        await user.until(lambda: user.engine.asked_for(PauseAutomation))
        until = scenes.NOW + 8 * 3600
        assert user.engine.asked_for(PauseAutomation) == [PauseAutomation("cart", "ada@laptop", "", until)]


async def test_pause_takes_a_reason() -> None:
    async with cockpit() as user:
        await user.press("p")
        await user.sees("Pause cart?")
        await user.press("shift+tab")
        await user.type("audit")
        await user.press("enter", "right", "enter")
        await user.until(lambda: user.engine.asked_for(PauseAutomation))
        assert user.engine.asked_for(PauseAutomation) == [PauseAutomation("cart", "ada@laptop", "audit")]


async def test_stopping_an_operation_asks_first() -> None:
    async with cockpit() as user:
        await user.press("G", "k", "ctrl+x")
        await user.sees("Stop the operation on search?")
        await user.press("right", "enter")
        await user.until(lambda: user.engine.asked_for(Terminate))


async def test_an_action_that_cannot_be_done_says_why() -> None:
    async with cockpit() as user:
        await user.press("u")
        await user.sees("it is not pinned")
        await user.press("G", "k", "s")
        await user.sees("an operation is running")


async def test_read_only_shows_it_and_has_no_dangerous_keys() -> None:
    async with cockpit(read_only=True) as user:
        await user.sees("read-only")
        assert "Sync" not in user.lines[-1]
        await user.press("s")
        await user.sees("this is read-only")
        assert user.engine.asked_for(Plan) == []
        await user.command("sync cart")
        assert user.engine.asked_for(Plan) == []


async def test_another_writer_is_named() -> None:
    snapshot = replace(scenes.shop(), writer="pid 4711 on depot, gitops-tui --headless")
    async with cockpit(ScriptedEngine(snapshot)) as user:
        await user.sees("watching: pid 4711")


async def test_a_sync_that_another_process_does_says_who_and_how_long() -> None:
    engine = ScriptedEngine(replace(scenes.shop(), writer="pid 4711 on depot, gitops-tui --headless"))
    handed: Future[Any] = Future()
    engine.answers[Sync] = handed
    async with cockpit(engine) as user:
        await user.press("s")
        await user.sees("Sync cart")
        await user.press("right", "enter")
        await user.sees("◌ handed over", "done by pid 4711 on depot, gitops-tui --headless")
        handed.set_result(scenes.cart_receipt())
        await user.sees("✓ Succeeded")


async def test_what_another_process_does_can_be_stopped_and_does_not_end_with_this_one() -> None:
    shop = scenes.shop()
    running = RunningOperation("op", "sync", OperationPhase.RUNNING, current="of 738d8b8 by ada@laptop")
    cart = replace(shop.applications["cart"], running=running)
    idle = {name: replace(status, running=None) for name, status in shop.applications.items()}
    snapshot = replace(shop, applications={**idle, "cart": cart}, writer="pid 4711 on depot")
    async with cockpit(ScriptedEngine(snapshot)) as user:
        await user.press("q")
        await user.sees("Quit gitops-tui?")
        assert "Running now" not in user.screen
        await user.press("escape", "ctrl+x")
        await user.sees("Stop the operation on cart?", "sync of 738d8b8 by ada@laptop")
        await user.press("right", "enter")
        await user.until(lambda: user.engine.asked_for(Terminate))


async def test_a_failed_answer_is_shown_and_can_be_tried_again() -> None:
    engine = ScriptedEngine()
    engine.answers[Compare] = ForbiddenError("deployments.apps", "forbidden for ada", hint="ask for the viewer role")
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("deployments.apps", "forbidden for ada", "ask for the viewer role")
        engine.answers[Compare] = lambda _: scenes.cart_comparisons()
        await user.press("r")
        await user.sees("replicas: 3")
        assert Refresh(("cart",)) in engine.asked


async def test_a_bug_in_the_engine_is_no_crash() -> None:
    engine = ScriptedEngine()
    engine.answers[Compare] = ZeroDivisionError("oops")
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("this is a bug")


async def test_an_engine_that_stops_before_answering_is_no_crash() -> None:
    engine = ScriptedEngine()
    never: Future[Any] = Future()
    engine.answers[Compare] = never
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("comparing…")
        never.cancel()
        await user.sees("stopped before it answered")


async def test_quit_asks_at_the_root() -> None:
    async with cockpit() as user:
        await user.press("q")
        await user.sees("Quit gitops-tui?", "Running now: search")
        await user.press("enter")
        await user.sees("landing-page")
        assert user.app.is_running
        await user.press("q", "right", "enter")
        await user.until(lambda: not user.app.is_running)


async def test_capital_q_quits_without_asking_from_anywhere() -> None:
    async with cockpit() as user:
        await user.press("enter", "Q")
        await user.until(lambda: not user.app.is_running)


HOSTILE = "[/bold]\x1b]0;pwned\x07\x1b[31m[link=x]\u202eevil\ud800"


def hostile_shop() -> Snapshot:
    status = ApplicationStatus(
        Application(HOSTILE, Source(HOSTILE, HOSTILE, HOSTILE), Destination(HOSTILE, HOSTILE), project=HOSTILE),
        revision=Revision(HOSTILE, HOSTILE, HOSTILE, 1.0, HOSTILE, HOSTILE),
        resources=scenes.CART_RESOURCES,
        total=3,
        summary=HOSTILE,
        context=HOSTILE,
    )
    return Snapshot(1, scenes.NOW, {HOSTILE: status}, worker=WorkerState.IDLE, writer=HOSTILE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_hostile_names_are_shown_harmless_everywhere(size: tuple[int, int]) -> None:
    engine = ScriptedEngine(hostile_shop())
    async with cockpit(engine, size=size) as user:
        for keys in (("enter",), ("y",), ("escape", "d"), ("escape", "i"), ("escape", "h"), ("escape", "escape", "s")):
            await user.press(*keys)
            assert "\x1b" not in user.screen
            assert "\x07" not in user.screen
            assert "\u202e" not in user.screen
        await user.press("escape", "p")
        await user.sees("[/bold]")
        assert "\x1b" not in user.screen


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (10, 3), (20, 5), (400, 100)])
async def test_no_size_of_terminal_crashes(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        ways = (("enter",), ("d",), ("escape", "escape", "s"), ("escape", "h"), ("R",), ("escape", "escape", "?"))
        for keys in ways:
            await user.press(*keys)
        await user.press("escape")
        for command in ("ops", "repos", "ctx"):
            await user.command(command)
        assert user.app.is_running
        assert user.app.return_code in {None, 0}


async def test_resizing_while_open() -> None:
    async with cockpit() as user:
        await user.press("d")
        await user.sees("desired Git")
        await user.pilot.resize_terminal(60, 20)
        await user.until(lambda: "desired Git" not in user.screen and "replicas" in user.screen)
        await user.pilot.resize_terminal(1, 1)
        await user.pilot.resize_terminal(140, 40)
        await user.sees("desired Git", "replicas: 3")


async def test_mouse_selects_opens_and_sorts() -> None:
    async with cockpit() as user:
        await user.pilot.click("#body", offset=(4, 3))
        await user.until(lambda: "checkout" in user.cursor_line)
        await user.pilot.click("#body", offset=(4, 0))
        await user.sees("NAME ▲")
        await user.pilot.double_click("#body", offset=(4, 1))
        await user.sees("ReplicaSet")
        await user.pilot.click("#footer", offset=(2, 0))
        await user.sees("replicas: 3")


async def test_many_publishes_become_few_updates() -> None:
    async with cockpit() as user:
        shop = scenes.shop()
        seen: list[int] = []
        user.app.watch(user.app, "snapshot", lambda: seen.append(user.app.snapshot.generation), init=False)
        for generation in range(8, 508):
            user.engine.publish(replace(shop, generation=generation))
        await user.until(lambda: user.app.snapshot.generation == 507)
        assert len(seen) <= 5


async def test_ten_thousand_resources_and_a_thousand_applications_are_only_painted_where_seen() -> None:
    shop = scenes.shop()
    cart = shop.applications["cart"]
    many = tuple(scenes.resource("ConfigMap", f"settings-{at:05}") for at in range(10_000))
    named = {
        f"app-{at:04}": replace(cart, application=replace(cart.application, name=f"app-{at:04}")) for at in range(999)
    }
    named["zzz"] = replace(cart, application=replace(cart.application, name="zzz"), resources=many, total=10_000)
    async with cockpit(ScriptedEngine(replace(shop, applications=named))) as user:
        await user.press("G")
        await user.until(lambda: "zzz" in user.cursor_line)
        await user.press("enter", "G")
        await user.until(lambda: "settings-09999" in user.cursor_line)
        await user.press("/")
        await user.type("04242")
        await user.press("enter")
        await user.until(lambda: "settings-04242" in user.cursor_line)


async def test_a_huge_resource_is_compared_while_keys_are_answered() -> None:
    data = {f"key-{at:05}": f"value {at}" for at in range(9_000)}
    one = scenes.body("ConfigMap", "huge", data=data)
    other = scenes.body("ConfigMap", "huge", data={**data, "key-04000": "changed"})
    engine = ScriptedEngine()
    engine.answers[Compare] = (comparison(ResourceKey.of(one), one, other, None),)
    async with cockpit(engine) as user:
        await user.press("d")
        await user.sees("value 4000", "changed", "change 1 of 1")
        await user.press("y")
        await user.sees("9006 lines")


async def test_an_operation_of_another_is_looked_up_again_when_it_ends() -> None:
    async with cockpit() as user:
        await user.command("ops")
        await user.sees("Running")
        await user.press("enter")
        await user.sees("search", "◐ Running")
        ended = replace(scenes.receipts()[0], phase=OperationPhase.SUCCEEDED, finished=scenes.NOW)
        user.engine.answers[Operations] = (ended,)
        shop = scenes.shop()
        search = replace(shop.applications["search"], running=None)
        user.engine.publish(replace(shop, applications={**shop.applications, "search": search}))
        await user.sees("Succeeded", "took 9.0s")


async def test_wide_columns_show_more_of_each_and_bring_hidden_ones_into_sight() -> None:
    async with cockpit(size=SMALL) as user:
        await user.sees("notifications")
        assert "PROJECT" not in user.screen
        await user.press("ctrl+w")
        await user.sees("wide ← →", "PROJECT", "shop-prod/messaging")
        for _ in range(12):
            await user.press("right")
        await user.sees("no column further right", "3 changed, 1 missing, 1 extra", "landing-page")
        await user.press("left")
        await user.press("ctrl+w")
        await user.until(lambda: "wide ← →" not in user.screen)
        assert "PROJECT" not in user.screen


async def test_arrows_say_how_to_see_more_columns() -> None:
    async with cockpit() as user:
        await user.press("right")
        await user.sees("^w first makes the columns as wide")

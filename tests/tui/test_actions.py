"""The one table of keys agrees with the screens that are made from it."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding

from gitops_tui.tui import actions
from gitops_tui.tui.dialogs.deletion import DeletionView
from gitops_tui.tui.dialogs.plan import PlanView
from gitops_tui.tui.dialogs.revert import RevertView
from gitops_tui.tui.navigation import COMMANDS
from gitops_tui.tui.screens import SCREENS
from gitops_tui.tui.views.view import View

VIEWS: dict[str, type[View]] = {
    **{name: cls for name, cls in SCREENS.items() if isinstance(cls, type)},
    actions.PLAN: PlanView,
    actions.REVERT: RevertView,
    actions.DELETION: DeletionView,
}


def test_ids_are_unique() -> None:
    assert max(Counter(action.id for action in actions.ACTIONS).values()) == 1


@pytest.mark.parametrize("view", sorted(actions.PAGES | actions.PLANS))
def test_no_key_means_two_things_on_one_screen(view: str) -> None:
    keys = Counter(key for action in actions.for_view(view) for key in action.keys)
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("view", sorted(actions.PAGES | actions.PLANS))
def test_every_action_of_a_screen_is_done_by_it(view: str) -> None:
    cls = VIEWS[view]
    for action in actions.for_view(view):
        assert hasattr(cls, "do_" + action.id.replace(".", "_")), (view, action.id)


@pytest.mark.parametrize("view", sorted(actions.PAGES | actions.PLANS))
def test_letters_that_sort_mean_nothing_else_on_their_screen(view: str) -> None:
    bound: list[str] = []
    for binding in VIEWS[view].BINDINGS:
        assert isinstance(binding, Binding)
        bound += binding.key.split(",")
    assert [key for key, times in Counter(bound).items() if times > 1] == []


def test_every_action_explains_itself() -> None:
    for action in actions.ACTIONS:
        assert action.title
        assert action.tooltip


def test_dangerous_actions_are_absent_in_read_only_mode() -> None:
    for view in VIEWS:
        assert not any(action.dangerous for action in actions.for_view(view, read_only=True))
    assert {action.id for action in actions.ACTIONS if action.dangerous} == {
        "sync", "rollback", "last_good", "undo", "unpin", "pause", "terminate", "delete",
    }  # fmt: skip


def test_every_view_of_a_command_exists() -> None:
    for command in COMMANDS:
        assert command.view in SCREENS or command.action


@pytest.mark.parametrize(("key", "shown"), [("enter", "⏎"), ("ctrl+r", "^r"), ("s", "s"), ("pageup", "PgUp")])
def test_keys_as_a_person_reads_them(key: str, shown: str) -> None:
    assert actions.key_name(key) == shown

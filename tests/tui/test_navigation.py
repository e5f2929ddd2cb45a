"""The command line and the trail of views, without a terminal."""

from __future__ import annotations

import pytest

from gitops_tui.tui.navigation import (
    COMMANDS,
    HOME,
    CommandError,
    Location,
    Trail,
    Vocabulary,
    candidates,
    ghost,
    nearest,
    understand,
)

WORDS = Vocabulary({"application": ("cart", "catalog", "payments"), "skin": ("night", "day")})


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("hi", "history"),
        ("app c", "app cart"),
        ("app cat", "app catalog"),
        ("skin d", "skin day"),
        ("", ""),
        ("zz", ""),
    ],
)
def test_tab_makes_this_of_it(text: str, whole: str) -> None:
    assert ghost(text, WORDS) == whole


def test_completions_start_with_what_was_typed_then_hold_it() -> None:
    assert candidates("app a", WORDS) == ("app cart", "app catalog", "app payments")
    assert candidates("nothing c", WORDS) == ()


def test_words_of_two_commands_never_collide() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.aliases)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("text", "subject", "name", "argument"),
    [
        ("app cart", "", "app", "cart"),
        ("diff", "payments", "diff", "payments"),
        ("APPS health=Degraded", "", "apps", "health=Degraded"),
        ("  q ", "", "q", ""),
        ("ops", "cart", "ops", ""),
    ],
)
def test_what_is_understood(text: str, subject: str, name: str, argument: str) -> None:
    order = understand(text, WORDS, subject)
    assert (order.command.name, order.argument) == (name, argument)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("histroy", "did you mean history"),
        ("xyzzy123", "no command 'xyzzy123'"),
        ("app", "which application"),
        ("app crat", "did you mean cart"),
        ("repos now", "takes no argument"),
        ("skin pink", "no skin 'pink'"),
    ],
)
def test_what_is_not_understood_says_why(text: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        understand(text, WORDS)


def test_the_nearest_word_is_near() -> None:
    assert nearest("paymets", WORDS.words["application"]) == "payments"
    assert nearest("entirely-else", WORDS.words["application"]) == ""


def test_the_trail_goes_back_forward_and_to_the_last() -> None:
    trail, one, two = Trail(), Location("application", "cart"), Location("history", "cart")
    trail.visit(one)
    trail.visit(two)
    assert trail.step(-1) == one
    assert trail.step(-1) == HOME
    assert trail.step(-1) is None
    assert trail.step(1) == one
    assert trail.toggle() == HOME
    assert trail.toggle() == one
    trail.visit(Location("repositories"))
    assert trail.step(1) is None


def test_a_long_trail_forgets_its_beginning() -> None:
    trail = Trail()
    for at in range(500):
        trail.visit(Location("application", f"app-{at}"))
    assert len(trail.places) <= 100
    assert trail.step(-1) == Location("application", "app-498")

"""The filter language."""

from __future__ import annotations

import pytest

from gitops_tui.tui.filters import FilterError, Subject, parse

VALUES = {"name": "cart", "health": "Degraded", "context": "shop-prod"}
CART = Subject(
    "cart shop-prod Degraded", {"name": "cart", "health": "Degraded", "context": "shop-prod"}, {"team": "web"}
)
FIELDS = frozenset({"name", "health", "context"})


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("cart", True),
        ("CART", True),
        ("^cart", True),
        ("payments", False),
        ("!payments", True),
        ("!cart", False),
        ("-f crt", True),
        ("-f trc", False),
        ("-l team=web", True),
        ("-l team", True),
        ("-l team=ops", False),
        ("health=deg", True),
        ("health=Healthy", False),
        ("@shop", True),
        ("@depot", False),
    ],
)
def test_what_passes(text: str, passes: bool) -> None:
    chosen = parse(text, FIELDS)
    assert chosen is not None
    assert chosen.matches(CART) is passes


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_is_no_filter(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(", "not a regular expression"),
        ("!", "type something"),
        ("-f", "needs letters"),
        ("-l", "needs key=value"),
        ("colour=red", "no field 'colour' (fields: context, health, name)"),
    ],
)
def test_a_wrong_filter_says_why(text: str, why: str) -> None:
    with pytest.raises(FilterError, match=why.replace("(", r"\(").replace(")", r"\)")):
        parse(text, FIELDS)

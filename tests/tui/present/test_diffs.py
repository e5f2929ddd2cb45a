"""A difference as lines."""

from __future__ import annotations

import pytest

from gitops_tui.diff import comparison
from gitops_tui.model.resources import ResourceKey
from gitops_tui.tui.look.spans import Ground, plain, width
from gitops_tui.tui.present import diffs
from gitops_tui.tui.present.sides import Sides
from tests.tui import scenes

CART = scenes.cart_comparisons()[0]


def test_one_column_marks_what_goes_and_what_comes() -> None:
    page = diffs.one_column(CART, 0)
    shown = [plain(row).rstrip() for row in page.lines]
    assert "   7 -   replicas: 5" in shown
    assert "   7 +   replicas: 3" in shown
    assert [page.grounds[at] for at, row in enumerate(shown) if "replicas" in row] == [Ground.REMOVED, Ground.ADDED]
    assert len(page.hunks) == 3


@pytest.mark.parametrize("cells", [0, 20, 35, 80, 139])
def test_two_columns_have_one_width_and_lose_nothing(cells: int) -> None:
    page = diffs.two_columns(CART, 3, cells)
    text = "".join("".join(plain(row).split()) for row in page.lines)
    assert "hotfix" in text or cells < 80
    body = [row for row in page.lines if "│" in plain(row)]
    assert len({width(row) for row in body}) == 1


def test_what_differs_within_a_line_lies_on_strong_ground() -> None:
    rows = diffs.one_column(CART, 0).lines
    strong = ["".join(span.text for span in row if span.ground is Ground.ADDED_STRONG) for row in rows]
    assert [text for text in strong if text] == ["3", "512"]


@pytest.mark.parametrize(
    ("text", "other", "part"),
    [
        ("  replicas: 3", "  replicas: 5", "3"),
        ("  image: a:1", "  image: a:1-hotfix", ""),
        ("  image: a:1-hotfix", "  image: a:1", "-hotfix"),
        ("  name: x", "    other: y", ""),
    ],
)
def test_the_part_that_differs(text: str, other: str, part: str) -> None:
    start, end = diffs.differing(text, other)
    assert text[start:end] == part


def test_a_secret_shows_marks_in_place_of_values() -> None:
    shown = "\n".join(plain(row) for row in diffs.one_column(scenes.cart_comparisons()[2], 9).lines)
    assert "key:" in shown
    assert "bmV3" not in shown
    assert "b2xk" not in shown


def test_a_resource_of_one_side_only_is_told_in_words() -> None:
    missing, extra = scenes.cart_comparisons()[3:5]
    assert "a sync creates it" in plain(Sides().summary(missing))
    assert "a sync with prune deletes it" in plain(Sides().summary(extra))
    assert all("-" not in plain(row)[5:6] for row in diffs.one_column(missing, 3).lines[1:])


def test_nothing_differs_makes_an_empty_page() -> None:
    body = scenes.cart_deployment("a", 1, "1Gi")
    same = comparison(ResourceKey.of(body), body, body, None)
    assert diffs.one_column(same, 3).lines == ()
    assert diffs.two_columns(same, 3, 100).hunks == ()

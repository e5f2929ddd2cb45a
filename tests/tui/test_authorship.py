"""A user sees in a difference who wrote each side, and whose fields are whose."""

from __future__ import annotations

import pytest

from gitops_tui.tui.look.spans import plain, width
from gitops_tui.tui.present import diffs
from tests.tui import scenes
from tests.tui.cockpit import LARGE, SMALL, cockpit

CART = scenes.cart_differences()[0]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_who_wrote_each_side_is_said_and_can_be_put_away(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        await user.press("d")
        await user.sees("replicas: 3", "kube-controller-manager through", "Priya Nair", "40d")
        await user.press("b")
        await user.until(lambda: "↳" not in user.screen and "⚑" not in user.screen)
        await user.press("b")
        await user.sees("kube-controller-manager")


async def test_the_rule_for_a_field_that_is_another_s_by_right_is_copied() -> None:
    async with cockpit(size=LARGE) as user:
        await user.press("d")
        await user.sees("HorizontalPodAutoscaler cart sets the number of replicas", "copies the ignore rule")
        await user.press("I")
        await user.sees("copied the ignore rule")
        assert user.app.clipboard == (
            "ignore:\n- group: apps\n  kind: Deployment\n  namespace: shop\n  name: cart\n  paths:\n  - spec.replicas\n"
        )
        await user.press("j", "I")
        await user.sees("nothing here is another's by right")


@pytest.mark.parametrize("cells", [0, 40, 139])
def test_authors_stand_below_their_lines_and_keep_the_width(cells: int) -> None:
    page = diffs.two_columns(CART, 3, cells, now=scenes.NOW)
    assert len({width(row) for row in page.lines if "│" in plain(row)}) == 1
    rows = [plain(row) for row in diffs.one_column(CART, 3, now=scenes.NOW).lines]
    below = rows[next(at for at, row in enumerate(rows) if "+   replicas: 3" in row) + 1]
    assert below.strip().startswith("↳ Priya Nair")


def test_every_line_of_one_column_has_its_ground() -> None:
    for now in (None, scenes.NOW):
        page = diffs.one_column(CART, 3, now=now)
        assert len(page.lines) == len(page.grounds)


def test_what_cannot_be_told_is_said() -> None:
    text = "\n".join(plain(row) for row in diffs.one_column(CART, 3, now=scenes.NOW).lines)
    assert "↳ cannot tell: two files state it" in text

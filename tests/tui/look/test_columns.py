"""Which columns fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.tui.look.columns import GAP, Column, lay_out, lay_out_wide
from gitops_tui.tui.present import applications, diffs, history, plans, resources
from gitops_tui.tui.views.view import WIDE

TABLES = [
    applications.COLUMNS,
    resources.COLUMNS,
    history.COLUMNS,
    diffs.COLUMNS,
    plans.CHANGE_COLUMNS,
    plans.RESULT_COLUMNS,
    plans.OPERATION_COLUMNS,
]


def test_the_highest_rank_goes_first_and_order_stays() -> None:
    columns = (Column("a", "A", 5), Column("b", "B", 5, rank=2), Column("c", "C", 5, rank=1))
    assert [placed.column.key for placed in lay_out(columns, 12)] == ["a", "c"]
    assert [placed.column.key for placed in lay_out(columns, 19)] == ["a", "b", "c"]


def test_what_is_left_over_is_shared_by_those_that_grow() -> None:
    columns = (Column("a", "A", 5, grow=1, most=8), Column("b", "B", 5, grow=1), Column("c", "C", 5))
    assert [placed.width for placed in lay_out(columns, 39)] == [8, 22, 5]


@given(st.sampled_from(TABLES), st.integers(24, 400))
def test_every_table_fits_every_width(columns: tuple[Column, ...], cells: int) -> None:
    placed = lay_out(columns, cells)
    assert sum(one.width for one in placed) + GAP * (len(placed) - 1) <= cells
    assert all(one.width >= 1 for one in placed)


@pytest.mark.parametrize("columns", [plans.CHANGE_COLUMNS, plans.RESULT_COLUMNS])
def test_beside_a_pane_the_longest_texts_lose_room_never_what_is_done(columns: tuple[Column, ...]) -> None:
    beside = WIDE - 52 - 3
    widths = {one.column.key: one.width for one in lay_out(columns, beside)}
    first = columns[0]
    assert widths[first.key] == first.width


def test_at_80_columns_no_application_loses_what_matters() -> None:
    shown = {placed.column.key for placed in lay_out(applications.COLUMNS, 77)}
    assert shown >= {"name", "sync", "health", "revision", "drift", "summary"}


def test_what_is_wrong_has_room_before_a_spare_column_is_shown() -> None:
    shown = {placed.column.key: placed.width for placed in lay_out(applications.COLUMNS, 137)}
    assert "project" not in shown
    assert shown["summary"] >= 24
    wide = {placed.column.key: placed.width for placed in lay_out(applications.COLUMNS, 150)}
    assert "project" in wide
    assert wide["summary"] >= 24


@given(st.sampled_from(TABLES), st.integers(10, 400), st.integers(0, 12), st.integers(0, 300))
def test_wide_columns_fit_too_and_the_first_stays(
    columns: tuple[Column, ...], cells: int, first: int, widest: int
) -> None:
    placed = lay_out_wide(columns, {column.key: widest for column in columns}, cells, first)
    assert placed[0].column is columns[0]
    assert [one.column for one in placed[1:]] == [*columns[1 + first :]][: len(placed) - 1]
    assert sum(one.width for one in placed) + GAP * (len(placed) - 1) <= cells

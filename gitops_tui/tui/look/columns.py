"""Which columns a table shows at a width, and how wide each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_tui.model.values import dataclass
from gitops_tui.tui.look.spans import Align

GAP = 2
SPARE = 8
_LEAST = 8
"""Cells below which a column that may grow is no longer the first to lose some."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. width: cells, the least when it grows. grow: its share of what is left over.

    rank: 0 is always shown; of the others the highest goes first when room is short. sort: the capital letter
    that sorts by it, "" for none.
    """

    key: str
    title: str
    width: int
    grow: int = 0
    align: Align = "left"
    rank: int = 0
    sort: str = ""
    most: int = 0
    """The most that it grows to, 0 for no limit."""
    wish: int = 0
    """Cells that it shall have before others grow, and before one of rank `SPARE` or above is shown; 0 for none."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown, and its width in cells."""

    column: Column
    width: int


def lay_out(columns: Sequence[Column], cells: int) -> tuple[Placed, ...]:
    """Choose the columns that fit into `cells`, in their order, and share out the rest among those that grow.

    Where those that are always shown do not fit, the widest of those that may grow lose what is missing.
    """
    shown = list(columns)
    while _needed(shown) + _wished(shown) > cells and any(column.rank >= SPARE for column in shown):
        shown.remove(max(shown, key=lambda column: column.rank))
    while _needed(shown) > cells and any(column.rank for column in shown):
        shown.remove(max(shown, key=lambda column: column.rank))
    widths = {column.key: column.width for column in shown}
    left = cells - _needed(shown)
    while left < 0 and max(widths.values()) > 1:
        widest = max(
            shown, key=lambda column: (column.grow > 0 and widths[column.key] > _LEAST, widths[column.key])
        ).key
        widths[widest] -= 1
        left += 1
    for column in shown if left > 0 else ():
        share = min(max(column.wish - column.width, 0), left)
        widths[column.key] += share
        left -= share
    growing = [column for column in shown if column.grow]
    while left > 0 and growing:
        unit = max(left // sum(column.grow for column in growing), 1)
        for column in growing:
            share = min(unit * column.grow, left)
            if column.most:
                share = min(share, column.most - widths[column.key])
            widths[column.key] += share
            left -= share
        growing = [column for column in growing if not column.most or widths[column.key] < column.most]
    return tuple(Placed(column, widths[column.key]) for column in shown)


def lay_out_wide(columns: Sequence[Column], widths: Mapping[str, int], cells: int, first: int) -> tuple[Placed, ...]:
    """Give each column the width that its cells take: the first of all, then as many as fit from the `first` hidden on.

    The last one that is begun may be cut.
    """
    placed: list[Placed] = []
    left = cells
    for column in (*columns[:1], *columns[1 + first :]):
        most = max(cells // 2 if placed else cells // 3, 1)
        wanted = min(max(widths.get(column.key, 0), len(column.title) + 2), most)
        room = min(wanted, left)
        if room <= 0 or (room < min(wanted, column.width) and placed):
            break
        placed.append(Placed(column, room))
        left -= room + GAP
    return tuple(placed)


def _wished(columns: Sequence[Column]) -> int:
    return sum(max(column.wish - column.width, 0) for column in columns)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * max(len(columns) - 1, 0)

"""A table for any number of rows: only the rows in sight are ever presented.

The cursor belongs to a key, never to a position: when a row above goes away, the cursor stays on its row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gitops_tui.model.values import dataclass
from gitops_tui.tui.actions import LIST, bindings
from gitops_tui.tui.look.columns import Column, Placed, lay_out, lay_out_wide
from gitops_tui.tui.look.rows import column_at, header_line, row_line
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, block, width
from gitops_tui.tui.widgets.painter import paint, palette_of

_MEASURED = 500
"""Rows that are looked at for how wide columns have to be."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what identifies it, and the value that is presented. Compared by identity of the value."""

    key: Hashable
    value: Any


Present = Callable[[Any], Sequence[Line]]
"""A row's value to its cells, one for each column of the table, hidden ones included."""
Drawn = tuple[Line, Ground]
"""What stands on a line of the screen, and on what ground."""
_PIECE: Final = 8
"""Lines that are painted in one go where more have changed: a key that comes meanwhile waits for no more than these."""
_BETWEEN: Final = 0.01
"""Seconds from one piece to the next."""
_Stand = tuple[int, int, bool, tuple[Placed, ...]]
"""How a table stands: its first row in sight, its cursor, whether it has the keyboard, its columns."""


class Table(ScrollView, can_focus=True):
    """A list with columns, a cursor, sorting by header and opening by Enter or double click."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST)

    class Highlighted(Message):
        """The cursor is on another row, or its row has another value."""

    class Opened(Message):
        """Enter, or a double click."""

    class HeaderClicked(Message):
        """The header of a column was clicked."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    def __init__(self, columns: Sequence[Column], present: Present, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.present = present
        self.placeholder: tuple[Line, ...] = ()
        self.ground = Ground.BASE
        self.sorted_by: tuple[str, bool] = ("", False)
        self.marked: frozenset[Hashable] = frozenset()
        self._rows: tuple[Row, ...] = ()
        self._index: dict[Hashable, int] | None = None
        self._cursor = 0
        self._placed: tuple[Placed, ...] = ()
        self._painted: dict[int, Drawn] = {}
        self._ready: dict[int, tuple[_Stand, Drawn]] = {}
        """What was drawn to see that it is to be painted, and how the table stood then."""
        self._late: list[int] = []
        """Lines that may look different, and are painted in a moment."""
        self._aside: int | None = None
        """How many columns after the first are left out on the left while they are wide, None while they are not."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, in the order shown."""
        return self._rows

    @property
    def in_sight(self) -> tuple[Row, ...]:
        """The rows that are painted now."""
        top = int(self.scroll_offset.y)
        return self._rows[top : top + max(self.size.height - 1, 0)]

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    def show(self, rows: Sequence[Row], placeholder: Sequence[Line] = ()) -> None:
        """Show these rows, keeping the cursor on its key. placeholder: what to say when there are none."""
        before, old = self.current, self._rows
        self._rows = tuple(rows)
        self._index = None
        self._cursor = self._follow(old)
        words, self.placeholder = self.placeholder, tuple(placeholder)
        if len(old) != len(self._rows):
            if self._aside is not None:
                self._lay_out()
            self.virtual_size = Size(self.size.width, len(self._rows) + 1)
            self._refresh_all()
        elif self._rows:
            self._refresh_changed(old)
        elif words != self.placeholder:
            self._refresh_all()
        self._keep_in_sight()
        after = self.current
        if (before is None) != (after is None) or (
            before and after and (before.key != after.key or before.value is not after.value)
        ):
            self.post_message(self.Highlighted())

    def _follow(self, old: tuple[Row, ...]) -> int:
        """Where the cursor belongs now: on its key, else on the next row that is still there."""
        at, rows = self._cursor, self._rows
        if at < min(len(old), len(rows)) and old[at].key == rows[at].key:
            return at
        for row in old[at:]:
            found = self._place(row.key)
            if found is not None:
                return found
        return max(min(self._cursor, len(self._rows) - 1), 0)

    def _place(self, key: Hashable) -> int | None:
        """Which row has a key."""
        if self._index is None:
            self._index = {row.key: at for at, row in enumerate(self._rows)}
        return self._index.get(key)

    def _refresh_all(self) -> None:
        self._ready.clear()
        self.refresh()

    def _refresh_changed(self, old: tuple[Row, ...]) -> None:
        top, rows = int(self.scroll_offset.y), self._rows
        seen = range(top, min(top + self.size.height, len(old)))
        changed = [at + 1 - top for at in seen if old[at].value is not rows[at].value or old[at].key != rows[at].key]
        if all(old[at].key == rows[at].key for at in seen):
            waits = bool(self._late)
            self._late = sorted({*self._late, *changed})
            if not waits:
                self._refresh_piece()
        else:
            # In pieces a row that has gone elsewhere would be seen twice for a moment.
            for y in changed:
                self._refresh_line(y)

    def _refresh_piece(self) -> None:
        piece, self._late = self._late[:_PIECE], self._late[_PIECE:]
        for y in piece:
            self._refresh_line(y)
        if self._late:
            self.set_timer(_BETWEEN, self._refresh_piece)

    def repaint(self) -> None:
        """Present the rows in sight again, because something they are shown with has changed."""
        for y in range(self.size.height):
            self._refresh_line(y)

    def repaint_row(self, key: Hashable) -> None:
        """Present one row again, if it is in sight."""
        at = self._place(key)
        y = -1 if at is None else at + 1 - int(self.scroll_offset.y)
        if 0 < y < self.size.height:
            self._refresh_line(y)

    def _refresh_line(self, y: int) -> None:
        """Paint a line of the screen if it looks different now."""
        drawn = self._drawn(y)
        self._ready.pop(y, None)
        if self._painted.get(y) != drawn:
            self._ready[y] = self._stand, drawn
            self.refresh(Region(0, y, self.size.width, 1))

    def select(self, key: Hashable) -> bool:
        """Put the cursor on a key; False when it is not there."""
        at = self._place(key)
        if at is not None:
            self._move_to(at)
        return at is not None

    def _move_to(self, at: int) -> None:
        at = max(min(at, len(self._rows) - 1), 0)
        if at != self._cursor:
            old, self._cursor = self._cursor, at
            self._refresh_row(old)
            self._refresh_row(at)
            self.post_message(self.Highlighted())
        self._keep_in_sight()

    def _refresh_row(self, at: int) -> None:
        self.refresh(Region(0, at + 1 - int(self.scroll_offset.y), self.size.width, 1))

    def _keep_in_sight(self) -> None:
        if self.size.height < 2:
            return
        visible = self.size.height - 1
        top = int(self.scroll_offset.y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + visible:
            self.scroll_to(y=self._cursor - visible + 1, animate=False, force=True)

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._lay_out()
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self._keep_in_sight()
        self._refresh_all()

    @property
    def is_wide(self) -> bool:
        """Whether every column is as wide as what stands in it, whatever fits on the screen."""
        return self._aside is not None

    def widen(self, *, on: bool) -> None:
        """Make every column as wide as what stands in it, or fit them to the screen again."""
        self._aside = 0 if on else None
        self._lay_out()
        self._refresh_all()

    def shift(self, by: int) -> bool:
        """Bring columns into sight that are left out on the right (1) or left (-1); False when there is none."""
        before = self._placed
        if self._aside is None or (by > 0 and before[-1].column is self.columns[-1] and not self._is_cut()):
            return False
        self._aside = max(self._aside + by, 0)
        self._lay_out()
        self._refresh_all()
        return self._placed != before

    def _is_cut(self) -> bool:
        """Whether the last column in sight lacks room."""
        last = self._placed[-1]
        return last.width < self._widths().get(last.column.key, 0) and len(self._placed) > 2

    def _lay_out(self) -> None:
        cells = self.size.width - 3
        if self._aside is None:
            self._placed = lay_out(self.columns, cells)
        else:
            self._placed = lay_out_wide(self.columns, self._widths(), cells, self._aside)

    def _widths(self) -> dict[str, int]:
        """How many cells what stands in each column takes."""
        widths: dict[str, int] = {}
        for row in self._rows[:_MEASURED]:
            for column, cell in zip(self.columns, self.present(row.value), strict=True):
                widths[column.key] = max(widths.get(column.key, 0), width(cell))
        return widths

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self._refresh_row(self._cursor)

    def render_line(self, y: int) -> Strip:
        """Paint the header, a row, or the placeholder."""
        stand, drawn = self._ready.pop(y, (None, None))
        if drawn is None or stand != self._stand:
            drawn = self._drawn(y)
        self._painted[y] = line, ground = drawn
        return paint(line, self.size.width, palette_of(self), ground)

    @property
    def _stand(self) -> _Stand:
        return int(self.scroll_offset.y), self._cursor, self.has_focus, self._placed

    def _drawn(self, y: int) -> Drawn:
        if y == 0:
            key, reverse = self.sorted_by
            return header_line(self._placed, key, reverse=reverse), self.ground
        if not self._rows:
            words = block(self.placeholder, self.size.width)
            at = y - max((self.size.height - len(words)) // 3, 1)
            return words[at] if 0 <= at < len(words) else EMPTY, self.ground
        at = y - 1 + int(self.scroll_offset.y)
        if at >= len(self._rows):
            return EMPTY, self.ground
        shown, here, active = self._rows[at], at == self._cursor, self.has_focus
        cells = dict(zip((column.key for column in self.columns), self.present(shown.value), strict=True))
        ground = (Ground.CURSOR if active else Ground.RESTING) if here else self.ground
        return row_line(self._placed, cells, here=here, active=active, marked=shown.key in self.marked), ground

    def on_click(self, event: events.Click) -> None:
        """Select by a click, open by a double click, sort by a click on the header."""
        y = event.get_content_offset_capture(self).y
        if y == 0:
            if column := column_at(self._placed, event.x):
                self.post_message(self.HeaderClicked(column))
            return
        at = y - 1 + int(self.scroll_offset.y)
        if at < len(self._rows):
            self._move_to(at)
            if event.chain == 2:
                self.post_message(self.Opened())

    def action_move(self, where: str) -> None:
        """Move the cursor: up, down, page_up, page_down, top, bottom."""
        page = max(self.size.height - 2, 1)
        steps = {"up": -1, "down": 1, "page_up": -page, "page_down": page, "top": -len(self._rows)}
        self._move_to(self._cursor + steps.get(where, len(self._rows)))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._rows:
            self.post_message(self.Opened())

"""A text of any length, painted line by line: YAML, diffs, details."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gitops_tui.tui.actions import TEXT, bindings
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, block, plain, width, wrap
from gitops_tui.tui.widgets.painter import paint, palette_of


class Pager(ScrollView, can_focus=True):
    """Lines that scroll both ways. wrapped: break long lines instead of scrolling sideways."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(TEXT)

    class Resized(Message):
        """The width or height is another one."""

    def __init__(self, *, wrapped: bool = False, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.wrapped = wrapped
        self.matches: tuple[int, ...] = ()
        self._sought: re.Pattern[str] | None = None
        self._source: tuple[Line, ...] = ()
        self._grounds: tuple[Ground, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._centred = False
        self._broken: dict[Line, Sequence[Line]] = {}
        self._broken_at = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines as shown."""
        return self._lines

    def show(self, lines: Sequence[Line], grounds: Sequence[Ground] = (), *, centred: bool = False) -> None:
        """Show these lines, each on its ground; the place in the text stays when it can, and so does what is sought."""
        self._source, self._grounds, self._centred = tuple(lines), tuple(grounds), centred
        self._flow()

    def wrap(self, *, wrapped: bool) -> None:
        """Break long lines from now on, or scroll sideways."""
        self.wrapped = wrapped
        self.scroll_to(x=0, animate=False, force=True)
        self._flow()

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is in sight, so that more of them are followed."""
        return int(self.scroll_offset.y) >= int(self.max_scroll_y)

    def _flow(self) -> None:
        cells = self.size.width
        if self.wrapped and cells > 0:
            bar = self.styles.scrollbar_size_vertical
            self._lines = self._break(cells - bar)
            if len(self._lines) <= self.size.height:
                self._lines = self._break(cells)
        else:
            self._lines = self._source
        self._mark()
        widest = 0 if self.wrapped or self._centred else max(map(width, self._lines), default=0)
        self.virtual_size = Size(max(widest, 1), len(self._lines))
        self.refresh()

    def _break(self, cells: int) -> tuple[Line, ...]:
        """Break the long lines. One that was broken for this width stays so: of a text that grows, most is known."""
        known = self._broken if cells == self._broken_at else {}
        self._broken_at = cells
        self._broken = {one: known.get(one) or wrap(one, cells, 2) or [EMPTY] for one in self._source}
        return tuple(row for one in self._source for row in self._broken[one])

    def on_resize(self) -> None:
        """Wrap again, and say so to whoever draws for a width."""
        self._flow()
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        cells, palette = self.size.width, palette_of(self)
        if self._centred:
            words = block(self._source, cells)
            at = y - max((self.size.height - len(words)) // 3, 0)
            return paint(words[at] if 0 <= at < len(words) else EMPTY, cells, palette)
        left, top = self.scroll_offset
        at = y + int(top)
        if at >= len(self._lines):
            return paint(EMPTY, cells, palette)
        ground = self._grounds[at] if at < len(self._grounds) else Ground.BASE
        shown = self._lines[at]
        if at in self.matches:
            shown = tuple(span._replace(ground=Ground.MATCH) for span in shown)
        if not left:
            return paint(shown, cells, palette, ground)
        whole = paint(shown, max(width(shown), int(left) + cells), palette, ground)
        return whole.crop(int(left), int(left) + cells)

    def search(self, pattern: re.Pattern[str] | None) -> int:
        """Mark the lines that match and go to the first at or below the top; how many match. None: mark nothing."""
        self._sought = pattern
        self._mark()
        if self.matches:
            top = int(self.scroll_offset.y)
            self.go(next((at for at in self.matches if at >= top), self.matches[0]))
        self.refresh()
        return len(self.matches)

    def _mark(self) -> None:
        sought = self._sought
        found = (at for at, one in enumerate(self._lines) if sought.search(plain(one))) if sought else ()
        self.matches = tuple(found)

    def step(self, places: Sequence[int], by: int) -> int | None:
        """Go to the next (1) or previous (-1) of these line numbers; which one in their order, None at the end."""
        top = int(self.scroll_offset.y)
        ahead = [at for at in places if at > top] if by > 0 else [at for at in reversed(places) if at < top]
        if not ahead or (by > 0 and top >= self.max_scroll_y):
            return None
        self.go(ahead[0])
        return places.index(ahead[0])

    def go(self, at: int) -> None:
        """Bring a line to the top, as far as the text reaches."""
        self.scroll_to(y=at, animate=False, force=True)

    def to_end(self) -> None:
        """Bring the last line to the bottom."""
        self.go(self.virtual_size.height)

    def action_move(self, where: str) -> None:
        """Scroll: up, down, left, right, page_up, page_down, top, bottom."""
        left, top = self.scroll_offset
        page = max(self.size.height - 1, 1)
        down = {
            "up": -1,
            "down": 1,
            "page_up": -page,
            "page_down": page,
            "top": -top,
            "bottom": self.virtual_size.height,
        }
        aside = {"left": -8, "right": 8}
        self.scroll_to(
            x=max(left + aside.get(where, 0), 0),
            y=max(top + down.get(where, 0), 0),
            animate=False,
            force=True,
        )


def pane() -> Pager:
    """Return a framed text beside or below a table, which explains the row under its cursor."""
    made = Pager(wrapped=True, id="pane")
    made.add_class("pane")
    made.can_focus = False
    return made

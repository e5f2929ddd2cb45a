"""A few lines that show what they are given: header, footer, headings, status lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from gitops_tui.tui.look.spans import EMPTY, Ground, Line, wrap
from gitops_tui.tui.widgets.painter import paint, palette_of

Draw = Callable[[int], Sequence[Line]]
"""A width in cells to the lines that fill it."""


class Band(Widget):
    """Lines drawn by a function of the width, so that they fit themselves to the terminal."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """A cell of the band was clicked."""

        def __init__(self, band: Band, x: int, y: int) -> None:
            super().__init__()
            self.band, self.x, self.y = band, x, y

        @property
        def control(self) -> Band:
            """The band."""
            return self.band

    def __init__(self, *, ground: Ground = Ground.BASE, lines: int = 1, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.ground = ground
        self.styles.height = lines
        self._draw: Draw = lambda _: ()
        self._drawn: tuple[Line, ...] = ()
        self._wrapped: tuple[tuple[Line, ...], int, int] | None = None

    def show(self, draw: Draw) -> None:
        """Draw with this from now on; paints only when something looks different."""
        self._draw = draw
        drawn = tuple(draw(self.size.width)) if self.size.width else ()
        if drawn != self._drawn or not drawn:
            self._drawn = drawn
            self.refresh()

    def show_wrapped(self, rows: Sequence[Line], *, most: int = 8, below: int = 1) -> None:
        """Show rows broken at the width, taking as many lines as that needs, and `below` empty ones."""
        self._wrapped = (tuple(rows), most, below)
        cells = (self.size.width or self.screen.size.width) - 1
        broken = [piece for row in rows for piece in (wrap(row, cells, 2) or [EMPTY])][:most]
        self.styles.height = len(broken) + below if broken else 0
        self.show(lambda _: broken)

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        if self._wrapped:
            rows, most, below = self._wrapped
            self.show_wrapped(rows, most=most, below=below)
        self._drawn = tuple(self._draw(self.size.width))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        line = self._drawn[y] if y < len(self._drawn) else EMPTY
        return paint(line, self.size.width, palette_of(self), self.ground)

    def on_click(self, event: events.Click) -> None:
        """Say which cell was clicked."""
        self.post_message(self.Clicked(self, event.x, event.y))

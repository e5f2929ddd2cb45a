"""The keys of the screen, on one line; a click does what the key does."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from gitops_tui.tui.actions import Action
from gitops_tui.tui.look.spans import Ground, Line
from gitops_tui.tui.present.frame import footer
from gitops_tui.tui.widgets.band import Band


class Footer(Band):
    """Made from the table of actions."""

    class Pressed(Message):
        """A key in the footer was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self) -> None:
        super().__init__(ground=Ground.RAISED, id="footer")
        self._actions: tuple[Action, ...] = ()
        self._places: tuple[tuple[int, int], ...] = ()

    def offer(self, actions: Sequence[tuple[Action, bool]]) -> None:
        """Show these actions; the second value says whether each can be done now."""
        self._actions = tuple(action for action, _ in actions)
        keys = [(action.shown_key, action.title, enabled) for action, enabled in actions]

        def draw(cells: int) -> list[Line]:
            shown, self._places = footer(keys, cells)
            return [shown]

        self.show(draw)

    def on_band_clicked(self, event: Band.Clicked) -> None:
        """Do what the key under the mouse does."""
        event.stop()
        for action, (start, end) in zip(self._actions, self._places, strict=True):
            if start <= event.x < end:
                self.post_message(self.Pressed(action))

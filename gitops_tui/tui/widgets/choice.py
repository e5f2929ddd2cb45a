"""A button of one line."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class Choice(Static, can_focus=True):
    """One of the answers of a dialog: Enter or a click chooses it, arrows go to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose", show=False),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]

    class Chosen(Message):
        """It was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, label: str, id: str, *, dangerous: bool = False) -> None:  # noqa: A002 - textual's name
        super().__init__(Content(label), id=id)
        self.set_class(dangerous, "danger")

    def name_it(self, label: str) -> None:
        """Change what it says."""
        self.update(Content(label))

    def action_choose(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self))

    def on_click(self) -> None:
        """Choose it."""
        self.action_choose()

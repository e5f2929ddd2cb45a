"""The answers of a dialog: buttons of one line, and a line for a reason."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class Reason(Input):
    """A line that says why. Enter is no answer yet: it goes on to Cancel."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True, classes="reason", max_length=300)
        self.cursor_blink = False

    async def action_submit(self) -> None:
        """Go on to the answers, at once: the next key is meant for them."""
        self.screen.set_focus(self.screen.query_one("#cancel"))


class Choice(Static, can_focus=True):
    """One of the answers of a dialog: Enter or a click chooses it, arrows go to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose", show=False),
        Binding("left,h", "go(-1)", show=False),
        Binding("right,l", "go(1)", show=False),
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

    def action_go(self, by: int) -> None:
        """Give the focus to what is beside it: the line for a reason, or an answer. The last one is the end."""
        beside = [each for each in (*self.screen.query(Reason), *self.screen.query(Choice)) if each.focusable]
        at = beside.index(self) + by if self in beside else 0
        if 0 <= at < len(beside):
            self.screen.set_focus(beside[at])

    def action_choose(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self))

    def on_click(self) -> None:
        """Choose it."""
        self.action_choose()

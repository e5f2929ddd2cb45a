"""What all plans have in common that a person approves or leaves: two answers, of which Cancel has the focus."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal

from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.views.view import View
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.choice import Choice, Reason
from gitops_tui.tui.widgets.table import Table

_HINT: Final = line(
    Span("→", Tone.ACCENT, True),
    Span(" chooses, ", Tone.MUTED),
    Span("⏎", Tone.ACCENT, True),
    Span(" does it", Tone.MUTED),
)


class Approval(View):
    """A list of what would be done, and the answers below it."""

    AUTO_FOCUS = "#cancel"
    BINDINGS = [  # noqa: RUF012 - textual's own way of declaring keys
        Binding("left,right", "answers", show=False),
        Binding("j,down", "rows('down')", show=False),
        Binding("k,up", "rows('up')", show=False),
        Binding("ctrl+f,pagedown", "rows('page_down')", show=False),
        Binding("ctrl+b,pageup", "rows('page_up')", show=False),
    ]
    CSS = """
    #asked { width: 1fr; }
    .buttons { background: $panel; padding: 0 1; }
    .reason { width: 1fr; margin: 0 2 0 1; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._begun = False

    def answers(self, reason: str) -> ComposeResult:
        """The last line. reason: what may be said with the answer, "" for nothing."""
        with Horizontal(classes="buttons"):
            yield Reason(reason) if reason else Band(ground=Ground.RAISED, id="asked")
            yield Choice("Cancel", "cancel")
            yield Choice("", "do", dangerous=True)

    @property
    def reason(self) -> str:
        """What was said with the answer."""
        lines = self.query(Reason)
        return lines.first().value.strip() if lines else ""

    def offer(self, title: list[Line], guards: list[Line], label: str) -> None:
        """Show what it is, what to know before, and what the second answer says, "" when there is nothing to do."""
        for asked in self.query("#asked").results(Band):
            asked.show(lambda _: [_HINT])
        self.query_one("#title", Band).show(lambda _: title)
        self.query_one("#guards", Band).show_wrapped(guards, most=max(self.size.height // 3, 1))
        button = self.query_one("#do", Choice)
        button.name_it(label)
        button.disabled = not label
        if not self.query_one("#cancel").has_focus and button.disabled:
            self.query_one("#cancel").focus()

    def run_it(self) -> bool:
        """Do what was approved; False when there is nothing to do."""
        return False

    def action_rows(self, where: str) -> None:
        """Move in the list, whichever answer has the focus."""
        self.query_one(Table).action_move(where)

    def action_answers(self) -> None:
        """Go from the list to the answers."""
        self.set_focus(self.query_one("#cancel"))

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        """Run it once, or leave."""
        if event.choice.id != "do":
            self.do_back()
        elif not self._begun:
            self._begun = self.run_it()

    def do_refresh(self) -> None:
        """Plan again."""
        self.load()

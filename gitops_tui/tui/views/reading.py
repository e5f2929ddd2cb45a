"""What screens with a text have in common: finding something in it."""

from __future__ import annotations

from gitops_tui.tui import filters
from gitops_tui.tui.views.view import View
from gitops_tui.tui.widgets.pager import Pager
from gitops_tui.tui.widgets.prompt import Prompt


class Reading(View):
    """A view with one text, the pager with the id `text`."""

    @property
    def text(self) -> Pager:
        """The text."""
        return self.query_one("#text", Pager)

    def do_search(self) -> None:
        """Type what to find."""
        hint = "a regular expression; n and N go from match to match"
        self.query_one(Prompt).open("/", "", lambda _: (), hint)

    def apply(self, text: str) -> None:
        """Find this text; nothing clears the marks. Raises FilterError."""
        found = self.text.search(filters.pattern_of(text) if text else None)
        if text and not found:
            raise filters.FilterError("nothing matches")

    def do_match_next(self) -> None:
        """Go to the next match."""
        self.text.step(self.text.matches, 1)

    def do_match_previous(self) -> None:
        """Go to the previous match."""
        self.text.step(self.text.matches, -1)

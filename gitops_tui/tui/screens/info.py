"""Everything known about one application, what is wrong first; without one, everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Span, Tone, line
from gitops_tui.tui.present import details
from gitops_tui.tui.views.reading import Reading
from gitops_tui.tui.widgets.pager import Pager


class InfoView(Reading):
    """Facts and problems of one application."""

    view = actions.INFO
    CSS = """
    InfoView #frame { padding: 1 2; height: 1fr; }
    """

    def body(self) -> ComposeResult:
        """One text."""
        with Vertical(id="frame"):
            yield Pager(wrapped=True, id="text")

    def crumbs(self) -> Sequence[str]:
        """Below the application, or problems of everything."""
        name = self.location.application
        return ("Applications", name, "Info") if name else ("Problems",)

    def update(self) -> None:
        """Show what is known now."""
        status, text, now = self.status(), self.text, self.cockpit.clock()
        if not self.location.application:
            wrong = details.of_everything(self.snapshot, now)
            text.show(wrong or (line(Span("✓ ", Tone.GOOD), Span("nothing is wrong")),), centred=not wrong)
        elif status is None:
            text.show((line(Span("this application is not known", Tone.MUTED)),), centred=True)
        else:
            text.show(details.of_application(status, now))
        self.update_frame()

"""Everything known about one application, what is wrong first."""

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
        """Below the application."""
        return ("Applications", self.location.application, "Info")

    def update(self) -> None:
        """Show what is known now."""
        status, text = self.status(), self.query_one("#text", Pager)
        if status is None:
            text.show((line(Span("this application is not known", Tone.MUTED)),), centred=True)
        else:
            text.show(details.of_application(status, self.cockpit.clock()))
        self.update_frame()

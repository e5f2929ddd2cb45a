"""Everything known about one application or resource, what is wrong first; without one, everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from gitops_tui.engine.requests import Explain
from gitops_tui.model.explanation import Explanation
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, plain
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import details, events
from gitops_tui.tui.views.reading import Reading
from gitops_tui.tui.widgets.pager import Pager


class InfoView(Reading):
    """Facts and problems of one application, or of one resource with its conditions and events."""

    view = actions.INFO
    CSS = """
    InfoView #frame { padding: 1 2; height: 1fr; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.known: Explanation | None = None
        self._problem: Problem | None = None

    def body(self) -> ComposeResult:
        """One text."""
        with Vertical(id="frame"):
            yield Pager(wrapped=True, id="text")

    def crumbs(self) -> Sequence[str]:
        """Below the application, or problems of everything."""
        name, key = self.location.application, self.location.key
        return ("Applications", name, *((key.kind_name,) if key else ()), "Info") if name else ("Problems",)

    def load(self) -> None:
        """Ask for conditions and events of the resource."""
        key = self.location.key
        if key is not None:
            self.ask(Explain(self.location.application, key), self._answered, self._failed)

    def _answered(self, known: Explanation) -> None:
        self.known, self._problem = known, None
        self.update()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self.update()

    def update(self) -> None:
        """Show what is known now."""
        status, text, now = self.status(), self.text, self.cockpit.clock()
        if not self.location.application:
            wrong = details.of_everything(self.snapshot, now)
            text.show(wrong or (line(Span("✓ ", Tone.GOOD), Span("nothing is wrong")),), centred=not wrong)
        elif status is None:
            text.show((line(Span("this application is not known", Tone.MUTED)),), centred=True)
        elif self.location.key is None:
            text.show(details.of_application(status, now))
        else:
            text.show(self._of_resource(self.location.key, now))
        self.update_frame()

    def _of_resource(self, key: ResourceKey, now: float) -> list[Line]:
        status = self.status()
        resource = next((row for row in status.resources if row.key == key), None) if status else None
        lines = details.of_resource(resource, now) if resource else [line(Span("it is gone", Tone.MUTED))]
        if self._problem:
            return [*lines, EMPTY, *details.of_problem(self._problem, now)]
        if self.known is None:
            return [*lines, EMPTY, line(Span("◌ reading conditions and events…", Tone.BUSY))]
        return lines + events.of_explanation(self.known, now)

    def do_copy(self) -> None:
        """Copy the text."""
        self.cockpit.copy_to_clipboard("\n".join(plain(row) for row in self.text.lines))
        self.tell("copied what is told here")

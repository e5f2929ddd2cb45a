"""One resource as YAML: desired, live, and what the server would make of desired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from gitops_tui.engine.requests import Compare
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.status import Problem
from gitops_tui.model.text import sanitize
from gitops_tui.tui import actions
from gitops_tui.tui.look.code import listing
from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.views.revealing import Revealing
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager
from gitops_tui.yamlio import dump

SIDES: Final = ("desired", "live", "predicted")
_ABSENT: Final = {
    "desired": "Git does not name it",
    "live": "it is not in the cluster",
    "predicted": "there is no prediction for it",
}


class ManifestView(Revealing):
    """The masked bodies of one resource, one side at a time."""

    view = actions.MANIFEST
    CSS = """
    ManifestView .pane { padding: 0 1; height: 1fr; }
    ManifestView .pane:focus-within { border: round $faint; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.comparison: ResourceComparison | None = None
        self.side = 0
        self._problem: Problem | None = None
        self._places: list[tuple[int, int]] = []

    def body(self) -> ComposeResult:
        """Three tabs over one text."""
        yield Band(id="tabs", ground=Ground.BASE)
        with Vertical(classes="pane", id="frame"):
            yield Pager(id="text")

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        key = self.location.key
        return ("Applications", self.location.application, key.kind_name if key else "", "YAML")

    def load(self) -> None:
        """Ask for the resource, in sync or not."""
        key = self.location.key
        if key is not None:
            request = Compare(self.location.application, self.location.revision or None, (key,))
            self.ask(request, self._answered, self._failed)
        self.show_chosen()

    def _answered(self, answer: tuple[ResourceComparison, ...]) -> None:
        first, self._problem = self.comparison is None, None
        self.conceal()
        found = [one for one in answer if one.key == self.location.key]
        self.comparison = found[0] if found else ResourceComparison(answer[0].key, "Unknown") if answer else None
        if self.comparison is None and self.location.key is not None:
            self.comparison = ResourceComparison(self.location.key, "Unknown", note="nothing is known about it")
        if first and self.comparison and self.comparison.desired is None:
            self.side = 1
        self.show_chosen()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self.show_chosen()

    def chosen(self) -> ResourceComparison | None:
        """The resource, masked."""
        return self.comparison

    def show_chosen(self) -> None:
        """Show one side of the resource."""
        text, frame = self.query_one("#text", Pager), self.query_one("#frame")
        self.query_one("#tabs", Band).show(self._tabs)
        frame.border_title = Content(self.location.key.kind_name if self.location.key else "")
        if self._problem:
            text.show(problem_lines(self._problem), centred=True)
            return
        if self.comparison is None:
            text.show((line(Span("◌ reading…", Tone.BUSY)),), centred=True)
            return
        side = SIDES[self.side]
        body = getattr(self.shown(self.comparison), side)
        if body is None:
            text.show((line(Span(_ABSENT[side], Tone.MUTED)),), centred=True)
            return
        rows = listing(sanitize(dump(body)))
        text.show(rows)
        frame.border_subtitle = Content(f" {len(rows)} lines{_also(self.hint(self.comparison))} ")

    def _tabs(self, _: int) -> list[Line]:
        spans: list[Span] = [Span(" ")]
        self._places = []
        used = 1
        for at, side in enumerate(SIDES):
            there = self.comparison is None or getattr(self.comparison, side) is not None
            chosen = at == self.side
            tone = Tone.ACCENT if chosen else Tone.MUTED if there else Tone.FAINT
            spans += [Span(f" {side} ", tone, chosen, Ground.CHIP if chosen else None), Span(" ")]
            self._places.append((used, used + len(side) + 2))
            used += len(side) + 3
        return [tuple(spans)]

    def on_band_clicked(self, event: Band.Clicked) -> None:
        """Show the side that was clicked."""
        if event.band.id == "tabs":
            for at, (start, end) in enumerate(self._places):
                if start <= event.x < end:
                    self._turn(at)

    def _turn(self, side: int) -> None:
        self.side = side
        self.show_chosen()

    def do_next_tab(self) -> None:
        """Show the next side."""
        self._turn((self.side + 1) % len(SIDES))

    def do_copy(self) -> None:
        """Copy the side that is shown, as it is shown."""
        side = SIDES[self.side]
        body = getattr(self.shown(self.comparison), side) if self.comparison else None
        if self.comparison is None or body is None:
            self.tell("there is nothing to copy")
        else:
            self.cockpit.copy_to_clipboard(sanitize(dump(body)))
            self.tell(f"copied the {side} YAML of {self.comparison.key.kind_name}")


def _also(hint: str) -> str:
    return f" · {hint}" if hint else ""

"""What happened to an application's resources, or to one of them and what is below it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.engine.requests import Explain
from gitops_tui.model.explanation import Explanation
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line, wrap
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import events as present
from gitops_tui.tui.views.listing import Listing, sort_bindings, sort_rows
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table

LINES = 3


class EventsView(Listing):
    """Events, newest first; the whole message of the one under the cursor stands below."""

    view = actions.EVENTS
    opens = "Info"
    fields = present.FIELDS
    BINDINGS = sort_bindings(present.COLUMNS)

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.known: Explanation | None = None
        self._problem: Problem | None = None
        self._told: object = None

    def body(self) -> ComposeResult:
        """The table, and the message of the event under the cursor."""
        yield Table(present.COLUMNS, lambda event: present.cells(event, self.cockpit.clock()), id="body")
        yield Band(ground=Ground.BASE, lines=LINES, id="strip")

    def crumbs(self) -> Sequence[str]:
        """Below the application, or the resource."""
        key = self.location.key
        return ("Applications", self.location.application, *((key.kind_name,) if key else ()), "Events")

    def load(self) -> None:
        """Ask for the events."""
        self.ask(Explain(self.location.application, self.location.key), self._answered, self._failed)

    def _answered(self, known: Explanation) -> None:
        self.known, self._problem = known, None
        self.update()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self.update()

    def update(self) -> None:
        """Show what is known; ask again when a resource fares differently."""
        status = self.status()
        told = tuple((row.key, row.health) for row in status.resources) if status else None
        if told != self._told:
            first, self._told = self._told is None, told
            if not first:
                self.load()
        events = self.known.events if self.known else ()
        chosen = [event for event in events if self.filter is None or self.filter.matches(present.filtered_by(event))]
        chosen = [event for event in chosen if event.is_warning or not self.troubled_only]
        rows = sort_rows(chosen, present.SORTS, self.sorted_by)
        counts: dict[tuple[ResourceKey, str, str], int] = {}
        made = []
        for event in rows:
            slot = (event.about, event.reason, event.message)
            counts[slot] = counts.get(slot, 0) + 1
            made.append(Row((*slot, counts[slot]), event))
        self.table.show(made, self.nothing(self._nothing()))
        self.update_frame()
        self._update_strip()

    def _nothing(self) -> tuple[Line, ...]:
        if self._problem:
            return problem_lines(self._problem)
        if self.known is None:
            return (line(Span("◌ reading events…", Tone.BUSY)),)
        return (line(Span("no events: a cluster keeps them for an hour or so", Tone.MUTED)),)

    def _update_strip(self) -> None:
        row = self.table.current
        self.query_one("#strip", Band).show(
            lambda cells: (
                [(Span(" "), *piece) for piece in wrap(present.told(row.value), cells - 2)[:LINES]] if row else []
            )
        )

    def on_table_highlighted(self) -> None:
        """Tell of the event under the cursor."""
        self._update_strip()

    def on_table_opened(self) -> None:
        """Explain the object that the event is about."""
        row = self.table.current
        if row:
            self.cockpit.visit(Location(actions.INFO, self.location.application, row.value.about))

    def do_info(self) -> None:
        """Explain the object that the event is about."""
        self.on_table_opened()

    def do_logs(self) -> None:
        """Show what the containers below the object of the event write."""
        row = self.table.current
        self.cockpit.visit(Location(actions.LOGS, self.subject(), row.value.about if row else self.location.key))

    def do_copy(self) -> None:
        """Copy the message."""
        row = self.table.current
        if row:
            self.copy(f"{row.value.about.kind_name}: {row.value.reason}: {row.value.message}")

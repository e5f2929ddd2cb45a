"""The commits that touch an application, and which of them were deployed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.engine.requests import History
from gitops_tui.model.operations import HistoryEntry
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.filters import Subject
from gitops_tui.tui.look.spans import Line, Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import history as present
from gitops_tui.tui.views.listing import Listing
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table

PAGE = 100


class HistoryView(Listing):
    """Commits, newest first; Enter compares one with what is live, R goes back to it."""

    view = actions.HISTORY
    opens = "Compare with live"

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.entries: tuple[HistoryEntry, ...] = ()
        self.base = ""
        self._loaded = False
        self._complete = False
        self._problem: Problem | None = None
        self._told: object = None

    def body(self) -> ComposeResult:
        """The table, and who made the commit under the cursor, and when."""
        yield Table(present.COLUMNS, self._cells, id="body")
        yield Band(id="strip")

    def _cells(self, entry: HistoryEntry) -> tuple[Line, ...]:
        return present.cells(entry, self.cockpit.clock(), self.base)

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        return ("Applications", self.location.application, "History")

    def load(self) -> None:
        """Ask for the newest commits."""
        self._load(0)

    def _load(self, offset: int) -> None:
        def answered(entries: tuple[HistoryEntry, ...]) -> None:
            self.entries = (*self.entries[:offset], *entries)
            self._loaded, self._complete, self._problem = True, len(entries) < PAGE, None
            self.update()

        self.ask(History(self.location.application, PAGE, offset), answered, self._failed)

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self.update()

    def update(self) -> None:
        """Show the commits that are known; ask again when another is deployed, pinned or new."""
        status = self.status()
        told = (status.revision, status.latest, status.deployed, status.pin) if status else None
        if told != self._told:
            self._told = told
            if self._loaded:
                self.load()
        chosen = [entry for entry in self.entries if self.filter is None or self.filter.matches(_filtered_by(entry))]
        self.table.show([Row(entry.sha, entry) for entry in chosen], self.nothing(self._nothing()))
        self.update_frame()
        self._update_strip()

    def _nothing(self) -> tuple[Line, ...]:
        if self._problem:
            return problem_lines(self._problem)
        if not self._loaded:
            return (line(Span("◌ reading the history…", Tone.BUSY)),)
        return (line(Span("no commit touches its path", Tone.MUTED)),)

    def _update_strip(self) -> None:
        row = self.table.current
        told = (Span(" ▌ ", Tone.FAINT), *present.told(row.value, self.cockpit.clock())) if row else ()
        self.query_one("#strip", Band).show(lambda _: [told])

    def on_table_highlighted(self) -> None:
        """Tell of the commit under the cursor; fetch older ones before the end is reached."""
        self._update_strip()
        table = self.table
        near = table.current is not None and table.rows and table.current.key == table.rows[-1].key
        if near and not self._complete and not self.filter:
            self._load(len(self.entries))

    def on_table_opened(self) -> None:
        """Compare the commit with what is live, or with the one to compare from."""
        row = self.table.current
        if row:
            base = self.base if self.base != row.key else ""
            self.cockpit.visit(Location(actions.DIFF, self.location.application, revision=str(row.key), base=base))

    def do_compare_from(self) -> None:
        """Compare from the commit under the cursor, or from what is live again."""
        row = self.table.current
        if row:
            self._compare_from("" if self.base == row.key else str(row.key))

    def _compare_from(self, base: str) -> None:
        self.base = base
        self.table.repaint()
        self.tell(
            f"Enter on a commit shows what changed since {base[:7]}" if base else "compared with what is live again"
        )

    def do_back(self) -> None:
        """Compare with what is live again; else clear the filter, else leave."""
        if self.base:
            self._compare_from("")
        else:
            super().do_back()

    def do_diff(self) -> None:
        """Compare the commit with what is live."""
        self.on_table_opened()

    def do_rollback(self) -> None:
        """Plan to go back to the commit under the cursor."""
        row = self.table.current
        if row is None:
            self.tell("no commit is chosen", Tone.WARN)
        else:
            self.cockpit.plan(self.location.application, str(row.key))

    def do_copy(self) -> None:
        """Copy the sha."""
        row = self.table.current
        if row:
            self.copy(str(row.key))


def _filtered_by(entry: HistoryEntry) -> Subject:
    return Subject(" ".join((entry.sha, entry.author, entry.email, entry.subject)))

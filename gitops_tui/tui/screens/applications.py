"""All applications: the root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.app import ComposeResult

from gitops_tui.engine.requests import LastChange
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, Snapshot, WorkerState
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import applications as present
from gitops_tui.tui.views.listing import Listing, sort_bindings, sort_rows
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table

_CHANGES_KEPT: Final = 10_000


def waiting(snapshot: Snapshot) -> tuple[Line, ...]:
    """What an empty list of applications says."""
    problems = (*snapshot.problems, *(each.problem for each in snapshot.repositories.values() if each.problem))
    if problems:
        return problem_lines(problems[0])
    if snapshot.worker in {WorkerState.STARTING, WorkerState.BUSY}:
        return (
            line(Span("◌ connecting…", Tone.BUSY)),
            (),
            line(Span("reading the configuration, the repositories and the cluster", Tone.MUTED)),
        )
    return (
        line(Span("no applications", bold=True)),
        (),
        line(Span("start with --repo URL, or write a configuration: gitops-tui config init", Tone.MUTED)),
    )


def _at(status: ApplicationStatus) -> tuple[str, str]:
    """An application at the commit that it is compared with."""
    return status.name, status.revision.sha if status.revision else ""


class Applications(Listing):
    """The table of applications."""

    view = actions.APPLICATIONS
    opens = "Open"
    fields = present.FIELDS
    BINDINGS = sort_bindings(present.COLUMNS)

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._chosen: dict[str, tuple[ApplicationStatus, bool]] = {}
        self._chosen_by: object = None
        self._changes: dict[tuple[str, str], Revision | None] = {}
        self._asks = False

    def body(self) -> ComposeResult:
        """The table, and the whole of what is wrong with the one under the cursor."""
        yield Table(present.COLUMNS, self._cells, id="body")
        yield Band(id="strip")

    def crumbs(self) -> Sequence[str]:
        """Only its name: it is the root."""
        return ("Applications",)

    def subject(self) -> str:
        """The application under the cursor."""
        row = self.table.current
        return row.value.name if row else ""

    def update(self) -> None:
        """Show every application of the snapshot that passes the filter."""
        snapshot = self.snapshot
        chosen = self._filtered(snapshot.applications.values())
        known = {id(row.value): row for row in self.table.rows}
        ordered = sort_rows(chosen, {**present.SORTS, "age": self._newest_first}, self.sorted_by)
        rows = [known.get(id(status)) or Row(status.name, status) for status in ordered]
        self.table.show(rows, self.nothing(waiting(snapshot)))
        self.update_frame()
        self._update_strip()
        self._ask_what_changed()

    def _cells(self, status: ApplicationStatus) -> Sequence[Line]:
        return present.cells(status, self.cockpit.clock(), self._changes.get(_at(status)))

    def _newest_first(self, status: ApplicationStatus) -> tuple[bool, float, str]:
        """Sort by the age that is shown; those whose last change is not known yet come last."""
        change = self._changes.get(_at(status))
        return change is None, -(change.time if change else 0.0), status.name

    @property
    def _needs_all_changes(self) -> bool:
        """Whether what is shown, or in which order, hangs on the last change of every application."""
        return self.sorted_by[0] == "age" or (self.filter is not None and self.filter.reads_text)

    def _ask_what_changed(self) -> None:
        """Ask, one after another, for the last change of each application in sight: the tip may be of another one."""
        all_of_them = self.snapshot.applications.values() if self._needs_all_changes else ()
        shown = (row.value for row in self.table.in_sight)
        wanted = (_at(status) for status in (*shown, *all_of_them) if status.revision)
        missing = next((slot for slot in wanted if slot not in self._changes), None)
        if self._asks or missing is None:
            return
        self._asks = True
        slot = missing
        self.ask(LastChange(*slot), lambda found: self._learned(slot, found), lambda _: self._learned(slot, None))

    def _learned(self, slot: tuple[str, str], found: Revision | None) -> None:
        self._asks = False
        if len(self._changes) >= _CHANGES_KEPT:
            self._changes.clear()
        self._changes[slot] = found
        if self._needs_all_changes:
            self._chosen.pop(slot[0], None)
            self.update()
        else:
            self.table.repaint_row(slot[0])
            self._ask_what_changed()

    def _filtered(self, statuses: Iterable[ApplicationStatus]) -> Iterable[ApplicationStatus]:
        """Those that pass the filter. Who has not changed since is not asked again."""
        if self.filter is None and not self.troubled_only:
            return statuses
        by = (self.filter, self.troubled_only)
        known = self._chosen if by == self._chosen_by else {}
        self._chosen_by, self._chosen = by, {}
        for status in statuses:
            before = known.get(status.name)
            passes = before[1] if before and before[0] is status else self._passes(status)
            self._chosen[status.name] = status, passes
        return [status for status, passes in self._chosen.values() if passes]

    def _passes(self, status: ApplicationStatus) -> bool:
        if self.troubled_only and not present.troubled(status):
            return False
        return self.filter is None or self.filter.matches(present.filtered_by(status, self._changes.get(_at(status))))

    def _update_strip(self) -> None:
        status = self.status()
        if status is None:
            self.query_one("#strip", Band).show(lambda _: [()])
            return
        what = present.what(status) or line(Span("nothing to do", Tone.FAINT))
        shown = line(Span(" ▌ ", Tone.FAINT), outside(status.name, Tone.MUTED, limit=60), Span("  "), *what)
        self.query_one("#strip", Band).show(lambda _: [shown])

    def on_table_highlighted(self) -> None:
        """Explain the application under the cursor."""
        self.update_footer()
        self._update_strip()
        self._ask_what_changed()

    def on_table_opened(self) -> None:
        """Show its resources."""
        self.cockpit.visit(Location(actions.APPLICATION, self.subject()))

    def do_leave(self) -> None:
        """Ask, then quit."""
        self.cockpit.ask_quit()

    def do_copy(self) -> None:
        """Copy the name."""
        if self.subject():
            self.copy(self.subject())

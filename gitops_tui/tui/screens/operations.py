"""What was done: operations and their receipts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.engine.requests import Operations
from gitops_tui.model.operations import Receipt
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.filters import Subject
from gitops_tui.tui.look.spans import Line, Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import plans as present
from gitops_tui.tui.views.listing import Listing, sort_bindings, sort_rows
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.table import Row, Table

LIMIT = 200


class OperationsView(Listing):
    """Operations of every application, or of the location's, newest first."""

    view = actions.OPERATIONS
    opens = "Receipt"
    fields = frozenset({"app", "kind", "phase", "who"})
    BINDINGS = sort_bindings(present.OPERATION_COLUMNS)

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.receipts: tuple[Receipt, ...] | None = None
        self._problem: Problem | None = None
        self._under_way: frozenset[str] = frozenset()

    def body(self) -> ComposeResult:
        """The table."""
        yield Table(
            present.OPERATION_COLUMNS, lambda receipt: present.operation_cells(receipt, self.cockpit.clock()), id="body"
        )

    def crumbs(self) -> Sequence[str]:
        """Of one application, or of all."""
        name = self.location.application
        return ("Applications", name, "Operations") if name else ("Operations",)

    def subject(self) -> str:
        """The application of the operation under the cursor."""
        row = self.table.current
        return row.value.application if row else self.location.application

    def load(self) -> None:
        """Ask for the receipts."""
        self.ask(Operations(self.location.application or None, LIMIT), self._answered, self._failed)

    def _answered(self, receipts: tuple[Receipt, ...]) -> None:
        self.receipts, self._problem = receipts, None
        self.update()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self.update()

    def update(self) -> None:
        """Show what is known; ask again when an operation has begun or ended."""
        running = frozenset(
            status.running.operation for status in self.snapshot.applications.values() if status.running
        )
        if running != self._under_way:
            self._under_way = running
            self.load()
        chosen = [one for one in self.receipts or () if self.filter is None or self.filter.matches(_filtered_by(one))]
        rows = sort_rows(chosen, _SORTS, self.sorted_by)
        self.table.show([Row(receipt.operation, receipt) for receipt in rows], self.nothing(self._nothing()))
        self.update_frame()

    def _nothing(self) -> tuple[Line, ...]:
        if self._problem:
            return problem_lines(self._problem)
        if self.receipts is None:
            return (line(Span("◌ reading the journal…", Tone.BUSY)),)
        return (line(Span("nothing has been synced yet", Tone.MUTED)),)

    def on_table_opened(self) -> None:
        """Show the receipt."""
        row = self.table.current
        if row:
            receipt: Receipt = row.value
            place = Location(actions.RECEIPT, receipt.application, operation=receipt.operation)
            self.cockpit.visit(place)

    def do_copy(self) -> None:
        """Copy the operation's id."""
        row = self.table.current
        if row:
            self.copy(str(row.key))


_SORTS = {
    "phase": lambda receipt: (receipt.phase.value, -receipt.started),
    "application": lambda receipt: (receipt.application, -receipt.started),
    "actor": lambda receipt: (receipt.actor, -receipt.started),
    "age": lambda receipt: -receipt.started,
}


def _filtered_by(receipt: Receipt) -> Subject:
    fields = {
        "app": receipt.application,
        "kind": receipt.kind.value,
        "phase": receipt.phase.value,
        "who": receipt.actor,
    }
    return Subject(" ".join((*fields.values(), receipt.revision, receipt.message)), fields)

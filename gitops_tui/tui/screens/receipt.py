"""One operation: its progress while it runs, its receipt afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.worker import WorkType

from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Operations
from gitops_tui.model.operations import Receipt, ResourceResult
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.ports import answered
from gitops_tui.tui.present import details, resources
from gitops_tui.tui.present import plans as present
from gitops_tui.tui.views.problems import problem_lines, problem_of
from gitops_tui.tui.views.view import View
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager, pane
from gitops_tui.tui.widgets.table import Row, Table


class ReceiptView(View):
    """An operation that was just started (`begin`), or one of the past (the location's operation)."""

    view = actions.RECEIPT

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.receipt: Receipt | None = None
        self.problem: Problem | None = None
        self._future: Future[Any] | None = None
        self._started = 0.0
        self._missing = False
        self._under_way = ""

    def begin(self, future: Future[Any], started: float) -> None:
        """Follow an operation that has just been submitted."""
        self._future, self._started = future, started

    def show_receipt(self, receipt: Receipt) -> None:
        """Show an operation that is known already."""
        self.receipt = receipt

    def body(self) -> ComposeResult:
        """Three lines about the operation, its resources, and what changed in the one under the cursor."""
        yield Band(lines=4, id="title")
        with Container(classes="split"):
            yield Table(resources.COLUMNS, lambda branch: resources.cells(branch, self.cockpit.clock()), id="live")
            yield Table(present.RESULT_COLUMNS, present.result_cells, id="results")
            yield pane()

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        return ("Applications", self.location.application, "Receipt" if self.receipt else "Operation")

    def load(self) -> None:
        """Wait for the receipt, or look it up."""
        if self.receipt is not None:
            return
        if self._future is not None:
            work: WorkType[None] = partial(self._follow, self._future)
            self.run_worker(work, group="follow", exclusive=True)
            self.set_interval(0.25, self._tick)
        else:
            self._look_up()

    def _look_up(self) -> None:
        self.ask(Operations(self.location.application or None, 200), self._found, self._failed)

    async def _follow(self, future: Future[Any]) -> None:
        problem = None
        try:
            receipt = await answered(future)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            problem = problem_of(asyncio.CancelledError())
        except Exception as error:  # noqa: BLE001 - the edge: whatever the engine raised is shown, never a crash
            problem = problem_of(error)
        if problem is None:
            self.receipt = receipt
        else:
            self._failed(problem)
        self.update()

    def _found(self, receipts: tuple[Receipt, ...]) -> None:
        found = [receipt for receipt in receipts if receipt.operation == self.location.operation]
        self.receipt = found[0] if found else None
        self._missing = not found
        self.update()

    def _failed(self, problem: Problem) -> None:
        self.problem = problem
        self.update()

    def _tick(self) -> None:
        if self.receipt is None and self.problem is None:
            self._update_title()

    @property
    def _is_under_way(self) -> bool:
        return self._future is not None and self.receipt is None and self.problem is None

    def update(self) -> None:
        """Show how far it is, with the resources as they come alive; then what became of each."""
        self._look_again()
        live, results = self.query_one("#live", Table), self.query_one("#results", Table)
        if live.display and not self._is_under_way:
            results.focus()
        live.display, results.display = self._is_under_way, not self._is_under_way
        if self._is_under_way:
            status = self.status()
            branches = resources.tree(status.resources) if status else []
            live.show([Row(branch.status.key, branch) for branch in branches])
        else:
            self._show_results(results)
        self._update_title()
        self._update_pane()
        self.update_frame()

    def _look_again(self) -> None:
        """Look an operation of somebody else up again once it has ended."""
        status = self.status()
        running = status.running.operation if status and status.running else ""
        if running != self._under_way:
            self._under_way = running
            if self.receipt and not self.receipt.phase.is_final:
                self._look_up()

    def _show_results(self, table: Table) -> None:
        if self.receipt is not None:
            found = present.results_in_view_order(self.receipt.resources)
            rows = [Row((at, result.key), result) for at, result in enumerate(found)]
            table.show(rows, (line(Span("no resource was touched", Tone.MUTED)),))
        elif self.problem is not None:
            table.show((), (*problem_lines(self.problem, again=False), EMPTY, _plan_again()))
        elif self._missing:
            table.show((), (line(Span("the journal holds no such operation", Tone.MUTED)),))

    def _update_title(self) -> None:
        self.query_one("#title", Band).show(self._title)

    def _title(self, cells: int) -> list[Line]:
        name = self.location.application
        if self.receipt is not None:
            heading = line(outside(self.receipt.application, Tone.ACCENT, bold=True))
            lines = present.receipt_lines(self.receipt)
            return [(*heading, Span("   "), *lines[0]), *lines[1:]]
        heading = line(outside(name, Tone.ACCENT, bold=True))
        if self.problem is not None:
            return [(*heading, Span("   "), Span("✗ it did not run", Tone.BAD))]
        if self._missing:
            return [heading]
        status = self.status()
        now = self.cockpit.clock()
        health = line(marks.HEALTH[status.health.code]) if status else EMPTY
        running = status.running if status else None
        lines = present.progress(running, now - self._started, cells, self.snapshot.writer)
        if self._future is None:
            lines = [line(Span("◌ reading the journal…", Tone.BUSY))]
        return [(*heading, Span("   "), *health), *lines]

    def _update_pane(self) -> None:
        side, table = (
            self.query_one("#pane", Pager),
            self.query_one("#live" if self._is_under_way else "#results", Table),
        )
        value = table.current.value if table.current else None
        side.display = value is not None
        if isinstance(value, resources.Branch):
            side.border_title = Content(value.status.key.kind_name)
            side.show(details.of_resource(value.status, self.cockpit.clock()))
        elif isinstance(value, ResourceResult):
            side.border_title = Content(value.key.kind_name)
            side.show(present.result_lines(value))

    def on_table_highlighted(self) -> None:
        """Explain the result under the cursor."""
        self._update_pane()


def _plan_again() -> Line:
    return line(Span("s", Tone.ACCENT, True), Span(" plans again", Tone.MUTED))

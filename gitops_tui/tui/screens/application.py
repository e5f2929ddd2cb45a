"""One application: its resources as a tree, and everything known about the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from gitops_tui.model.resources import ResourceKey, ResourceStatus
from gitops_tui.model.status import ApplicationStatus
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import applications, details
from gitops_tui.tui.present import resources as present
from gitops_tui.tui.views.listing import sort_bindings
from gitops_tui.tui.views.marking import Marking
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager, pane
from gitops_tui.tui.widgets.table import Row, Table


class ApplicationView(Marking):
    """The tree of one application."""

    view = actions.APPLICATION

    fields = present.FIELDS
    BINDINGS = sort_bindings(present.COLUMNS)

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._shown: tuple[object, ...] = ()

    def body(self) -> ComposeResult:
        """One line about the application, the tree, and a pane."""
        yield Band(id="headline")
        with Container(classes="split"):
            yield Table(present.COLUMNS, lambda branch: present.cells(branch, self.cockpit.clock()))
            yield pane()

    def crumbs(self) -> Sequence[str]:
        """Below the applications."""
        return ("Applications", self.location.application)

    def resource(self) -> ResourceStatus | None:
        """The resource under the cursor."""
        row = self.table.current
        return row.value.status if row else None

    def update(self) -> None:
        """Show the application as it is now."""
        status = self.status()
        if status is None:
            self.table.show((), self.nothing((line(Span("this application is not known", Tone.MUTED)),)))
        else:
            self._fill(status)
        self.update_frame()
        self._update_pane()

    def _fill(self, status: ApplicationStatus) -> None:
        headline = applications.headline(status, self.cockpit.clock())
        self.query_one("#headline", Band).show(lambda _: [headline])
        shown = (id(status.resources), self.filter, self.troubled_only, self.sorted_by)
        if shown == self._shown and self.table.rows:
            return
        self._shown = shown
        key, reverse = self.sorted_by
        branches = present.tree(status.resources, present.SORTS.get(key, present.natural), reverse=reverse)
        passes = present.passing(self.filter)
        if self.filter or self.troubled_only:
            branches = present.kept(
                branches, lambda one: passes(one) and (not self.troubled_only or present.troubled(one))
            )
        known = {row.key: row for row in self.table.rows}
        rows = [_row(known.get(branch.status.key), branch) for branch in branches]
        self.table.show(rows, self.nothing(_nothing(status)))

    def _update_pane(self) -> None:
        side = self.query_one("#pane", Pager)
        resource, status, now = self.resource(), self.status(), self.cockpit.clock()
        if resource is not None:
            title, lines = resource.key.kind_name, details.of_resource(resource, now)
        elif status is not None:
            title, lines = status.name, details.of_application(status, now)
        else:
            title, lines = "", []
        side.border_title = Content(title)
        side.show(lines)

    def on_table_highlighted(self) -> None:
        """Explain the resource under the cursor."""
        self._update_pane()

    def on_table_opened(self) -> None:
        """Show its YAML."""
        self.do_manifest()

    def why_unmarkable(self, row: Row) -> str:
        """Pods and what else lies below a resource come and go with it."""
        status: ResourceStatus = row.value.status
        return "" if status.desired or status.parent is None else "Git does not state it: mark what it belongs to"

    def do_sync(self) -> None:
        """Plan a sync, of the marked resources where any is."""
        self.cockpit.plan(self.subject(), resources=tuple(key for key in self.marked if isinstance(key, ResourceKey)))

    def do_manifest(self) -> None:
        """Show the YAML of the resource under the cursor."""
        resource = self.resource()
        if resource:
            self.cockpit.visit(Location(actions.MANIFEST, self.subject(), resource.key))

    def do_info(self) -> None:
        """Explain the resource under the cursor."""
        resource = self.resource()
        self.cockpit.visit(Location(actions.INFO, self.subject(), resource.key if resource else None))

    def do_events(self) -> None:
        """Show the events about the resource under the cursor and what is below it."""
        resource = self.resource()
        self.cockpit.visit(Location(actions.EVENTS, self.subject(), resource.key if resource else None))

    def do_logs(self) -> None:
        """Show what the containers below the resource under the cursor write."""
        resource = self.resource()
        self.cockpit.visit(Location(actions.LOGS, self.subject(), resource.key if resource else None))

    def do_diff(self) -> None:
        """Show the difference of the resource under the cursor among the others."""
        resource = self.resource()
        self.cockpit.visit(Location(actions.DIFF, self.subject(), _nearest_desired(resource)))

    def do_copy(self) -> None:
        """Copy the resource's kind and name as kubectl takes them."""
        resource = self.resource()
        if resource:
            self.copy(resource.key.kind_name)


def _row(known: Row | None, branch: present.Branch) -> Row:
    """Keep the value of a row that looks the same, so that it is not painted again."""
    if known and known.value.guide == branch.guide and known.value.status is branch.status:
        return known
    return Row(branch.status.key, branch)


def _nearest_desired(resource: ResourceStatus | None) -> ResourceKey | None:
    if resource is None:
        return None
    return resource.key if resource.desired or resource.parent is None else resource.parent


def _nothing(status: ApplicationStatus) -> tuple[Line, ...]:
    if status.problems:
        return problem_lines(status.problems[0])
    if status.revision is not None and status.compared_at is not None and not status.total:
        where = status.application.source.path or "its repository"
        return (
            line(Span("Git states no resource here", bold=True)),
            (),
            line(outside(f"no manifest in {where} at {status.revision.short}", Tone.MUTED)),
        )
    return (line(Span("◌ not compared yet…", Tone.BUSY)),)

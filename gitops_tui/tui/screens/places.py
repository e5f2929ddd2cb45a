"""Where things come from and where they go: repositories, and cluster contexts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.model.status import ClusterStatus, Problem, RepositoryStatus
from gitops_tui.tui import actions
from gitops_tui.tui.filters import Subject
from gitops_tui.tui.look.spans import Span, Tone, line
from gitops_tui.tui.navigation import HOME
from gitops_tui.tui.present import details
from gitops_tui.tui.present import places as present
from gitops_tui.tui.views.listing import Listing
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table


class PlacesView(Listing):
    """A table of places, and what is wrong with the one under the cursor."""

    def crumbs(self) -> Sequence[str]:
        """Only its name."""
        return (self.view.capitalize(),)

    def places(self) -> list[present.Place]:
        """The places to show."""
        return []

    def update(self) -> None:
        """Show the places of the snapshot that pass the filter."""
        rows = [Row(present.name(place), place) for place in self.places() if self._passes(place)]
        self.table.show(rows, self.nothing((line(Span("none is known yet", Tone.MUTED)),)))
        self.update_frame()
        self._explain()

    def _passes(self, place: present.Place) -> bool:
        problem = place.status.problem
        text = f"{present.name(place)} {problem.message if problem else ''}"
        return self.filter is None or self.filter.matches(Subject(text))

    def _explain(self) -> None:
        row = self.table.current
        status: RepositoryStatus | ClusterStatus | None = row.value.status if row else None
        problem: Problem | None = status.problem if status else None
        lines = details.of_problem(problem, self.cockpit.clock()) if problem else []
        self.query_one("#why", Band).show_wrapped(lines, most=6)

    def on_table_highlighted(self) -> None:
        """Explain the place under the cursor."""
        self._explain()

    def do_copy(self) -> None:
        """Copy its name."""
        row = self.table.current
        if row:
            self.copy(str(row.key))


class RepositoriesView(PlacesView):
    """The repositories: when each was asked, and what it said."""

    view = actions.REPOSITORIES
    opens = "Ask again"

    def body(self) -> ComposeResult:
        """The table, and what is wrong."""
        yield Table(
            present.REPOSITORY_COLUMNS, lambda place: present.repository_cells(place, self.cockpit.clock()), id="body"
        )
        yield Band(lines=0, id="why")

    def places(self) -> list[present.Place]:
        """The repositories."""
        return present.repositories(self.snapshot)

    def on_table_opened(self) -> None:
        """Have the engine ask again."""
        self.do_refresh()


class ContextsView(PlacesView):
    """The clusters; Enter shows the applications of one."""

    view = actions.CONTEXTS
    opens = "Its applications"

    def body(self) -> ComposeResult:
        """The table, and what is wrong."""
        yield Table(present.CLUSTER_COLUMNS, present.cluster_cells, id="body")
        yield Band(lines=0, id="why")

    def places(self) -> list[present.Place]:
        """The clusters."""
        return present.clusters(self.snapshot)

    def on_table_opened(self) -> None:
        """Show the applications of this cluster."""
        row = self.table.current
        if row:
            self.cockpit.visit(HOME)
            self.cockpit.root.apply(f"@{row.key}")

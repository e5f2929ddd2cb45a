"""Desired against live: which resources differ, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.worker import WorkType

from gitops_tui.diff.authorship import rule_data
from gitops_tui.engine.requests import Between, Compare
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.status import ApplicationStatus, Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Line, Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import diffs as present
from gitops_tui.tui.present.resources import troubled
from gitops_tui.tui.present.sides import Sides
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.views.revealing import Revealing
from gitops_tui.tui.views.view import WIDE
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager
from gitops_tui.tui.widgets.table import Row, Table
from gitops_tui.yamlio import dump

LARGE = 100_000
"""Characters from which a resource is compared in a thread."""


class DiffView(Revealing):
    """The differing resources of an application at a revision, and the difference of one of them."""

    view = actions.DIFF
    CSS = """
    DiffView #split { layout: vertical; height: 1fr; }
    DiffView #list { height: 6; }
    DiffView #list Table { height: 1fr; }
    DiffView #right { height: 1fr; }
    DiffView.-wide #split { layout: horizontal; }
    DiffView.-wide #list { width: 40; height: 1fr; }
    DiffView.-wide #right { width: 1fr; }
    DiffView .pane { padding: 0; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.comparisons: tuple[ResourceComparison, ...] | None = None
        self.context = 3
        self.two_columns: bool | None = None
        self.spaces = False
        self.authors = True
        self._page = present.Page()
        self._drawn_for = -1
        self._wanted: tuple[object, ...] = ()
        """What the page that is being made in a thread is made of."""
        self._hunk = 0
        self._hint = ""
        self._told: object = None
        self._status: ApplicationStatus | None = None

    def body(self) -> ComposeResult:
        """The list, and the difference."""
        with Container(id="split"):
            with Vertical(id="list"):
                yield Table(present.COLUMNS, present.cells)
            with Vertical(id="right", classes="pane"):
                yield Band(id="headings")
                yield Pager(id="text")

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        return ("Applications", self.location.application, self.sides.title)

    @property
    def sides(self) -> Sides:
        """What is compared with what."""
        status, place = self.status(), self.location
        held = status.revision.sha if status and status.revision else ""
        return Sides(place.base, place.revision, held, status.context if status else "")

    @property
    def is_two_columns(self) -> bool:
        """Whether desired and live stand side by side: as wished, else where there is room."""
        return self.size.width >= WIDE if self.two_columns is None else self.two_columns

    @property
    def _room(self) -> int:
        """The cells on which a page depends: 0 for one column, whose lines are as long as they are."""
        return self.text.size.width if self.is_two_columns else 0

    def load(self) -> None:
        """Ask for what differs."""
        if self.comparisons is None:
            self._say((line(Span("◌ comparing…", Tone.BUSY)),))
        place = self.location
        if place.base:
            request = Between(place.application, place.base, place.revision)
            self.ask(request, lambda found: self._compared(found.resources), self._failed)
        else:
            self.ask(Compare(place.application, place.revision or None), self._compared, self._failed)

    def update(self) -> None:
        """Show the frame; compare again when something differs now that did not, or no longer does."""
        self.update_frame()
        status = self.status()
        if status is not self._status and status is not None and not self.location.base:
            self._status = status
            differing = tuple((one.key, one.drift, one.changed_fields) for one in status.resources if troubled(one))
            told = (status.revision.sha if status.revision else "", differing)
            if self._told not in {None, told}:
                self.load()
            self._told = told

    def _compared(self, answer: tuple[ResourceComparison, ...]) -> None:
        first = self.comparisons is None
        self.comparisons = answer
        self.conceal()
        table = self.query_one(Table)
        table.show([Row(one.key, one) for one in answer])
        if first and self.location.key:
            table.select(self.location.key)
        self.show_chosen()

    def _failed(self, problem: Problem) -> None:
        self.comparisons = None
        self.query_one(Table).show(())
        self._say(problem_lines(problem))

    def _say(self, lines: Sequence[Line]) -> None:
        self.query_one("#headings", Band).show(lambda _: [()])
        self.query_one("#right").border_title = None
        self.query_one("#right").border_subtitle = None
        self.text.show(lines, centred=True)

    def chosen(self) -> ResourceComparison | None:
        """The resource whose difference is shown."""
        row = self.query_one(Table).current
        return row.value if row else None

    def on_table_highlighted(self) -> None:
        """Show the difference of the resource under the cursor, from its top."""
        self._hunk = 0
        self.conceal()
        self.show_chosen()
        self.text.action_move("top")

    def on_pager_resized(self) -> None:
        """Draw for another width. A line for a search below the text changes its height alone."""
        if self._drawn_for != self._room:
            self.show_chosen()

    def on_table_opened(self) -> None:
        """Give the keyboard to the difference."""
        self.text.focus()

    def show_chosen(self) -> None:
        """Show the difference of the resource under the cursor."""
        if self.comparisons is None:
            return
        comparison = self.chosen()
        if comparison is None:
            self._say((line(Span("✓ ", Tone.GOOD), Span("nothing differs")), (), self.sides.calm))
            return
        self._drawn_for = self._room
        if not _is_large(comparison):
            self._show_page(comparison, self._make(comparison, self.text.size.width))
            return
        wanted = (self.shown(comparison), self.is_two_columns, self._room, self.context, self.spaces, self.authors)
        if wanted != self._wanted:
            self._wanted = wanted
            work: WorkType[None] = partial(self._show_later, comparison)
            self.run_worker(work, group="page", exclusive=True)

    def _make(self, comparison: ResourceComparison, cells: int) -> present.Page:
        now = self.cockpit.clock() if self.authors else None
        comparison = self.shown(comparison)
        if self.is_two_columns:
            return present.two_columns(comparison, self.context, cells, spaces=self.spaces, now=now)
        return present.one_column(comparison, self.context, spaces=self.spaces, now=now)

    async def _show_later(self, comparison: ResourceComparison) -> None:
        """Make the page of a very large resource in a thread, so that keys are answered meanwhile."""
        self._say((line(Span("◌ comparing…", Tone.BUSY)),))
        page = await asyncio.to_thread(self._make, comparison, self.text.size.width)
        if comparison is self.chosen():
            self._show_page(comparison, page)
        self._wanted = ()

    def _show_page(self, comparison: ResourceComparison, page: present.Page) -> None:
        self._page = page
        self._hunk = min(self._hunk, max(len(page.hunks) - 1, 0))
        self.text.show(present.pointed_at(page, self._hunk), page.grounds)
        self.query_one("#right").border_title = Content(f" {comparison.key.kind_name} ")
        self.query_one("#headings", Band).show(self._heading(comparison))
        self._hint = self.hint(comparison)
        self._subtitle()

    def _heading(self, comparison: ResourceComparison) -> Callable[[int], list[Line]]:
        sides = self.sides
        if self.is_two_columns:
            return lambda cells: [sides.headings(cells)]
        return lambda _: [sides.summary(comparison)]

    def _subtitle(self) -> None:
        number = len(self._page.hunks)
        words = f"change {self._hunk + 1} of {number}" if number else "no change"
        around = "all lines" if self.context >= present.WHOLE else f"{self.context} lines around"
        hint = f" · {self._hint}" if self._hint else ""
        self.query_one("#right").border_subtitle = Content(f" {words} · {around}{hint} ")

    def _go_to_hunk(self) -> None:
        self.text.show(present.pointed_at(self._page, self._hunk), self._page.grounds)
        self.text.go(self._page.hunks[self._hunk] if self._page.hunks else 0)
        self._subtitle()

    def do_hunk_next(self) -> None:
        """Go to the next change, in the next resource after the last."""
        if self._hunk + 1 < len(self._page.hunks):
            self._hunk += 1
            self._go_to_hunk()
        else:
            self.query_one(Table).action_move("down")

    def do_hunk_previous(self) -> None:
        """Go to the previous change, in the previous resource before the first."""
        if self._hunk > 0:
            self._hunk -= 1
            self._go_to_hunk()
        else:
            self.query_one(Table).action_move("up")

    def do_sides(self) -> None:
        """One column or two."""
        self.two_columns = not self.is_two_columns
        self.show_chosen()

    def do_context_more(self) -> None:
        """Show more around each change; beyond 24 lines, everything."""
        self.context = self.context * 2 if 0 < self.context < 24 else (present.WHOLE if self.context else 3)
        self.show_chosen()

    def do_context_less(self) -> None:
        """Show less around each change."""
        self.context = 24 if self.context >= present.WHOLE else (self.context // 2 if self.context > 3 else 0)
        self.show_chosen()

    def do_whitespace(self) -> None:
        """Draw white space, or not."""
        self.spaces = not self.spaces
        self.show_chosen()

    def do_authors(self) -> None:
        """Say who wrote each side, or not."""
        self.authors = not self.authors
        self.show_chosen()

    def do_ignore(self) -> None:
        """Put the rules on the clipboard that leave fields to who owns them by right."""
        comparison = self.chosen()
        rules = [rule_data(change.suggested) for change in comparison.changes if change.suggested] if comparison else []
        if rules:
            self.cockpit.copy_to_clipboard(dump({"ignore": rules}))
            self.tell("copied the ignore rule, for the application in the configuration", Tone.GOOD)
        else:
            self.tell("nothing here is another's by right")

    def do_copy(self) -> None:
        """Copy the difference as text, as it is shown."""
        comparison = self.chosen()
        if comparison is None:
            self.tell("there is nothing to copy")
        else:
            self.cockpit.copy_to_clipboard(present.as_text(self.shown(comparison), self.context))
            self.tell(f"copied the difference of {comparison.key.kind_name}")

    def do_manifest(self) -> None:
        """Show the whole YAML of the resource."""
        comparison = self.chosen()
        if comparison:
            place = Location(actions.MANIFEST, self.location.application, comparison.key, self.location.revision)
            self.cockpit.visit(place)

    def do_logs(self) -> None:
        """Show what the containers below the resource write."""
        comparison = self.chosen()
        self.cockpit.visit(Location(actions.LOGS, self.subject(), comparison.key if comparison else None))

    def do_back(self) -> None:
        """Give the keyboard back to the list, else leave."""
        table = self.query_one(Table)
        if self.text.has_focus and table.rows:
            table.focus()
        else:
            super().do_back()


def _is_large(comparison: ResourceComparison) -> bool:
    return any(len(str(body)) > LARGE for body in (comparison.desired, comparison.live) if body)

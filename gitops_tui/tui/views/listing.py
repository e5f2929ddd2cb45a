"""What screens with a table have in common: filter, sorting, problems only, and the words for an empty table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual.binding import Binding, BindingType

from gitops_tui.tui import filters
from gitops_tui.tui.actions import SORT, Action
from gitops_tui.tui.filters import Filter
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import Line, Span, Tone, line
from gitops_tui.tui.views.view import View
from gitops_tui.tui.widgets.prompt import Prompt
from gitops_tui.tui.widgets.table import Table


def sort_bindings(columns: Sequence[Column]) -> list[BindingType]:
    """Return the keys that sort: the capital letter of each column."""
    return [
        Binding(column.sort, f"sort('{column.key}')", f"Sort by {column.title.lower()}", show=False)
        for column in columns
        if column.sort
    ]


class Listing(View):
    """A view with one table that is filtered and sorted."""

    fields: frozenset[str] = frozenset()

    def __init__(self, location: Any) -> None:
        super().__init__(location)
        self.filter: Filter | None = None
        self.troubled_only = False
        self.sorted_by: tuple[str, bool] = ("", False)

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    def age(self) -> None:
        """Show the current snapshot, and present the rows in sight again."""
        super().age()
        self.table.repaint()

    def do_filter(self) -> None:
        """Type a filter."""
        text = self.filter.text if self.filter else ""
        hint = "text, !not, -f fuzzy, -l key=value" + "".join(f", {name}=" for name in sorted(self.fields)[:3])
        self.query_one(Prompt).open("/", text, lambda _: (), hint)

    def apply(self, text: str) -> None:
        """Filter by this text."""
        self.filter = filters.parse(text, self.fields)
        self._note()

    def do_problems(self) -> None:
        """Show only rows with a problem, or all again."""
        self.troubled_only = not self.troubled_only
        self._note()

    def do_wide(self) -> None:
        """Make the columns as wide as what stands in them, or fit them to the screen again."""
        self.table.widen(on=not self.table.is_wide)
        self._note()

    def do_wide_left(self) -> None:
        """Bring the columns on the left into sight."""
        self._shift(-1)

    def do_wide_right(self) -> None:
        """Bring the columns on the right into sight."""
        self._shift(1)

    def _shift(self, by: int) -> None:
        if not self.table.is_wide:
            self.tell("^w first makes the columns as wide as what stands in them")
        elif not self.table.shift(by):
            self.tell("no column further " + ("left" if by < 0 else "right"))

    def _note(self) -> None:
        self.note = "  ".join(self.notes())
        self.update()

    def notes(self) -> list[str]:
        """Return what the header says of how the table is shown."""
        notes = ["wide ← →"] if self.table.is_wide else []
        notes += ["problems only"] if self.troubled_only else []
        return notes + ([f"/{self.filter.text}"] if self.filter else [])

    def sorts(self) -> tuple[Action, ...]:
        """The capital letters of its columns."""
        return tuple(
            Action(
                f"sort.{column.key}",
                (column.sort,),
                f"Sort by {column.title.lower()}",
                "Again: the other way round; a third time: as it was",
                frozenset({self.view}),
                SORT,
                call=f"sort('{column.key}')",
            )
            for column in self.table.columns
            if column.sort
        )

    def do_back(self) -> None:
        """Clear the filter, else leave."""
        if not self._cleared():
            super().do_back()

    def do_clear(self) -> None:
        """Clear the filter."""
        self._cleared()

    def _cleared(self) -> bool:
        if not self.filter and not self.troubled_only:
            return False
        self.filter, self.troubled_only = None, False
        self._note()
        return True

    def action_sort(self, key: str) -> None:
        """Sort by a column; again: reversed; a third time: as it was."""
        before, reverse = self.sorted_by
        self.sorted_by = (key, False) if before != key else (("", False) if reverse else (key, True))
        self.table.sorted_by = self.sorted_by
        self.update()
        self.table.repaint()

    def on_table_header_clicked(self, event: Table.HeaderClicked) -> None:
        """Sort by the column that was clicked."""
        if event.column.sort:
            self.action_sort(event.column.key)

    def nothing(self, normally: Sequence[Line]) -> Sequence[Line]:
        """Return what an empty table says: that the filter lets nothing through, else what it says normally."""
        if not self.filter and not self.troubled_only:
            return normally
        what = f"nothing matches {self.note}" if self.filter else "no problems here"
        return (line(Span(what, Tone.MUTED)), (), line(Span("Esc", Tone.ACCENT, True), Span(" shows all", Tone.MUTED)))

    def copy(self, text: str) -> None:
        """Put a text on the clipboard and say so."""
        self.cockpit.copy_to_clipboard(text)
        self.tell(f"copied {text}")


def sort_rows(values: Iterable[Any], sorts: dict[str, Callable[[Any], Any]], by: tuple[str, bool]) -> list[Any]:
    """Return the values in the order wished."""
    key, reverse = by
    return sorted(values, key=sorts[key], reverse=reverse) if key in sorts else list(values)

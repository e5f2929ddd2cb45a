"""Every key of the screen below; Enter does what the row says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from gitops_tui.model.text import one_line
from gitops_tui.tui.actions import Action
from gitops_tui.tui.look.spans import Ground, Span, Tone, cut, line, outside, wrap
from gitops_tui.tui.present import keys as present
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table

TOLD: Final = 3


class Help(ModalScreen[Action | None]):
    """Answers with the action to do, None for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", show=False),
        Binding("escape,q,?", "close", show=False),
        Binding("Q,ctrl+c", "app.quit", show=False),
    ]
    CSS = """
    Help Table { background: $panel; }
    """

    def __init__(
        self, view: str, actions: Sequence[Action], info: Sequence[tuple[str, str]] = (), title: str = "Keys"
    ) -> None:
        super().__init__()
        self._title = title
        self._view, self._actions, self._info = view, tuple(actions), tuple(info)

    def compose(self) -> ComposeResult:
        """Keys and facts in a table, and the whole of what the row under the cursor says below."""
        with Vertical(classes="dialog wide"):
            yield Band(ground=Ground.RAISED, lines=2, id="title")
            yield Table(present.COLUMNS, present.cells)
            yield Band(ground=Ground.RAISED, lines=TOLD + 1, id="told")

    def on_mount(self) -> None:
        """Fill in the keys and facts."""
        keys = [("⏎", " does it  "), ("Esc", " closes")]
        if self._info:
            keys += [("  G", " this session  "), ("c", " copies")]
        title = line(
            Span(self._title, Tone.TEXT, True),
            outside(f"  {self._view}   ", Tone.MUTED),
            *(span for key, does in keys for span in (Span(key, Tone.ACCENT, True), Span(does, Tone.MUTED))),
        )
        self.query_one("#title", Band).show(lambda cells: [cut(title, cells)])
        table = self.query_one(Table)
        table.ground = Ground.RAISED
        table.show([Row(at, row) for at, row in enumerate(present.rows(self._actions, self._info))])
        table.action_move("down")

    def on_table_highlighted(self) -> None:
        """Say all that the row under the cursor has to say."""
        told = present.told(self._row())
        self.query_one("#told", Band).show(lambda cells: [(), *wrap(told, cells - 2, 2)[:TOLD]])

    def _row(self) -> present.Help | None:
        row = self.query_one(Table).current
        found: present.Help | None = row.value if row else None
        return found

    def on_table_opened(self) -> None:
        """Do what the row says; copy a fact."""
        row = self._row()
        if isinstance(row, Action):
            self.dismiss(row)
        else:
            self.action_copy()

    def action_copy(self) -> None:
        """Copy the fact under the cursor."""
        row = self._row()
        if isinstance(row, present.Fact):
            self.app.copy_to_clipboard(row.value)
            self.notify(f"copied {one_line(row.value)}", timeout=4, markup=False)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(None)

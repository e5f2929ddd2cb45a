"""Every key of the screen below; Enter does what the row says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from gitops_tui.tui.actions import Action
from gitops_tui.tui.look.spans import Ground, Span, Tone, line, outside
from gitops_tui.tui.present import keys as present
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table


class Help(ModalScreen[str]):
    """Answers with the id of the action to do, "" for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
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
        """Keys in a table, facts below."""
        with Vertical(classes="dialog wide"):
            yield Band(ground=Ground.RAISED, lines=2, id="title")
            yield Table(present.COLUMNS, present.cells)
            yield Band(ground=Ground.RAISED, lines=0, id="facts")

    def on_mount(self) -> None:
        """Fill in the keys and facts."""
        title = line(
            Span(self._title, Tone.TEXT, True),
            outside(f"  {self._view}   ", Tone.MUTED),
            Span("⏎", Tone.ACCENT, True),
            Span(" does it  ", Tone.MUTED),
            Span("Esc", Tone.ACCENT, True),
            Span(" closes", Tone.MUTED),
        )
        self.query_one("#title", Band).show(lambda _: [title])
        table = self.query_one(Table)
        table.ground = Ground.RAISED
        table.show([Row(at, row) for at, row in enumerate(present.rows(self._actions))])
        table.action_move("down")
        facts = self.query_one("#facts", Band)
        facts.styles.height = len(self._info) + 1 if self._info else 0
        facts.show(lambda cells: [(), *present.facts(self._info, cells)])

    def on_table_opened(self) -> None:
        """Do what the row says."""
        row = self.query_one(Table).current
        action = row.value if row else None
        if isinstance(action, Action):
            self.dismiss("" if action.call else action.id)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss("")

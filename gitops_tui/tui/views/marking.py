"""Rows that are marked, so that something is done with them and with no others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from gitops_tui.tui.look.spans import Tone
from gitops_tui.tui.views.listing import Listing
from gitops_tui.tui.widgets.table import Row


class Marking(Listing):
    """A listing whose rows can be marked. Marks stay on their keys, and go with their rows."""

    def __init__(self, location: Any) -> None:
        super().__init__(location)
        self._last: Hashable = None

    @property
    def marked(self) -> tuple[Hashable, ...]:
        """The keys that are marked, in the order of the rows."""
        return tuple(row.key for row in self.table.rows if row.key in self.table.marked)

    def why_unmarkable(self, row: Row) -> str:
        """Return why a row cannot be marked, "" when it can."""
        del row
        return ""

    def notes(self) -> list[str]:
        """Say how many are marked."""
        count = len(self.marked)
        return [*([f"{count} marked"] if count else []), *super().notes()]

    def do_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away; go on to the next one."""
        row = self.table.current
        if row is None:
            return
        why = self.why_unmarkable(row)
        if why:
            self.tell(why, Tone.WARN)
            return
        self._last = row.key
        self._mark(self.table.marked ^ {row.key})
        self.table.action_move("down")

    def do_mark_range(self) -> None:
        """Mark from the last mark to the cursor."""
        rows, cursor = self.table.rows, self.table.current
        at = {row.key: place for place, row in enumerate(rows)}
        if cursor is None or self._last not in at:
            self.do_mark()
            return
        first, last = sorted((at[self._last], at[cursor.key]))
        self._mark(self.table.marked | {row.key for row in rows[first : last + 1] if not self.why_unmarkable(row)})

    def do_mark_clear(self) -> None:
        """Mark nothing."""
        self._mark(())

    def _mark(self, keys: Iterable[Hashable]) -> None:
        self.table.marked = frozenset(keys)
        self.table.repaint()
        self._note()

"""Taking an application away, shown object by object and confirmed by typing its name."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.engine.requests import Delete, PlanDeletion
from gitops_tui.model.operations import ChangeSet, Deletion
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.dialogs.approval import Approval
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import plans as present
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.choice import Reason
from gitops_tui.tui.widgets.table import Row, Table


class DeletionView(Approval):
    """What would become of its objects. They are left as they are unless a person says otherwise."""

    view = actions.DELETION

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.how = Deletion.LEAVE
        self.hooks = True
        self.plan: ChangeSet | None = None

    def body(self) -> ComposeResult:
        """Title, objects, guards, answers."""
        yield Band(lines=2, id="title")
        yield Table(present.CHANGE_COLUMNS, present.change_cells, id="body")
        yield Band(lines=0, id="guards")
        yield from self.answers(f"← type {self.location.application} to do it")

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        return ("Applications", self.location.application, "Delete")

    def load(self) -> None:
        """Plan, or plan again."""
        self._show(None, "◌ reading its objects…")
        request = PlanDeletion(self.location.application, self.how, hooks=self.hooks)
        self.ask(request, lambda plan: self._show(plan, "it has no objects"), self._failed)

    def _show(self, plan: ChangeSet | None, words: str) -> None:
        self.plan = plan
        changes = present.in_view_order(plan.changes) if plan else []
        rows = [Row((change.key, change.phase), change) for change in changes]
        self.query_one(Table).show(rows, (line(Span(words, Tone.MUTED)),))
        self.offer(self._title(), self._guards(), self._label())

    def _failed(self, problem: Problem) -> None:
        self._show(None, "")
        self.query_one(Table).show((), problem_lines(problem))

    def _title(self) -> list[Line]:
        name, plan = self.location.application, self.plan
        verb = "Stop tracking " if self.how is Deletion.LEAVE else "Delete "
        fate = "its objects stay as they are" if self.how is Deletion.LEAVE else "its objects are deleted"
        hooks = "" if self.how is Deletion.LEAVE else f"   hooks {'on' if self.hooks else 'off'}"
        words = present.in_words(plan) if plan and plan.writes else ""
        first = line(Span(verb, bold=True), outside(name, Tone.ACCENT, bold=True), Span(f": {fate}", Tone.MUTED))
        return [first, line(Span(words), Span(hooks, Tone.MUTED)) if words or hooks else EMPTY]

    def _guards(self) -> list[Line]:
        if self.plan is None:
            return []
        lines = [line(Span("✗ refused: ", Tone.BAD, True), outside(why)) for why in self.plan.refusals]
        lines += [line(Span("! cannot be undone: ", Tone.WARN, True), outside(why)) for why in self.plan.held]
        told = "its automation is paused, so that nothing makes it anew; take it out of the configuration too"
        return [*lines, line(Span(told, Tone.MUTED))]

    def _label(self) -> str:
        plan = self.plan
        if plan is None or plan.refusals:
            return ""
        count = len(plan.writes)
        return "Stop tracking" if self.how is Deletion.LEAVE else f"Delete: {count} change" + "s" * (count != 1)

    def run_it(self) -> bool:
        """Do it, once the name was typed, and show how it goes."""
        plan, name = self.plan, self.location.application
        if plan is None or not self._label():
            return False
        if self.reason != name:
            self.tell(f"type {name} first", Tone.WARN)
            self.set_focus(self.query_one(Reason))
            return False
        self.cockpit.execute(Delete(name, plan, self.cockpit.actor), name, plan.revision)
        return True

    def do_cascade(self) -> None:
        """Leave the objects, or delete them."""
        self.how = Deletion.CASCADE if self.how is Deletion.LEAVE else Deletion.LEAVE
        self.load()

    def do_hooks(self) -> None:
        """Plan again with or without the hooks."""
        self.hooks = not self.hooks
        self.load()

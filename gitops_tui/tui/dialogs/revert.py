"""A rollback by a commit, shown file by file and confirmed: on the tracked branch, or on one for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from gitops_tui.engine.requests import PlanRevert, Revert
from gitops_tui.model.revision import Restoration, RollbackMode
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.dialogs.approval import Approval
from gitops_tui.tui.look.spans import Span, Tone, line
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import reverts as present
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.table import Row, Table


class RevertView(Approval):
    """The commit that would be made. The location's revision is the one whose content comes back.

    why: the reason where a person gives none.
    """

    view = actions.REVERT

    def __init__(self, location: Location, mode: RollbackMode = RollbackMode.REVERT, *, why: str = "") -> None:
        super().__init__(location)
        self.mode = mode
        self._why = why
        self.plan: Restoration | None = None

    def body(self) -> ComposeResult:
        """Title, files, what it means, answers."""
        yield Band(lines=2, id="title")
        yield Table(present.COLUMNS, present.cells, id="body")
        yield Band(lines=0, id="guards")
        yield from self.answers("← why (optional, part of the commit's message)")

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        return ("Applications", self.location.application, f"Revert to {self.location.revision[:7]}")

    def load(self) -> None:
        """Plan, or plan again."""
        self._show(None, "◌ comparing the two commits…")
        self.ask(
            PlanRevert(self.location.application, self.location.revision, self.mode),
            lambda plan: self._show(plan, ""),
            self._failed,
        )

    def _show(self, plan: Restoration | None, words: str) -> None:
        self.plan = plan
        rows = [Row(each.path, each) for each in plan.files] if plan else []
        self.query_one(Table).show(rows, (line(Span(words, Tone.BUSY)),))
        label = f"Commit and push {present.counted(plan)}" if plan else ""
        self.offer(present.title(self.location, self.mode, plan), present.told(plan), label)

    def _failed(self, problem: Problem) -> None:
        self._show(None, "")
        self.query_one(Table).show((), problem_lines(problem))

    def run_it(self) -> bool:
        """Commit and push, and show how it goes."""
        plan, cockpit = self.plan, self.cockpit
        if plan is None:
            return False
        request = Revert.of(plan, cockpit.actor, self.reason or self._why)
        cockpit.execute(request, plan.application, plan.revision.sha)
        return True

    def do_mode(self) -> None:
        """The next way to go back: by a branch, then by a pin."""
        following = RollbackMode.BRANCH if self.mode is RollbackMode.REVERT else RollbackMode.PIN
        self.cockpit.change_mode(self.location, following)

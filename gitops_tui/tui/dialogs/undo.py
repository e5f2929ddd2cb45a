"""What was done last, taken back: shown whole and confirmed."""

from __future__ import annotations

from gitops_tui.engine.requests import PlanUndo, Request, Rollback, Undoing
from gitops_tui.model.operations import ChangeSet
from gitops_tui.model.values import replace
from gitops_tui.tui import actions
from gitops_tui.tui.dialogs.plan import PlanView
from gitops_tui.tui.look.spans import Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import plans as present


class UndoView(PlanView):
    """The plan of an undo that writes to the cluster. undoing: as it was answered a moment ago."""

    def __init__(self, application: str, undoing: Undoing) -> None:
        revision = undoing.request.plan.revision if isinstance(undoing.request, Rollback) else ""
        super().__init__(Location(actions.PLAN, application, revision=revision))
        self.undoing = undoing
        self._is_fresh = True

    def load(self) -> None:
        """Show what was planned; plan again when asked to."""
        if self._is_fresh:
            self._is_fresh = False
            self._answered(self.undoing)
        else:
            self.begin()
            self.ask(PlanUndo(self.location.application, self.cockpit.actor), self._answered, self._failed)

    def _answered(self, undoing: Undoing) -> None:
        self.undoing = undoing
        if undoing.plan is None:
            self.tell("it is another thing by now that was done last", Tone.WARN)
            self.do_back()
        else:
            self._planned(undoing.plan)

    def _guards(self) -> list[Line]:
        told = line(
            Span("undoes ", Tone.MUTED),
            outside(self.undoing.what, limit=200),
            Span(": ", Tone.MUTED),
            outside(self.undoing.how, limit=200),
        )
        return [told, *super()._guards()]

    def approved(self, _: ChangeSet) -> Request:
        """What a person has agreed to, with what they said or chose beside it."""
        request = self.undoing.request
        if not isinstance(request, Rollback):
            return request
        ending = present.ENDINGS[self.ending]
        until = ending.until(self.cockpit.clock()) if self.ending else request.until
        return replace(request, why=self.reason or request.why, until=until)

    def do_prune(self) -> None:
        """An undo is planned with what the policy says."""
        self.tell("an undo prunes as the policy says")

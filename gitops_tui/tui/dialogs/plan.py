"""A plan, shown whole and confirmed: sync, or rollback to a commit. Cancel has the focus."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from gitops_tui.engine.requests import Plan, Request, Rollback, Sync
from gitops_tui.model.operations import Change, ChangeSet
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import RollbackMode
from gitops_tui.model.status import Problem
from gitops_tui.model.values import replace
from gitops_tui.tui import actions
from gitops_tui.tui.actions import Situation
from gitops_tui.tui.dialogs.approval import Approval
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import plans as present
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager, pane
from gitops_tui.tui.widgets.table import Row, Table


class PlanView(Approval):
    """What would be done. A location with a revision means a rollback to it, which pins the application."""

    view = actions.PLAN

    def __init__(self, location: Location, resources: tuple[ResourceKey, ...] = ()) -> None:
        super().__init__(location)
        self.resources = resources
        self.hooks: bool | None = None
        self.plan: ChangeSet | None = None
        self.prune: bool | None = None
        self.ending = 0

    @property
    def is_rollback(self) -> bool:
        """Whether this pins the application to an older commit."""
        return bool(self.location.revision)

    def body(self) -> ComposeResult:
        """Title, changes, guards, answers."""
        yield Band(lines=2, id="title")
        with Container(classes="split"):
            yield Table(present.CHANGE_COLUMNS, present.change_cells)
            yield pane()
        yield Band(lines=0, id="guards")
        yield from self.answers("← why (optional, kept with the pin)" if self.is_rollback else "")

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        verb = f"Roll back to {self.location.revision[:7]}" if self.is_rollback else "Sync"
        return ("Applications", self.location.application, verb)

    def begin(self) -> None:
        """Forget the plan; another one is being made."""
        self.plan = None
        self.query_one(Table).show((), (line(Span("◌ planning: a dry run of everything…", Tone.BUSY)),))
        self._update()

    def load(self) -> None:
        """Plan, or plan again."""
        self.begin()
        self.ask(
            Plan(self.location.application, self.location.revision or None, self.prune, self.resources, self.hooks),
            self._planned,
            self._failed,
        )

    def _planned(self, plan: ChangeSet) -> None:
        self.plan = plan
        self.prune, self.hooks = plan.prune, plan.hooks
        nothing = (line(Span("✓ ", Tone.GOOD), Span("nothing to change")),)
        rows = [Row((change.key, change.phase), change) for change in present.in_view_order(plan.changes)]
        self.query_one(Table).show(rows, nothing)
        self._update()

    def _failed(self, problem: Problem) -> None:
        self.query_one(Table).show((), problem_lines(problem))
        self._update()

    def _update(self) -> None:
        self.offer(self._title(), self._guards(), self._label())
        self._update_pane()

    def _title(self) -> list[Line]:
        name, status, plan = self.location.application, self.status(), self.plan
        revision = self.location.revision or (plan.revision if plan else "")
        verb = "Roll back " if self.is_rollback else "Sync "
        first = line(
            Span(verb, bold=True),
            outside(name, Tone.ACCENT, bold=True),
            Span(" to ", Tone.MUTED),
            outside(revision[:7], Tone.ACCENT),
            Span(" in ", Tone.MUTED),
            outside(f"{status.context or status.application.destination.context}/" if status else ""),
            outside(status.application.destination.namespace if status else ""),
        )
        if plan is None:
            return [first, EMPTY]
        second = line(Span(present.in_words(plan)), Span(present.settings(plan), Tone.MUTED))
        if plan.partial:
            chosen = f"   {present.counted(self.resources)} only"
            second = (*second, Span(chosen, Tone.SPECIAL))
        if self.is_rollback:
            second = (*second, Span(f"   pins it there {present.ENDINGS[self.ending].words}", Tone.SPECIAL))
        return [first, second]

    def _label(self) -> str:
        """What the second answer says, "" when there is nothing to agree to."""
        plan = self.plan
        if plan is None or plan.refusals or (not plan.writes and not self.is_rollback):
            return ""
        verb = "Roll back" if self.is_rollback else "Sync"
        number = f" {len(plan.writes)} change" + "s" * (len(plan.writes) != 1) if plan.writes else " and pin"
        return f"Approve: {verb.lower()}{number}" if plan.held else f"{verb}{number}"

    def _guards(self) -> list[Line]:
        if self.plan is None:
            return []
        lines = [line(Span("✗ refused: ", Tone.BAD, True), outside(why)) for why in self.plan.refusals]
        return lines + [line(Span("! needs your approval: ", Tone.WARN, True), outside(why)) for why in self.plan.held]

    def _update_pane(self) -> None:
        side, row = self.query_one("#pane", Pager), self.query_one(Table).current
        change: Change | None = row.value if row else None
        if change is None:
            side.border_title = None
            side.show(())
            return
        side.border_title = Content(change.key.kind_name)
        origin = str(change.manifest.origin) if change.manifest else ""
        lines: list[Line] = [line(outside(origin, Tone.MUTED))] if origin else []
        lines.append(
            line(outside(f"namespace {change.key.namespace}" if change.key.namespace else "cluster", Tone.MUTED))
        )
        side.show(lines + present.change_lines(change))

    def on_table_highlighted(self) -> None:
        """Explain the change under the cursor."""
        self._update_pane()

    def run_it(self) -> bool:
        """Run the plan, and show how it goes."""
        plan, cockpit = self.plan, self.cockpit
        if plan is None or not self._label():
            return False
        cockpit.execute(self.approved(plan), plan.application, plan.revision)
        return True

    def approved(self, plan: ChangeSet) -> Request:
        """What a person has agreed to."""
        if not self.is_rollback:
            return Sync(plan.application, plan, self.cockpit.actor)
        until = present.ENDINGS[self.ending].until(self.cockpit.clock())
        return Rollback(plan.application, plan, self.cockpit.actor, self.reason, until)

    def situation(self) -> Situation:
        """Only what goes back has modes and an end."""
        return replace(super().situation(), goes_back=self.is_rollback)

    def do_prune(self) -> None:
        """Plan again with or without deleting what Git no longer names."""
        self.prune = not self.prune
        self.load()

    def do_hooks(self) -> None:
        """Plan again with or without the hooks."""
        self.hooks = not self.hooks
        self.load()

    def do_mode(self) -> None:
        """Go back with a commit instead."""
        self.cockpit.change_mode(self.location, RollbackMode.REVERT)

    def do_until(self) -> None:
        """Let the pin end otherwise."""
        self.ending = (self.ending + 1) % len(present.ENDINGS)
        self._update()

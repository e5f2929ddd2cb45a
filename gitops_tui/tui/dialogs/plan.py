"""A plan, shown whole and confirmed: sync, or rollback to a commit. Cancel has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.content import Content

from gitops_tui.engine.requests import Plan, Request, Rollback, Sync
from gitops_tui.model.operations import Change, ChangeSet
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import plans as present
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.views.view import View
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.choice import Choice, Reason
from gitops_tui.tui.widgets.pager import Pager, pane
from gitops_tui.tui.widgets.table import Row, Table

_HINT: Final = line(
    Span("→", Tone.ACCENT, True),
    Span(" chooses, ", Tone.MUTED),
    Span("⏎", Tone.ACCENT, True),
    Span(" does it", Tone.MUTED),
)


class PlanView(View):
    """What would be done. A location with a revision means a rollback to it, which pins the application."""

    view = actions.PLAN
    AUTO_FOCUS = "#cancel"
    BINDINGS = [  # noqa: RUF012 - textual's own way of declaring keys
        Binding("left,right", "answers", show=False),
        Binding("j,down", "rows('down')", show=False),
        Binding("k,up", "rows('up')", show=False),
        Binding("ctrl+f,pagedown", "rows('page_down')", show=False),
        Binding("ctrl+b,pageup", "rows('page_up')", show=False),
    ]
    CSS = """
    PlanView #answers { height: 1; background: $panel; }
    PlanView #asked { width: 1fr; }
    PlanView .buttons { background: $panel; padding: 0 1; }
    PlanView .reason { width: 1fr; margin: 0 2 0 1; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.plan: ChangeSet | None = None
        self.prune: bool | None = None
        self._begun = False

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
        with Horizontal(classes="buttons"):
            if self.is_rollback:
                yield Reason("why (optional, kept with the pin)")
            else:
                yield Band(ground=Ground.RAISED, id="asked")
            yield Choice("Cancel", "cancel")
            yield Choice("", "do", dangerous=True)

    def crumbs(self) -> Sequence[str]:
        """Below the application."""
        verb = f"Roll back to {self.location.revision[:7]}" if self.is_rollback else "Sync"
        return ("Applications", self.location.application, verb)

    def load(self) -> None:
        """Plan, or plan again."""
        self.plan = None
        self.query_one(Table).show((), (line(Span("◌ planning: a dry run of everything…", Tone.BUSY)),))
        self._update()
        self.ask(
            Plan(self.location.application, self.location.revision or None, self.prune), self._planned, self._failed
        )

    def _planned(self, plan: ChangeSet) -> None:
        self.plan = plan
        self.prune = plan.prune
        nothing = (line(Span("✓ ", Tone.GOOD), Span("nothing to change")),)
        self.query_one(Table).show([Row(change.key, change) for change in present.in_view_order(plan.changes)], nothing)
        self._update()

    def _failed(self, problem: Problem) -> None:
        self.query_one(Table).show((), problem_lines(problem))
        self._update()

    def _update(self) -> None:
        if not self.is_rollback:
            hint = line(
                Span("→", Tone.ACCENT, True),
                Span(" chooses, ", Tone.MUTED),
                Span("⏎", Tone.ACCENT, True),
                Span(" does it", Tone.MUTED),
            )
            self.query_one("#asked", Band).show(lambda _: [hint])
        title = self._title()
        self.query_one("#title", Band).show(lambda _: title)
        self._update_guards()
        button = self.query_one("#do", Choice)
        label = self._label()
        button.name_it(label)
        button.disabled = not label
        if not self.query_one("#cancel").has_focus and button.disabled:
            self.query_one("#cancel").focus()
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
        prune = "on" if plan.prune else "off"
        second = line(Span(present.in_words(plan)), Span(f"   prune {prune}", Tone.MUTED))
        if self.is_rollback:
            second = (*second, Span("   pins it there until a newer commit arrives", Tone.SPECIAL))
        return [first, second]

    def _label(self) -> str:
        """What the second answer says, "" when there is nothing to agree to."""
        plan = self.plan
        if plan is None or plan.refusals or (not plan.writes and not self.is_rollback):
            return ""
        verb = "Roll back" if self.is_rollback else "Sync"
        number = f" {len(plan.writes)} change" + "s" * (len(plan.writes) != 1) if plan.writes else " and pin"
        return f"Approve: {verb.lower()}{number}" if plan.held else f"{verb}{number}"

    def _update_guards(self) -> None:
        lines: list[Line] = []
        if self.plan:
            lines += [line(Span("✗ refused: ", Tone.BAD, True), outside(why)) for why in self.plan.refusals]
            lines += [line(Span("! needs your approval: ", Tone.WARN, True), outside(why)) for why in self.plan.held]
        self.query_one("#guards", Band).show_wrapped(lines, most=max(self.size.height // 3, 1))

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
        lines += [line(Span("! ", Tone.WARN), outside(text)) for text in change.warnings]
        lines += present.field_lines(change.changes)
        if not change.changes:
            lines.append(line(Span("the whole object", Tone.MUTED)))
        side.show(lines)

    def on_table_highlighted(self) -> None:
        """Explain the change under the cursor."""
        self._update_pane()

    def action_rows(self, where: str) -> None:
        """Move in the list of changes, whichever answer has the focus."""
        self.query_one(Table).action_move(where)

    def action_answers(self) -> None:
        """Go from the list of changes to the answers."""
        self.set_focus(self.query_one("#cancel"))

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        """Run it, or leave."""
        if event.choice.id == "do":
            self._run()
        else:
            self.do_back()

    def _run(self) -> None:
        plan, cockpit = self.plan, self.cockpit
        if plan is None or self._begun or not self._label():
            return
        self._begun = True
        request: Request
        if self.is_rollback:
            why = self.query_one(Reason).value.strip()
            request = Rollback(plan.application, plan, cockpit.actor, why)
        else:
            request = Sync(plan.application, plan, cockpit.actor)
        cockpit.execute(request, plan.application, plan.revision)

    def do_prune(self) -> None:
        """Plan again with or without deleting what Git no longer names."""
        self.prune = not self.prune
        self.load()

    def do_refresh(self) -> None:
        """Plan again."""
        self.load()

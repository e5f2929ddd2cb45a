"""What all screens have in common: frame, keys, command line, asking the engine, and calm failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkType

from gitops_tui.engine.requests import Request
from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.status import ApplicationStatus, Problem, Snapshot
from gitops_tui.tui import actions, filters, navigation
from gitops_tui.tui.actions import Situation
from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import frame
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.footer import Footer
from gitops_tui.tui.widgets.pager import Pager
from gitops_tui.tui.widgets.prompt import Prompt
from gitops_tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from gitops_tui.tui.app import GitopsApp

WIDE: Final = 110
"""From this many cells on, panes stand side by side."""


def problem_of(error: BaseException) -> Problem:
    """Turn a failed answer into something to show."""
    if isinstance(error, GitopsError):
        return Problem(error.stage, error.subject, error.message, error.hint)
    if isinstance(error, asyncio.CancelledError):
        return Problem(Stage.INTERNAL, "the engine", "stopped before it answered", "start gitops-tui again")
    return Problem(Stage.INTERNAL, "gitops-tui", f"{type(error).__name__}: {error}", "this is a bug, please report it")


class View(Screen[Any]):
    """One screen at one location. Subclasses say which actions they have by their `view` name, and do each in a
    method `do_<id>` (dots become underscores).
    """

    view: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - declared so by textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012 - declared so by textual
    opens: ClassVar[str] = ""
    """What Enter does, for the footer; "" where there is nothing to enter."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Bind the keys of the table of actions."""
        if cls.view:
            cls.BINDINGS = [*actions.bindings(cls.view), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__(**kwargs)

    def __init__(self, location: Location) -> None:
        super().__init__()
        self.location = location
        self.note = ""

    @property
    def cockpit(self) -> GitopsApp:
        """The application that shows this screen."""
        return cast("GitopsApp", self.app)

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self.cockpit.snapshot

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        yield Band(ground=Ground.RAISED, lines=2, id="header")
        yield from self.body()
        yield Prompt()
        yield Footer()

    def body(self) -> ComposeResult:
        """What is between header and footer."""
        yield from ()

    def crumbs(self) -> Sequence[str]:
        """The path to this view, for the header."""
        return (self.view.capitalize(),)

    def subject(self) -> str:
        """The application that this screen, or the row under its cursor, is about."""
        return self.location.application

    def status(self) -> ApplicationStatus | None:
        """What is known about the subject."""
        return self.snapshot.applications.get(self.subject())

    def on_mount(self) -> None:
        """Show what is known at once, then ask for what is missing."""
        self.update()
        self.load()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        if self.is_mounted:
            self.update()

    def load(self) -> None:
        """Ask the engine for what the snapshot does not hold."""

    def update(self) -> None:
        """Show the current snapshot."""
        self.update_frame()

    def update_frame(self) -> None:
        """Show the current snapshot in header and footer."""
        snapshot, crumbs, note = self.snapshot, tuple(self.crumbs()), self.note
        read_only = self.cockpit.read_only
        self.query_one("#header", Band).show(
            lambda cells: frame.header(snapshot, crumbs, cells, read_only=read_only, note=note)
        )
        now = self.situation()
        enter = [replace(actions.BY_ID["open"], title=self.opens)] if self.opens else []
        listed = [action for action in actions.for_view(self.view, read_only=now.read_only) if action.foot]
        offered = [(action, not action.why_disabled(now)) for action in (*enter, *listed)]
        self.query_one(Footer).offer([(action, able) for action, able in offered if able or not action.shy])

    def situation(self) -> Situation:
        """What actions may depend on."""
        return Situation(self.view, self.status(), self.cockpit.read_only or self.snapshot.read_only)

    # -- keys

    def action_do(self, name: str) -> None:
        """Do an action of the table, or say why it cannot be done now."""
        action = actions.BY_ID[name]
        now = self.situation()
        if action.dangerous and now.read_only:
            self.tell(f"{action.title}: this is read-only", Tone.WARN)
            return
        why = action.why_disabled(now)
        if why:
            self.tell(f"{action.title}: {why}", Tone.WARN)
            return
        handler = cast("Callable[[], None]", getattr(self, "do_" + name.replace(".", "_")))
        handler()

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """Do what was clicked."""
        self.action_do(event.action.id)

    def tell(self, text: str, tone: Tone = Tone.TEXT) -> None:
        """Say something in passing, in a corner."""
        self.cockpit.tell(text, tone)

    def do_open(self) -> None:
        """Do what Enter does."""
        self.query_one(Table).action_open()

    def do_back(self) -> None:
        """Clear a filter, else leave."""
        self.cockpit.back()

    def do_help(self) -> None:
        """Show every key."""
        self.cockpit.help(self)

    def do_quit(self) -> None:
        """Quit without asking."""
        self.cockpit.exit()

    def do_refresh(self) -> None:
        """Have the engine look now."""
        self.cockpit.look(self.subject())
        self.load()

    def do_refresh_hard(self) -> None:
        """Have the engine look now, trusting nothing that it keeps."""
        self.cockpit.look(self.subject(), hard=True)
        self.load()

    def do_trail_back(self) -> None:
        """Go to the view before this one."""
        self.cockpit.step(-1)

    def do_trail_forward(self) -> None:
        """Go to the view after this one."""
        self.cockpit.step(1)

    def do_trail_last(self) -> None:
        """Go to the view that was left last."""
        self.cockpit.toggle()

    def do_diff(self) -> None:
        """Show desired against live."""
        self.cockpit.visit(Location(actions.DIFF, self.subject()))

    def do_history(self) -> None:
        """Show the commits."""
        self.cockpit.visit(Location(actions.HISTORY, self.subject()))

    do_rollback = do_history

    def do_tree(self) -> None:
        """Show the resources."""
        self.cockpit.visit(Location(actions.APPLICATION, self.subject()))

    def do_info(self) -> None:
        """Show everything known."""
        self.cockpit.visit(Location(actions.INFO, self.subject()))

    def do_sync(self) -> None:
        """Plan a sync."""
        self.cockpit.plan(self.subject())

    def do_unpin(self) -> None:
        """Ask, then lift the pin."""
        self.cockpit.ask_unpin(self.subject())

    def do_pause(self) -> None:
        """Ask, then pause or resume."""
        self.cockpit.ask_pause(self.subject())

    def do_terminate(self) -> None:
        """Ask, then stop what runs."""
        self.cockpit.ask_terminate(self.subject())

    # -- the command line

    def do_command(self) -> None:
        """Open the command line."""
        vocabulary = self.cockpit.vocabulary()
        self.query_one(Prompt).open(
            ":", "", lambda text: navigation.candidates(text, vocabulary), "Tab completes, ↑ ↓ cycle, Esc closes"
        )

    def action_cycle(self, by: int) -> None:
        """Show another completion."""
        self.query_one(Prompt).cycle(by)

    def action_close_prompt(self) -> None:
        """Close the command line, forgetting what was typed."""
        prompt = self.query_one(Prompt)
        prompt.close()
        if prompt.sign == "/":
            self.apply("")

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        """Filter while typing."""
        if event.sign == "/":
            self._try(lambda: self.apply(event.text.removeprefix("/")))

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        """Go there, or keep the line open and say why not."""
        prompt = self.query_one(Prompt)
        if event.sign == "/":
            if self._try(lambda: self.apply(event.text.removeprefix("/"))):
                prompt.close()
        elif not event.text.strip():
            prompt.close()
        else:
            try:
                order = navigation.understand(event.text, self.cockpit.vocabulary(), self.subject())
                self.cockpit.obey(order, self)
            except (navigation.CommandError, filters.FilterError) as error:
                prompt.fail(str(error))
                return
            prompt.close()

    def _try(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except filters.FilterError as error:
            self.query_one(Prompt).fail(str(error))
            return False
        return True

    def apply(self, text: str) -> None:
        """Use a filter or a search. Raises FilterError."""

    # -- asking the engine

    def ask(self, request: Request, then: Callable[[Any], None], failed: Callable[[Problem], None]) -> None:
        """Ask the engine, without waiting; the answer or the problem is handed over when it is there."""
        work: WorkType[None] = partial(self._ask, request, then, failed)
        self.run_worker(work, group=type(request).__name__, exclusive=True)

    async def _ask(self, request: Request, then: Callable[[Any], None], failed: Callable[[Problem], None]) -> None:
        problem = None
        try:
            answer = await asyncio.shield(asyncio.wrap_future(self.cockpit.engine.submit(request)))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            problem = problem_of(asyncio.CancelledError())
        except Exception as error:  # noqa: BLE001 - the edge: whatever the engine raised is shown, never a crash
            problem = problem_of(error)
        if problem is None:
            then(answer)
        else:
            failed(problem)


def problem_lines(problem: Problem, *, again: bool = True) -> tuple[Line, ...]:
    """What to show in place of what could not be had."""
    lines = [
        line(Span("✗ ", Tone.BAD), outside(problem.subject, bold=True)),
        line(outside(problem.message)),
    ]
    if problem.hint:
        lines += [(), line(outside(problem.hint, Tone.MUTED))]
    if again:
        lines += [(), line(Span("r", Tone.ACCENT, True), Span(" tries again", Tone.MUTED))]
    return tuple(lines)


def show_problem(target: Widget, problem: Problem) -> None:
    """Show a problem in the middle of a text."""
    if isinstance(target, Pager):
        target.show(problem_lines(problem), centred=True)

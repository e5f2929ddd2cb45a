"""What all screens have in common: frame, keys, command line, asking the engine, and calm failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Key
from textual.worker import WorkType

from gitops_tui.engine.requests import Request
from gitops_tui.model.status import ApplicationStatus, Problem, Snapshot
from gitops_tui.model.values import replace
from gitops_tui.tui import actions, filters, navigation
from gitops_tui.tui.actions import Situation
from gitops_tui.tui.look.spans import Ground, Tone
from gitops_tui.tui.ports import answered
from gitops_tui.tui.present import frame
from gitops_tui.tui.views.problems import problem_of
from gitops_tui.tui.views.verbs import Verbs
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.footer import Footer
from gitops_tui.tui.widgets.prompt import Prompt

WIDE: Final = 110
"""From this many cells on, panes stand side by side."""


class View(Verbs):
    """One screen at one location. Subclasses say which actions they have by their `view` name, and do each in a
    method `do_<id>` (dots become underscores).
    """

    view: ClassVar[str] = ""
    _keys: ClassVar[frozenset[str]] = frozenset()
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - declared so by textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012 - declared so by textual
    opens: ClassVar[str] = ""
    """What Enter does, for the footer; "" where there is nothing to enter."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Bind the keys of the table of actions."""
        if cls.view:
            cls.BINDINGS = [*actions.bindings(cls.view), *cls.__dict__.get("BINDINGS", ())]
            own = (key for each in cls.BINDINGS if isinstance(each, Binding) for key in each.key.split(","))
            shared = (
                key for kind in (actions.LIST, actions.TEXT) for each in actions.for_view(kind) for key in each.keys
            )
            cls._keys = frozenset((*own, *shared))
        super().__init_subclass__(**kwargs)

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
            self.age()

    def update(self) -> None:
        """Show the current snapshot."""
        self.update_frame()

    def age(self) -> None:
        """Show the current snapshot, and what only the time has changed."""
        self.update()

    def update_frame(self) -> None:
        """Show the current snapshot in header and footer."""
        snapshot, crumbs, note = self.snapshot, tuple(self.crumbs()), self.note
        read_only = self.cockpit.read_only
        self.query_one("#header", Band).show(
            lambda cells: frame.header(snapshot, crumbs, cells, read_only=read_only, note=note)
        )
        self.update_footer()

    def update_footer(self) -> None:
        """Show which keys can be used now."""
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

    def sorts(self) -> tuple[actions.Action, ...]:
        """The keys that sort, for the help."""
        return ()

    def on_key(self, event: Key) -> None:
        """Say of a key that does nothing here what it does elsewhere, or that it does nothing."""
        pressed = {event.key, event.character}
        if self.view not in actions.PAGES or pressed & self._keys or self.query_one(Prompt).is_open:
            return
        action = next((each for each in actions.ACTIONS if pressed.intersection(each.keys)), None)
        if action is not None:
            self.tell(f"{action.title}: not on this screen, ? shows its keys", Tone.WARN)
        elif event.is_printable:
            self.tell(f"{event.character}: no key of this screen, ? shows them", Tone.WARN)

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """Do what was clicked."""
        self.action_do(event.action.id)

    def do_help(self) -> None:
        """Show every key."""
        self.cockpit.help(self)

    def do_actions(self) -> None:
        """Show all that can be done here."""
        self.cockpit.offer_actions(self)

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
            answer = await answered(self.cockpit.engine.submit(request))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            problem = problem_of(asyncio.CancelledError())
        except Exception as error:  # noqa: BLE001 - the edge: whatever the engine raised is shown, never a crash
            problem = problem_of(error)
        if not self.cockpit.is_running:
            return  # the program ends: this screen has lost its parts already
        if problem is None:
            then(answer)
        else:
            failed(problem)

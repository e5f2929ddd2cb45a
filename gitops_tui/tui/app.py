"""The application object: it holds the snapshot, shows screens, and hands work to the engine."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import WorkerFailed, WorkType

from gitops_tui.engine.requests import Refresh, Request
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import RollbackMode
from gitops_tui.model.status import Snapshot
from gitops_tui.model.text import one_line
from gitops_tui.tui import actions, errands, hangup, signals
from gitops_tui.tui.collector import Collector
from gitops_tui.tui.keyboard import Keyboard
from gitops_tui.tui.look.spans import Tone
from gitops_tui.tui.navigation import HOME, Location, Order, Trail, Vocabulary
from gitops_tui.tui.ports import EnginePort, answered
from gitops_tui.tui.screens import SCREENS
from gitops_tui.tui.screens.receipt import ReceiptView
from gitops_tui.tui.theme import CSS, THEMES
from gitops_tui.tui.updates import Updates
from gitops_tui.tui.views.problems import problem_of
from gitops_tui.tui.views.view import View

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_SEVERITY: Final = {Tone.BAD: "error", Tone.WARN: "warning"}


class SnapshotPublished(Message):
    """There is a newer snapshot. Carries nothing: whoever handles it reads the current one."""

    def can_replace(self, message: Message) -> bool:
        """Many are as good as one."""
        return isinstance(message, SnapshotPublished)


def whoami() -> str:
    """`user@host`, as the journal names a person."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return one_line(f"{user}@{socket.gethostname()}", limit=80)


class GitopsApp(App[None]):
    """The cockpit.

    info: facts for the help screen. clock: seconds since the epoch. skin: the palette's name, "" for the default
    (mono where NO_COLOR is set). The engine may start before or after; the first paint waits for nothing.
    """

    CSS = CSS
    TITLE = "gitops-tui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    # Not repainted as a whole with each: the screens paint what looks different.
    snapshot: reactive[Snapshot] = reactive(Snapshot, init=False, repaint=False)

    def __init__(
        self,
        engine: EnginePort,
        *,
        info: tuple[tuple[str, str], ...] = (),
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
        actor: str = "",
        skin: str = "",
    ) -> None:
        super().__init__()
        self.engine = engine
        self.info = info
        self.read_only = read_only
        self.clock = clock
        self.actor = actor or whoami()
        self.trail = Trail()
        self._keyboard = Keyboard(self, self._hand_on)
        self.collector = Collector()
        self._updates = Updates(self._show_current, self.set_timer, lambda: self._keyboard.is_busy)
        self._unsubscribe: Callable[[], None] = lambda: None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = skin or ("mono" if self.no_color else "night")
        self.set_reactive(GitopsApp.snapshot, engine.current)

    def get_driver_class(self) -> type[Driver]:
        """Return how the terminal is reached."""
        from gitops_tui.tui.driver import Driver  # noqa: PLC0415 - there need not be a terminal

        return Driver

    def get_default_screen(self) -> Screen[Any]:
        """Return the root of all screens."""
        return SCREENS[HOME.view](HOME)

    def on_mount(self) -> None:
        """Listen to the engine, and let ages grow."""
        self._unsubscribe = self.engine.subscribe(lambda _: self._published())
        self._updates.ask()
        self.set_interval(5.0, self._age)
        self.run_worker(self._keyboard.run(), group="keyboard")
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._told_by_loop)
        # Dying of one would leave the terminal as the screen has made it.
        hurry = getattr(self._driver, "hurry", lambda: None)
        signals.hear(loop, _ENDING, lambda number: self.exit(None, 128 + number), hurry)
        if not self.is_headless and sys.__stdin__ is not None:
            hangup.watch(sys.__stdin__.fileno(), loop, partial(self.exit, None, 128 + signal.SIGHUP))

    def on_unmount(self) -> None:
        """Stop listening."""
        self._unsubscribe()
        for number in _ENDING:
            asyncio.get_running_loop().remove_signal_handler(number)

    def on_driver_signal_resume(self) -> None:
        """Paint everything: who had the terminal meanwhile left nothing of it."""
        self.refresh()

    @property
    def fault(self) -> BaseException | None:
        """The fault of the program itself that has ended it: for whoever runs it to tell."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error

    def panic(self, *_: object) -> None:
        """End without a picture of the stack: with all that stands in memory, it could show what is masked."""
        self._close_messages_no_wait()

    _fatal_error = panic

    def _told_by_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self._handle_exception(error)
        else:
            loop.default_exception_handler(context)

    async def on_event(self, event: events.Event) -> None:
        """Let each key wait for what the one before it did."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.collector.typed()
            self._keyboard.take(event)
        else:
            await super().on_event(event)

    async def _hand_on(self, event: events.Event) -> None:
        await super().on_event(event)

    def _published(self) -> None:
        self.post_message(SnapshotPublished())

    def on_snapshot_published(self) -> None:
        """Show the newest snapshot, at its pace."""
        self._updates.ask()

    def _show_current(self) -> None:
        self.snapshot = self.engine.current

    def watch_snapshot(self) -> None:
        """Show it on the screen in sight; the others catch up when they are shown again."""
        if view := self._view_in_sight():
            view.update()

    def _age(self) -> None:
        if view := self._view_in_sight():
            view.age()
        self.collector.tidy()

    def _view_in_sight(self) -> View | None:
        if not self.is_running:
            return None  # a screen that is being taken down has lost its parts already
        views = (screen for screen in reversed(self.screen_stack) if isinstance(screen, View) and screen.is_mounted)
        return next(views, None)

    # -- going places

    def visit(self, place: Location, *, note: bool = True) -> None:
        """Show a view: go back to it where it lies below, else lay it on top."""
        if note:
            self.trail.visit(place)
        stack = self.screen_stack
        for below in range(len(stack)):
            screen = stack[-1 - below]
            if isinstance(screen, View) and screen.location == place:
                for _ in range(below):
                    self.pop_screen()
                return
        self.push_screen(SCREENS[place.view](place))

    @property
    def root(self) -> View:
        """The screen below all others."""
        screen = self.screen_stack[0]
        if not isinstance(screen, View):
            raise TypeError("the root of the screens is a view")
        return screen

    def back(self) -> None:
        """Leave the view in sight."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
            screen = self.screen
            if isinstance(screen, View):
                self.trail.visit(screen.location)

    def step(self, by: int) -> None:
        """Go back or forward along the views visited."""
        place = self.trail.step(by)
        if place:
            self.visit(place, note=False)
        else:
            self.tell("no view further " + ("back" if by < 0 else "forward"))

    def toggle(self) -> None:
        """Go to the view that was left last."""
        place = self.trail.toggle()
        if place:
            self.visit(place, note=False)

    def vocabulary(self) -> Vocabulary:
        """Return what the command line may complete."""
        return errands.vocabulary(self)

    def obey(self, order: Order, view: View) -> None:
        """Do what the command line says."""
        errands.obey(self, order, view)

    def help(self, view: View) -> None:
        """Show the keys of a view."""
        errands.show_help(self, view)

    def plan(self, application: str, revision: str = "", resources: tuple[ResourceKey, ...] = ()) -> None:
        """Plan a sync (resources: of these only), or with a revision a rollback to it, for a person to confirm."""
        errands.plan(self, application, revision, resources)

    def plan_deletion(self, application: str) -> None:
        """Plan to take an application away, for a person to confirm."""
        errands.plan_deletion(self, application)

    def offer_actions(self, view: View) -> None:
        """Show all that can be done here."""
        errands.show_actions(self, view)

    def change_mode(self, location: Location, mode: RollbackMode) -> None:
        """Show the plan of another way to go back in place of this one."""
        errands.change_mode(self, location, mode)

    def ask_last_good(self, application: str) -> None:
        """Plan a rollback to the last good deployment."""
        errands.ask_last_good(self, application)

    def ask_undo(self, application: str) -> None:
        """Plan to take back what was done last."""
        errands.ask_undo(self, application)

    def ask_unpin(self, application: str) -> None:
        """Ask, then follow the tracked revision again."""
        errands.ask_unpin(self, application)

    def ask_pause(self, application: str) -> None:
        """Ask, then pause or resume automation."""
        errands.ask_pause(self, application)

    def ask_terminate(self, application: str) -> None:
        """Ask, then stop the running operation."""
        errands.ask_terminate(self, application)

    def ask_quit(self) -> None:
        """Ask, then quit."""
        errands.ask_quit(self)

    def execute(self, request: Request, application: str, revision: str) -> None:
        """Run a confirmed plan, and show how it goes in place of the plan."""
        place = Location(actions.RECEIPT, application, revision=revision, operation=f"now-{time.monotonic_ns()}")
        view = ReceiptView(place)
        view.begin(self.engine.submit(request), self.clock())
        self.switch_screen(view)

    # -- work

    def look(self, application: str, *, hard: bool = False) -> None:
        """Have the engine look at an application ("": all) now."""
        names = (application,) if application else ()
        self.send(Refresh(names, hard=hard), "", "Looking" + (" afresh" if hard else "") + "…")

    def send(self, request: Request, done: str, begun: str = "") -> None:
        """Ask for something whose answer only needs a word when it is there."""
        if begun:
            self.tell(begun)
        work: WorkType[None] = partial(self._send, request, done)
        self.run_worker(work, group="send")

    async def _send(self, request: Request, done: str) -> None:
        try:
            await answered(self.engine.submit(request))
        except asyncio.CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - the edge: whatever the engine raised is told, never a crash
            problem = problem_of(error)
            self.tell(f"{problem.subject}: {problem.message}", Tone.BAD)
        else:
            if done:
                self.tell(done)

    def tell(self, text: str, tone: Tone = Tone.TEXT) -> None:
        """Say something in passing, in a corner; never markup."""
        severity: Any = _SEVERITY.get(tone, "information")
        self.clear_notifications()
        self.notify(one_line(text), severity=severity, timeout=4, markup=False)

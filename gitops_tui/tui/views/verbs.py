"""What the keys of the table of actions do on any screen; a screen does its own in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Tone
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.widgets.pager import Pager
from gitops_tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from gitops_tui.tui.app import GitopsApp


class Verbs(Screen[Any]):
    """The actions that need to know only where one is."""

    def __init__(self, location: Location) -> None:
        super().__init__()
        self.location = location
        self.note = ""

    @property
    def cockpit(self) -> GitopsApp:
        """The application that shows this screen."""
        return cast("GitopsApp", self.app)

    def subject(self) -> str:
        """The application that this screen, or the row under its cursor, is about."""
        return self.location.application

    def load(self) -> None:
        """Ask the engine for what the snapshot does not hold."""

    def tell(self, text: str, tone: Tone = Tone.TEXT) -> None:
        """Say something in passing, in a corner."""
        self.cockpit.tell(text, tone)

    def do_open(self) -> None:
        """Do what Enter does."""
        self.query_one(Table).action_open()

    def do_pane_down(self) -> None:
        """Scroll the text beside the list."""
        self.query_one("#pane, #text", Pager).action_move("down")

    def do_pane_up(self) -> None:
        """Scroll the text beside the list."""
        self.query_one("#pane, #text", Pager).action_move("up")

    def do_back(self) -> None:
        """Clear a filter, else leave."""
        self.cockpit.back()

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

    def do_delete(self) -> None:
        """Plan to take the application away."""
        self.cockpit.plan_deletion(self.subject())

    def do_events(self) -> None:
        """Show what happened."""
        self.cockpit.visit(Location(actions.EVENTS, self.subject(), self.location.key))

    def do_logs(self) -> None:
        """Show what the containers write."""
        self.cockpit.visit(Location(actions.LOGS, self.subject(), self.location.key))

    def do_sync(self) -> None:
        """Plan a sync."""
        self.cockpit.plan(self.subject())

    def do_last_good(self) -> None:
        """Plan to go back to the last good deployment."""
        self.cockpit.ask_last_good(self.subject())

    def do_undo(self) -> None:
        """Plan to take back what was done last."""
        self.cockpit.ask_undo(self.subject())

    def do_unpin(self) -> None:
        """Ask, then lift the pin."""
        self.cockpit.ask_unpin(self.subject())

    def do_pause(self) -> None:
        """Ask, then pause or resume."""
        self.cockpit.ask_pause(self.subject())

    def do_terminate(self) -> None:
        """Ask, then stop what runs."""
        self.cockpit.ask_terminate(self.subject())

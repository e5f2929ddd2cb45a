"""What the application does on behalf of keys and commands: dialogs, plans, operations, the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gitops_tui.engine.requests import (
    LastGood,
    PauseAutomation,
    PlanUndo,
    Request,
    ResumeAutomation,
    Terminate,
    Undoing,
    Unpin,
)
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import RollbackMode
from gitops_tui.model.values import replace
from gitops_tui.tui import actions
from gitops_tui.tui.dialogs.confirm import Confirm, Question
from gitops_tui.tui.dialogs.deletion import DeletionView
from gitops_tui.tui.dialogs.help import Help
from gitops_tui.tui.dialogs.plan import PlanView
from gitops_tui.tui.dialogs.revert import RevertView
from gitops_tui.tui.dialogs.undo import UndoView
from gitops_tui.tui.look.palette import PALETTES
from gitops_tui.tui.look.spans import Span, Tone, line, outside
from gitops_tui.tui.navigation import Location, Order, Vocabulary
from gitops_tui.tui.present.plans import PAUSES
from gitops_tui.tui.views.view import View

if TYPE_CHECKING:
    from gitops_tui.tui.app import GitopsApp


def vocabulary(app: GitopsApp) -> Vocabulary:
    """Return the arguments that commands may take now."""
    return Vocabulary(
        {
            "application": tuple(sorted(app.snapshot.applications)),
            "skin": tuple(palette.name for palette in PALETTES),
        }
    )


def obey(app: GitopsApp, order: Order, view: View) -> None:
    """Do what was typed. Raises FilterError for a filter that is none."""
    command, argument = order.command, order.argument
    if command.argument == "filter":
        app.visit(Location(command.view))
        if argument or view.view == command.view:
            app.root.apply(argument.removeprefix("/"))
    elif command.view:
        app.visit(Location(command.view, argument))
    else:
        _DO[command.action](app, argument, view)


def _guarded(name: str, work: Callable[[GitopsApp, str], None]) -> Callable[[GitopsApp, str, View], None]:
    """Let a command pass the checks of its key."""

    def run(app: GitopsApp, argument: str, view: View) -> None:
        action = actions.BY_ID[name]
        status = app.snapshot.applications.get(argument)
        now = actions.Situation(view.view, status, app.read_only or app.snapshot.read_only)
        why = "this is read-only" if action.dangerous and now.read_only else action.why_disabled(now)
        if why:
            app.tell(f"{action.title}: {why}", Tone.WARN)
        else:
            work(app, argument)

    return run


def show_help(app: GitopsApp, view: View) -> None:
    """Show the keys of a view, and run the one that is chosen."""
    read_only = app.read_only or app.snapshot.read_only
    table = view.query("Table, Pager")
    kind = actions.LIST if view.query("Table") else actions.TEXT
    offered = actions.for_view(view.view, read_only=read_only)
    if table:
        offered += (*actions.for_view(kind), *view.sorts())
    app.push_screen(Help(view.view, offered, app.info), lambda chosen: _run(app, view, chosen))


def show_actions(app: GitopsApp, view: View) -> None:
    """Show what can be done here and why what cannot, and do what is chosen."""
    now = view.situation()
    listed = actions.for_view(view.view, read_only=now.read_only)
    offered = [action for action in listed if action.group in {"Act", "Look"} and action.id != "help"]
    told = [replace(each, tooltip=each.why_disabled(now) or each.tooltip) for each in offered]
    menu = Help(view.subject() or view.view, told, title="Actions")
    app.push_screen(menu, lambda chosen: _run(app, view, chosen))


def _run(app: GitopsApp, view: View, action: actions.Action | None) -> None:
    """Do what was chosen, as its key would."""
    if action is not None and action.call:
        app.call_later(app.run_action, action.call, view if action.group == actions.SORT else view.focused or view)
    elif action is not None:
        view.action_do(action.id)


def plan(app: GitopsApp, application: str, revision: str, resources: tuple[ResourceKey, ...] = ()) -> None:
    """Plan a sync, of all or of some resources, or a rollback to a revision."""
    app.push_screen(PlanView(Location(actions.PLAN, application, revision=revision), resources))


def plan_deletion(app: GitopsApp, application: str) -> None:
    """Plan to take an application away."""
    app.push_screen(DeletionView(Location(actions.DELETION, application)))


def change_mode(app: GitopsApp, location: Location, mode: RollbackMode) -> None:
    """Show the plan of another way to go back in place of the one in sight."""
    if mode is RollbackMode.PIN:
        app.switch_screen(PlanView(replace(location, view=actions.PLAN)))
    else:
        app.switch_screen(RevertView(replace(location, view=actions.REVERT), mode))


def ask_last_good(app: GitopsApp, application: str) -> None:
    """Plan a rollback to the last good deployment."""
    _answer(app, LastGood(application), lambda found: plan(app, application, found.sha))


def ask_undo(app: GitopsApp, application: str) -> None:
    """Plan to take back what was done last."""

    def planned(undoing: Undoing) -> None:
        if undoing.plan is not None:
            app.push_screen(UndoView(application, undoing))
        elif undoing.restoration is not None:
            place = Location(actions.REVERT, application, revision=undoing.restoration.revision.sha)
            app.push_screen(RevertView(place, why=f"undo of {undoing.what}"))
        else:
            lines = (line(outside(f"To undo it: {undoing.how}.")),)
            question = Question(f"Undo {undoing.what}?", lines, "Undo", dangerous=True)
            _ask(app, question, lambda _: undoing.request, f"{application}: {undoing.what} is undone")

    _answer(app, PlanUndo(application, app.actor), planned)


def _answer(app: GitopsApp, request: Request, then: Callable[[Any], None]) -> None:
    """Ask the engine on behalf of the screen in sight, which may be left meanwhile."""
    screen = app.screen
    if isinstance(screen, View):
        screen.ask(request, then, lambda found: app.tell(f"{found.subject}: {found.message}", Tone.BAD))


def _ask(app: GitopsApp, question: Question, request: Callable[[str], Request], done: str) -> None:
    def answered(reason: str | None) -> None:
        if reason is not None:
            app.send(request(reason), done)

    app.push_screen(Confirm(question), answered)


def ask_quit(app: GitopsApp) -> None:
    """Ask, then quit."""
    writes = not app.snapshot.writer
    running = [status.name for status in app.snapshot.applications.values() if status.running and writes]
    lines = [line(Span("The engine stops with this window."))]
    if running:
        lines.append(line(Span("Running now: ", Tone.WARN), outside(", ".join(running))))
        lines.append(line(Span("The write it is in is finished first.", Tone.MUTED)))
    question = Question("Quit gitops-tui?", tuple(lines), "Quit")
    app.push_screen(Confirm(question), lambda answer: app.exit() if answer is not None else None)


def ask_unpin(app: GitopsApp, application: str) -> None:
    """Ask, then lift the pin of an application."""
    status = app.snapshot.applications.get(application)
    if status is None or status.pin is None:
        return
    pin, tracked = status.pin, status.application.source.revision or "HEAD"
    question = Question(
        f"Unpin {application}?",
        (
            line(Span("It is held at "), outside(pin.revision[:7], Tone.ACCENT), outside(f" by {pin.who}.")),
            line(outside(f"“{pin.why}”", Tone.MUTED)) if pin.why else (),
            line(Span("Without the pin it follows "), outside(tracked, Tone.ACCENT), Span(" again.")),
        ),
        "Unpin",
        dangerous=True,
    )
    _ask(app, question, lambda _: Unpin(application, app.actor), f"{application} is unpinned")


def ask_pause(app: GitopsApp, application: str) -> None:
    """Ask, then pause the automation of an application, or resume it."""
    status = app.snapshot.applications.get(application)
    if status is None:
        return
    if status.pause:
        lines = (line(outside(f"Paused by {status.pause.who}: {status.pause.why or 'no reason given'}")),)
        question = Question(f"Resume {application}?", lines, "Resume", dangerous=True)
        _ask(app, question, lambda _: ResumeAutomation(application, app.actor), f"{application} goes on")
        return
    lines = (line(Span("Automation leaves it alone meanwhile; you can still sync by hand.")),)
    question = Question(f"Pause {application}?", lines, "Pause", reason=True, dangerous=True, endings=PAUSES)
    dialog = Confirm(question)

    def answered(why: str | None) -> None:
        if why is not None:
            span = dialog.ending.span if dialog.ending else None
            until = None if span is None else app.clock() + span
            app.send(PauseAutomation(application, app.actor, why, until), f"{application} is paused")

    app.push_screen(dialog, answered)


def ask_terminate(app: GitopsApp, application: str) -> None:
    """Ask, then stop the running operation of an application."""
    status = app.snapshot.applications.get(application)
    if status is None or status.running is None:
        return
    running = status.running
    done = f": {running.done} of {running.total} done" if running.total else f" {running.current}"
    lines = (
        line(outside(f"{running.kind}{done}")),
        line(Span("The write it is in is finished; what is done stays done.", Tone.MUTED)),
    )
    question = Question(f"Stop the operation on {application}?", lines, "Stop it", dangerous=True)
    _ask(app, question, lambda _: Terminate(application, app.actor), f"{application}: stopping")


_DO: Final[Mapping[str, Callable[[GitopsApp, str, View], None]]] = {
    "sync": _guarded("sync", lambda app, name: plan(app, name, "")),
    "rollback": _guarded("rollback", lambda app, name: app.visit(Location(actions.HISTORY, name))),
    "delete": _guarded("delete", plan_deletion),
    "unpin": _guarded("unpin", ask_unpin),
    "undo": _guarded("undo", ask_undo),
    "skin": lambda app, skin, _: setattr(app, "theme", skin),
    "help": lambda app, _, view: show_help(app, view),
    "quit": lambda app, *_: app.exit(),
}

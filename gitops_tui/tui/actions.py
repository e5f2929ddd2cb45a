"""The one table of keys: bindings, footer, help, tooltips and palette are all made from it.

A user rebinds an action by its id.
"""

# ruff: noqa: E501 - a table reads best with one row a line
from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.binding import Binding, BindingType

from gitops_tui.model.status import ApplicationStatus
from gitops_tui.model.values import dataclass

SORT: Final = "Sort"
"""The group of the keys that sort, which each table has of its own."""
LIST: Final = "list"
TEXT: Final = "text"
APPLICATIONS, APPLICATION, DIFF, HISTORY = "applications", "application", "diff", "history"
PLAN, RECEIPT, OPERATIONS, MANIFEST, INFO = "plan", "receipt", "operations", "manifest", "info"
REVERT, DELETION, LOGS = "revert", "deletion", "logs"
EVENTS, REPOSITORIES, CONTEXTS, HELP = "events", "repositories", "contexts", "help"

ROOT: Final = frozenset({APPLICATIONS})
PLANS: Final = frozenset({PLAN, REVERT, DELETION})
PAGES: Final = frozenset(
    {
        APPLICATIONS,
        APPLICATION,
        DIFF,
        HISTORY,
        RECEIPT,
        OPERATIONS,
        MANIFEST,
        INFO,
        EVENTS,
        LOGS,
        REPOSITORIES,
        CONTEXTS,
    }
)
TABLES: Final = frozenset({APPLICATIONS, APPLICATION, HISTORY, OPERATIONS, EVENTS, REPOSITORIES, CONTEXTS})
TEXTS: Final = frozenset({DIFF, MANIFEST, INFO, LOGS})
OF_APPLICATION: Final = frozenset({APPLICATIONS, APPLICATION, DIFF, HISTORY, MANIFEST, INFO, EVENTS, LOGS})
OF_RECEIPT: Final = OF_APPLICATION | {RECEIPT}
BODIES: Final = frozenset({DIFF, MANIFEST})


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action may depend on. application: the one under the cursor or that the screen is about."""

    view: str
    application: ApplicationStatus | None = None
    read_only: bool = False
    goes_back: bool = False
    """Whether it is the plan of a rollback."""


Check = Callable[[Situation], str]


def _always(_: Situation) -> str:
    return ""


def _on_application(now: Situation) -> str:
    return "" if now.application else "no application is chosen"


def _may_delete(now: Situation) -> str:
    if now.application and now.application.running:
        return "an operation is running"
    return _on_application(now)


def _on_revision(now: Situation) -> str:
    if now.application is None:
        return "no application is chosen"
    return "" if now.application.revision else "its repository has not been read yet"


def _may_sync(now: Situation) -> str:
    if now.application and now.application.running:
        return "an operation is running"
    return _on_revision(now)


def _goes_back(now: Situation) -> str:
    return "" if now.goes_back or now.view == REVERT else "only a rollback has modes and an end"


def _is_pinned(now: Situation) -> str:
    return _on_application(now) or ("" if now.application and now.application.pin else "it is not pinned")


def _is_running(now: Situation) -> str:
    return _on_application(now) or ("" if now.application and now.application.running else "nothing is running")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key does. keys: as Textual names them, the first is the one shown.

    call: the bound method with its argument, "" for `do('<id>')`. why_disabled: "" when it can be done now.
    dangerous: it leads to a write, so it is absent in read-only mode. foot: shown in the footer.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    tooltip: str
    views: frozenset[str]
    group: str = "Go"
    why_disabled: Check = _always
    dangerous: bool = False
    call: str = ""
    foot: bool = True
    shy: bool = False
    """Left out of the footer while it cannot be done."""

    @property
    def shown_key(self) -> str:
        """The first key as a person reads it."""
        return key_name(self.keys[0])


_SHOWN: Final = {
    "enter": "⏎",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "⇧Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "ctrl+backslash": "^\\",
    "home": "Home",
    "end": "End",
}


def key_name(key: str) -> str:
    """Return a key as a person reads it: `⏎`, `^r`, `Esc`."""
    return _SHOWN.get(key) or (f"^{key[5:]}" if key.startswith("ctrl+") else key)


def _move(where: str, keys: tuple[str, ...], tooltip: str, views: frozenset[str]) -> Action:
    return Action(
        f"move.{where}", keys, where.replace("_", " "), tooltip, views, "Move", call=f"move('{where}')", foot=False
    )


_BOTH: Final = frozenset({LIST, TEXT})
ACTIONS: Final[tuple[Action, ...]] = (
    Action("open", ("enter",), "Open", "Open the row under the cursor", frozenset({LIST}), call="open", foot=False),
    _move("down", ("j", "down"), "One line down", _BOTH),
    _move("up", ("k", "up"), "One line up", _BOTH),
    _move("page_down", ("ctrl+f", "pagedown"), "One page down", _BOTH),
    _move("page_up", ("ctrl+b", "pageup"), "One page up", _BOTH),
    _move("top", ("g", "home"), "To the top", _BOTH),
    _move("bottom", ("G", "end"), "To the bottom", _BOTH),
    _move("left", ("left",), "Scroll to the left", frozenset({TEXT})),
    _move("right", ("right",), "Scroll to the right", frozenset({TEXT})),
    Action("diff", ("d",), "Diff", "Desired against live", OF_RECEIPT - {DIFF}, "Look", _on_revision),
    Action("history", ("h",), "History", "Commits that touch this application", OF_RECEIPT - {HISTORY}, "Look", _on_revision),
    Action("tree", ("t",), "Tree", "The application's resources as a tree", OF_RECEIPT - {APPLICATION}, "Look", _on_application, foot=False),
    Action("manifest", ("y",), "YAML", "Desired, live and predicted YAML of the resource", frozenset({APPLICATION, DIFF}), "Look"),
    Action("info", ("i",), "Info", "Where it comes from, what is wrong, conditions, events, and what to do", frozenset({APPLICATIONS, APPLICATION, DIFF, MANIFEST, EVENTS, LOGS, RECEIPT}), "Look", _on_application),
    Action("events", ("e",), "Events", "What happened to it, and to what is below it", OF_RECEIPT - {EVENTS}, "Look", _on_application, foot=False),
    Action("logs", ("l",), "Logs", "What the containers of the pods below it write", OF_RECEIPT - {LOGS}, "Look", _on_application, foot=False),
    Action("container.next", ("tab",), "Next container", "One container after the other, then all of them", frozenset({LOGS}), "Look"),
    Action("container.previous", ("shift+tab",), "Previous container", "The container before this one", frozenset({LOGS}), "Look", foot=False),
    Action("run.before", ("p",), "Run before", "What each container wrote before its last restart, or what it writes now", frozenset({LOGS}), "Look"),
    Action("times", ("T",), "Times", "When each line was written, on or off", frozenset({LOGS}), "Look", foot=False),
    Action("wrap", ("w",), "Wrap", "Break long lines, or go sideways with ← →", frozenset({LOGS}), "Look"),
    Action("sync", ("s",), "Sync", "Make the cluster what Git says: plan, confirm, run", OF_RECEIPT - {HISTORY}, "Act", _may_sync, dangerous=True),
    Action("rollback", ("R",), "Rollback", "Go back to a commit: choose it, plan, confirm, run", OF_RECEIPT - {DIFF}, "Act", _may_sync, dangerous=True),
    Action("unpin", ("u",), "Unpin", "Follow the tracked revision again", frozenset({APPLICATIONS, APPLICATION, HISTORY, INFO, RECEIPT}), "Act", _is_pinned, dangerous=True, shy=True),
    Action("pause", ("p",), "Pause", "Pause or resume automation", frozenset({APPLICATIONS, APPLICATION, INFO}), "Act", _on_application, dangerous=True, foot=False),
    Action("terminate", ("ctrl+x",), "Stop", "Stop the running operation after the write it is in", frozenset({APPLICATIONS, APPLICATION, RECEIPT}), "Act", _is_running, dangerous=True, shy=True),
    Action("prune", ("P",), "Prune on/off", "Plan again with or without deleting what Git no longer names", frozenset({PLAN}), "Act"),
    Action("hooks", ("H",), "Hooks on/off", "Plan again with or without its hooks", frozenset({PLAN, DELETION}), "Act"),
    Action("cascade", ("m",), "Keep or delete", "Leave its objects as they are, or delete them too", frozenset({DELETION}), "Act"),
    Action("mode", ("m",), "Mode", "Go back by a pin, by a commit to the tracked branch, or by a branch for a pull request", frozenset({PLAN, REVERT}), "Act", _goes_back, shy=True),
    Action("until", ("e",), "Pin ends", "With a newer commit, by hand, or after a time", frozenset({PLAN}), "Act", _goes_back, shy=True),
    Action("last_good", ("L",), "Last good", "Go back to the last deployment that ended with every resource healthy", frozenset({APPLICATIONS, APPLICATION, HISTORY, RECEIPT}), "Act", _may_sync, dangerous=True, foot=False),
    Action("undo", ("z",), "Undo", "Take back what was done last: a sync, a rollback, a revert, a pause", frozenset({APPLICATIONS, APPLICATION, HISTORY, INFO, RECEIPT}), "Act", _may_sync, dangerous=True, foot=False),
    Action("mark", ("space",), "Mark", "Mark the resource, or take the mark away: Sync then takes the marked ones only", frozenset({APPLICATION}), "Act", foot=False),
    Action("mark.range", ("v",), "Mark to here", "Mark everything from the last mark to the cursor", frozenset({APPLICATION}), "Act", foot=False),
    Action("mark.clear", ("ctrl+backslash",), "Clear marks", "Mark nothing", frozenset({APPLICATION}), "Act", foot=False),
    Action("compare_from", ("space",), "Compare from", "Compare from this commit: Enter on another then shows what changed between the two", frozenset({HISTORY}), "Look", foot=False),
    Action("delete", ("ctrl+d",), "Delete", "Stop tracking the application, and leave or delete its objects: plan, type its name, run", frozenset({APPLICATIONS}), "Act", _may_delete, dangerous=True, foot=False),
    Action("actions", ("a",), "Actions", "All that can be done here, and why what cannot", OF_APPLICATION, foot=False),
    Action("refresh", ("r",), "Refresh", "Look at Git and the cluster now", PAGES | PLANS, "Look", foot=False),
    Action("refresh_hard", ("ctrl+r",), "Hard refresh", "Forget what is kept, then look again", OF_APPLICATION, "Look", foot=False),
    Action("hunk.next", ("n",), "Next change", "The next change, then the next resource", frozenset({DIFF}), "Diff"),
    Action("hunk.previous", ("N",), "Previous change", "The previous change", frozenset({DIFF}), "Diff", foot=False),
    Action("sides", ("|",), "Side by side", "One column or two", frozenset({DIFF}), "Diff"),
    Action("context.more", ("}",), "More context", "More unchanged lines around each change", frozenset({DIFF}), "Diff", foot=False),
    Action("context.less", ("{",), "Less context", "Fewer unchanged lines around each change", frozenset({DIFF}), "Diff", foot=False),
    Action("whitespace", ("w",), "White space", "Make white space visible", frozenset({DIFF}), "Diff", foot=False),
    Action("authors", ("b",), "Authorship", "Who wrote each side of a field, on or off", frozenset({DIFF}), "Diff", foot=False),
    Action("ignore", ("I",), "Ignore rule", "Copy the rule that leaves fields to who owns them by right", frozenset({DIFF}), "Diff", foot=False),
    Action("next_tab", ("tab",), "Next side", "Desired, live, predicted", frozenset({MANIFEST}), "Look"),
    Action("match.next", ("n",), "Next match", "The next match of the search", TEXTS - {DIFF}, "Move", foot=False),
    Action("match.previous", ("N",), "Previous match", "The previous match of the search", TEXTS - {DIFF}, "Move", foot=False),
    Action("pane.down", ("J",), "Pane down", "Scroll the side pane down", frozenset({APPLICATION, DIFF, RECEIPT, PLAN}), "Move", foot=False),
    Action("pane.up", ("K",), "Pane up", "Scroll the side pane up", frozenset({APPLICATION, DIFF, RECEIPT, PLAN}), "Move", foot=False),
    Action("problems", ("ctrl+z",), "Problems", "Only rows with a problem", frozenset({APPLICATIONS, APPLICATION, EVENTS}), "Look", foot=False),
    Action("wide", ("ctrl+w",), "Wide", "Each column as wide as what stands in it, hidden ones too: ← → bring others into sight", TABLES, "Look", foot=False),
    Action("wide.left", ("left",), "Left", "Columns on the left, while they are wide", TABLES, "Move", foot=False),
    Action("wide.right", ("right",), "Right", "Columns on the right, while they are wide", TABLES, "Move", foot=False),
    Action("reveal", ("x",), "Reveal", "Show masked values on this screen until you leave it, or hide them; never recorded", BODIES, "Look", foot=False),
    Action("copy", ("c",), "Copy", "Copy what the cursor is on, or the text", TABLES | TEXTS, "Look", foot=False),
    Action("filter", ("/",), "Filter", "Show only matching rows: /text, /!not, /-f fuzzy, /-l key=value", TABLES, "Look"),
    Action("search", ("/",), "Search", "Find in the text", TEXTS, "Look"),
    Action("command", (":",), "Command", "Go anywhere by name", PAGES, "Go"),
    Action("trail.back", ("[",), "View back", "The view before this one", PAGES, foot=False),
    Action("trail.forward", ("]",), "View forward", "The view after this one", PAGES, foot=False),
    Action("trail.last", ("-",), "Last view", "To and fro between the last two views", PAGES, foot=False),
    Action("help", ("?",), "Help", "Every key of this screen", PAGES | PLANS),
    Action("back", ("escape", "q"), "Back", "Back to where you came from; first clears a filter", PAGES - ROOT | PLANS | {HELP}),
    Action("leave", ("q",), "Quit", "Quit, after asking", ROOT),
    Action("clear", ("escape",), "Clear", "Clear the filter", ROOT, foot=False),
    Action("quit", ("Q", "ctrl+c"), "Quit at once", "Quit without asking", PAGES | PLANS | {HELP}, foot=False),
)  # fmt: skip
BY_ID: Final = {action.id: action for action in ACTIONS}


def for_view(view: str, *, read_only: bool = False) -> tuple[Action, ...]:
    """Return the actions of a view, in their order; dangerous ones are absent in read-only mode."""
    return tuple(action for action in ACTIONS if view in action.views and not (read_only and action.dangerous))


def bindings(view: str) -> list[BindingType]:
    """Return Textual's bindings for a view (or for LIST and TEXT, what every table and text understands)."""
    return [
        Binding(
            ",".join(action.keys),
            action.call or f"do('{action.id}')",
            action.title,
            show=False,
            id=f"{view}.{action.id}",
            tooltip=action.tooltip,
        )
        for action in ACTIONS
        if view in action.views
    ]

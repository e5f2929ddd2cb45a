"""Where one can go, and what the command line understands. Pure: the application does the going."""
# ruff: noqa: E501 - the table of commands reads best with one row a line

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.values import dataclass, field
from gitops_tui.tui import actions


@dataclass(frozen=True, slots=True)
class Location:
    """One view of one thing. base: the commit that a difference starts from, "" for what is live."""

    view: str
    application: str = ""
    key: ResourceKey | None = None
    revision: str = ""
    operation: str = ""
    base: str = ""


HOME: Final = Location(actions.APPLICATIONS)


@dataclass(frozen=True, slots=True)
class Command:
    """A word of the command line. argument: what it takes ("application", "filter", "skin", "revision"...).

    view: where it leads, "" for a command that runs `action` instead.
    """

    name: str
    aliases: tuple[str, ...]
    tooltip: str
    view: str = ""
    action: str = ""
    argument: str = ""
    needs_argument: bool = False


COMMANDS: Final = (
    Command("apps", ("applications", "a"), "all applications; /filter", actions.APPLICATIONS, argument="filter"),
    Command("app", ("application",), "one application", actions.APPLICATION, argument="application", needs_argument=True),
    Command("diff", ("d",), "desired against live", actions.DIFF, argument="application", needs_argument=True),
    Command("history", ("h", "log"), "commits", actions.HISTORY, argument="application", needs_argument=True),
    Command("info", ("i",), "where it comes from, what is wrong", actions.INFO, argument="application", needs_argument=True),
    Command("events", ("ev",), "what happened to its resources", actions.EVENTS, argument="application", needs_argument=True),
    Command("logs", ("l",), "what its containers write", actions.LOGS, argument="application", needs_argument=True),
    Command("sync", ("s",), "plan a sync", action="sync", argument="application", needs_argument=True),
    Command("rollback", ("rb",), "choose a commit to go back to", action="rollback", argument="application", needs_argument=True),
    Command("delete", ("rm",), "stop tracking it, and leave or delete its objects", action="delete", argument="application", needs_argument=True),
    Command("unpin", (), "follow the tracked revision again", action="unpin", argument="application", needs_argument=True),
    Command("undo", (), "take back what was done last", action="undo", argument="application", needs_argument=True),
    Command("ops", ("operations", "journal"), "operations and their receipts", actions.OPERATIONS, argument="application"),
    Command("repos", ("repositories",), "repositories", actions.REPOSITORIES),
    Command("ctx", ("contexts", "clusters"), "cluster contexts", actions.CONTEXTS),
    Command("problems", ("p",), "everything that is wrong", actions.INFO),
    Command("skin", ("theme",), "colours", action="skin", argument="skin", needs_argument=True),
    Command("help", ("?",), "every key", action="help"),
    Command("q", ("quit", "exit", "q!"), "quit", action="quit"),
)  # fmt: skip
_BY_WORD: Final = {word: command for command in COMMANDS for word in (command.name, *command.aliases)}


class CommandError(ValueError):
    """What was typed cannot be done; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What arguments there are at this moment, by their kind."""

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """A command that was understood, with its argument ("" for none)."""

    command: Command
    argument: str = ""


def candidates(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return every completion of what has been typed, best first, each as the whole text."""
    word, space, rest = text.partition(" ")
    if not space:
        names = [command.name for command in COMMANDS if command.name.startswith(word.lower())]
        names += [
            alias
            for command in COMMANDS
            for alias in command.aliases
            if word and alias.startswith(word.lower()) and command.name not in names
        ]
        return tuple(names)
    command = _BY_WORD.get(word.lower())
    if command is None:
        return ()
    known = vocabulary.words.get(command.argument, ())
    starting = [name for name in known if name.startswith(rest)]
    inside = [name for name in known if rest and rest in name and name not in starting]
    return tuple(f"{word} {name}" for name in (*starting, *inside))


def ghost(text: str, vocabulary: Vocabulary) -> str:
    """Return what Tab would make of the text, "" when it would change nothing."""
    if not text:
        return ""
    for candidate in candidates(text, vocabulary):
        if candidate != text and candidate.startswith(text):
            return candidate
    return ""


def understand(text: str, vocabulary: Vocabulary, subject: str = "") -> Order:
    """Read a command. subject: the application under the cursor, for commands without an argument.

    Raises CommandError with what is wrong and what would be right.
    """
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    command = _BY_WORD.get(word.lower())
    if command is None:
        near = nearest(word.lower(), tuple(each for each in _BY_WORD if len(each) > 1))
        raise CommandError(f"no command {word!r}" + (f", did you mean {near}?" if near else "; ? shows what there is"))
    if not command.argument and rest:
        raise CommandError(f"{command.name} takes no argument")
    if not rest and command.needs_argument:
        if command.argument != "application" or not subject:
            raise CommandError(f"which {command.argument}? Tab completes, ↑ ↓ cycle")
        rest = subject
    known = vocabulary.words.get(command.argument)
    if rest and known is not None and rest not in known:
        near = nearest(rest, known)
        raise CommandError(f"no {command.argument} {rest!r}" + (f", did you mean {near}?" if near else ""))
    return Order(command, rest)


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is most like `word`, "" when none is like it."""
    best, least = "", max(len(word) // 2, 1) + 1
    for candidate in known:
        distance = _distance(word[:40], candidate[:40])
        if distance < least:
            best, least = candidate, distance
    return best


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for at, left in enumerate(one, 1):
        before, row[0] = row[0], at
        for to, right in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (left != right))
    return row[-1]


@dataclass(slots=True)
class Trail:
    """The views that were visited, and where in them one stands."""

    places: list[Location] = field(default_factory=lambda: [HOME])
    at: int = 0
    last: int = 0

    def visit(self, place: Location) -> None:
        """Note a new view; what lay ahead is forgotten."""
        if self.places[self.at] == place:
            return
        self.last = self.at
        del self.places[self.at + 1 :]
        self.places.append(place)
        del self.places[:-100]
        self.at = len(self.places) - 1
        self.last = min(self.last, self.at)

    def step(self, by: int) -> Location | None:
        """Go back (-1) or forward (1); None at an end."""
        to = self.at + by
        if not 0 <= to < len(self.places):
            return None
        self.last, self.at = self.at, to
        return self.places[to]

    def toggle(self) -> Location | None:
        """Go to the view that was left last; None when there is none."""
        if self.last == self.at or self.last >= len(self.places):
            return None
        self.at, self.last = self.last, self.at
        return self.places[self.at]

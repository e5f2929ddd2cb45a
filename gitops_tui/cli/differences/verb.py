"""`diff`: between live and Git, or between any two sides; what ignore rules hide."""

from __future__ import annotations

from gitops_tui.cli import shapes
from gitops_tui.cli.diagnostics import DIFFERENT, DONE, FAILED
from gitops_tui.cli.differences import table
from gitops_tui.cli.differences.markdown import comment
from gitops_tui.cli.differences.sides import Sides
from gitops_tui.cli.session import Call
from gitops_tui.engine.requests import LIVE, Between, Compare, Ignored, Resolve
from gitops_tui.model.differences import Difference, RuleEffect
from gitops_tui.model.errors import UsageError
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.revision import Revision

MARKDOWN = "markdown"
_Found = tuple[ResourceComparison, ...]


def diff(call: Call) -> int:
    """From live to desired, or between the sides that are named: 0 equal, 1 different, 2 something was not read."""
    options = call.options
    if options.at and options.to:
        raise UsageError("--revision", "means the same as --to", hint="give one of them")
    name = call.application().name
    if options.ignored:
        return _ignored(call, name)
    sides, found = _between(call, name) if options.start or options.to else _usual(call, name)
    if call.output.form == MARKDOWN:
        call.output.text(comment(name, sides, found))
    elif call.output.is_table:
        _tell(call, name, sides, found)
    else:
        call.output.data(shapes.diff(name, sides.revision, found, *sides.words))
    if any(each.drift == DriftCode.UNKNOWN for each in found):
        return FAILED
    return DIFFERENT if any(each.drift != DriftCode.IN_SYNC for each in found) else DONE


def _usual(call: Call, name: str) -> tuple[Sides, _Found]:
    at = call.options.at
    revision: Revision = call.ask(Resolve(name, at), "resolving")
    return Sides(None, revision, usual=True), call.ask(Compare(name, at), f"comparing {name}")


def _between(call: Call, name: str) -> tuple[Sides, _Found]:
    options = call.options
    request = Between(name, options.start or LIVE, options.to or options.at)
    made: Difference = call.ask(request, f"comparing {name}")
    return Sides(made.start, made.end), made.resources


def _tell(call: Call, name: str, sides: Sides, found: _Found) -> None:
    for each in found:
        table.show(call.output, each, sides)
    if not found and call.output.is_terminal:
        said = f"is in sync at {sides.revision[:7]}" if sides.usual else f"is the same in {' and '.join(sides.names)}"
        call.diagnostics.note(f"{name} {said}")


def _ignored(call: Call, name: str) -> int:
    if call.options.start or call.options.to:
        raise UsageError("--ignored", "is about live and desired", hint="leave out --from and --to")
    effects: tuple[RuleEffect, ...] = call.ask(Ignored(name, call.options.at), f"comparing {name}")
    if call.output.form == MARKDOWN:
        raise UsageError("--ignored", "has no markdown form", hint="use -o table, json or yaml")
    if not call.output.is_table:
        call.output.data(shapes.ignored(name, effects))
    elif effects:
        call.output.table(table.IGNORED_HEADS, table.ignored_rows(effects))
    elif call.output.is_terminal:
        call.diagnostics.note(f"{name} has no ignore rules")
    return DONE

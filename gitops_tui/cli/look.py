"""The verbs that only look: status, diff, render, history, journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitops_tui.cli import shapes, tables
from gitops_tui.cli.diagnostics import DIFFERENT, DONE, FAILED
from gitops_tui.cli.output import Colour
from gitops_tui.cli.session import Call
from gitops_tui.diff import LineKind, mask, unified
from gitops_tui.engine.requests import Compare, History, Operations, Render, Resolve
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.operations import HistoryEntry, Receipt, ResourceComparison
from gitops_tui.model.resources import DriftCode, Manifest
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, Problem, SyncCode

_LINE_COLOURS = {
    LineKind.SAME: Colour.PLAIN,
    LineKind.ADDED: Colour.GOOD,
    LineKind.REMOVED: Colour.BAD,
    LineKind.CHANGED: Colour.WARN,
    LineKind.HUNK: Colour.BUSY,
}
_PREFIXES = {LineKind.ADDED: "+", LineKind.REMOVED: "-", LineKind.HUNK: ""}
_SIDES = {DriftCode.MISSING: " (missing live)", DriftCode.EXTRA: " (extra: Git does not name it)"}


def status(call: Call) -> int:
    """How the applications are: 0 all in sync, 1 some are not, 2 something could not be read."""
    found = call.refreshed(call.options.applications)
    if call.output.is_table:
        call.output.table(tables.STATUS_HEADS, map(tables.status_row, found))
    else:
        call.output.data([shapes.status(each) for each in found])
    problems = [*_elsewhere(call), *(problem for each in found for problem in each.problems)]
    if call.output.is_table or not found:
        for problem in dict.fromkeys((each.subject, each.message, each.hint) for each in problems):
            call.diagnostics.error(GitopsError(problem[0], problem[1], hint=problem[2]))
    return _status_code(found, problems)


def _elsewhere(call: Call) -> Iterable[Problem]:
    """Problems of the program and of repositories: what cannot be fetched may hide applications."""
    current = call.session.current
    yield from current.problems
    if not call.options.applications:
        yield from (each.problem for each in current.repositories.values() if each.problem)


def _status_code(found: Iterable[ApplicationStatus], problems: Sequence[Problem]) -> int:
    codes = {each.sync for each in found}
    if problems or SyncCode.UNKNOWN in codes:
        return FAILED
    return DIFFERENT if SyncCode.OUT_OF_SYNC in codes else DONE


def diff(call: Call) -> int:
    """Desired against live: 0 equal, 1 different, 2 something could not be read."""
    name, at = call.application().name, call.options.at
    revision: Revision = call.ask(Resolve(name, at), "resolving")
    found: tuple[ResourceComparison, ...] = call.ask(Compare(name, at), f"comparing {name}")
    if call.output.is_table:
        for each in found:
            _print_diff(call, each)
        if not found and call.output.is_terminal:
            call.diagnostics.note(f"{name} is in sync at {revision.short}")
    else:
        call.output.data(shapes.diff(name, revision.sha, found))
    if any(each.drift == DriftCode.UNKNOWN for each in found):
        return FAILED
    return DIFFERENT if any(each.drift != DriftCode.IN_SYNC for each in found) else DONE


def _print_diff(call: Call, comparison: ResourceComparison) -> None:
    drift = DriftCode(comparison.drift)
    call.output.line(f"=== {comparison.key}{_SIDES.get(drift, '')}", Colour.BOLD)
    if comparison.approximate:
        call.output.line("approximate: the server could not predict it, so only fields that Git states are compared")
    if comparison.note:
        call.output.line(comparison.note, Colour.WARN)
    call.output.line("--- live", Colour.BAD)
    call.output.line("+++ desired", Colour.GOOD)
    for line in unified(comparison):
        call.output.code(f"{_PREFIXES.get(line.kind, ' ')}{line.text}", _LINE_COLOURS[line.kind])


def render(call: Call) -> int:
    """The manifests. Values of Secrets are masked unless asked for."""
    application = call.application().application
    manifests: tuple[Manifest, ...] = call.ask(Render(application.name, call.options.at), "rendering")
    bodies: list[Mapping[str, Any]] = [manifest.body for manifest in manifests]
    if not call.options.show_secrets:
        masked = [_masked(body, application.masked_paths) for body in bodies]
        hidden = sum(one != other for one, other in zip(masked, bodies, strict=True))
        bodies = masked
        if hidden:
            objects = "one object" if hidden == 1 else f"{hidden} objects"
            call.diagnostics.note(
                f"secret values of {objects} are masked, do not apply this; --show-secrets shows them"
            )
    call.output.documents(bodies)
    return DONE


def _masked(body: Mapping[str, Any], masked_paths: Sequence[str]) -> Mapping[str, Any]:
    """The object for showing. A Secret's marks all stand in `data`: they are no base64, so a server refuses them."""
    masked = mask(body, masked_paths)
    if masked.get("kind") != "Secret" or not isinstance(masked.get("stringData"), Mapping):
        return masked
    data = masked.get("data")
    values = {**(data if isinstance(data, Mapping) else {}), **masked.pop("stringData")}
    return {**masked, "data": values}


def history(call: Call) -> int:
    """The commits that touch the application's path, newest first."""
    found: tuple[HistoryEntry, ...] = call.ask(
        History(call.application().name, call.options.count), "reading the history"
    )
    if call.output.is_table:
        call.output.table(tables.HISTORY_HEADS, map(tables.history_row, found))
    else:
        call.output.data([shapes.commit(each) for each in found])
    return DONE


def journal(call: Call) -> int:
    """What was done, newest first. Also of applications that are no longer tracked."""
    request = Operations(call.options.application, call.options.count)
    found: tuple[Receipt, ...] = call.ask(request, "reading the journal")
    if call.output.is_table:
        call.output.table(tables.JOURNAL_HEADS, map(tables.journal_row, found))
    else:
        call.output.data([shapes.operation(each) for each in found])
    return DONE

"""The verb that is said most: what the applications are like. It imports no more than its table takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitops_tui.cli import tables
from gitops_tui.cli.diagnostics import DIFFERENT, DONE, FAILED
from gitops_tui.cli.session import Call
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.status import ApplicationStatus, Problem, SyncCode

if TYPE_CHECKING:
    from gitops_tui.model.differences import Orphanage

# ruff: noqa: PLC0415


def status(call: Call) -> int:
    """How the applications are: 0 all in sync, 1 some are not, 2 something could not be read."""
    found = call.refreshed(call.options.applications)
    strays = _strays(call, found) if call.options.orphans else None
    if call.output.is_table:
        call.output.table(tables.STATUS_HEADS, map(tables.status_row, found))
        if strays is not None:
            from gitops_tui.cli.differences import standing

            call.output.table(standing.HEADS, standing.rows(found, strays))
    else:
        call.output.data(_data(found, strays))
    problems = [*_elsewhere(call), *(problem for each in found for problem in each.problems)]
    if call.output.is_table or not found:
        for problem in dict.fromkeys((each.subject, each.message, each.hint) for each in problems):
            call.diagnostics.error(GitopsError(problem[0], problem[1], hint=problem[2]))
    return _status_code(found, problems)


def _data(found: Iterable[ApplicationStatus], strays: Mapping[str, Orphanage] | None) -> list[dict[str, Any]]:
    from gitops_tui.cli import shapes

    if strays is None:
        return [shapes.status(each) for each in found]
    from gitops_tui.cli.differences import standing

    return [{**shapes.status(each), **standing.data(each, strays.get(each.name))} for each in found]


def _strays(call: Call, found: Iterable[ApplicationStatus]) -> Mapping[str, Orphanage]:
    """What is nobody's, by application. Kinds that could not be listed are told."""
    from gitops_tui.engine.requests import Orphans
    from gitops_tui.model.differences import Orphanage

    names = [each.name for each in found]
    answers = dict(zip(names, call.ask_all([Orphans(name) for name in names], "listing"), strict=True))
    for name, answer in answers.items():
        if isinstance(answer, GitopsError):
            call.diagnostics.error(answer)
        elif answer.unlisted:
            call.diagnostics.warn(f"{name}: orphans among these are not known: {'; '.join(answer.unlisted)}")
    return {name: answer for name, answer in answers.items() if isinstance(answer, Orphanage)}


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

"""The verbs that only look, besides status: render, history, journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitops_tui.cli import shapes, tables
from gitops_tui.cli.diagnostics import DONE
from gitops_tui.cli.session import Call
from gitops_tui.diff import mask
from gitops_tui.engine.requests import History, Operations, Render
from gitops_tui.model.errors import UsageError
from gitops_tui.model.operations import HistoryEntry, Receipt
from gitops_tui.model.resources import Manifest

_LATEST, _ALL = 20, 1_000_000


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
    stated = masked.get("stringData")
    if masked.get("kind") != "Secret" or not (stated and isinstance(stated, Mapping)):
        return masked
    data = masked.get("data")
    values = {**(data if isinstance(data, Mapping) else {}), **stated}
    return {name: value for name, value in masked.items() if name != "stringData"} | {"data": values}


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
    options = call.options
    if options.application and options.app and options.app != options.application:
        raise UsageError("journal", "takes one application", hint="leave out --app, or the name before it")
    limit = options.count or (_ALL if options.since is not None else _LATEST)
    name = options.app or options.application
    request = Operations(name, limit, options.since, resources=not call.output.is_table)
    found: tuple[Receipt, ...] = call.ask(request, "reading the journal")
    if call.output.is_table:
        call.output.table(tables.JOURNAL_HEADS, map(tables.journal_row, found))
    else:
        call.output.data([shapes.operation(each) for each in found])
    return DONE

"""Writes asked for in one process and done in another: through the journal, to the one that is the writer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.requests import (
    Delete,
    PauseAutomation,
    Request,
    ResumeAutomation,
    Revert,
    Rollback,
    Sync,
    Terminate,
    Unpin,
)
from gitops_tui.journal import Journal
from gitops_tui.model.errors import GitopsError, PlanError
from gitops_tui.model.operations import Deletion, Pause, Pin, Receipt
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import RollbackMode

_POLL = 0.1
_ADOPT_AFTER = 15.0


def encode(request: Request) -> tuple[str, dict[str, Any]]:
    """A write as (kind, JSON data)."""
    match request:
        case Sync():
            extra: dict[str, Any] = {
                "plan": _plan(Approved.of(request.plan)),
                "dry_run": request.dry_run,
                "unpin": request.unpin,
            }
            return "sync", {
                "application": request.application,
                "actor": request.actor,
                "timeout": request.timeout,
            } | extra
        case Rollback():
            return "rollback", {
                "application": request.application,
                "actor": request.actor,
                "timeout": request.timeout,
                "plan": _plan(Approved.of(request.plan)),
                "why": request.why,
                "until": request.until,
            }
        case Delete():
            return "delete", {
                "application": request.application,
                "actor": request.actor,
                "timeout": request.timeout,
                "plan": _plan(Approved.of(request.plan)),
            }
        case Revert():
            fields = ("application", "revision", "mode", "hash", "actor", "why")
            return "revert", {name: getattr(request, name) for name in fields}
        case PauseAutomation():
            return "pause", {
                "application": request.application,
                "actor": request.actor,
                "why": request.why,
                "until": request.until,
            }
        case Unpin() | ResumeAutomation() | Terminate():
            kinds = {Unpin: "unpin", ResumeAutomation: "resume", Terminate: "terminate"}
            return kinds[type(request)], {"application": request.application, "actor": request.actor}
    raise TypeError(f"{type(request).__name__} is no write")


def _plan(approved: Approved) -> dict[str, Any]:
    chosen = None if approved.resources is None else sorted(key.path for key in approved.resources)
    return {
        "revision": approved.revision,
        "prune": approved.prune,
        "resources": chosen,
        "hash": approved.hash,
        "hooks": approved.hooks,
        "deletion": approved.deletion,
    }


def approved_from(data: Mapping[str, Any]) -> Approved:
    """The approval inside an encoded sync or rollback."""
    plan = data["plan"]
    chosen = plan["resources"]
    keys = None if chosen is None else frozenset(ResourceKey.parse(path) for path in chosen)
    how = plan.get("deletion")
    return Approved(
        str(plan["revision"]),
        bool(plan["prune"]),
        keys,
        str(plan["hash"]),
        plan.get("hooks"),
        Deletion(how) if how else None,
    )


def revert_from(data: Mapping[str, Any], application: str) -> Revert:
    """An encoded revert."""
    mode = RollbackMode(str(data["mode"]))
    revision, approved, actor = (str(data[name]) for name in ("revision", "hash", "actor"))
    return Revert(application, revision, mode, approved, actor, str(data.get("why", "")))


def answer_data(value: object) -> dict[str, Any]:
    """What the writer answers: a receipt by its operation, since the journal holds it; the rest in few words."""
    match value:
        case GitopsError():
            return {"error": {"subject": value.subject, "message": value.message, "hint": value.hint}}
        case Receipt():
            return {"operation": value.operation}
        case Pin():
            return {"pin": _data(value)}
        case Pause():
            return {"pause": _data(value)}
        case bool():
            return {"done": value}
    return {}


def hand_over(journal: Journal, request: Request, who: str, closing: Event, is_alone: Callable[[], bool]) -> object:
    """Ask the writer and wait for its answer.

    Raises PlanError when the writer refuses, when it goes away, or when this process is told to stop.
    """
    kind, data = encode(request)
    question = journal.ask(kind, data, who)
    since = time.monotonic()
    while not closing.wait(_POLL):
        answer = journal.answer_of(question)
        if answer is not None:
            return _decode(journal, kind, answer)
        if time.monotonic() - since > _ADOPT_AFTER and is_alone() and journal.withdraw(question):
            raise PlanError("the writer", "went away before it took the request", hint="try again")
    if journal.withdraw(question):
        raise PlanError("the request", "was taken back, because this process stops")
    raise PlanError("the request", "is with the writer already, and this process stops", hint="look into the journal")


def _decode(journal: Journal, kind: str, answer: Mapping[str, Any]) -> object:
    error = answer.get("error")
    if isinstance(error, str):
        raise PlanError("the request", error)
    if error:
        raise PlanError(str(error["subject"]), str(error["message"]), hint=str(error.get("hint", "")))
    if "operation" in answer:
        receipt = journal.receipt(str(answer["operation"]))
        if receipt is None:
            raise PlanError("the journal", "holds no receipt of the operation that the writer named")
        return receipt
    for name, made in (("pin", Pin), ("pause", Pause)):
        if isinstance(told := answer.get(name), Mapping):
            return made(**told)
    return answer.get("done", None) if kind == "terminate" else None


def _data(value: Pin | Pause) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__match_args__}

"""Conditions of a status: found, set, and dated when they turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gitops_tui.embedded.kinds.schema import Object


def condition_of(body: Mapping[str, Any], kind: str) -> Object | None:
    """The condition of a type in an object's status."""
    rows = (body.get("status") or {}).get("conditions") or ()
    return next((row for row in rows if row.get("type") == kind), None)


def is_true(body: Mapping[str, Any], kind: str) -> bool:
    """Whether an object's condition of a type is there and true."""
    row = condition_of(body, kind)
    return row is not None and row.get("status") == "True"


def condition(kind: str, status: bool, reason: str = "", message: str = "") -> Object:
    """A condition that is not dated yet."""
    row: Object = {"type": kind, "status": str(status)}
    if reason:
        row["reason"] = reason
    if message:
        row["message"] = message
    return row


def dated(before: Mapping[str, Any], rows: Iterable[Object], time: str, *, updates: bool = False) -> list[Object]:
    """The conditions as they go into a status: a row that says what it said keeps its dates.

    before: the object with its old status. updates: the kind also dates each new reason (`lastUpdateTime`).
    """
    result: list[Object] = []
    for row in rows:
        known = condition_of(before, row["type"]) or {}
        turned = time if known.get("status") != row["status"] else known.get("lastTransitionTime", time)
        fresh = {**row, "lastTransitionTime": turned}
        if updates:
            said = {key: known.get(key) for key in ("status", "reason", "message")}
            same = said == {key: row.get(key) for key in ("status", "reason", "message")}
            fresh["lastUpdateTime"] = known.get("lastUpdateTime", time) if same else time
        result.append(fresh)
    return result

"""Values of the model as JSON text and back. A side that is absent is an absent key, never null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from gitops_tui.model.operations import (
    Action,
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import ABSENT, Authorship, FieldChange, ResourceKey

LARGEST_RESULT: Final = 1 << 20
"""Characters of one result's JSON above which its field changes are left out."""


def encode(value: Any) -> str:
    """Return compact JSON in ASCII, so that a lone surrogate from outside cannot break the database."""
    return json.dumps(value, separators=(",", ":"))


def encode_receipt(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt without its resources, which are events of their own."""
    more = {name: value for name in ("commit", "quarantined") if (value := getattr(receipt, name))}
    return more | {
        "operation": receipt.operation,
        "application": receipt.application,
        "revision": receipt.revision,
        "kind": receipt.kind,
        "actor": receipt.actor,
        "phase": receipt.phase,
        "plan_hash": receipt.plan_hash,
        "started": receipt.started,
        "finished": receipt.finished,
        "message": receipt.message,
        "verified": receipt.verified,
        "dry_run": receipt.dry_run,
    }


def decode_receipt(data: Mapping[str, Any], resources: tuple[ResourceResult, ...] = ()) -> Receipt:
    """Return the receipt with these resources."""
    fields = {**data, "kind": OperationKind(data["kind"]), "phase": OperationPhase(data["phase"])}
    fields.pop("partial", None)
    return Receipt(**fields, resources=resources)


def encode_result(result: ResourceResult) -> dict[str, Any]:
    """Return one resource's result; changes too large to keep are told in its message."""
    data: dict[str, Any] = {
        "key": result.key.path,
        "result": result.result,
        "message": result.message,
        "duration": result.duration,
        "warnings": list(result.warnings),
        "changes": [_encode_change(change) for change in result.changes],
    }
    if result.action is not None:
        data["action"] = result.action
    if result.digest:
        data["digest"] = result.digest
    if result.before is not None:
        data["before"] = result.before
    if len(encode(data)) > LARGEST_RESULT:
        note = f"{len(result.changes)} field changes too large to keep"
        data.pop("before", None)
        data |= {"changes": [], "message": f"{result.message}; {note}" if result.message else note}
    return data


def decode_result(data: Mapping[str, Any]) -> ResourceResult:
    """Return what `encode_result` was given."""
    return ResourceResult(
        ResourceKey.parse(data["key"]),
        Result(data["result"]),
        data["message"],
        data["duration"],
        tuple(data["warnings"]),
        tuple(_decode_change(change) for change in data["changes"]),
        Action(data["action"]) if "action" in data else None,
        data.get("before"),
        digest=str(data.get("digest") or ""),
    )


def _encode_change(change: FieldChange) -> dict[str, Any]:
    """What was changed and by whom; a rule that was suggested is advice for the screen and no fact."""
    data: dict[str, Any] = {"path": change.path}
    for side in ("desired", "live"):
        if (value := getattr(change, side)) is not ABSENT:
            data[side] = value
        if author := getattr(change, f"{side}_by"):
            data[f"{side}_by"] = [author.name, author.detail, author.time, author.place]
    return data | ({"note": change.note} if change.note else {})


def _decode_change(data: Mapping[str, Any]) -> FieldChange:
    return FieldChange(
        data["path"],
        data.get("desired", ABSENT),
        data.get("live", ABSENT),
        Authorship(*data["desired_by"]) if "desired_by" in data else None,
        Authorship(*data["live_by"]) if "live_by" in data else None,
        data.get("note", ""),
    )


def encode_pin(pin: Pin) -> dict[str, Any]:
    """Return a pin's fields."""
    return {name: getattr(pin, name) for name in Pin.__slots__}


def decode_pin(text: str) -> Pin:
    """Return the pin in a JSON text."""
    return Pin(**json.loads(text))


def encode_pause(pause: Pause) -> dict[str, Any]:
    """Return a pause's fields."""
    return {name: getattr(pause, name) for name in Pause.__slots__}


def decode_pause(text: str) -> Pause:
    """Return the pause in a JSON text."""
    return Pause(**json.loads(text))

"""Cells that take some thought: ages, and what a pod is up to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gitops_tui.embedded.kinds.schema import Object

_DAY = 86_400
_AGES = (
    (120, 1, "s", 1, ""),
    (600, 60, "m", 1, "s"),
    (180 * 60, 60, "m", 1, ""),
    (8 * 3600, 3600, "h", 60, "m"),
    (2 * _DAY, 3600, "h", 1, ""),
    (8 * _DAY, _DAY, "d", 3600, "h"),
    (730 * _DAY, _DAY, "d", 1, ""),
)


def age(text: str, now: datetime) -> str:
    """How long ago, as kubectl shortens it: `5s`, `3m10s`, `4h`, `12d`."""
    try:
        then = datetime.strptime(text.partition(".")[0].removesuffix("Z"), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return "<unknown>"
    seconds = max(0, int((now - then).total_seconds()))
    for limit, size, unit, rest_size, rest_unit in _AGES:
        if seconds < limit:
            rest = seconds % size // rest_size if rest_unit else 0
            return f"{seconds // size}{unit}" + (f"{rest}{rest_unit}" if rest else "")
    return f"{seconds // (365 * _DAY)}y"


def get(body: Object, path: str, default: Any = None) -> Any:
    """The value at a dotted path; `default` when it is absent."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value


def pod_status(body: Object) -> str:
    """The word kubectl shows: a waiting or ended container's reason before the phase."""
    status = body.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    for row in status.get("initContainerStatuses") or ():
        ended = get(row, "state.terminated")
        if ended and not ended.get("exitCode"):
            continue
        waiting = get(row, "state.waiting.reason", "")
        if ended or (waiting and waiting != "PodInitializing"):
            return f"Init:{(ended or {}).get('reason') or waiting or 'Error'}"
    for row in reversed(status.get("containerStatuses") or ()):
        ended = get(row, "state.terminated")
        if waiting := get(row, "state.waiting.reason", ""):
            reason = waiting
        elif ended:
            reason = ended.get("reason") or f"ExitCode:{ended.get('exitCode')}"
    return "Terminating" if body["metadata"].get("deletionTimestamp") else reason


def pod_ready(body: Object) -> str:
    """How many of a pod's containers are ready: `1/2`."""
    rows = get(body, "status.containerStatuses", ())
    ready = sum(1 for row in rows if row.get("ready"))
    return f"{ready}/{len(get(body, 'spec.containers', ()))}"


def restarts(body: Object) -> str:
    """How often a pod's containers were restarted."""
    return str(sum(row.get("restartCount", 0) for row in get(body, "status.containerStatuses", ())))

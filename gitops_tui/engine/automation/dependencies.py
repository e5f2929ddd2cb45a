"""Whether the applications that one depends on are ready: in sync and healthy."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.model.application import cycle
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import SyncCode

_READY = frozenset({HealthCode.NONE, HealthCode.HEALTHY, HealthCode.SUSPENDED})


def waits_for(tracked: Tracked, known: Mapping[str, Tracked], now: float) -> str:
    """Return what an application waits for (`waiting for db: Progressing`), "" when all it depends on is ready.

    now: monotonic seconds.
    """
    found = ((name, _unready(known.get(name), now)) for name in tracked.application.depends_on)
    reasons = [f"waiting for {name}: {reason}" for name, reason in found if reason]
    if reasons:
        # Folders may bring a circle that the configuration does not show.
        circle = cycle({name: each.application.depends_on for name, each in known.items()})
        if tracked.application.name in circle:
            return f"its dependencies are a circle: {' → '.join(circle)}"
    return "; ".join(reasons)


def _unready(needed: Tracked | None, now: float) -> str:
    if needed is None:
        return "not tracked here"
    if needed.job is not None:
        return "syncing"
    if needed.looking or needed.due <= now:
        return "being compared"
    status = needed.status
    if status.stale or status.sync is not SyncCode.SYNCED:
        return str(SyncCode.UNKNOWN if status.stale else status.sync)
    return "" if status.health.code in _READY else str(status.health.code)

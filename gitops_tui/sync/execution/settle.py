"""Waiting for health: an operation is not done before its resources work, or their time is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gitops_tui.health import counts
from gitops_tui.model.operations import Action, Change, Result
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.sync.execution.run import Run

SETTLED: Final = frozenset({HealthCode.NONE, HealthCode.HEALTHY, HealthCode.SUSPENDED})
_APPLIED: Final = frozenset({Result.CREATED, Result.CONFIGURED, Result.UNCHANGED})


def settle(run: Run, changes: Iterable[Change]) -> dict[int, tuple[Change, Health]]:
    """Wait until what these changes applied is healthy; return what is not when the time is over."""
    awaited = [change for change in changes if _is_awaited(run, change) and not _is_settled_at_once(run, change)]
    unsettled: dict[int, tuple[Change, Health]] = {}

    def is_settled() -> bool:
        verdicts = ((change, run.health(change)) for change in awaited)
        unsettled.clear()
        unsettled.update({id(change): (change, health) for change, health in verdicts if health.code not in SETTLED})
        if unsettled:
            change, health = next(iter(unsettled.values()))
            run.tell(f"waits for {len(unsettled)} to become healthy: {change.key}: {health.message}")
        return not unsettled

    run.pace.until(is_settled, run.timeout)
    return unsettled


def _is_awaited(run: Run, change: Change) -> bool:
    row = run.results.get(id(change))
    if change.manifest is None or change.action is Action.HOOK or row is None or row.result not in _APPLIED:
        return False
    return counts(change.manifest.body)


def _is_settled_at_once(run: Run, change: Change) -> bool:
    """Whether the answer to the apply says already all that is waited for, as it does of a kind without a status."""
    health = run.health_as_applied(change)
    return health is not None and health.code in SETTLED


def describe(unsettled: Iterable[tuple[Change, Health]]) -> str:
    """Return what is not healthy, in one line: the worst one, and how many more."""
    rows = sorted(unsettled, key=lambda row: (-row[1].code.badness, row[0].key))
    if not rows:
        return ""
    change, health = rows[0]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"{change.key} is {health.code}: {health.message}{more}"

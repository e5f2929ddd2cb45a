"""Health of every kind without a rule of its own, by its conditions (kstatus, with Ready=False as Degraded: ours)."""

from __future__ import annotations

from gitops_tui.health.view import View, because, degraded, healthy, progressing
from gitops_tui.model.fields import dig
from gitops_tui.model.resources import Health, HealthCode


def by_conditions(live: View) -> Health:
    """Unobserved, reconciling, stalled, then by Ready; no health when no such condition is there."""
    observed = live.status.get("observedGeneration")
    if isinstance(observed, int) and observed != dig(live.body, "metadata", "generation"):
        return progressing("the controller has not seen the newest spec yet")
    if live.is_true("Reconciling"):
        return progressing(because(live.condition("Reconciling")) or "reconciling")
    if live.is_true("Stalled"):
        return degraded(because(live.condition("Stalled")) or "stalled")
    ready = live.condition("Ready")
    if not ready:
        return Health(HealthCode.NONE)
    if ready.get("status") == "True":
        return healthy(because(ready))
    return degraded(because(ready)) if ready.get("status") == "False" else progressing(because(ready))

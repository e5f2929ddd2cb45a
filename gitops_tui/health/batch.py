"""Health of Jobs and CronJobs (semantics.md: Health per kind)."""

from __future__ import annotations

from gitops_tui.health.view import View, because, degraded, healthy, progressing, seconds, several, suspended
from gitops_tui.model.resources import Health


def job(live: View) -> Health:
    """Failed, suspended, complete, or still running."""
    if live.is_true("Failed"):
        return degraded(because(live.condition("Failed")) or "failed")
    if live.is_true("Suspended"):
        return suspended(because(live.condition("Suspended")) or "suspended")
    if live.is_true("Complete"):
        return healthy("completed")
    return progressing(f"{several(live.count('active'), 'pod')} running")


def cron_job(live: View) -> Health:
    """Suspended, without a status, never run or running, behind its schedule's last run, or healthy."""
    if live.spec.get("suspend") is True:
        return suspended("suspended")
    if not isinstance(live.body.get("status"), dict):
        return progressing("no status yet")
    active, scheduled = live.status.get("active"), seconds(live.status.get("lastScheduleTime"))
    if scheduled is None:
        return healthy("has not run yet")
    if isinstance(active, list) and active:
        return healthy("running")
    succeeded = seconds(live.status.get("lastSuccessfulTime"))
    if succeeded is None or succeeded < scheduled:
        return degraded("the last run did not succeed")
    return healthy("the last run succeeded")

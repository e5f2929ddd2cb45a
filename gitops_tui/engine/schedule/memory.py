"""The last good statuses, kept over the end of the process: what the first screen shows until the first look."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.engine.views.statuses import without_view
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.model.values import replace


class Memory:
    """What the journal holds of statuses, and what of them has moved since. Owned by the worker's thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, ApplicationStatus] = {}
        self._known: Mapping[str, str] | None = None

    def recall(self, application: Application) -> ApplicationStatus:
        """The application as it was when it was last seen, marked stale and Unknown. JournalError."""
        if self._known is None:
            self._known = self._journal.statuses()
        payload = self._known.get(application.name)
        return without_view(application) if payload is None else _recalled(application, payload)

    def moved(self, tracked: Iterable[Tracked]) -> dict[str, str]:
        """The statuses to keep that are not kept yet, by application; they are taken for kept from now on."""
        found: dict[str, str] = {}
        for each in tracked:
            name, status = each.application.name, each.status
            is_good = status.compared_at is not None and not status.stale and status.sync is not SyncCode.UNKNOWN
            if is_good and self._kept.get(name) is not status:
                self._kept[name] = status
                found[name] = _payload(status)
        return found


def _payload(status: ApplicationStatus) -> str:
    """A status as JSON: what a row of a table needs. It holds no more than was shown, so nothing that is masked."""
    revision = status.revision
    commit = None if revision is None else [revision.sha, revision.author, revision.time, revision.subject]
    return json.dumps(
        {
            "of": _identity(status.application),
            "sync": status.sync,
            "health": [status.health.code, status.health.message],
            "revision": commit,
            "total": status.total,
            "drifted": status.drifted,
            "compared_at": status.compared_at,
        }
    )


def _recalled(application: Application, payload: str) -> ApplicationStatus:
    blank = without_view(application)
    try:
        data: dict[str, Any] = json.loads(payload)
        if data["of"] != _identity(application):
            return blank
        code, message = data["health"]
        seen = time.strftime("%Y-%m-%d %H:%M", time.localtime(data["compared_at"]))
        commit = data["revision"]
        return replace(
            blank,
            health=Health(HealthCode(code), message),
            revision=Revision(commit[0], author=commit[1], time=commit[2], subject=commit[3]) if commit else None,
            total=int(data["total"]),
            drifted=int(data["drifted"]),
            stale=True,
            summary=f"not looked at yet; was {SyncCode(data['sync'])} at {seen}",
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        # Another version wrote it; the first look tells.
        return blank


def _identity(application: Application) -> list[str]:
    """What has to be the same for a status to be of this application."""
    source, place = application.source, application.destination
    return [source.repository, source.path, place.context, place.namespace]

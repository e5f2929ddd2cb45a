"""What a cluster's own events say about an object that is not well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gitops_tui.health.view import seconds
from gitops_tui.model.fields import dig, text
from gitops_tui.model.resources import Body
from gitops_tui.model.text import one_line

RECENT: Final = 600.0
"""Seconds after which a warning is not news any more: what it warned of may be over."""


def newest(events: Iterable[Body], objects: Sequence[Body], now: float | None) -> str:
    """Return the newest recent warning about any of the objects, "" when there is none: `FailedMount: ...`."""
    uids = {uid for each in objects if (uid := text(dig(each, "metadata", "uid")))}
    about = (each for each in events if each.get("type") == "Warning" and subject(each) in uids)
    recent = [(time, each) for each in about if (time := last_time(each)) is not None and _is_recent(time, now)]
    if not recent:
        return ""
    _, event = max(recent, key=lambda pair: pair[0])
    return one_line(": ".join(filter(None, (text(event.get("reason")), text(event.get("message"))))))


def subject(event: Body) -> str:
    """Return the uid of the object that an event is about."""
    return text(dig(event, "involvedObject", "uid"))


def _is_recent(time: float, now: float | None) -> bool:
    return now is None or now - time <= RECENT


def last_time(event: Body) -> float | None:
    """Return when it happened last, in seconds since the epoch. Old and new writers of events use different fields."""
    stamps = (
        dig(event, "series", "lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        dig(event, "metadata", "creationTimestamp"),
    )
    return next((time for stamp in stamps if (time := seconds(stamp)) is not None), None)

"""A sync window, and what a set of them says at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from gitops_tui.model.values import dataclass

if TYPE_CHECKING:
    from gitops_tui.model.windows.cron import Cron


class WindowKind(StrEnum):
    """Whether syncs may run while the window is open, or may not."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """A time that comes again: it opens at each time of a cron schedule and stays open for `duration` seconds.

    timezone: an IANA name; a schedule's hours are those of its clocks. manual_sync: a person may sync although
    this window holds automation.
    """

    kind: WindowKind
    schedule: str
    duration: float
    timezone: str = "UTC"
    manual_sync: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.schedule} ({self.timezone}) for {_span(self.duration)}"

    def closes(self, now: float) -> float | None:
        """When it closes, in seconds since the epoch; None when it is not open."""
        place = zone(self.timezone)
        for local in _cron(self.schedule).before(_clock(now, place)):
            opened = _instant(local, place)
            if opened <= now:
                return opened + self.duration if now < opened + self.duration else None
        return None

    def opens(self, now: float) -> float | None:
        """When it opens next, in seconds since the epoch; None when it never does."""
        place = zone(self.timezone)
        times = (_instant(local, place) for local in _cron(self.schedule).after(_clock(now, place)))
        return next((opened for opened in times if opened > now), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What windows say now. manual: whether a person may sync. reason: why automation may not, "" when it may.

    until: seconds since the epoch at which to ask again, None when that is never.
    """

    allowed: bool = True
    manual: bool = True
    reason: str = ""
    until: float | None = None


OPEN: Final = Standing()
"""Nothing holds a sync."""


def standing(windows: Sequence[SyncWindow], now: float) -> Standing:
    """Return whether syncs may run. Deny beats allow; where any window allows, only inside one."""
    allows = [window for window in windows if window.kind is WindowKind.ALLOW]
    denies = [(window, window.closes(now)) for window in windows if window.kind is WindowKind.DENY]
    closed = [(window, until) for window, until in denies if until is not None]
    if closed:
        window, until = max(closed, key=lambda row: row[1])
        passes = all(each.manual_sync for each, _ in closed)
        return Standing(False, passes, f"sync window: {window}, until {_told(until, window)}", until)
    if not allows or any(window.closes(now) is not None for window in allows):
        return OPEN
    coming = [(opens, window) for window in allows if (opens := window.opens(now)) is not None]
    passes = all(window.manual_sync for window in allows)
    if not coming:
        return Standing(False, passes, "sync window: none is open, and none ever opens")
    opens, window = min(coming, key=lambda row: row[0])
    return Standing(False, passes, f"sync window: opens {_told(opens, window)} ({window})", opens)


def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name; ValueError when it is not known here."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few have a window

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"the time zone {name!r} is not known here") from error


@cache
def _cron(schedule: str) -> Cron:
    from gitops_tui.model.windows.cron import Cron  # noqa: PLC0415 - few configurations have a schedule

    return Cron.parse(schedule)


def _clock(now: float, place: tzinfo) -> datetime:
    """What the clocks of a place show."""
    return datetime.fromtimestamp(now, place).replace(tzinfo=None)


def _instant(local: datetime, place: tzinfo) -> float:
    """When clocks of a place show a time; one that they skip in spring comes as much later."""
    return local.replace(tzinfo=place).timestamp()


def _told(instant: float, window: SyncWindow) -> str:
    local = datetime.fromtimestamp(instant, zone(window.timezone))
    return f"{local:%Y-%m-%d %H:%M} {window.timezone}"


def _span(seconds: float) -> str:
    units: Iterable[tuple[str, int]] = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    left, words = int(seconds), ""
    for unit, size in units:
        count, left = divmod(left, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"

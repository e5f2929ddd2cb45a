"""Times and durations as a person reads them."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """`8s`, `12m`, `5h`, `3d`, `14mo`, at most four characters; never negative, whatever the clock did."""
    whole = max(int(seconds), 0)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 100 * _DAY:
        return f"{whole // _DAY}d"
    months = whole // (30 * _DAY)
    return f"{months}mo" if months < 24 else f"{months // 12}y"


def since(then: float | None, now: float) -> str:
    """Return the age of an instant, "" when there is none."""
    return age(now - then) if then else ""


def ago(then: float | None, now: float) -> str:
    """`5m ago`; `never` when there is no such instant."""
    return f"{age(now - then)} ago" if then else "never"


def until(then: float | None, now: float) -> str:
    """`in 40s`; "" when there is no such instant."""
    return f"in {age(then - now)}" if then else ""


def moment(then: float | None) -> str:
    """Local date and time to the minute, "" when there is none or it lies beyond the calendar."""
    if not then:
        return ""
    try:
        return datetime.fromtimestamp(then).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return ""


def clock(then: float, now: float) -> str:
    """Local time of day to the second, of another day with month and day; "" when it lies beyond the calendar."""
    try:
        moment, today = (datetime.fromtimestamp(each).astimezone() for each in (then, now))
        return moment.strftime("%H:%M:%S" if moment.date() == today.date() else "%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return ""


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m 04s`, `1h 02m`."""
    value = max(seconds, 0.0)
    if value < 10:
        return f"{value:.1f}s"
    whole = int(value)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"

"""Cron expressions: the times of a CronJob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_DAYS = {name: at for at, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_HORIZON = timedelta(days=366 * 5)


class ScheduleError(ValueError):
    """Text that is no cron expression."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes at which something happens."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: str | None = None) -> Schedule:
        """Read five fields, or a word such as `@hourly`. Raises ScheduleError."""
        fields = _WORDS.get(text.strip(), text).split()
        if len(fields) != 5:
            raise ScheduleError(f"{text!r} has not five fields")
        minute, hour, day, month, weekday = fields
        try:
            where: tzinfo = ZoneInfo(zone) if zone else UTC
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ScheduleError(f"unknown time zone {zone!r}") from error
        return cls(
            _field(minute, 0, 59),
            _field(hour, 0, 23),
            _field(day, 1, 31),
            _field(month, 1, 12, _MONTHS),
            frozenset(number % 7 for number in _field(weekday, 0, 7, _DAYS)),
            not day.startswith(("*", "?")) and not weekday.startswith(("*", "?")),
            where,
        )

    def after(self, moment: float) -> float | None:
        """The first time after a moment, both in seconds since the epoch; None when there is none for years."""
        start = datetime.fromtimestamp(moment, UTC)
        time = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while time - start < _HORIZON:
            local = time.astimezone(self.zone)
            if local.month not in self.months or not self._is_day(local):
                time += timedelta(minutes=(24 * 60 - local.hour * 60 - local.minute) or 1)
            elif local.hour not in self.hours:
                time += timedelta(minutes=60 - local.minute)
            elif local.minute not in self.minutes:
                time += timedelta(minutes=1)
            else:
                return time.timestamp()
        return None

    def includes(self, moment: datetime) -> bool:
        """Whether a minute is one of its times."""
        local = moment.astimezone(self.zone)
        is_time = local.minute in self.minutes and local.hour in self.hours
        return is_time and local.month in self.months and self._is_day(local)

    def _is_day(self, local: datetime) -> bool:
        """Where both the day of the month and of the week are restricted, either is enough, as cron has it."""
        of_month, of_week = local.day in self.days, (local.weekday() + 1) % 7 in self.weekdays
        return of_month or of_week if self.either_day else of_month and of_week


def _field(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if not (step or "1").isdecimal() or step == "0":
            raise ScheduleError(f"{part!r} has no valid step")
        first, last = _span(span, low, high, names or {})
        if step and span.isdecimal():
            last = high
        numbers.update(range(first, last + 1, int(step or 1)))
    return frozenset(numbers)


def _span(text: str, low: int, high: int, names: Mapping[str, int]) -> tuple[int, int]:
    if text in {"*", "?"}:
        return low, high
    first, dash, last = text.partition("-")
    span = _number(first, names), _number(last if dash else first, names)
    if not low <= span[0] <= span[1] <= high:
        raise ScheduleError(f"{text!r} is not within {low} to {high}")
    return span


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not text.isdecimal():
        raise ScheduleError(f"{text!r} is no number")
    return int(text)

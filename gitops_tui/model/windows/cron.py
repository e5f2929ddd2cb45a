"""Cron schedules of five fields, as crontab(5) means them: minute, hour, day of month, month, day of week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from gitops_tui.model.patterns import pattern
from gitops_tui.model.values import dataclass

_MACROS: Final[Mapping[str, str]] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART: Final = pattern(r"(?:\*|(?P<first>[a-z0-9]{1,4})(?:-(?P<last>[a-z0-9]{1,4}))?)(?:/(?P<step>[0-9]{1,2}))?")
_DAYS_SEARCHED: Final = 366 * 9
"""A 29th of February may be eight years away."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    first_name: int = 0

    def values(self, text: str) -> frozenset[int]:
        found: set[int] = set()
        for part in text.lower().split(","):
            match = _PART.fullmatch(part)
            if match is None:
                raise ValueError(f"the {self.name} {text!r} is not understood")
            first, last, step = match["first"], match["last"], match["step"]
            low = self._number(first) if first else self.least
            high = self._number(last) if last else low if first and not step else self.most
            if low > high or step == "0":
                raise ValueError(f"the {self.name} {text!r} names nothing")
            found.update(range(low, high + 1, int(step or 1)))
        return frozenset(found)

    def _number(self, word: str) -> int:
        if word in self.names:
            return self.names.index(word) + self.first_name
        if not word.isdecimal() or not self.least <= int(word) <= self.most:
            raise ValueError(f"the {self.name} must be {self.least} to {self.most}, not {word!r}")
        return int(word)


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS, 1),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule. Where both days are restricted, either of them is enough (crontab's rule)."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read `0 22 * * mon-fri` or `@daily`; ValueError in words otherwise."""
        words = _MACROS.get(text.strip().lower(), text).split()
        if len(words) != len(_FIELDS):
            raise ValueError("a schedule has five fields: minute, hour, day of month, month, day of week")
        minutes, hours, days, months, weekdays = (
            field.values(word) for field, word in zip(_FIELDS, words, strict=True)
        )
        either = not words[2].startswith("*") and not words[4].startswith("*")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)

    def before(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times up to a naive local moment, the latest first; ends where none is to be found."""
        for back in range(_DAYS_SEARCHED):
            day = moment.date() - timedelta(days=back)
            if self._falls_on(day):
                yield from (found for found in reversed(self._times(day)) if found <= moment)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times after a naive local moment, the earliest first; ends where none is to be found."""
        for ahead in range(_DAYS_SEARCHED):
            day = moment.date() + timedelta(days=ahead)
            if self._falls_on(day):
                yield from (found for found in self._times(day) if found > moment)

    def _times(self, day: date) -> list[datetime]:
        return [datetime.combine(day, time(h, m)) for h in sorted(self.hours) for m in sorted(self.minutes)]

    def _falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week

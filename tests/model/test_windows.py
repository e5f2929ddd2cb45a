"""When a sync window is open, on the clocks of its own place."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.model.windows import SyncWindow, WindowKind, standing, zone
from gitops_tui.model.windows.cron import Cron

BERLIN = "Europe/Berlin"


def at(text: str, place: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place)).timestamp()


def allow(schedule: str, duration: float = 3600.0, **more: Any) -> SyncWindow:
    return SyncWindow(WindowKind.ALLOW, schedule, duration, **more)


def deny(schedule: str, duration: float = 3600.0, **more: Any) -> SyncWindow:
    return SyncWindow(WindowKind.DENY, schedule, duration, **more)


def is_open(window: SyncWindow, text: str, place: str = "UTC") -> bool:
    return window.closes(at(text, place)) is not None


# schedules


@pytest.mark.parametrize(
    ("schedule", "moment", "following"),
    [
        ("0 22 * * *", "2026-03-01 12:00", "2026-03-01 22:00"),
        ("0 22 * * *", "2026-03-01 22:00", "2026-03-02 22:00"),
        ("*/15 * * * *", "2026-03-01 12:07", "2026-03-01 12:15"),
        ("5-10/5 8,20 * * *", "2026-03-01 12:00", "2026-03-01 20:05"),
        ("0 9 * * mon-fri", "2026-03-06 10:00", "2026-03-09 09:00"),
        ("0 0 1 jan *", "2026-03-01 00:00", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2026-03-01 00:00", "2028-02-29 00:00"),
        ("0 0 * * 7", "2026-03-02 00:00", "2026-03-08 00:00"),
        ("0 0 13 * fri", "2026-03-01 00:00", "2026-03-06 00:00"),
        ("@monthly", "2026-03-02 00:00", "2026-04-01 00:00"),
        ("30/15 3 * * *", "2026-03-01 00:00", "2026-03-01 03:30"),
    ],
)
def test_the_next_time(schedule: str, moment: str, following: str) -> None:
    found = next(Cron.parse(schedule).after(datetime.fromisoformat(moment)))
    assert found == datetime.fromisoformat(following)


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("0 22 * *", "five fields"),
        ("60 * * * *", "the minute must be 0 to 59"),
        ("* 24 * * *", "the hour must be 0 to 23"),
        ("* * 0 * *", "the day of the month must be 1 to 31"),
        ("* * * foo *", "the month must be 1 to 12"),
        ("*/0 * * * *", "names nothing"),
        ("10-5 * * * *", "names nothing"),
        ("1-2-3 * * * *", "is not understood"),
        ("", "five fields"),
    ],
)
def test_what_is_no_schedule_is_told_in_words(schedule: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Cron.parse(schedule)


def test_a_day_that_never_comes_is_not_searched_for_ever() -> None:
    assert next(Cron.parse("0 0 31 2 *").after(datetime.fromisoformat("2026-01-01")), None) is None


_RANGES = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))
_FIELDS = st.tuples(*(st.one_of(st.just("*"), st.integers(low, high).map(str)) for low, high in _RANGES))


@settings(max_examples=60, deadline=None)
@given(_FIELDS, st.datetimes(*map(datetime.fromisoformat, ("2000-01-01", "2060-01-01"))))
def test_no_time_lies_between_the_last_and_the_next(fields: tuple[str, ...], moment: datetime) -> None:
    cron = Cron.parse(" ".join(fields))
    before, after = next(cron.before(moment)), next(cron.after(moment))
    assert before <= moment < after
    assert next(cron.after(before)) == after
    assert next(cron.before(after)) == after


# one window


def test_it_is_open_from_its_time_for_its_duration() -> None:
    window = allow("0 22 * * *", 7200.0)
    assert not is_open(window, "2026-03-01 21:59:59")
    assert is_open(window, "2026-03-01 22:00:00")
    assert is_open(window, "2026-03-01 23:59:59")
    assert not is_open(window, "2026-03-02 00:00:00")


def test_its_hours_are_those_of_its_own_clocks() -> None:
    window = allow("0 22 * * *", timezone=BERLIN)
    assert is_open(window, "2026-01-01 21:30"), "22:30 in Berlin"
    assert is_open(window, "2026-07-01 20:30"), "22:30 in Berlin, in summer"
    assert not is_open(window, "2026-07-01 21:30")


def test_a_time_that_clocks_skip_in_spring_comes_an_hour_later() -> None:
    window = allow("30 2 * * *", 1800.0, timezone=BERLIN)
    assert not is_open(window, "2026-03-29 03:15", BERLIN)
    assert is_open(window, "2026-03-29 03:45", BERLIN)


def test_a_window_over_the_hour_that_comes_twice_is_as_long_as_it_says() -> None:
    window = allow("30 1 * * *", 7200.0, timezone=BERLIN)
    opened = at("2026-10-25 01:30", BERLIN)
    assert window.closes(opened + 7199) == opened + 7200
    assert window.closes(opened + 7200) is None


def test_a_window_longer_than_its_pause_never_closes() -> None:
    window = deny("0 * * * *", 7200.0)
    assert window.closes(at("2026-03-01 12:30")) == at("2026-03-01 14:00")


def test_an_unknown_time_zone_is_told() -> None:
    for name in ("Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "Europe"):
        with pytest.raises(ValueError, match="is not known here"):
            zone(name)


# several windows

NIGHT = allow("0 22 * * *", 8 * 3600.0)
FREEZE = deny("0 0 24 12 *", 3 * 86400.0)


def test_without_windows_syncs_may_run() -> None:
    found = standing([], 0.0)
    assert (found.allowed, found.manual, found.reason, found.until) == (True, True, "", None)


def test_with_a_window_that_allows_only_inside_one() -> None:
    assert standing([NIGHT], at("2026-03-01 23:00")).allowed
    found = standing([NIGHT], at("2026-03-01 12:00"))
    assert not found.allowed
    assert not found.manual
    assert found.until == at("2026-03-01 22:00")
    assert found.reason == "sync window: opens 2026-03-01 22:00 UTC (allow 0 22 * * * (UTC) for 8h)"


def test_deny_beats_allow() -> None:
    found = standing([NIGHT, FREEZE], at("2026-12-25 23:00"))
    assert not found.allowed
    assert found.until == at("2026-12-27 00:00")
    assert found.reason == "sync window: deny 0 0 24 12 * (UTC) for 3d, until 2026-12-27 00:00 UTC"


def test_a_denying_window_that_is_closed_holds_nothing() -> None:
    assert standing([FREEZE], at("2026-03-01 12:00")).allowed


def test_of_two_that_deny_the_longer_one_counts() -> None:
    found = standing([FREEZE, deny("0 12 25 12 *")], at("2026-12-25 12:30"))
    assert found.until == at("2026-12-27 00:00")


def test_a_person_passes_where_every_window_that_holds_says_so() -> None:
    now = at("2026-12-25 12:30")
    lenient = deny("0 12 25 12 *", manual_sync=True)
    assert standing([lenient], now).manual
    assert not standing([lenient, FREEZE], now).manual
    assert standing([allow("0 22 * * *", manual_sync=True)], now).manual


def test_windows_that_never_open_are_told() -> None:
    found = standing([allow("0 0 31 2 *")], 0.0)
    assert (found.allowed, found.until) == (False, None)
    assert "none ever opens" in found.reason

"""Ages and durations."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from gitops_tui.tui.look.times import age, ago, clock, duration, moment, since, until


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (99 * 86400, "99d"),
        (100 * 86400, "3mo"),
        (800 * 86400, "2y"),
    ],
)
def test_an_age_is_short_and_never_negative(seconds: float, text: str) -> None:
    assert age(seconds) == text
    assert len(text) <= 4


def test_what_never_happened_says_so() -> None:
    assert ago(None, 10) == "never"
    assert since(None, 10) == ""
    assert until(None, 10) == ""
    assert until(50, 10) == "in 40s"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0.0s"), (0.42, "0.4s"), (12.9, "12s"), (184, "3m 04s"), (3725, "1h 02m")]
)
def test_a_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_time_of_another_day_says_which() -> None:
    noon = datetime(2026, 3, 6, 12, tzinfo=None).timestamp()  # noqa: DTZ001 - local time is what is shown
    assert clock(noon + 1.9, noon + 3600) == "12:00:01"
    assert clock(noon, noon + 86_400) == "03-06 12:00:00"
    assert clock(1e18, noon) == ""


@pytest.mark.parametrize("then", [None, 0.0, 1e18, -1e18, math.inf])
def test_a_time_beyond_the_calendar_is_no_crash(then: float | None) -> None:
    assert moment(then) == ""

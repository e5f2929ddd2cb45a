"""Delays grow, end somewhere, and begin anew."""

from __future__ import annotations

from gitops_tui.engine.schedule.backoff import Backoff, spread


def test_delays_grow_to_the_most_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(1.0, 2.0, 10.0)
    assert [backoff.fail() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.succeed()
    assert backoff.fail() == 1


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(1.0, 3.0, 300.0, failures=100_000)
    assert backoff.fail() == 300


def test_jitter_adds_at_most_its_share() -> None:
    assert all(10 <= Backoff(10.0, 2.0, 60.0, jitter=0.3).fail() <= 13 for _ in range(100))
    assert all(60 <= spread(60.0) <= 66 for _ in range(100))

"""How hard a cluster is asked."""

from __future__ import annotations

import pytest

from gitops_tui.cluster.pace import WIDEST, Deadline, Pace, Timing, pause_before
from gitops_tui.model.errors import ClusterError, UnreachableError


def test_pauses_grow_and_are_not_all_the_same() -> None:
    pauses = [[pause_before(attempt, 1.0, 30.0) for _ in range(50)] for attempt in (1, 2, 3, 100)]

    for found, whole in zip(pauses, (1.0, 2.0, 4.0, 30.0), strict=True):
        assert whole / 2 <= min(found) < max(found) <= whole


def test_a_burst_of_429_halves_once() -> None:
    pace = Pace(Timing())
    for _ in range(10):
        pace.throttled()

    assert pace.limit == WIDEST // 2


def test_it_widens_slowly_after_429() -> None:
    pace = Pace(Timing(recovery=0.0))
    pace.throttled()
    narrow = pace.limit
    pace.answered()
    assert pace.limit == narrow + 1

    for _ in range(100):
        pace.answered()
    assert pace.limit == WIDEST


def test_a_place_that_never_comes_free_is_given_up() -> None:
    pace = Pace(Timing(recovery=3600.0))
    held = [pace.turn("x", Deadline(5.0)) for _ in range(WIDEST)]
    for place in held:
        place.__enter__()

    with pytest.raises(ClusterError, match="gave up waiting") as caught, pace.turn("late", Deadline(0.05)):
        raise AssertionError("there was no place")
    assert caught.value.temporary

    held[0].__exit__(None, None, None)
    with pace.turn("later", Deadline(5.0)):
        pass


def test_after_the_pause_one_tries_for_all() -> None:
    pace = Pace(Timing(first_pause=0.0, longest_pause=0.0))
    pace.pass_gate()
    pace.failed(UnreachableError("cluster c", "connection refused", temporary=True))

    pace.pass_gate()
    with pytest.raises(UnreachableError, match="connection refused"):
        pace.pass_gate()


def test_an_answer_opens_the_gate_and_wakes_who_waits() -> None:
    pace = Pace(Timing(first_pause=60.0, longest_pause=60.0))
    woken: list[bool] = []
    pace.on_recovery(lambda: woken.append(True))
    pace.answered()
    assert woken == []
    pace.failed(UnreachableError("cluster c", "connection refused"))

    pace.answered()

    pace.pass_gate()
    assert woken == [True]


def test_a_deadline_is_never_negative() -> None:
    assert Deadline(-5.0).left == 0.0
    assert Deadline(0.0).passed
    assert not Deadline(60.0).passed

"""A lane that hangs holds up nobody else."""

from __future__ import annotations

import threading

import pytest

from gitops_tui.engine.schedule.lanes import InlineLanes, ThreadLanes


def test_a_hanging_lane_leaves_the_others_alone() -> None:
    lanes = ThreadLanes()
    release = threading.Event()
    stuck = [lanes.submit("dead cluster", 2, lambda: release.wait(90)) for _ in range(10)]
    assert lanes.submit("good cluster", 2, lambda: "done").result(timeout=90) == "done"
    assert not any(job.done() for job in stuck)
    release.set()
    lanes.close()


def test_closing_cancels_what_has_not_begun_and_waits_for_the_rest() -> None:
    lanes = ThreadLanes()
    begun, release = threading.Event(), threading.Event()

    def hang() -> bool:
        begun.set()
        return release.wait(90)

    running = lanes.submit("lane", 1, hang)
    waiting = lanes.submit("lane", 1, lambda: True)
    assert begun.wait(90)
    waiting.add_done_callback(lambda _: release.set())
    assert lanes.close(90), "the running job ended in time"
    assert running.result(timeout=0)
    assert waiting.cancelled()
    assert lanes.submit("lane", 1, lambda: True).cancelled(), "a closed lane takes nothing more"


def test_a_job_that_hangs_does_not_hold_up_the_end() -> None:
    lanes = ThreadLanes()
    begun, release = threading.Event(), threading.Event()

    def hang() -> bool:
        begun.set()
        return release.wait(90)

    lanes.submit("dead", 1, hang)
    assert begun.wait(90)
    assert not lanes.close(0.0)
    release.set()


def test_a_lane_runs_at_most_its_width_at_once() -> None:
    lanes = ThreadLanes()
    both, release = threading.Barrier(2), threading.Event()
    busy = [lanes.submit("lane", 2, lambda: (both.wait(90), release.wait(90))) for _ in range(2)]
    third = lanes.submit("lane", 2, lambda: "third")
    assert not third.done()
    release.set()
    assert third.result(timeout=90) == "third"
    assert all(job.result(timeout=90) for job in busy)
    assert lanes.close(90)


def test_a_job_that_only_waits_makes_room_for_one_more() -> None:
    lanes = ThreadLanes()
    release, is_back, ends = threading.Event(), threading.Event(), threading.Event()

    def waits() -> bool:
        lanes.rest("lane", begins=True)
        release.wait(90)
        lanes.rest("lane", begins=False)
        is_back.set()
        return ends.wait(90)

    first = lanes.submit("lane", 1, waits)
    assert lanes.submit("lane", 1, lambda: "meanwhile").result(timeout=90) == "meanwhile"
    assert not first.done()
    release.set()
    assert is_back.wait(90)
    # There are two threads now, and still a width of one.
    third = lanes.submit("lane", 1, first.done)
    ends.set()
    assert third.result(timeout=90), "it runs only when the first has ended"
    assert lanes.close(90)


def test_inline_lanes_run_at_once_and_carry_errors() -> None:
    lanes = InlineLanes()
    assert lanes.submit("any", 1, lambda: 1).result(timeout=0) == 1
    with pytest.raises(ZeroDivisionError):
        lanes.submit("any", 1, lambda: 1 // 0).result(timeout=0)

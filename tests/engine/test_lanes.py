"""A lane that hangs holds up nobody else."""

from __future__ import annotations

import threading

import pytest

from gitops_tui.engine.schedule.lanes import InlineLanes, ThreadLanes


def test_a_hanging_lane_leaves_the_others_alone() -> None:
    lanes = ThreadLanes()
    release = threading.Event()
    stuck = [lanes.submit("dead cluster", 2, lambda: release.wait(30)) for _ in range(10)]
    assert lanes.submit("good cluster", 2, lambda: "done").result(timeout=30) == "done"
    assert not any(job.done() for job in stuck)
    release.set()
    lanes.close()


def test_closing_cancels_what_has_not_begun_and_waits_for_the_rest() -> None:
    lanes = ThreadLanes()
    begun, release = threading.Event(), threading.Event()
    running = lanes.submit("lane", 1, lambda: (begun.set(), release.wait(30))[1])
    waiting = lanes.submit("lane", 1, lambda: True)
    assert begun.wait(30)
    closer = threading.Thread(target=lanes.close)
    closer.start()
    release.set()
    closer.join(30)
    assert running.result(timeout=0)
    assert waiting.cancelled()


def test_inline_lanes_run_at_once_and_carry_errors() -> None:
    lanes = InlineLanes()
    assert lanes.submit("any", 1, lambda: 1).result(timeout=0) == 1
    with pytest.raises(ZeroDivisionError):
        lanes.submit("any", 1, lambda: 1 // 0).result(timeout=0)

"""What `kubectl get` prints: ages, and what a pod is up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_tui.embedded.kinds.cells import age
from gitops_tui.embedded.kinds.columns import COLUMNS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (190, "3m10s"),
        (11 * 60 + 5, "11m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 600, "3h10m"),
        (9 * 3600 + 600, "9h"),
        (3 * 86_400, "3d"),
        (3 * 86_400 + 7200, "3d2h"),
        (20 * 86_400, "20d"),
        (800 * 86_400, "2y"),
    ],
)
def test_an_age_is_short(seconds: int, shown: str) -> None:
    then = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert age(then, NOW) == shown


def test_no_time_has_no_age() -> None:
    assert age("", NOW) == "<unknown>"


def waiting(reason: str) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason}}}


def ended(reason: str, code: int = 1) -> dict[str, Any]:
    return {"state": {"terminated": {"reason": reason, "exitCode": code}}}


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}, "Running"),
        ({"phase": "Running", "containerStatuses": [waiting("CrashLoopBackOff")]}, "CrashLoopBackOff"),
        ({"phase": "Succeeded", "containerStatuses": [ended("Completed", 0)]}, "Completed"),
        ({"phase": "Failed", "containerStatuses": [ended("", 137)]}, "ExitCode:137"),
        ({"phase": "Pending", "initContainerStatuses": [waiting("ImagePullBackOff")]}, "Init:ImagePullBackOff"),
        ({"phase": "Pending", "initContainerStatuses": [ended("Completed", 0)]}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
    ],
)
def test_a_pod_says_what_it_is_up_to(status: dict[str, Any], shown: str) -> None:
    cells = {title: read for title, _, read in COLUMNS["pods"]}
    pod: dict[str, Any] = {"metadata": {"name": "web"}, "spec": {"containers": [{}]}, "status": status}
    assert cells["Status"](pod) == shown
    assert cells["Status"]({**pod, "metadata": {"deletionTimestamp": "now"}}) in {"Terminating", shown}

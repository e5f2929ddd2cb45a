"""The cause of a workload's trouble, told by its pods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from gitops_tui.health import lasts, lift
from gitops_tui.model.resources import HealthCode

CRASH = {
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
}
NO_IMAGE = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "shop/web:9"'}}}
FINE: dict[str, Any] = {"state": {"running": {}}}


def deployment(available: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "generation": 1, "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 3, **more},
        "status": {
            "observedGeneration": 1,
            "replicas": 3,
            "updatedReplicas": 3,
            "availableReplicas": available,
        },
    }


def pod(container: dict[str, Any], template: str = "new", **metadata: Any) -> dict[str, Any]:
    ready = container is FINE
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {"pod-template-hash": template}, **metadata},
        "spec": {"restartPolicy": "Always"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "web", **container}],
        },
    }


def replica_set(template: str, revision: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "labels": {"pod-template-hash": template},
            "annotations": {"deployment.kubernetes.io/revision": revision},
        },
    }


def test_crashing_pods_are_told_in_one_sentence() -> None:
    health = lift(deployment(1), [pod(CRASH), pod(CRASH), pod(FINE)])

    assert health.code == HealthCode.DEGRADED
    assert health.message == "2 of 3 pods crash: exit 137, OOMKilled"
    assert health.rule == "Deployment"


def test_a_missing_image_is_told_with_the_nodes_own_words() -> None:
    health = lift(deployment(2), [pod(NO_IMAGE), pod(FINE), pod(FINE)])

    assert health.message == (
        '1 of 3 pods cannot pull their image: ImagePullBackOff: Back-off pulling image "shop/web:9"'
    )


def test_several_causes_are_counted() -> None:
    health = lift(deployment(), [pod(CRASH), pod(NO_IMAGE), pod(CRASH)])

    assert health.message == "3 of 3 pods crash: exit 137, OOMKilled (and 1 other cause)"


def test_pods_of_an_older_template_are_not_the_newest_ones_fault() -> None:
    sets = [replica_set("old", "1"), replica_set("new", "2")]

    health = lift(deployment(1), [*sets, pod(CRASH, "old"), pod(FINE), pod(FINE)])

    assert health.code == HealthCode.PROGRESSING


def test_pods_that_are_going_away_do_not_count() -> None:
    going = pod(CRASH, deletionTimestamp="2026-03-01T12:00:00Z")

    assert lift(deployment(1), [going, pod(FINE)]).code == HealthCode.PROGRESSING


def test_a_healthy_or_paused_workload_stays_what_it_is() -> None:
    assert lift(deployment(3), [pod(CRASH)]).code == HealthCode.HEALTHY
    assert lift(deployment(0, paused=True), [pod(CRASH)]).code == HealthCode.SUSPENDED


def test_a_job_may_try_again_so_it_only_gets_the_message() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "status": {"active": 1}}
    failed = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"restartPolicy": "Never"},
        "status": {
            "phase": "Failed",
            "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}],
        },
    }

    health = lift(job, [failed])

    assert health.code == HealthCode.PROGRESSING
    assert health.message == "1 of 1 pods fail: main: exit 1"


def run(number: int, exit_code: int) -> list[dict[str, Any]]:
    """A Job of a CronJob and its pod."""
    job = {"kind": "Job", "metadata": {"uid": f"job{number}", "creationTimestamp": f"2026-03-0{number}T03:00:00Z"}}
    ended = {"name": "main", "state": {"terminated": {"exitCode": exit_code, "reason": "Error"}}}
    made = {
        "kind": "Pod",
        "metadata": {"ownerReferences": [{"uid": f"job{number}"}]},
        "spec": {"restartPolicy": "Never"},
        "status": {"phase": "Failed", "containerStatuses": [ended]},
    }
    return [job, {"apiVersion": "v1", **made}]


def test_a_cron_job_is_explained_by_its_last_run() -> None:
    nightly = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "status": {"lastScheduleTime": "2026-03-03T03:00:00Z", "lastSuccessfulTime": "2026-02-01T03:00:00Z"},
    }

    health = lift(nightly, [*run(1, 1), *run(3, 137), *run(2, 1)])

    assert (health.code, health.message) == (HealthCode.DEGRADED, "1 of 1 pods fail: main: exit 137")


def test_a_workload_without_trouble_keeps_its_own_message() -> None:
    assert lift(deployment(1), [pod(FINE)]).message == "1 of 3 updated replicas available"


def test_of_several_containers_the_one_that_fails_is_named() -> None:
    two = pod(CRASH)
    two["status"]["containerStatuses"].append({"name": "proxy", **FINE})

    assert lift(deployment(), [two]).message == "1 of 1 pods crash: web: exit 137, OOMKilled"


def test_pods_that_a_quota_forbids_are_told_by_their_replica_set() -> None:
    full = replica_set("new", "2")
    refusal = 'pods "web-new-x2" is forbidden: exceeded quota: small'
    full["status"] = {
        "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal}]
    }
    old = replica_set("old", "1")

    health = lift(deployment(), [full, old])

    assert (health.code, health.message) == (HealthCode.DEGRADED, f"pods cannot be made: {refusal}")
    assert lift(deployment(), [{**full, "metadata": old["metadata"]}, replica_set("new", "2")]).code == "Progressing"


NOON = datetime.fromisoformat("2026-03-01T12:00:00Z").timestamp()


def event(uid: str, reason: str, at: str, message: str = "not possible", **more: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "web", "uid": uid}
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": about,
        "lastTimestamp": at,
        **more,
    }


def waiting_pod(uid: str) -> dict[str, Any]:
    found = pod({"state": {"waiting": {"reason": "ContainerCreating"}}}, uid=uid)
    found["status"]["phase"] = "Pending"
    return found


def test_the_newest_warning_says_what_a_workload_waits_for() -> None:
    events = [
        event("p", "FailedMount", "2026-03-01T11:59:30Z", 'configmap "settings" not found'),
        event("p", "FailedScheduling", "2026-03-01T11:58:00Z"),
        event("other", "Evicted", "2026-03-01T11:59:59Z"),
        event("p", "Pulled", "2026-03-01T11:59:59Z", type="Normal"),
    ]

    health = lift(deployment(1), [waiting_pod("p")], NOON, events=events)

    assert health.code == HealthCode.PROGRESSING
    assert health.message == '1 of 3 updated replicas available: FailedMount: configmap "settings" not found'


def test_a_warning_that_is_long_past_says_nothing() -> None:
    events = [event("p", "FailedMount", "2026-03-01T11:40:00Z"), event("p", "FailedMount", "never")]

    assert lift(deployment(1), [waiting_pod("p")], NOON, events=events).message == "1 of 3 updated replicas available"


def test_pods_say_more_than_warnings() -> None:
    crashed = pod(CRASH, uid="p")

    health = lift(deployment(1), [crashed], NOON, events=[event("p", "BackOff", "2026-03-01T11:59:30Z")])

    assert health.message == "1 of 1 pods crash: exit 137, OOMKilled"


NOWHERE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "no node is large enough",
    "lastTransitionTime": "2026-03-01T11:59:55Z",
}
LOST = {"apiVersion": "v1", "kind": "Pod", "metadata": {"uid": "p"}, "status": {"conditions": [NOWHERE]}}
WARNED = event("p", "FailedMount", "2026-03-01T11:59:30Z")


@pytest.mark.parametrize(
    ("children", "events", "stays"),
    [
        ([], [], True),
        ([pod(CRASH, uid="p"), pod(FINE, uid="q")], [], True),
        ([waiting_pod("p")], [event("another", "FailedMount", "2026-03-01T11:59:30Z")], True),
        ([waiting_pod("p")], [WARNED], False),
        ([LOST], [], False),
    ],
)
def test_what_lasts_is_said_at_any_later_time(children: list[Any], events: list[Any], stays: bool) -> None:
    said = {str(lift(deployment(1), children, NOON + later, events=events)) for later in (0.0, 30.0, 3600.0)}

    assert lasts(deployment(1), children, events) is stays
    assert (len(said) == 1) is stays

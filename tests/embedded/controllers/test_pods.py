"""Pods start, serve, crash and wait as their images and surroundings make them."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.controllers.node.images import Fate, fate_of
from tests.embedded.controllers.cluster import START, Cluster, state_of, status_of, template


def _pod(cluster: Cluster, image: str = "registry.example.com/web:1", **spec: Any) -> None:
    cluster.create("Pod", "web", template(image, **spec)["spec"], labels={"app": "web"})


def test_a_pod_is_scheduled_created_and_ready_within_two_seconds(cluster: Cluster) -> None:
    _pod(cluster)
    cluster.pass_time(0.2)
    pod = cluster.get("Pod", "web")
    assert pod["spec"]["nodeName"] in {"worker-1", "worker-2"}
    assert pod["status"]["phase"] == "Pending"
    assert state_of(pod)["waiting"]["reason"] == "ContainerCreating"
    cluster.pass_time(1)
    assert cluster.get("Pod", "web")["status"]["phase"] == "Running"
    assert status_of(cluster.get("Pod", "web"), "Ready") == ("False", "ContainersNotReady")
    cluster.pass_time(0.8)
    pod = cluster.get("Pod", "web")
    assert status_of(pod, "Ready")[0] == "True"
    assert pod["status"]["podIP"]
    assert [reason for reason, _ in cluster.events("web")] and {reason for reason, _ in cluster.events("web")} == {
        "Scheduled",
        "Pulled",
        "Created",
        "Started",
    }


@pytest.mark.parametrize(
    ("image", "fate"),
    [
        ("nginx", Fate.RUNS),
        ("registry.example.com:5000/team/web:1.2.3", Fate.RUNS),
        ("registry.example.com/crash/web:1.2.3", Fate.RUNS),
        ("registry.example.com/web:broken", Fate.CRASHES),
        ("registry.example.com/web:pr-318-crash-fix", Fate.CRASHES),
        ("broken", Fate.CRASHES),
        ("registry.example.com/web:missing", Fate.MISSING),
        ("registry.example.com/nonexistent", Fate.MISSING),
    ],
)
def test_an_images_tag_tells_its_fate(image: str, fate: Fate) -> None:
    assert fate_of(image) is fate


def test_a_broken_image_ends_in_a_crash_loop_that_slows_down(cluster: Cluster) -> None:
    _pod(cluster, "registry.example.com/web:broken")
    cluster.pass_time(5)
    row = cluster.get("Pod", "web")["status"]["containerStatuses"][0]
    assert row["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert row["state"]["waiting"]["message"].startswith(
        "back-off 10s restarting failed container=main pod=web_default("
    )
    assert row["lastState"]["terminated"]["exitCode"] == 1
    assert row["lastState"]["terminated"]["reason"] == "Error"
    assert not row["ready"]
    restarts = []
    for _ in range(6):
        restarts.append(cluster.get("Pod", "web")["status"]["containerStatuses"][0]["restartCount"])
        cluster.pass_time(60)
    assert restarts == sorted(restarts)
    assert restarts[-1] > restarts[0]
    cluster.pass_time(3600)
    message = state_of(cluster.get("Pod", "web"))["waiting"]["message"]
    assert message.startswith("back-off 5m0s ")
    assert cluster.get("Pod", "web")["status"]["phase"] == "Running"
    assert "BackOff" in {reason for reason, _ in cluster.events("web")}


def test_a_missing_image_is_asked_for_again_and_again(cluster: Cluster) -> None:
    _pod(cluster, "registry.example.com/web:missing")
    cluster.pass_time(1.2)
    waiting = state_of(cluster.get("Pod", "web"))["waiting"]
    assert waiting["reason"] == "ErrImagePull"
    assert "not found" in waiting["message"]
    seen = set()
    for _ in range(300):
        cluster.pass_time(1)
        seen.add(state_of(cluster.get("Pod", "web"))["waiting"]["reason"])
    assert seen == {"ErrImagePull", "ImagePullBackOff"}
    assert cluster.get("Pod", "web")["status"]["phase"] == "Pending"


def test_a_corrected_image_starts(cluster: Cluster) -> None:
    _pod(cluster, "registry.example.com/web:missing")
    cluster.pass_time(5)
    cluster.change("Pod", "web", {"spec": {"containers": [{"name": "main", "image": "registry.example.com/web:2"}]}})
    cluster.pass_time(30)
    assert status_of(cluster.get("Pod", "web"), "Ready")[0] == "True"


def test_a_container_waits_for_the_config_map_it_names(cluster: Cluster) -> None:
    _pod(cluster, container={"envFrom": [{"configMapRef": {"name": "settings"}}]})
    cluster.pass_time(3)
    waiting = state_of(cluster.get("Pod", "web"))["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
    cluster.create("ConfigMap", "settings", data={"A": "b"})
    cluster.pass_time(5)
    assert status_of(cluster.get("Pod", "web"), "Ready")[0] == "True"


def test_a_container_waits_for_the_key_of_a_secret(cluster: Cluster) -> None:
    cluster.create("Secret", "login", data={"user": "YQ=="})
    reference = {"name": "login", "key": "password"}
    _pod(cluster, container={"env": [{"name": "P", "valueFrom": {"secretKeyRef": reference}}]})
    cluster.pass_time(3)
    waiting = state_of(cluster.get("Pod", "web"))["waiting"]
    assert waiting["message"] == "couldn't find key password in Secret default/login"
    cluster.change("Secret", "login", {"data": {"password": "Yg=="}})
    cluster.pass_time(5)
    assert status_of(cluster.get("Pod", "web"), "Ready")[0] == "True"


def test_a_pod_waits_for_the_volume_it_mounts(cluster: Cluster) -> None:
    _pod(cluster, volumes=[{"name": "files", "secret": {"secretName": "files"}}])
    cluster.pass_time(3)
    assert state_of(cluster.get("Pod", "web"))["waiting"]["reason"] == "ContainerCreating"
    told = 'MountVolume.SetUp failed for volume "files" : secret "files" not found'
    assert ("FailedMount", told) in cluster.events("web")
    cluster.create("Secret", "files", data={})
    cluster.pass_time(5)
    assert status_of(cluster.get("Pod", "web"), "Ready")[0] == "True"


def test_optional_references_hold_nothing_up(cluster: Cluster) -> None:
    _pod(
        cluster,
        container={"envFrom": [{"configMapRef": {"name": "settings", "optional": True}}]},
        volumes=[{"name": "files", "configMap": {"name": "files", "optional": True}}],
    )
    cluster.pass_time(3)
    assert status_of(cluster.get("Pod", "web"), "Ready")[0] == "True"


def test_init_containers_run_before_the_others(cluster: Cluster) -> None:
    _pod(cluster, initContainers=[{"name": "first", "image": "registry.example.com/setup:1"}])
    cluster.pass_time(2)
    pod = cluster.get("Pod", "web")
    assert state_of(pod)["waiting"]["reason"] == "PodInitializing"
    assert "running" in pod["status"]["initContainerStatuses"][0]["state"]
    cluster.pass_time(4)
    pod = cluster.get("Pod", "web")
    assert pod["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert status_of(pod, "Ready")[0] == "True"


def test_a_broken_init_container_keeps_the_others_waiting(cluster: Cluster) -> None:
    _pod(cluster, initContainers=[{"name": "first", "image": "registry.example.com/setup:broken"}])
    cluster.pass_time(20)
    pod = cluster.get("Pod", "web")
    assert pod["status"]["phase"] == "Pending"
    assert pod["status"]["initContainerStatuses"][0]["restartCount"] > 0
    assert status_of(pod, "Initialized")[0] == "False"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"nodeSelector": {"disk": "fast"}},
            "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
        ),
        (
            {"container": {"resources": {"requests": {"memory": "500Gi"}}}},
            "0/2 nodes are available: 2 Insufficient memory.",
        ),
        (
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]},
            '0/2 nodes are available: persistentvolumeclaim "data" not found.',
        ),
    ],
)
def test_a_pod_that_fits_nowhere_says_why(cluster: Cluster, spec: dict[str, Any], why: str) -> None:
    _pod(cluster, **spec)
    cluster.pass_time(5)
    pod = cluster.get("Pod", "web")
    assert status_of(pod, "PodScheduled") == ("False", "Unschedulable")
    assert [row["message"] for row in pod["status"]["conditions"] if row["type"] == "PodScheduled"] == [why]
    assert ("FailedScheduling", why) in cluster.events("web")


def test_nodes_fill_up(cluster: Cluster) -> None:
    asked = {"requests": {"cpu": "3"}}
    for number in range(5):
        cluster.create("Pod", f"big-{number}", template(container={"resources": asked})["spec"])
    cluster.pass_time(5)
    placed = [pod["spec"].get("nodeName") for pod in cluster.list("Pod")]
    assert sorted(filter(None, placed)) == ["worker-1", "worker-1", "worker-2", "worker-2"]
    cluster.delete("Pod", next(pod["metadata"]["name"] for pod in cluster.list("Pod") if pod["spec"].get("nodeName")))
    cluster.pass_time(10)
    assert all(pod["spec"].get("nodeName") for pod in cluster.pods())


def test_a_deleted_pod_stops_first(cluster: Cluster) -> None:
    _pod(cluster)
    cluster.pass_time(3)
    cluster.delete("Pod", "web")
    cluster.pass_time(0.2)
    assert cluster.get("Pod", "web")["metadata"]["deletionTimestamp"]
    cluster.pass_time(1)
    assert cluster.find("Pod", "web") is None
    assert ("Killing", "Stopping container main") in cluster.events("web")


def test_logs_tell_the_containers_life(cluster: Cluster) -> None:
    _pod(cluster, "registry.example.com/web:broken")
    cluster.pass_time(30)
    pod = cluster.get("Pod", "web")
    assert pod["status"]["containerStatuses"][0]["restartCount"] >= 2
    ended = cluster.backend.logs.read(pod, {})
    before = cluster.backend.logs.read(pod, {"previous": "true"})
    for text in (ended, before):
        assert text
        assert text.splitlines()[0] == "starting registry.example.com/web:broken"
        assert text.splitlines()[-1] == "finished with exit code 1"


def test_a_container_that_was_never_started_has_no_logs(cluster: Cluster) -> None:
    _pod(cluster, "registry.example.com/web:missing")
    cluster.pass_time(3)
    with pytest.raises(ApiError, match='container "main" in pod "web" is waiting to start: '):
        cluster.backend.logs.read(cluster.get("Pod", "web"), {})


def test_times_are_those_of_the_clock(cluster: Cluster) -> None:
    _pod(cluster)
    cluster.pass_time(3)
    pod = cluster.get("Pod", "web")
    assert pod["metadata"]["creationTimestamp"] == "2026-01-31T10:00:00Z"
    assert pod["status"]["startTime"].startswith("2026-01-31T10:00:0")
    assert {row["time"][:17] for row in pod["metadata"]["managedFields"]} == {"2026-01-31T10:00:"}
    assert cluster.hand.now() == START + 3

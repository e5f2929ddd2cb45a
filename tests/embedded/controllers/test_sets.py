"""StatefulSets keep order and volumes, DaemonSets cover the nodes."""

from __future__ import annotations

from tests.embedded.controllers.cluster import Cluster, is_ready, template, workload


def _claims() -> list[dict[str, object]]:
    resources = {"requests": {"storage": "1Gi"}}
    return [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources}}]


def test_pods_of_a_stateful_set_come_one_after_another(cluster: Cluster) -> None:
    cluster.create("StatefulSet", "web", workload(3, serviceName="web", volumeClaimTemplates=_claims()))
    seen: list[list[str]] = []
    for _ in range(100):
        cluster.pass_time(0.1)
        pods = cluster.pods()
        names = [pod["metadata"]["name"] for pod in pods]
        assert all(is_ready(pod) for pod in pods[:-1])
        if not seen or seen[-1] != names:
            seen.append(names)
    assert seen == [["web-0"], ["web-0", "web-1"], ["web-0", "web-1", "web-2"]]
    claims = {claim["metadata"]["name"]: claim["status"]["phase"] for claim in cluster.list("PersistentVolumeClaim")}
    assert claims == {"data-web-0": "Bound", "data-web-1": "Bound", "data-web-2": "Bound"}
    status = cluster.get("StatefulSet", "web")["status"]
    assert (status["readyReplicas"], status["currentReplicas"], status["updatedReplicas"]) == (3, 3, 3)
    assert status["currentRevision"] == status["updateRevision"]


def test_pods_of_a_stateful_set_may_come_together(cluster: Cluster) -> None:
    cluster.create("StatefulSet", "web", workload(3, serviceName="web", podManagementPolicy="Parallel"))
    cluster.pass_time(0.2)
    assert len(cluster.pods()) == 3


def test_a_new_template_replaces_from_the_highest_down(cluster: Cluster) -> None:
    cluster.create("StatefulSet", "web", workload(3, serviceName="web"))
    cluster.pass_time(10)
    cluster.set_image("StatefulSet", "web", "registry.example.com/web:2")
    order: list[str] = []
    for _ in range(150):
        cluster.pass_time(0.1)
        for pod in cluster.pods():
            name = pod["metadata"]["name"]
            if pod["spec"]["containers"][0]["image"].endswith(":2") and name not in order:
                order.append(name)
        assert sum(map(is_ready, cluster.pods())) >= 2
    assert order == ["web-2", "web-1", "web-0"]
    status = cluster.get("StatefulSet", "web")["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert len(cluster.list("ControllerRevision")) == 2


def test_a_partition_holds_the_lower_numbers_back(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    cluster.create("StatefulSet", "web", workload(3, serviceName="web", updateStrategy=strategy))
    cluster.pass_time(10)
    cluster.set_image("StatefulSet", "web", "registry.example.com/web:2")
    cluster.pass_time(15)
    cluster.delete("Pod", "web-0")
    cluster.pass_time(10)
    images = {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"][-1] for pod in cluster.pods()}
    assert images == {"web-0": "1", "web-1": "1", "web-2": "2"}
    status = cluster.get("StatefulSet", "web")["status"]
    assert (status["updatedReplicas"], status["readyReplicas"]) == (1, 3)
    assert status["currentRevision"] != status["updateRevision"]


def test_scaling_down_takes_the_highest_and_keeps_the_volumes(cluster: Cluster) -> None:
    cluster.create("StatefulSet", "web", workload(3, serviceName="web", volumeClaimTemplates=_claims()))
    cluster.pass_time(10)
    cluster.change("StatefulSet", "web", {"spec": {"replicas": 1}})
    cluster.pass_time(10)
    assert [pod["metadata"]["name"] for pod in cluster.pods()] == ["web-0"]
    assert len(cluster.list("PersistentVolumeClaim")) == 3


def test_a_daemon_set_has_a_pod_on_every_node(cluster: Cluster) -> None:
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    cluster.create("DaemonSet", "web", spec)
    cluster.pass_time(5)
    assert sorted(pod["spec"]["nodeName"] for pod in cluster.pods()) == ["worker-1", "worker-2"]
    status = cluster.get("DaemonSet", "web")["status"]
    assert (status["desiredNumberScheduled"], status["numberAvailable"], status["updatedNumberScheduled"]) == (2, 2, 2)
    assert "numberUnavailable" not in status


def test_a_daemon_set_is_updated_node_by_node(cluster: Cluster) -> None:
    cluster.create("DaemonSet", "web", {"selector": {"matchLabels": {"app": "web"}}, "template": template()})
    cluster.pass_time(5)
    cluster.set_image("DaemonSet", "web", "registry.example.com/web:2")
    for _ in range(100):
        cluster.pass_time(0.1)
        assert sum(map(is_ready, cluster.pods())) >= 1
    assert {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()} == {"registry.example.com/web:2"}
    status = cluster.get("DaemonSet", "web")["status"]
    assert (status["updatedNumberScheduled"], status["numberAvailable"]) == (2, 2)


def test_a_broken_update_of_a_daemon_set_stops_at_the_first_node(cluster: Cluster) -> None:
    cluster.create("DaemonSet", "web", {"selector": {"matchLabels": {"app": "web"}}, "template": template()})
    cluster.pass_time(5)
    cluster.set_image("DaemonSet", "web", "registry.example.com/web:broken")
    cluster.pass_time(60)
    assert sorted(pod["spec"]["containers"][0]["image"][-6:] for pod in cluster.pods()) == [".com/web:1"[-6:], "broken"]


def test_a_daemon_set_follows_node_labels(cluster: Cluster) -> None:
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template(nodeSelector={"disk": "fast"})}
    cluster.create("DaemonSet", "web", spec)
    cluster.pass_time(3)
    assert not cluster.pods()
    cluster.change("Node", "worker-2", {"metadata": {"labels": {"disk": "fast"}}})
    cluster.pass_time(3)
    assert [pod["spec"]["nodeName"] for pod in cluster.pods()] == ["worker-2"]


def test_a_cordoned_node_takes_no_pods(cluster: Cluster) -> None:
    cluster.change("Node", "worker-1", {"spec": {"unschedulable": True}})
    cluster.create("Deployment", "web", workload(3))
    cluster.pass_time(5)
    assert {pod["spec"]["nodeName"] for pod in cluster.pods()} == {"worker-2"}

"""Deployments roll out, stay within their limits, and say how it goes."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_tui.embedded.controllers.workloads.limits import Limits, proportions
from tests.embedded.controllers.cluster import Cluster, status_of, workload

REVISION = "deployment.kubernetes.io/revision"


def test_a_deployment_is_complete_within_seconds(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(3))
    cluster.pass_time(0.3)
    started = cluster.get("Deployment", "web")
    assert status_of(started, "Progressing") == ("True", "ReplicaSetUpdated")
    assert status_of(started, "Available") == ("False", "MinimumReplicasUnavailable")
    assert [pod["status"]["phase"] for pod in cluster.pods()] == ["Pending"] * 3

    cluster.pass_time(3)
    done = cluster.get("Deployment", "web")
    counts = {key: done["status"].get(key) for key in ("replicas", "updatedReplicas", "readyReplicas")}
    assert counts == {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3}
    assert done["status"]["availableReplicas"] == 3
    assert done["status"]["observedGeneration"] == done["metadata"]["generation"]
    assert "unavailableReplicas" not in done["status"]
    assert status_of(done, "Progressing") == ("True", "NewReplicaSetAvailable")
    assert status_of(done, "Available") == ("True", "MinimumReplicasAvailable")


def test_the_replica_set_carries_what_kubectl_looks_for(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(3)
    (only,) = cluster.list("ReplicaSet")
    label = only["metadata"]["labels"]["pod-template-hash"]
    assert only["metadata"]["name"] == f"web-{label}"
    assert only["metadata"]["annotations"][REVISION] == "1"
    assert only["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] == "2"
    assert only["metadata"]["ownerReferences"][0]["kind"] == "Deployment"
    assert all(pod["metadata"]["labels"]["pod-template-hash"] == label for pod in cluster.pods())
    assert cluster.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "1"


@pytest.mark.parametrize(
    ("surge", "unavailable", "most", "least"),
    [(1, 0, 5, 4), (0, 1, 4, 3), ("50%", "25%", 6, 3), ("25%", "25%", 5, 3)],
)
def test_a_rollout_stays_within_its_limits(
    cluster: Cluster, surge: Any, unavailable: Any, most: int, least: int
) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    cluster.create("Deployment", "web", workload(4, strategy=strategy))
    cluster.pass_time(5)
    cluster.set_image("Deployment", "web", "registry.example.com/web:2")
    for _ in range(200):
        cluster.pass_time(0.1)
        status = cluster.get("Deployment", "web")["status"]
        assert len(cluster.pods()) <= most
        assert status.get("availableReplicas", 0) >= least
        if status.get("updatedReplicas") == status["replicas"] == 4 == status.get("availableReplicas"):
            break
    images = {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()}
    assert images == {"registry.example.com/web:2"}
    assert status_of(cluster.get("Deployment", "web"), "Progressing") == ("True", "NewReplicaSetAvailable")


def test_recreate_waits_until_every_old_pod_is_gone(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2, strategy={"type": "Recreate"}))
    cluster.pass_time(5)
    cluster.set_image("Deployment", "web", "registry.example.com/web:2")
    for _ in range(60):
        cluster.pass_time(0.1)
        assert len({pod["spec"]["containers"][0]["image"] for pod in cluster.list("Pod")}) <= 1
    assert {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()} == {"registry.example.com/web:2"}


def test_a_bad_image_leaves_the_old_pods_serving_and_misses_the_deadline(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(3, progressDeadlineSeconds=60))
    cluster.pass_time(5)
    cluster.set_image("Deployment", "web", "registry.example.com/web:2-broken")
    cluster.pass_time(30)
    stuck = cluster.get("Deployment", "web")
    assert stuck["status"]["availableReplicas"] == 3
    assert status_of(stuck, "Progressing")[0] == "True"
    cluster.pass_time(60)
    late = cluster.get("Deployment", "web")
    assert status_of(late, "Progressing") == ("False", "ProgressDeadlineExceeded")
    assert late["status"]["availableReplicas"] == 3


def test_going_back_reuses_the_old_replica_set_under_a_new_revision(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    (first,) = cluster.list("ReplicaSet")
    cluster.set_image("Deployment", "web", "registry.example.com/web:2")
    cluster.pass_time(20)
    cluster.set_image("Deployment", "web", "registry.example.com/web:1")
    cluster.pass_time(20)
    again = cluster.get("ReplicaSet", first["metadata"]["name"])
    assert again["spec"]["replicas"] == 2
    assert again["metadata"]["annotations"][REVISION] == "3"
    assert cluster.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "3"
    assert len(cluster.list("ReplicaSet")) == 2


def test_old_revisions_beyond_the_limit_are_forgotten(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(1, revisionHistoryLimit=2))
    for number in range(2, 7):
        cluster.pass_time(10)
        cluster.set_image("Deployment", "web", f"registry.example.com/web:{number}")
    cluster.pass_time(10)
    revisions = sorted(row["metadata"]["annotations"][REVISION] for row in cluster.list("ReplicaSet"))
    assert revisions == ["4", "5", "6"]


def test_scaling_needs_no_new_rollout(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    cluster.change("Deployment", "web", {"spec": {"replicas": 5}})
    cluster.pass_time(5)
    assert len(cluster.pods()) == 5
    cluster.change("Deployment", "web", {"spec": {"replicas": 0}})
    cluster.pass_time(5)
    assert not cluster.list("Pod")
    body = cluster.get("Deployment", "web")
    assert len(cluster.list("ReplicaSet")) == 1
    assert status_of(body, "Progressing") == ("True", "NewReplicaSetAvailable")


def test_a_paused_deployment_scales_but_does_not_roll_out(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    cluster.change("Deployment", "web", {"spec": {"paused": True, "replicas": 3}})
    cluster.set_image("Deployment", "web", "registry.example.com/web:2")
    cluster.pass_time(10)
    assert {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()} == {"registry.example.com/web:1"}
    assert len(cluster.pods()) == 3
    assert status_of(cluster.get("Deployment", "web"), "Progressing") == ("True", "DeploymentPaused")
    cluster.change("Deployment", "web", {"spec": {"paused": False}})
    cluster.pass_time(20)
    assert {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()} == {"registry.example.com/web:2"}


def test_scaling_a_stuck_rollout_grows_what_works(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(4))
    cluster.pass_time(5)
    cluster.set_image("Deployment", "web", "registry.example.com/web:2-broken")
    cluster.pass_time(10)
    before = cluster.get("Deployment", "web")["status"]["availableReplicas"]
    cluster.change("Deployment", "web", {"spec": {"replicas": 8}})
    cluster.pass_time(10)
    assert cluster.get("Deployment", "web")["status"]["availableReplicas"] > before


def test_a_lost_pod_is_replaced(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    lost = cluster.pods()[0]["metadata"]["name"]
    cluster.delete("Pod", lost)
    cluster.pass_time(5)
    names = {pod["metadata"]["name"] for pod in cluster.list("Pod")}
    assert lost not in names
    assert len(names) == 2


def test_events_tell_the_rollout(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    (only,) = cluster.list("ReplicaSet")
    name = only["metadata"]["name"]
    assert ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 2") in cluster.events("web")
    assert [reason for reason, _ in cluster.events(name)] == ["SuccessfulCreate"] * 2


def test_fields_belong_to_the_managers_of_a_real_cluster(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(1))
    cluster.pass_time(5)
    entries = {
        (row["manager"], row.get("subresource", ""))
        for row in cluster.get("Deployment", "web")["metadata"]["managedFields"]
    }
    assert entries == {
        ("tester", ""),
        ("kube-controller-manager", ""),
        ("kube-controller-manager", "status"),
    }
    (pod,) = cluster.pods()
    kubelet = [row for row in pod["metadata"]["managedFields"] if row["manager"] == "kubelet"]
    assert [row.get("subresource") for row in kubelet] == ["status"]


def test_a_quiet_cluster_is_left_alone(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(3))
    cluster.pass_time(10)
    revision = cluster.backend.store.revision
    cluster.pass_time(600)
    assert cluster.backend.store.revision == revision


def test_shares_of_a_change_add_up() -> None:
    limits = Limits(replicas=10, surge=2, unavailable=2)
    assert sum(proportions([(3, 6), (2, 6)], limits)) == 12
    assert proportions([(4, 5)], limits) == [10]
    assert sum(proportions([(8, 6), (5, 6)], Limits(4, 1, 1))) == 5


def test_what_an_orphaning_deletion_left_is_adopted_again(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    pods = {pod["metadata"]["uid"] for pod in cluster.pods()}
    (before,) = cluster.list("ReplicaSet")
    cluster.delete("Deployment", "web")
    cluster.change("ReplicaSet", before["metadata"]["name"], {"metadata": {"ownerReferences": None}})
    cluster.pass_time(5)
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    (after,) = cluster.list("ReplicaSet")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["ownerReferences"][0]["uid"] == cluster.get("Deployment", "web")["metadata"]["uid"]
    assert {pod["metadata"]["uid"] for pod in cluster.pods()} == pods


def test_a_pod_that_is_labelled_away_is_let_go_and_replaced(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(5)
    name = cluster.pods()[0]["metadata"]["name"]
    cluster.change("Pod", name, {"metadata": {"labels": {"app": "under-inspection"}}})
    cluster.pass_time(5)
    assert not cluster.get("Pod", name)["metadata"].get("ownerReferences")
    assert len(cluster.pods()) == 3
    cluster.change("Pod", name, {"metadata": {"labels": {"app": "web"}}})
    cluster.pass_time(5)
    assert len(cluster.pods()) == 2

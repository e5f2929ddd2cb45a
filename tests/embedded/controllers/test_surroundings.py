"""Addresses, volumes, scaling: what a cluster gives to workloads."""

from __future__ import annotations

from tests.embedded.controllers.cluster import Cluster, status_of, workload


def test_a_load_balancer_gets_an_address(cluster: Cluster) -> None:
    cluster.create("Service", "web", {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "web"}})
    cluster.pass_time(0.5)
    assert not cluster.get("Service", "web")["status"]["loadBalancer"]
    cluster.pass_time(2)
    (address,) = cluster.get("Service", "web")["status"]["loadBalancer"]["ingress"]
    assert address["ip"].startswith("203.0.113.")
    cluster.change("Service", "web", {"spec": {"type": "ClusterIP"}})
    cluster.pass_time(1)
    assert not cluster.get("Service", "web")["status"]["loadBalancer"]


def test_an_ingress_gets_an_address(cluster: Cluster) -> None:
    cluster.create("Ingress", "web", {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}})
    cluster.pass_time(3)
    assert cluster.get("Ingress", "web")["status"]["loadBalancer"]["ingress"]


def test_a_service_lists_the_pods_behind_it(cluster: Cluster) -> None:
    cluster.create("Service", "web", {"ports": [{"port": 80, "targetPort": 8080}], "selector": {"app": "web"}})
    cluster.create("Deployment", "web", workload(2))
    cluster.pass_time(1.2)
    (row,) = cluster.list("EndpointSlice")
    assert [each["conditions"]["ready"] for each in row["endpoints"]] == [False, False]
    cluster.pass_time(2)
    (row,) = cluster.list("EndpointSlice")
    assert [each["conditions"]["ready"] for each in row["endpoints"]] == [True, True]
    assert row["ports"][0]["port"] == 8080
    cluster.change("Deployment", "web", {"spec": {"replicas": 0}})
    cluster.pass_time(3)
    assert not cluster.list("EndpointSlice")[0]["endpoints"]


def test_a_claim_is_bound_to_a_volume_and_gives_it_back(cluster: Cluster) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    cluster.create("PersistentVolumeClaim", "data", spec)
    cluster.pass_time(0.1)
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
    cluster.pass_time(1)
    claim = cluster.get("PersistentVolumeClaim", "data")
    assert (claim["status"]["phase"], claim["status"]["capacity"]) == ("Bound", {"storage": "2Gi"})
    volume = cluster.find("PersistentVolume", claim["spec"]["volumeName"])
    assert volume is not None
    assert volume["status"]["phase"] == "Bound"
    cluster.change("PersistentVolumeClaim", "data", {"spec": {"resources": {"requests": {"storage": "4Gi"}}}})
    cluster.pass_time(1)
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["capacity"] == {"storage": "4Gi"}


def test_an_autoscaler_keeps_its_target_within_bounds(cluster: Cluster) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    cluster.create("Deployment", "web", workload(1))
    cluster.create("HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 5})
    cluster.pass_time(5)
    assert len(cluster.pods()) == 3
    scaler = cluster.get("HorizontalPodAutoscaler", "web")
    assert (scaler["status"]["currentReplicas"], scaler["status"]["desiredReplicas"]) == (3, 3)
    assert status_of(scaler, "AbleToScale")[0] == "True"
    cluster.change("Deployment", "web", {"spec": {"replicas": 4}})
    cluster.pass_time(5)
    assert len(cluster.pods()) == 4
    cluster.change("Deployment", "web", {"spec": {"replicas": 9}})
    cluster.pass_time(5)
    assert len(cluster.pods()) == 5
    owners = {row["manager"] for row in cluster.get("Deployment", "web")["metadata"]["managedFields"]}
    assert "kube-controller-manager" in owners


def test_an_autoscaler_without_its_target_says_so(cluster: Cluster) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone"}
    cluster.create("HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "maxReplicas": 5})
    cluster.pass_time(2)
    assert status_of(cluster.get("HorizontalPodAutoscaler", "web"), "AbleToScale") == ("False", "FailedGetScale")


def test_a_budget_counts_what_may_be_lost(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(3))
    budget = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    cluster.create("PodDisruptionBudget", "web", budget)
    cluster.pass_time(5)
    status = cluster.get("PodDisruptionBudget", "web")["status"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]) == (3, 2, 1)


def test_namespaces_have_a_default_account(cluster: Cluster) -> None:
    cluster.pass_time(0.1)
    assert cluster.get("ServiceAccount", "default")


def test_events_are_forgotten_after_an_hour(cluster: Cluster) -> None:
    cluster.create("Deployment", "web", workload(1))
    cluster.pass_time(60)
    assert cluster.list("Event")
    cluster.pass_time(3700)
    assert not cluster.list("Event")

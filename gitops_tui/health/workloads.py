"""Health of Deployments, StatefulSets, DaemonSets and ReplicaSets (semantics.md: Health per kind)."""

from __future__ import annotations

from gitops_tui.health.view import View, because, degraded, healthy, progressing, several, suspended
from gitops_tui.model.fields import dig, integer
from gitops_tui.model.resources import Health

UNOBSERVED = "the controller has not seen the newest spec yet"


def deployment(live: View) -> Health:
    """Paused, unobserved, past its deadline, updating, terminating old replicas, becoming available, healthy."""
    wanted = integer(live.spec.get("replicas"), 1)
    updated, replicas, available = (
        live.count("updatedReplicas"),
        live.count("replicas"),
        live.count("availableReplicas"),
    )
    rollout = live.condition("Progressing")
    if live.spec.get("paused") is True:
        return suspended("the rollout is paused")
    if live.is_unobserved:
        return progressing(UNOBSERVED)
    if rollout.get("reason") == "ProgressDeadlineExceeded":
        return degraded(because(rollout))
    if updated < wanted:
        return progressing(f"{updated} of {wanted} replicas updated")
    if replicas > updated:
        return progressing(f"{several(replicas - updated, 'old replica')} still to end")
    if available < updated:
        return progressing(f"{available} of {updated} updated replicas available")
    return healthy(f"{available} of {wanted} replicas available")


def stateful_set(live: View) -> Health:
    """Unobserved, becoming ready, updating down to its partition, or healthy."""
    wanted = integer(live.spec.get("replicas"), 1)
    ready, updated = live.count("readyReplicas"), live.count("updatedReplicas")
    strategy = dig(live.spec, "updateStrategy", "type") or "RollingUpdate"
    partition = integer(dig(live.spec, "updateStrategy", "rollingUpdate", "partition"))
    if live.count("observedGeneration") == 0 or live.is_unobserved:
        return progressing(UNOBSERVED)
    if ready < wanted:
        return progressing(f"{ready} of {wanted} replicas ready")
    if strategy == "RollingUpdate" and partition > 0:
        if updated < wanted - partition:
            return progressing(f"{updated} of {wanted - partition} replicas updated, down to partition {partition}")
        return healthy(f"updated down to partition {partition}")
    if strategy == "OnDelete":
        return healthy(f"{ready} of {wanted} replicas ready, updated when deleted")
    if live.status.get("updateRevision") != live.status.get("currentRevision"):
        return progressing(f"{updated} of {wanted} replicas updated")
    return healthy(f"{ready} of {wanted} replicas ready")


def daemon_set(live: View) -> Health:
    """Unobserved, updating, becoming available, or healthy."""
    wanted, available = live.count("desiredNumberScheduled"), live.count("numberAvailable")
    updated = live.count("updatedNumberScheduled")
    if live.is_unobserved:
        return progressing(UNOBSERVED)
    if dig(live.spec, "updateStrategy", "type") == "OnDelete":
        return healthy(f"{available} of {wanted} pods available, updated when deleted")
    if updated < wanted:
        return progressing(f"{updated} of {wanted} pods updated")
    if available < wanted:
        return progressing(f"{available} of {wanted} pods available")
    return healthy(f"{available} of {wanted} pods available")


def replica_set(live: View) -> Health:
    """Unobserved, unable to make pods, becoming available, or healthy."""
    wanted, available = integer(live.spec.get("replicas"), 1), live.count("availableReplicas")
    if live.is_unobserved:
        return progressing(UNOBSERVED)
    if live.is_true("ReplicaFailure"):
        return degraded(because(live.condition("ReplicaFailure")))
    if available < wanted:
        return progressing(f"{available} of {wanted} replicas available")
    return healthy(f"{available} of {wanted} replicas available")

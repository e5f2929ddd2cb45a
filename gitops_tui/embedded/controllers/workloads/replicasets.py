"""ReplicaSets: as many pods as they ask for."""

from __future__ import annotations

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads.pods import (
    active,
    available_after,
    claimants,
    claimed,
    delete_pod,
    expendable_first,
    is_ready,
    make_pod,
    soonest,
)
from gitops_tui.embedded.controllers.world import World, is_going
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "replicasets.apps"
_SOURCE = "replicaset-controller"


def reconcile(world: World, body: Object) -> float | None:
    """Create or delete pods, and count them."""
    spec = body["spec"]
    pods = active(claimed(world, "pods", body))
    if not is_going(body):
        missing = spec["replicas"] - len(pods)
        if missing > 0:
            pods += [pod for _ in range(missing) if (pod := make_pod(world, body, spec["template"], _SOURCE))]
        elif missing < 0:
            excess = expendable_first(pods)[:-missing]
            for pod in excess:
                delete_pod(world, body, pod, _SOURCE)
            pods = [pod for pod in pods if pod not in excess]
    waits = [available_after(world, pod, spec.get("minReadySeconds", 0)) for pod in pods]
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    status: Object = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(labels.items() <= pod["metadata"]["labels"].items() for pod in pods),
        "readyReplicas": sum(map(is_ready, pods)),
        "availableReplicas": sum(wait == 0.0 for wait in waits),
        "observedGeneration": body["metadata"]["generation"],
    }
    world.set_status(body, {key: value for key, value in status.items() if value or key == "replicas"})
    return soonest(waits)


CONTROLLER = Controller(STORAGE, reconcile, follows=(("pods", claimants(STORAGE)),))

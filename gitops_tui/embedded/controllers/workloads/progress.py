"""What a Deployment says about its rollout: counts, and the conditions Available and Progressing."""

from __future__ import annotations

from gitops_tui.embedded.controllers.workloads import replicasets
from gitops_tui.embedded.controllers.workloads.conditions import condition, condition_of, dated
from gitops_tui.embedded.controllers.world import World, name_of
from gitops_tui.embedded.kinds.schema import Object

_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def report(world: World, body: Object, new: str, *, least: int) -> float | None:
    """Write a Deployment's status. new: name of its present ReplicaSet; least: pods that must be available.

    Returns the seconds until its progress deadline has passed, None when none runs.
    """
    sets = world.controlled(replicasets.STORAGE, body)
    status = _counted(body, sets, new)
    rows = [_available(status, least)]
    progressing, left = _progressing(world, body, status, new)
    if progressing is not None:
        rows.append(progressing)
    status["conditions"] = dated(body, rows, world.time, updates=True)
    world.set_status(body, {key: value for key, value in status.items() if value})
    return left


def _counted(body: Object, sets: list[Object], new: str) -> Object:
    def total(key: str, only: str = "") -> int:
        return sum((row.get("status") or {}).get(key, 0) for row in sets if not only or name_of(row) == only)

    available = total("availableReplicas")
    asked = sum(row["spec"]["replicas"] for row in sets)
    return {
        "observedGeneration": body["metadata"]["generation"],
        "replicas": total("replicas"),
        "updatedReplicas": total("replicas", new) if new else 0,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, asked - available),
    }


def _available(status: Object, least: int) -> Object:
    if status["availableReplicas"] >= least:
        return condition("Available", True, "MinimumReplicasAvailable", "Deployment has minimum availability.")
    told = "Deployment does not have minimum availability."
    return condition("Available", False, "MinimumReplicasUnavailable", told)


def _progressing(world: World, body: Object, status: Object, new: str) -> tuple[Object | None, float | None]:
    """The condition Progressing, and the seconds until the deadline."""
    known = condition_of(body, "Progressing")
    spec = body["spec"]
    deadline = spec.get("progressDeadlineSeconds", 600)
    if spec.get("paused"):
        return condition("Progressing", True, "DeploymentPaused", "Deployment is paused"), None
    if not new:
        return known, None
    counts = (status["updatedReplicas"], status["replicas"], status["availableReplicas"])
    if counts == (spec["replicas"],) * 3:
        told = f'ReplicaSet "{new}" has successfully progressed.'
        return condition("Progressing", True, "NewReplicaSetAvailable", told), None
    if known is None or known.get("reason") == "DeploymentPaused" or _is_other(known, new):
        told = f'Created new replica set "{new}"'
        return condition("Progressing", True, "NewReplicaSetCreated", told), float(deadline)
    if known.get("reason") == "NewReplicaSetAvailable":
        return _undated(known), None  # only scaled, or a pod was lost: a finished rollout stays finished
    if _moved(body, status):
        told = f'ReplicaSet "{new}" is progressing.'
        return condition("Progressing", True, "ReplicaSetUpdated", told), float(deadline)
    left = deadline - world.age(known.get("lastUpdateTime"))
    if known.get("reason") == "ProgressDeadlineExceeded" or left <= 0:
        told = f'ReplicaSet "{new}" has timed out progressing.'
        return condition("Progressing", False, "ProgressDeadlineExceeded", told), None
    return _undated(known), left


def _undated(row: Object) -> Object:
    return {key: row[key] for key in ("type", "status", "reason", "message") if key in row}


def _is_other(known: Object, new: str) -> bool:
    """Whether a condition speaks of another ReplicaSet."""
    return f'"{new}"' not in known.get("message", "")


def _moved(body: Object, status: Object) -> bool:
    """Whether more pods are updated, ready or available, or fewer old ones are left, than at the last look."""
    before = {key: (body.get("status") or {}).get(key, 0) for key in _COUNTS}
    old_before, old_now = (row["replicas"] - row["updatedReplicas"] for row in (before, status))
    grown = any(status[key] > before[key] for key in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or old_now < old_before

"""HorizontalPodAutoscalers keep a workload within their bounds, PodDisruptionBudgets count what may be lost."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.api import scale
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads.conditions import condition, dated
from gitops_tui.embedded.controllers.workloads.pods import is_active, is_ready, share
from gitops_tui.embedded.controllers.world import MANAGER, World, is_going, name_of, namespace_of, uid_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key
from gitops_tui.embedded.store.selectors import matches_labels

AUTOSCALERS = "horizontalpodautoscalers.autoscaling"
BUDGETS = "poddisruptionbudgets.policy"
_SOURCE = "horizontal-pod-autoscaler"
_SCALABLE = ("deployments.apps", "statefulsets.apps", "replicasets.apps")


def reconcile_autoscaler(world: World, scaler: Object) -> float | None:
    """Scale the target into the bounds; the simulated load never asks for more than the least."""
    if is_going(scaler):
        return None
    reference = scaler["spec"]["scaleTargetRef"]
    resource = world.backend.registry.of_kind(reference.get("apiVersion", "apps/v1"), reference["kind"])
    target = world.get(resource.storage, namespace_of(scaler), reference["name"]) if resource else None
    before = scaler.get("status") or {}
    if resource is None or target is None:
        told = f"the HPA controller was unable to get the target's current scale: {reference['name']} not found"
        _write(world, scaler, before, [condition("AbleToScale", False, "FailedGetScale", told)])
        return None
    size = int(target["spec"].get("replicas", 1))
    least, most = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
    wanted = min(max(size, least), most)
    if size and wanted != size:
        call = Call(resource, namespace_of(scaler), reference["name"], "scale", manager=MANAGER)
        scale.patch_scale(world.backend, call, "application/merge-patch+json", {"spec": {"replicas": wanted}})
        bound = "minReplicas" if wanted > size else "maxReplicas"
        told = f"New size: {wanted}; reason: Current number of replicas {'below' if wanted > size else 'above'} Spec."
        world.event(scaler, "SuccessfulRescale", f"{told}{bound[0].upper()}{bound[1:]}", source=_SOURCE)
        before = {**before, "lastScaleTime": world.time}
    status = {**before, "currentReplicas": size, "desiredReplicas": wanted if size else 0}
    metrics = _metrics(scaler)
    if metrics:
        status["currentMetrics"] = metrics
    _write(world, scaler, status, _conditions(size, wanted, least, most))
    return None


def _conditions(size: int, wanted: int, least: int, most: int) -> list[Object]:
    rows = [condition("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size")]
    if not size:
        told = "scaling is disabled since the replica count of the target is zero"
        return [*rows, condition("ScalingActive", False, "ScalingDisabled", told)]
    told = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
    rows.append(condition("ScalingActive", True, "ValidMetricFound", told))
    if wanted in {least, most}:
        which = "minimum" if wanted == least else "maximum"
        reason = "TooFewReplicas" if wanted == least else "TooManyReplicas"
        told = f"the desired replica count is {'less' if wanted == least else 'more'} than the {which} replica count"
        return [*rows, condition("ScalingLimited", True, reason, told)]
    told = "the desired count is within the acceptable range"
    return [*rows, condition("ScalingLimited", False, "DesiredWithinRange", told)]


def _metrics(scaler: Object) -> list[Object]:
    """A quiet, made-up load, always the same for one autoscaler."""
    rows: list[Object] = []
    load = 20 + zlib.crc32(uid_of(scaler).encode()) % 30
    for metric in scaler["spec"].get("metrics") or ():
        stated = metric.get("resource") or {}
        if (stated.get("target") or {}).get("type") == "Utilization":
            current = {"averageUtilization": load, "averageValue": f"{load}m"}
            rows.append({"type": "Resource", "resource": {"name": stated["name"], "current": current}})
    return rows


def _write(world: World, scaler: Object, status: Object, rows: list[Object]) -> None:
    dates = dated(scaler, rows, world.time)
    world.set_status(scaler, {"currentReplicas": 0, "desiredReplicas": 0, **status, "conditions": dates})


def scalers_of(world: World, target: Object) -> Iterator[Key]:
    """The autoscalers of a workload."""
    for scaler in world.all_of(AUTOSCALERS, namespace_of(target)):
        reference = scaler["spec"]["scaleTargetRef"]
        if (reference["kind"], reference["name"]) == (target["kind"], name_of(target)):
            yield Key(AUTOSCALERS, namespace_of(scaler), name_of(scaler))


def reconcile_budget(world: World, budget: Object) -> float | None:
    """Count the pods that a budget protects."""
    if is_going(budget):
        return None
    spec, selector = budget["spec"], budget["spec"].get("selector")
    pods = [
        pod
        for pod in world.all_of("pods", namespace_of(budget))
        if is_active(pod) and matches_labels(selector, pod["metadata"].get("labels") or {})
    ]
    healthy = sum(map(is_ready, pods))
    needed = _needed(spec, len(pods))
    allowed = max(0, healthy - needed) if pods else 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    rows = [condition("DisruptionAllowed", bool(allowed), reason)]
    generation = budget["metadata"].get("generation", 1)
    status = {
        "conditions": [{**row, "observedGeneration": generation} for row in dated(budget, rows, world.time)],
        "currentHealthy": healthy,
        "desiredHealthy": needed,
        "disruptionsAllowed": allowed,
        "expectedPods": len(pods),
        "observedGeneration": generation,
    }
    world.set_status(budget, status)
    return None


def _needed(spec: dict[str, Any], expected: int) -> int:
    if "maxUnavailable" in spec:
        return max(0, expected - share(spec["maxUnavailable"], expected, "0", up=True))
    return share(spec.get("minAvailable"), expected, "1", up=True)


def budgets_of(world: World, pod: Object) -> Iterator[Key]:
    """The budgets that protect a pod."""
    for budget in world.all_of(BUDGETS, namespace_of(pod)):
        if matches_labels(budget["spec"].get("selector"), pod["metadata"].get("labels") or {}):
            yield Key(BUDGETS, namespace_of(budget), name_of(budget))


AUTOSCALER_CONTROLLER = Controller(
    AUTOSCALERS, reconcile_autoscaler, follows=tuple((storage, scalers_of) for storage in _SCALABLE)
)
BUDGET_CONTROLLER = Controller(BUDGETS, reconcile_budget, follows=(("pods", budgets_of),))

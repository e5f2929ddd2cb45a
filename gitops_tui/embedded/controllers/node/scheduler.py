"""The scheduler: puts pods on nodes, or says why it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gitops_tui.embedded.controllers.workloads.conditions import condition, condition_of, dated
from gitops_tui.embedded.controllers.workloads.pods import is_active
from gitops_tui.embedded.controllers.world import World, name_of, namespace_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.quantity import parse
from gitops_tui.embedded.store.selectors import matches_labels

_MANAGER = "kube-scheduler"
_SOURCE = "default-scheduler"
_AGAIN = 5.0


def schedule(world: World, pod: Object) -> float | None:
    """Give a pod its node. Returns the seconds until it is worth another try."""
    if left := world.waited(pod, "schedule", world.timings.schedule):
        return left
    node, why = _choose(world, pod)
    if not node:
        _refuse(world, pod, why)
        return _AGAIN
    bound = world.replace({**pod, "spec": {**pod["spec"], "nodeName": node}}, manager=_MANAGER)
    told = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
    world.event(bound, "Scheduled", told, source=_SOURCE)
    return None


def _refuse(world: World, pod: Object, why: str) -> None:
    known = condition_of(pod, "PodScheduled")
    if known is not None and known.get("message") == why:
        return
    row = condition("PodScheduled", False, "Unschedulable", why)
    status = {**(pod.get("status") or {}), "phase": "Pending", "conditions": dated(pod, [row], world.time)}
    world.set_status(pod, status, manager=_MANAGER)
    world.event(pod, "FailedScheduling", why, source=_SOURCE, warning=True)


def _choose(world: World, pod: Object) -> tuple[str, str]:
    """A node's name, or "" and the reason."""
    nodes = world.all_of("nodes")
    if why := _claim_problem(world, pod):
        return "", f"0/{len(nodes)} nodes are available: {why}."
    used = _used(other for other in world.all_of("pods") if is_active(other))
    needs = _requests(pod)
    fit: list[tuple[int, str]] = []
    reasons: Counter[str] = Counter()
    for node in nodes:
        why = _mismatch(pod, node) or _shortage(node, used.get(name_of(node), Counter()), needs)
        if why:
            reasons[why] += 1
        else:
            fit.append((used.get(name_of(node), Counter())["pods"], name_of(node)))
    if fit:
        return min(fit)[1], ""
    told = ", ".join(f"{count} {why}" for why, count in sorted(reasons.items()))
    return "", f"0/{len(nodes)} nodes are available: {told}."


def _claim_problem(world: World, pod: Object) -> str:
    for volume in pod["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        claim = world.get("persistentvolumeclaims", namespace_of(pod), name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if (claim.get("status") or {}).get("phase") != "Bound":
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _mismatch(pod: Object, node: Object) -> str:
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    if node["spec"].get("unschedulable") and not _tolerates_cordon(spec):
        return "node(s) were unschedulable"
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return "node(s) didn't match Pod's node affinity/selector"
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if affinity and not any(_term_holds(term, node, labels) for term in affinity.get("nodeSelectorTerms") or ()):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


def _tolerates_cordon(spec: Mapping[str, Any]) -> bool:
    return any(
        row.get("key") == "node.kubernetes.io/unschedulable" or (not row.get("key") and row.get("operator") == "Exists")
        for row in spec.get("tolerations") or ()
    )


def _term_holds(term: Mapping[str, Any], node: Object, labels: Mapping[str, str]) -> bool:
    fields = {"matchExpressions": term.get("matchFields") or ()}
    return matches_labels(fields, {"metadata.name": name_of(node)}) and matches_labels(
        {"matchExpressions": term.get("matchExpressions") or ()}, labels
    )


def _amount(text: Any) -> Decimal:
    number, suffix = parse(str(text))
    del suffix
    return number


def _requests(pod: Object) -> Counter[str]:
    """What a pod asks for, in thousandths of a core and bytes."""
    total: Counter[str] = Counter(pods=1)
    for container in pod["spec"].get("containers") or ():
        for name, text in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] += int(_amount(text) * 1000)
    return total


def _used(pods: Iterable[Object]) -> dict[str, Counter[str]]:
    used: dict[str, Counter[str]] = {}
    for pod in pods:
        node = pod["spec"].get("nodeName")
        if node:
            used.setdefault(node, Counter()).update(_requests(pod))
    return used


def _shortage(node: Object, used: Counter[str], needs: Counter[str]) -> str:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    for name in ("cpu", "memory"):
        if needs[name] and used[name] + needs[name] > _amount(allocatable.get(name, 0)) * 1000:
            return f"Insufficient {name}"
    if used["pods"] + 1 > _amount(allocatable.get("pods", 110)):
        return "Too many pods"
    return ""

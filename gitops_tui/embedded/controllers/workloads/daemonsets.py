"""DaemonSets: one pod on every node."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads import revisions
from gitops_tui.embedded.controllers.workloads.pods import (
    available_after,
    claimants,
    claimed,
    delete_pod,
    is_ready,
    make_pod,
    phase_of,
    share,
    soonest,
)
from gitops_tui.embedded.controllers.world import World, is_going, name_of, namespace_of, with_labels
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key

STORAGE = "daemonsets.apps"
_SOURCE = "daemonset-controller"


def reconcile(world: World, body: Object) -> float | None:
    """Make missing pods, delete those on unsuitable nodes, replace outdated ones; then the status."""
    revision = revisions.revision_of(world, body)
    if revision is None:
        return None
    label = revisions.hash_label(revision)
    nodes = [name_of(node) for node in world.all_of("nodes") if _suits(body, node)]
    if not is_going(body):
        _place(world, body, nodes, label)
        _update(world, body, nodes, label)
    return _report(world, body, nodes, label)


def _suits(body: Object, node: Object) -> bool:
    wanted = body["spec"]["template"]["spec"].get("nodeSelector") or {}
    return bool(wanted.items() <= (node["metadata"].get("labels") or {}).items())


def _target(pod: Object) -> str:
    """The node that a pod is for, whether it is there yet or not."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = (affinity or {}).get("nodeSelectorTerms") or [{}]
    fields = terms[0].get("matchFields") or [{"values": [""]}]
    return str(fields[0]["values"][0])


def _by_node(world: World, body: Object) -> dict[str, Object]:
    return {_target(pod): pod for pod in claimed(world, "pods", body)}


def _place(world: World, body: Object, nodes: list[str], label: str) -> None:
    pods = _by_node(world, body)
    for node in nodes:
        pod = pods.get(node)
        if pod is None:
            make_pod(world, body, _template(body, node, label), _SOURCE)
        elif phase_of(pod) in {"Failed", "Succeeded"} and not is_going(pod):
            delete_pod(world, body, pod, _SOURCE)
    for node, pod in pods.items():
        if node not in nodes and not is_going(pod):
            delete_pod(world, body, pod, _SOURCE)


def _template(body: Object, node: str, label: str) -> Object:
    template = with_labels(
        body["spec"]["template"],
        {revisions.LABEL: label, "pod-template-generation": str(body["metadata"]["generation"])},
    )
    spec = template["spec"]
    place = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{"matchFields": [place]}]}
    affinity = {
        **(spec.get("affinity") or {}),
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required},
    }
    cordon = {"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "operator": "Exists"}
    tolerations = [*(spec.get("tolerations") or ()), cordon]
    return {**template, "spec": {**spec, "affinity": affinity, "tolerations": tolerations}}


def _update(world: World, body: Object, nodes: list[str], label: str) -> None:
    strategy = body["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    limit = share((strategy.get("rollingUpdate") or {}).get("maxUnavailable"), len(nodes), "1", up=True)
    pods = list(_by_node(world, body).values())
    outdated = [pod for pod in pods if not is_going(pod) and pod["metadata"]["labels"].get(revisions.LABEL) != label]
    for pod in [row for row in outdated if not is_ready(row)]:
        delete_pod(world, body, pod, _SOURCE)
    serving = [pod for pod in pods if is_ready(pod) and not is_going(pod)]
    room = max(1, limit) - (len(nodes) - len(serving))
    for pod in [row for row in outdated if is_ready(row)][: max(0, room)]:
        delete_pod(world, body, pod, _SOURCE)


def _report(world: World, body: Object, nodes: list[str], label: str) -> float | None:
    pods = [pod for node, pod in _by_node(world, body).items() if node in nodes and not is_going(pod)]
    waits = [available_after(world, pod, body["spec"].get("minReadySeconds", 0)) for pod in pods]
    available = sum(wait == 0.0 for wait in waits)
    status: Object = {
        "currentNumberScheduled": len(pods),
        "desiredNumberScheduled": len(nodes),
        "numberMisscheduled": 0,
        "numberReady": sum(map(is_ready, pods)),
        "numberAvailable": available,
        "numberUnavailable": len(nodes) - available,
        "updatedNumberScheduled": sum(pod["metadata"]["labels"].get(revisions.LABEL) == label for pod in pods),
        "observedGeneration": body["metadata"]["generation"],
    }
    kept = {"currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"}
    world.set_status(body, {key: value for key, value in status.items() if value or key in kept})
    return soonest(waits)


def on_nodes(world: World, body: Object) -> Iterator[Key]:
    """Every DaemonSet, since a node has changed."""
    del body
    for row in world.all_of(STORAGE):
        yield Key(STORAGE, namespace_of(row), name_of(row))


CONTROLLER = Controller(STORAGE, reconcile, follows=(("nodes", on_nodes), ("pods", claimants(STORAGE))))

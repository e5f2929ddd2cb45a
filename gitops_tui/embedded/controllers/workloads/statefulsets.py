"""StatefulSets: pods with numbers and volumes of their own, made and replaced one after another."""

from __future__ import annotations

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
    soonest,
)
from gitops_tui.embedded.controllers.world import World, is_going, name_of, namespace_of, with_labels
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "statefulsets.apps"
_SOURCE = "statefulset-controller"
_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
_INDEX_LABEL = "apps.kubernetes.io/pod-index"


def reconcile(world: World, body: Object) -> float | None:
    """One step: a missing pod made, an excess or outdated one deleted; then the status."""
    revision = revisions.revision_of(world, body)
    if revision is None:
        return None
    if not is_going(body):
        _step(world, body, _pods(world, body), revisions.hash_label(revision))
    return _report(world, body, _pods(world, body), revision)


def _pods(world: World, body: Object) -> dict[int, Object]:
    """The pods by their numbers."""
    result: dict[int, Object] = {}
    for pod in claimed(world, "pods", body):
        number = name_of(pod).rpartition("-")[2]
        if number.isdecimal():
            result[int(number)] = pod
    return result


def _step(world: World, body: Object, pods: dict[int, Object], label: str) -> None:
    spec = body["spec"]
    first = (spec.get("ordinals") or {}).get("start", 0)
    wanted = range(first, first + spec["replicas"])
    ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    for number in wanted:
        pod = pods.get(number)
        if pod is None:
            _make(world, body, number, label)
        elif phase_of(pod) in {"Failed", "Succeeded"} and not is_going(pod):
            delete_pod(world, body, pod, _SOURCE)
        if ordered and not (pod and is_ready(pod) and not is_going(pod)):
            return
    excess = sorted(set(pods) - set(wanted), reverse=True)
    for number in excess[:1] if ordered else excess:
        if not is_going(pods[number]):
            delete_pod(world, body, pods[number], _SOURCE)
    if not excess:
        _update(world, body, pods, label)


def _update(world: World, body: Object, pods: dict[int, Object], label: str) -> None:
    """Replace the highest outdated pod, when all above it are ready again."""
    strategy = body["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    for number in sorted(pods, reverse=True):
        if number < partition:
            return
        pod = pods[number]
        if pod["metadata"]["labels"].get(revisions.LABEL) != label:
            if not is_going(pod):
                delete_pod(world, body, pod, _SOURCE)
            return
        if is_going(pod) or not is_ready(pod):
            return


def _make(world: World, body: Object, number: int, label: str) -> None:
    partition = ((body["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    current = _current_template(world, body) if number < partition else None
    template, label = current or (body["spec"]["template"], label)
    name = f"{name_of(body)}-{number}"
    claims = [_claim(world, body, row, name) for row in body["spec"].get("volumeClaimTemplates") or ()]
    stated = template["spec"]
    names = {row["name"] for row in claims}
    volumes = [row for row in stated.get("volumes") or () if row["name"] not in names] + claims
    spec = {**stated, "hostname": name, "subdomain": body["spec"].get("serviceName", ""), "volumes": volumes}
    labels = {_NAME_LABEL: name, _INDEX_LABEL: str(number), revisions.LABEL: label}
    make_pod(world, body, {**with_labels(template, labels), "spec": spec}, _SOURCE, name=name)


def _current_template(world: World, body: Object) -> tuple[Object, str] | None:
    """Template and label of the revision that pods below the partition keep."""
    current = (body.get("status") or {}).get("currentRevision", "")
    row = world.get(revisions.STORAGE, namespace_of(body), current) if current else None
    if row is None:
        return None
    template = {key: value for key, value in row["data"]["spec"]["template"].items() if key != "$patch"}
    return template, revisions.hash_label(row)


def _claim(world: World, body: Object, template: Object, pod: str) -> Object:
    """Make a pod's own claim unless it is there; the volume that refers to it."""
    stated = template["metadata"]
    name = f"{stated['name']}-{pod}"
    if world.get("persistentvolumeclaims", namespace_of(body), name) is None:
        selected = (body["spec"]["selector"].get("matchLabels") or {}) | (stated.get("labels") or {})
        metadata = {"name": name, "namespace": namespace_of(body), "labels": selected}
        made = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata,
            "spec": template["spec"],
        }
        if world.create(made) is not None:
            told = f"create Claim {name} Pod {pod} in StatefulSet {name_of(body)} success"
            world.event(body, "SuccessfulCreate", told, source=_SOURCE)
    return {"name": stated["name"], "persistentVolumeClaim": {"claimName": name}}


def _report(world: World, body: Object, pods: dict[int, Object], revision: Object) -> float | None:
    spec, before = body["spec"], body.get("status") or {}
    live = [pod for pod in pods.values() if not is_going(pod)]
    waits = [available_after(world, pod, spec.get("minReadySeconds", 0)) for pod in live]
    update, label = name_of(revision), revisions.hash_label(revision)
    updated = sum(pod["metadata"]["labels"].get(revisions.LABEL) == label for pod in live)
    current = before.get("currentRevision") or update
    ready = sum(map(is_ready, live))
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    if updated == spec["replicas"] == len(pods) == ready and not partition:
        current = update
    status: Object = {
        "observedGeneration": body["metadata"]["generation"],
        "replicas": len(live),
        "readyReplicas": ready,
        "availableReplicas": sum(wait == 0.0 for wait in waits),
        "currentReplicas": updated if current == update else len(live) - updated,
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": before.get("collisionCount", 0),
    }
    kept = {"replicas", "availableReplicas", "collisionCount"}
    world.set_status(body, {key: value for key, value in status.items() if value or key in kept})
    return soonest(waits)


CONTROLLER = Controller(STORAGE, reconcile, follows=(("pods", claimants(STORAGE)),))

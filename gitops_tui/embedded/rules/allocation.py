"""What a server chooses when an object is made: cluster addresses, node ports, selectors of jobs, first statuses."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Iterable

from gitops_tui.embedded.kinds.schema import Object

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_EXTERNAL = {"NodePort", "LoadBalancer"}
_ADDRESSES = 65_000
_NODE_PORTS = range(30_000, 32_768)


def allocate_service(body: Object, others: Callable[[], Iterable[Object]]) -> None:
    """Give a Service its addresses and node ports, in place. `others` gives the Services there are."""
    spec = body["spec"]
    if spec["type"] == "ExternalName":
        return
    taken = list(others())
    if not spec.get("clusterIP"):
        used = {other["spec"].get("clusterIP") for other in taken}
        metadata = body["metadata"]
        seed = zlib.crc32(f"{metadata.get('namespace')}/{metadata.get('name')}".encode())
        spec["clusterIP"] = _address(seed, used)
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in _EXTERNAL:
        allocate_node_ports(spec, taken)


def _address(seed: int, used: Container[object]) -> str:
    for step in range(_ADDRESSES):
        place = (seed + step) % _ADDRESSES + 10
        address = f"10.96.{place >> 8}.{place & 255}"
        if address not in used:
            return address
    raise RuntimeError("no cluster address is left")


def allocate_node_ports(spec: Object, others: Iterable[Object]) -> None:
    """Give every port a node port that no Service has."""
    used = {port.get("nodePort") for other in others for port in other["spec"].get("ports") or ()}
    free = (number for number in _NODE_PORTS if number not in used)
    for port in spec.get("ports") or ():
        if not port.get("nodePort"):
            port["nodePort"] = next(free)


def keep_service(old: Object, new: Object, others: Callable[[], Iterable[Object]]) -> None:
    """Carry over what an update of a Service leaves out, in place."""
    before, after = old["spec"], new["spec"]
    if "ExternalName" not in {before["type"], after["type"]}:
        for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not after.get(key) and before.get(key):
                after[key] = before[key]
    if after["type"] in _EXTERNAL:
        ports = {(port.get("protocol"), port.get("port")): port.get("nodePort") for port in before.get("ports") or ()}
        for port in after.get("ports") or ():
            kept = ports.get((port.get("protocol"), port.get("port")))
            if kept and not port.get("nodePort"):
                port["nodePort"] = kept
    elif before["type"] in _EXTERNAL:
        _drop_external(before, after)
    allocate_service(new, others)


def _drop_external(before: Object, after: Object) -> None:
    """A Service that is no longer reached from outside loses what only that needs, where it was just carried along."""
    for key in ("externalTrafficPolicy", "allocateLoadBalancerNodePorts", "healthCheckNodePort", "loadBalancerClass"):
        if after.get(key) == before.get(key):
            after.pop(key, None)
    kept = {port.get("nodePort") for port in before.get("ports") or ()}
    for port in after.get("ports") or ():
        if port.get("nodePort") in kept:
            port.pop("nodePort", None)


def select_job(body: Object) -> None:
    """Give a Job the selector and labels that tie its pods to it, unless it brings its own."""
    spec, metadata = body["spec"], body["metadata"]
    if spec.get("manualSelector"):
        return
    uid, name = metadata["uid"], metadata["name"]
    template = spec["template"].setdefault("metadata", {})
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template.setdefault("labels", {}).update(labels)
    if not metadata.get("labels"):
        metadata["labels"] = template["labels"]
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def admit_pod(body: Object) -> None:
    """What admission adds to every pod."""
    spec = body["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = list(spec.get("tolerations") or ())
    stated = {row.get("key") for row in tolerations}
    spec["tolerations"] = tolerations + [
        {"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300}
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        if key not in stated
    ]
    body["status"] = {"phase": "Pending", "qosClass": quality_of_service(spec)}


def quality_of_service(spec: Object) -> str:
    """`Guaranteed`, `Burstable` or `BestEffort`, by what the containers ask for."""
    rows = [row.get("resources") or {} for row in spec.get("containers") or ()]
    if not any(row.get("limits") or row.get("requests") for row in rows):
        return "BestEffort"
    sure = all(
        {"cpu", "memory"} <= set(row.get("limits") or {}) and row.get("requests") == row.get("limits") for row in rows
    )
    return "Guaranteed" if sure else "Burstable"

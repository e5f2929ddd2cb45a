"""The columns of the built-in kinds, after the name: title, only when wide, and the cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gitops_tui.embedded.kinds.cells import age, get, pod_ready, pod_status, restarts
from gitops_tui.embedded.kinds.schema import Object

Cell = Callable[[Object], Any]
Column = tuple[str, bool, Cell]


def _age(body: Object) -> str:
    return age(body["metadata"].get("creationTimestamp", ""), datetime.now(UTC))


def _at(path: str, default: Any = "<none>") -> Cell:
    return lambda body: get(body, path, default)


def _number(path: str) -> Cell:
    return lambda body: get(body, path, 0)


def _ratio(ready: str, wanted: str) -> Cell:
    return lambda body: f"{get(body, ready, 0)}/{get(body, wanted, 0)}"


def _size(*names: str) -> Cell:
    return lambda body: sum(len(body.get(name) or ()) for name in names)


def _joined(path: str, separator: str = ",") -> Cell:
    return lambda body: separator.join(str(item) for item in get(body, path, ())) or "<none>"


def _selector(path: str) -> Cell:
    def cell(body: Object) -> str:
        labels = get(body, path, {})
        return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"

    return cell


def _containers(field: str, path: str = "spec.template.spec.containers") -> Cell:
    return lambda body: ",".join(row.get(field, "") for row in get(body, path, ()))


def _service_ports(body: Object) -> str:
    rows = get(body, "spec.ports", ())
    return (
        ",".join(
            f"{row.get('port')}:{row['nodePort']}/{row.get('protocol')}"
            if row.get("nodePort")
            else f"{row.get('port')}/{row.get('protocol')}"
            for row in rows
        )
        or "<none>"
    )


def _external(body: Object) -> str:
    if get(body, "spec.type") == "ExternalName":
        return str(get(body, "spec.externalName"))
    rows = get(body, "status.loadBalancer.ingress", ())
    told = ",".join(row.get("ip") or row.get("hostname", "") for row in rows)
    return told or ("<pending>" if get(body, "spec.type") == "LoadBalancer" else "<none>")


def _hosts(body: Object) -> str:
    return ",".join(row.get("host", "*") for row in get(body, "spec.rules", ())) or "*"


def _job_status(body: Object) -> str:
    for row in get(body, "status.conditions", ()):
        if row.get("status") == "True" and row.get("type") in {"Complete", "Failed", "Suspended"}:
            return str(row["type"])
    return "Running"


def _node_status(body: Object) -> str:
    ready: Object = next((row for row in get(body, "status.conditions", ()) if row.get("type") == "Ready"), {})
    return "Ready" if ready.get("status") == "True" else "NotReady" if ready else "Unknown"


def _claim_ref(body: Object) -> str:
    claim = get(body, "spec.claimRef", {})
    return f"{claim.get('namespace')}/{claim.get('name')}" if claim else ""


def _role(body: Object) -> str:
    return f"{get(body, 'roleRef.kind', '')}/{get(body, 'roleRef.name', '')}"


def _event_object(body: Object) -> str:
    involved = body.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


_AGE: Column = ("Age", False, _age)
_WORKLOAD_WIDE: tuple[Column, ...] = (
    ("Containers", True, _containers("name")),
    ("Images", True, _containers("image")),
    ("Selector", True, _selector("spec.selector.matchLabels")),
)
_BINDINGS = ("rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io")
PLAIN: tuple[Column, ...] = (("Created At", False, _at("metadata.creationTimestamp")),)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "pods": (
        ("Ready", False, pod_ready),
        ("Status", False, pod_status),
        ("Restarts", False, restarts),
        _AGE,
        ("IP", True, _at("status.podIP")),
        ("Node", True, _at("spec.nodeName")),
        ("Nominated Node", True, _at("status.nominatedNodeName")),
        ("Readiness Gates", True, lambda _: "<none>"),
    ),
    "services": (
        ("Type", False, _at("spec.type")),
        ("Cluster-IP", False, _at("spec.clusterIP")),
        ("External-IP", False, _external),
        ("Port(s)", False, _service_ports),
        _AGE,
        ("Selector", True, _selector("spec.selector")),
    ),
    "configmaps": (("Data", False, _size("data", "binaryData")), _AGE),
    "secrets": (("Type", False, _at("type")), ("Data", False, _size("data")), _AGE),
    "serviceaccounts": (("Secrets", False, _size("secrets")), _AGE),
    "namespaces": (("Status", False, _at("status.phase")), _AGE),
    "nodes": (
        ("Status", False, _node_status),
        ("Roles", False, lambda _: "<none>"),
        _AGE,
        ("Version", False, _at("status.nodeInfo.kubeletVersion")),
    ),
    "events": (
        (
            "Last Seen",
            False,
            lambda body: age(
                body.get("lastTimestamp") or body["metadata"].get("creationTimestamp", ""), datetime.now(UTC)
            ),
        ),
        ("Type", False, _at("type")),
        ("Reason", False, _at("reason")),
        ("Object", False, _event_object),
        ("Message", False, _at("message", "")),
    ),
    "persistentvolumes": (
        ("Capacity", False, _at("spec.capacity.storage")),
        ("Access Modes", False, _joined("spec.accessModes")),
        ("Reclaim Policy", False, _at("spec.persistentVolumeReclaimPolicy")),
        ("Status", False, _at("status.phase")),
        ("Claim", False, _claim_ref),
        ("StorageClass", False, _at("spec.storageClassName", "")),
        _AGE,
    ),
    "persistentvolumeclaims": (
        ("Status", False, _at("status.phase")),
        ("Volume", False, _at("spec.volumeName", "")),
        ("Capacity", False, _at("status.capacity.storage", "")),
        ("Access Modes", False, _joined("spec.accessModes")),
        ("StorageClass", False, _at("spec.storageClassName", "")),
        ("VolumeAttributesClass", False, _at("spec.volumeAttributesClassName", "<unset>")),
        _AGE,
    ),
    "deployments.apps": (
        ("Ready", False, _ratio("status.readyReplicas", "spec.replicas")),
        ("Up-to-date", False, _number("status.updatedReplicas")),
        ("Available", False, _number("status.availableReplicas")),
        _AGE,
        *_WORKLOAD_WIDE,
    ),
    "replicasets.apps": (
        ("Desired", False, _number("spec.replicas")),
        ("Current", False, _number("status.replicas")),
        ("Ready", False, _number("status.readyReplicas")),
        _AGE,
        *_WORKLOAD_WIDE,
    ),
    "statefulsets.apps": (("Ready", False, _ratio("status.readyReplicas", "spec.replicas")), _AGE, *_WORKLOAD_WIDE[:2]),
    "daemonsets.apps": (
        ("Desired", False, _number("status.desiredNumberScheduled")),
        ("Current", False, _number("status.currentNumberScheduled")),
        ("Ready", False, _number("status.numberReady")),
        ("Up-to-date", False, _number("status.updatedNumberScheduled")),
        ("Available", False, _number("status.numberAvailable")),
        ("Node Selector", False, _selector("spec.template.spec.nodeSelector")),
        _AGE,
        *_WORKLOAD_WIDE,
    ),
    "jobs.batch": (
        ("Status", False, _job_status),
        ("Completions", False, _ratio("status.succeeded", "spec.completions")),
        _AGE,
    ),
    "cronjobs.batch": (
        ("Schedule", False, _at("spec.schedule")),
        ("Timezone", False, _at("spec.timeZone")),
        ("Suspend", False, lambda body: str(get(body, "spec.suspend", False))),
        ("Active", False, lambda body: len(get(body, "status.active", ()))),
        (
            "Last Schedule",
            False,
            lambda body: (
                age(get(body, "status.lastScheduleTime", ""), datetime.now(UTC))
                if get(body, "status.lastScheduleTime")
                else "<none>"
            ),
        ),
        _AGE,
    ),
    "ingresses.networking.k8s.io": (
        ("Class", False, _at("spec.ingressClassName")),
        ("Hosts", False, _hosts),
        ("Address", False, lambda body: _external(body).replace("<none>", "")),
        ("Ports", False, lambda body: "80, 443" if get(body, "spec.tls") else "80"),
        _AGE,
    ),
    "networkpolicies.networking.k8s.io": (("Pod-Selector", False, _selector("spec.podSelector.matchLabels")), _AGE),
    "poddisruptionbudgets.policy": (
        ("Min Available", False, _at("spec.minAvailable", "N/A")),
        ("Max Unavailable", False, _at("spec.maxUnavailable", "N/A")),
        ("Allowed Disruptions", False, _number("status.disruptionsAllowed")),
        _AGE,
    ),
    "horizontalpodautoscalers.autoscaling": (
        (
            "Reference",
            False,
            lambda body: f"{get(body, 'spec.scaleTargetRef.kind')}/{get(body, 'spec.scaleTargetRef.name')}",
        ),
        ("MinPods", False, _number("spec.minReplicas")),
        ("MaxPods", False, _number("spec.maxReplicas")),
        ("Replicas", False, _number("status.currentReplicas")),
        _AGE,
    ),
    **dict.fromkeys(_BINDINGS, (("Role", False, _role), _AGE)),
    "storageclasses.storage.k8s.io": (
        ("Provisioner", False, _at("provisioner")),
        ("ReclaimPolicy", False, _at("reclaimPolicy")),
        ("VolumeBindingMode", False, _at("volumeBindingMode")),
        _AGE,
    ),
}

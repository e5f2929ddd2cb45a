"""The simulated machines: what a cluster has before anybody uses it."""

from __future__ import annotations

from gitops_tui.embedded.controllers.workloads.conditions import condition, dated
from gitops_tui.embedded.controllers.world import World
from gitops_tui.embedded.kinds.schema import Object

_VERSION = "v1.36.3"
NAMES = ("worker-1", "worker-2")
_CAPACITY = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "200Gi", "pods": "110"}
_CONDITIONS = (
    condition("MemoryPressure", False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    condition("DiskPressure", False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    condition("PIDPressure", False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    condition("Ready", True, "KubeletReady", "kubelet is posting ready status"),
)


def address_of(node: str) -> str:
    """A node's own address."""
    return f"172.18.0.{2 + NAMES.index(node) if node in NAMES else 99}"


def make_nodes(world: World) -> None:
    """Create the machines that are not there yet."""
    for name in NAMES:
        if world.get("nodes", "", name) is None:
            node = world.create(_node(name), manager="kubelet")
            if node is not None:
                world.set_status(node, _status(world, node, name), manager="kubelet")


def _node(name: str) -> Object:
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "simulated",
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": {}}


def _status(world: World, node: Object, name: str) -> Object:
    return {
        **(node.get("status") or {}),
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "conditions": dated(node, [{**row, "lastHeartbeatTime": world.time} for row in _CONDITIONS], world.time),
        "addresses": [{"type": "InternalIP", "address": address_of(name)}, {"type": "Hostname", "address": name}],
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "simulated://1",
            "kernelVersion": "6.8.0",
            "kubeProxyVersion": _VERSION,
            "kubeletVersion": _VERSION,
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "Simulated Linux",
            "systemUUID": "",
        },
    }

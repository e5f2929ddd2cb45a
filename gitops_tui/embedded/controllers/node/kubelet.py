"""Pods on their nodes: from pending to running and ready, or to whatever their images make of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.node.containers import Container, Turn
from gitops_tui.embedded.controllers.node.nodes import NAMES, address_of
from gitops_tui.embedded.controllers.node.references import missing_volume
from gitops_tui.embedded.controllers.node.scheduler import schedule
from gitops_tui.embedded.controllers.workloads.conditions import condition, dated
from gitops_tui.embedded.controllers.workloads.pods import phase_of, soonest
from gitops_tui.embedded.controllers.world import World, is_going, uid_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key

STORAGE = "pods"
_MANAGER = "kubelet"
_SOURCE = "kubelet"


def reconcile(world: World, pod: Object) -> float | None:
    """One turn of a pod's life."""
    if is_going(pod):
        return _stop(world, pod)
    if not pod["spec"].get("nodeName"):
        return schedule(world, pod)
    if phase_of(pod) in {"Succeeded", "Failed"}:
        return None
    return _run(world, pod)


def _stop(world: World, pod: Object) -> float | None:
    grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
    left = world.waited(pod, "stop", min(grace, world.timings.stop))
    if left:
        for container in pod["spec"]["containers"]:
            world.event(pod, "Killing", f"Stopping container {container['name']}", source=_SOURCE)
        return left
    world.delete(pod, grace=0)
    for container in pod["spec"]["containers"]:
        world.backend.logs.forget((pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"]))
    return None


def _run(world: World, pod: Object) -> float | None:
    before = pod.get("status") or {}
    waits: list[float | None] = []
    initial, started = _initial(world, pod, before, waits)
    if started:
        main = _main(world, pod, before, waits)
    else:
        main = [_container(world, pod, row, ends=False).waiting("PodInitializing") for row in pod["spec"]["containers"]]
    status = {**before, **_addresses(pod, before, world)}
    status["phase"] = _phase(pod, initial, main)
    if initial:
        status["initContainerStatuses"] = initial
    status["containerStatuses"] = main
    rows = _conditions(status["phase"], main, started=started)
    status["conditions"] = dated(pod, rows, world.time)
    status["observedGeneration"] = pod["metadata"].get("generation", 1)
    world.set_status(pod, status, manager=_MANAGER)
    return soonest(waits)


def _container(world: World, pod: Object, row: Mapping[str, Any], *, ends: bool) -> Container:
    return Container(world, pod, row, ends)


def _known(before: Mapping[str, Any], group: str, name: str) -> Object | None:
    return next((row for row in before.get(group) or () if row["name"] == name), None)


def _initial(
    world: World, pod: Object, before: Mapping[str, Any], waits: list[float | None]
) -> tuple[list[Object], bool]:
    """The init containers, one after another, and whether the others may start."""
    done: list[Object] = []
    may_start = True
    for row in pod["spec"].get("initContainers") or ():
        sidecar = row.get("restartPolicy") == "Always"
        container = _container(world, pod, row, ends=not sidecar)
        if not may_start:
            done.append(container.waiting("PodInitializing"))
            continue
        status, left = _mounted(world, pod, container, _known(before, "initContainerStatuses", row["name"]))
        done.append(status)
        waits.append(left)
        ended = status["state"].get("terminated")
        may_start = bool(status["started"]) if sidecar else ended is not None and ended["exitCode"] == 0
    return done, may_start


def _main(world: World, pod: Object, before: Mapping[str, Any], waits: list[float | None]) -> list[Object]:
    ends = pod["spec"].get("restartPolicy", "Always") != "Always"
    result: list[Object] = []
    for row in pod["spec"]["containers"]:
        container = _container(world, pod, row, ends=ends)
        status, left = _mounted(world, pod, container, _known(before, "containerStatuses", row["name"]))
        result.append(status)
        waits.append(left)
    return result


def _mounted(world: World, pod: Object, container: Container, known: Object | None) -> Turn:
    """A container's turn, once the pod's volumes are there."""
    if known is None or "waiting" in known["state"]:
        why = missing_volume(world, pod)
        if why:
            world.event(pod, "FailedMount", why, source=_SOURCE, warning=True)
            return container.waiting("ContainerCreating"), None
    return container.turn(known)


def _addresses(pod: Object, before: Mapping[str, Any], world: World) -> Object:
    node = pod["spec"]["nodeName"]
    host = address_of(node)
    place = zlib.crc32(uid_of(pod).encode()) % 64_000 + 5
    block = NAMES.index(node) if node in NAMES else 9
    address = host if pod["spec"].get("hostNetwork") else f"10.{244 + block}.{place >> 8}.{place & 255}"
    return {
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": before.get("startTime", world.time),
    }


def _phase(pod: Object, initial: list[Object], main: list[Object]) -> str:
    restarts = pod["spec"].get("restartPolicy", "Always")
    codes = [(row["state"].get("terminated") or {}).get("exitCode") for row in main]
    if restarts != "Always" and None not in codes:
        return "Failed" if any(codes) else "Succeeded"
    failed = [row for row in initial if (row["state"].get("terminated") or {}).get("exitCode")]
    if failed and restarts == "Never":
        return "Failed"
    begun = [row for row in main if "waiting" not in row["state"] or (row.get("lastState") or {}).get("terminated")]
    return "Running" if begun and len(begun) == len(main) else "Pending"


def _conditions(phase: str, main: list[Object], *, started: bool) -> list[Object]:
    unready = [row["name"] for row in main if not row["ready"]]
    if phase == "Succeeded":
        serving = [condition(kind, False, "PodCompleted") for kind in ("Ready", "ContainersReady")]
    elif unready:
        told = f"containers with unready status: [{' '.join(unready)}]"
        serving = [condition(kind, False, "ContainersNotReady", told) for kind in ("Ready", "ContainersReady")]
    else:
        serving = [condition(kind, True) for kind in ("Ready", "ContainersReady")]
    return [
        condition("PodReadyToStartContainers", phase not in {"Succeeded", "Failed"}),
        condition("Initialized", started),
        *serving,
        condition("PodScheduled", True),
    ]


def waiting_for(world: World, body: Object) -> Iterator[Key]:
    """Pods that may wait for a ConfigMap, a Secret or a claim that has changed."""
    for pod in world.all_of("pods", body["metadata"].get("namespace", "")):
        if phase_of(pod) == "Pending":
            yield Key("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


CONTROLLER = Controller(
    STORAGE,
    reconcile,
    follows=(("configmaps", waiting_for), ("secrets", waiting_for), ("persistentvolumeclaims", waiting_for)),
)

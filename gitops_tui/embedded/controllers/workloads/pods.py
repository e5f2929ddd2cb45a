"""Pods as their controllers see them: made from a template, counted, and chosen for deletion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitops_tui.embedded.controllers.workloads.conditions import condition_of, is_true
from gitops_tui.embedded.controllers.world import (
    World,
    controller_uid,
    is_going,
    name_of,
    namespace_of,
    owned_by,
    uid_of,
)
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key
from gitops_tui.embedded.store.selectors import matches_labels


def claimed(world: World, storage: str, owner: Object) -> list[Object]:
    """The objects of a kind that an owner controls, after taking what nobody does and letting go what does not fit.

    What fits is told by the owner's selector, as for any workload.
    """
    mine: list[Object] = []
    selector, uid = owner["spec"].get("selector"), uid_of(owner)
    for body in world.all_of(storage, namespace_of(owner)):
        controller = controller_uid(body)
        if controller not in {"", uid}:
            continue
        fits = matches_labels(selector, body["metadata"].get("labels") or {})
        if controller and (fits or is_going(body)):
            mine.append(body)
        elif controller:
            _own(world, body, [row for row in _owners(body) if row["uid"] != uid])
        elif fits and not is_going(body) and not is_going(owner):
            mine.append(_own(world, body, [*_owners(body), *owned_by(owner)]))
    return mine


def _owners(body: Object) -> list[Object]:
    return list(body["metadata"].get("ownerReferences") or ())


def _own(world: World, body: Object, owners: list[Object]) -> Object:
    return world.replace({**body, "metadata": {**body["metadata"], "ownerReferences": owners}})


def make_pod(world: World, owner: Object, template: Mapping[str, Any], source: str, *, name: str = "") -> Object | None:
    """Create a pod that `owner` controls, from a template; None when that is refused."""
    stated = template.get("metadata") or {}
    metadata: Object = {key: stated[key] for key in ("labels", "annotations", "finalizers") if stated.get(key)}
    metadata |= {"namespace": namespace_of(owner), "ownerReferences": owned_by(owner)}
    metadata |= {"name": name} if name else {"generateName": f"{name_of(owner)[:57]}-"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    pod = world.create(body)
    if pod is not None:
        world.event(owner, "SuccessfulCreate", f"Created pod: {name_of(pod)}", source=source)
    return pod


def delete_pod(world: World, owner: Object, pod: Object, source: str) -> None:
    """Delete a pod on its owner's behalf."""
    world.delete(pod)
    world.event(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=source)


def phase_of(pod: Object) -> str:
    """A pod's phase."""
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_active(pod: Object) -> bool:
    """Whether a pod still runs or will run."""
    return not is_going(pod) and phase_of(pod) not in {"Succeeded", "Failed"}


def active(pods: Iterable[Object]) -> list[Object]:
    """The pods that still run or will run."""
    return [pod for pod in pods if is_active(pod)]


def is_ready(pod: Object) -> bool:
    """Whether a pod serves."""
    return is_true(pod, "Ready")


def available_after(world: World, pod: Object, min_ready: int) -> float | None:
    """Seconds until a pod counts as available: 0 when it does, None when it is not even ready."""
    if not is_ready(pod):
        return None
    ready = condition_of(pod, "Ready") or {}
    return max(0.0, min_ready - world.age(ready.get("lastTransitionTime"))) if min_ready else 0.0


def expendable_first(pods: Iterable[Object]) -> list[Object]:
    """Pods in the order in which a smaller number of replicas lets them go: waiting, not ready, then the youngest."""

    def rank(pod: Object) -> tuple[bool, int, bool]:
        order = {"Pending": 0, "Unknown": 1, "Running": 2}
        return bool(pod["spec"].get("nodeName")), order.get(phase_of(pod), 0), is_ready(pod)

    youngest = sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
    return sorted(youngest, key=rank)


def share(value: Any, whole: int, default: str, *, up: bool) -> int:
    """A number, or a percentage of `whole` rounded up or down."""
    value = default if value is None else value
    if isinstance(value, int):
        return value
    try:
        part = float(str(value).rstrip("%")) * whole / 100
    except ValueError:
        return 0
    return math.ceil(part) if up else math.floor(part)


def soonest(waits: Sequence[float | None]) -> float | None:
    """The shortest of some waits that are not over, None when there is none."""
    left = [wait for wait in waits if wait]
    return min(left) if left else None


def claimants(storage: str) -> Callable[[World, Object], Iterator[Key]]:
    """Of an object that nobody controls: the owners of a kind whose selectors fit it."""

    def follow(world: World, body: Object) -> Iterator[Key]:
        if controller_uid(body) or is_going(body):
            return
        labels = body["metadata"].get("labels") or {}
        for owner in world.all_of(storage, namespace_of(body)):
            if matches_labels(owner["spec"].get("selector"), labels):
                yield Key(storage, namespace_of(owner), name_of(owner))

    return follow

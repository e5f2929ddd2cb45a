"""Fills an empty cluster with the demo's past: what was deployed, and what somebody changed since.

It is lived through on a clock that runs from then to now, so that ages, revisions and restarts are what they would be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gitops_tui.embedded.api import scale, write
from gitops_tui.embedded.api.backend import Backend, clock
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.controllers import ALL, Controllers, ManualClock
from gitops_tui.embedded.controllers.node.nodes import make_nodes
from gitops_tui.embedded.demo.history import HOUR
from gitops_tui.embedded.demo.past import Deployment, deployments
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Body

_SETTLE = 40.0
_DRIFT_AGO = 3 * HOUR


def live_through(backend: Backend, now: float) -> None:
    """Fill an empty cluster with the demo's past, up to `now`."""
    acts: list[tuple[float, Callable[[], None]]] = [
        (now - each.ago, partial(_deploy, backend, each)) for each in deployments()
    ]
    acts.append((now - _DRIFT_AGO, partial(_drift, backend)))
    acts.sort(key=lambda act: act[0])
    hand = ManualClock(acts[0][0] - HOUR)
    controllers = Controllers(backend, ALL, clock=hand)
    controllers.world.silent_before = now - HOUR
    with clock(hand.now):
        make_nodes(controllers.world)
        controllers.begin()
        for time, act in acts:
            hand.move_to(time)
            controllers.step()
            act()
            controllers.advance(_SETTLE)
        controllers.advance(max(0.0, now - hand.now()))
    controllers.stop()


def _deploy(backend: Backend, deployment: Deployment) -> None:
    namespace = deployment.row.namespace
    if backend.namespace(namespace) is None:
        _apply(backend, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for body in deployment.bodies:
        _apply(backend, body)


def _apply(backend: Backend, body: Body) -> None:
    call = _call(backend, body, FIELD_MANAGER)
    call.force = True
    write.patch(backend, call, write.APPLY_PATCH, body)


def _call(backend: Backend, body: Body, manager: str, subresource: str = "") -> Call:
    resource = backend.registry.of_kind(body["apiVersion"], body["kind"])
    if resource is None:
        raise LookupError(f"{body['apiVersion']} {body['kind']} is not served")
    metadata = body["metadata"]
    return Call(resource, metadata.get("namespace", ""), metadata["name"], subresource, manager=manager)


def _drift(backend: Backend) -> None:
    """Somebody looked for a fault in the catalog with kubectl, and left it so."""
    target: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "catalog"},
    }
    replicas = {"spec": {"replicas": 5}}
    scale.patch_scale(backend, _call(backend, target, "kubectl", "scale"), write.MERGE_PATCH, replicas)
    container = {"name": "catalog", "env": [{"name": "LOG_LEVEL", "value": "debug"}]}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    write.patch(backend, _call(backend, target, "kubectl-edit"), write.STRATEGIC_PATCH, change)

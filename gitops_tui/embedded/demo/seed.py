"""The demo's past: what was deployed from the sample repository before the user came, and what somebody changed since.

It is lived through on a clock that runs from then to now, so that ages, revisions and restarts are what they would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from gitops_tui.embedded.api import scale, write
from gitops_tui.embedded.api.backend import Backend, clock
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.controllers import ALL, Controllers, ManualClock
from gitops_tui.embedded.controllers.node.nodes import make_nodes
from gitops_tui.embedded.demo.configuration import ROWS, Row
from gitops_tui.embedded.demo.history import HOUR, Commit, Tree, trees
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.model.ownership import (
    APPLICATION_LABEL,
    DIGEST_ANNOTATION,
    FIELD_MANAGER,
    TRACKING_ANNOTATION,
    tracking_id,
)
from gitops_tui.model.resources import Body, Manifest
from gitops_tui.yamlio import load_all

NEVER_DEPLOYED = frozenset({"notifications"})
NEWEST_NOT_DEPLOYED = frozenset({"checkout", "reports"})
RENDERED = frozenset({"checkout", "payments"})
"""Applications that need Kustomize or Helm: what these make of each commit is part of the package."""

_DELAY = 90.0
_SETTLE = 40.0
_DRIFT_AGO = 3 * HOUR


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of the past. time: seconds since the epoch."""

    time: float
    row: Row
    bodies: tuple[Body, ...]


def live_through(backend: Backend, now: float) -> None:
    """Fill an empty cluster with the demo's past, up to `now`."""
    deployments = sorted(_deployments(now), key=lambda each: each.time)
    hand = ManualClock(deployments[0].time - HOUR)
    controllers = Controllers(backend, ALL, clock=hand)
    with clock(hand.now):
        make_nodes(controllers.world)
        controllers.begin()
        acts: list[tuple[float, Callable[[], None]]] = [
            (each.time, partial(_deploy, backend, each)) for each in deployments
        ]
        acts.append((now - _DRIFT_AGO, partial(_drift, backend)))
        for time, act in sorted(acts, key=lambda pair: pair[0]):
            hand.move_to(time)
            controllers.step()
            act()
            controllers.advance(_SETTLE)
        controllers.advance(max(0.0, now - hand.now()))
    controllers.stop()


def history_of(application: str) -> Iterator[tuple[Commit, Tree]]:
    """The commits that touch an application's folder, oldest first, each with the tree after it."""
    prefix = f"apps/{application}/"
    before: dict[str, str] = {}
    for commit, tree in trees():
        mine = {path: text for path, text in tree.items() if path.startswith(prefix)}
        if mine != before:
            before = mine
            yield commit, tree


def _deployments(now: float) -> Iterator[Deployment]:
    for row in ROWS:
        if row.name in NEVER_DEPLOYED:
            continue
        commits = list(history_of(row.name))
        if row.name in NEWEST_NOT_DEPLOYED:
            commits.pop()
        for number, (commit, tree) in enumerate(commits, 1):
            yield Deployment(now - commit.ago + _DELAY, row, _bodies(row.name, number, tree))


def _bodies(application: str, number: int, tree: Tree) -> tuple[Body, ...]:
    if application in RENDERED:
        path = files("gitops_tui.embedded.demo") / "rendered" / application / f"{number}.yaml"
        texts = {str(path): path.read_text("utf-8")}
    else:
        texts = {path: text for path, text in tree.items() if path.startswith(f"apps/{application}/")}
    return tuple(document.value for path, text in texts.items() for document in load_all(text.encode(), name=path))


def _deploy(backend: Backend, deployment: Deployment) -> None:
    namespace = deployment.row.namespace
    if backend.namespace(namespace) is None:
        _apply(backend, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for body in deployment.bodies:
        _apply(backend, _stamped(deployment.row, body, namespaced=_kind(backend, body).namespaced))


def _kind(backend: Backend, body: Body) -> Resource:
    resource = backend.registry.of_kind(body["apiVersion"], body["kind"])
    if resource is None:
        raise LookupError(f"{body['apiVersion']} {body['kind']} is not served")
    return resource


def _stamped(row: Row, body: Body, *, namespaced: bool) -> Body:
    """A body as a sync of the application would apply it."""
    metadata = dict(body["metadata"])
    if namespaced:
        metadata.setdefault("namespace", row.namespace)
    manifest = Manifest.of({**body, "metadata": metadata})
    marks = {TRACKING_ANNOTATION: tracking_id(row.name, manifest.key), DIGEST_ANNOTATION: manifest.digest}
    metadata["labels"] = {**(metadata.get("labels") or {}), APPLICATION_LABEL: row.name}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    return {**body, "metadata": metadata}


def _apply(backend: Backend, body: Body) -> None:
    call = _call(backend, body, FIELD_MANAGER)
    call.force = True
    write.patch(backend, call, write.APPLY_PATCH, body)


def _call(backend: Backend, body: Body, manager: str, subresource: str = "") -> Call:
    metadata = body["metadata"]
    return Call(_kind(backend, body), metadata.get("namespace", ""), metadata["name"], subresource, manager=manager)


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

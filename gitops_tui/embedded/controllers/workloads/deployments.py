"""Deployments: a ReplicaSet for each pod template, scaled over from the old ones to the new one."""

from __future__ import annotations

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads import progress, replicasets
from gitops_tui.embedded.controllers.workloads.limits import Limits, proportions
from gitops_tui.embedded.controllers.workloads.pods import active, claimants, claimed
from gitops_tui.embedded.controllers.world import (
    World,
    hash_of,
    is_going,
    name_of,
    namespace_of,
    owned_by,
    with_annotations,
    with_labels,
)
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "deployments.apps"
HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAXIMUM = "deployment.kubernetes.io/max-replicas"
_SOURCE = "deployment-controller"
_NOT_COPIED = {"kubectl.kubernetes.io/last-applied-configuration", REVISION, _DESIRED, _MAXIMUM}


def reconcile(world: World, body: Object) -> float | None:
    """One move of a rollout, and the status it leads to."""
    if is_going(body):
        return None
    sets = sorted(claimed(world, replicasets.STORAGE, body), key=_age)
    new = next((row for row in sets if _template_of(row) == body["spec"]["template"]), None)
    limits = Limits.of(body)
    paused = bool(body["spec"].get("paused"))
    may_start = paused or _may_start(world, body, sets, new)
    if may_start and not paused:
        new = _new_set(world, body, sets, new, limits)
    old = [row for row in sets if new is None or name_of(row) != name_of(new)]
    if new is not None:
        body = _copy_revision(world, body, new)
    everyone = [*old, *([new] if new else [])]
    if (paused or any(map(_size, old))) and _is_rescaled(everyone, limits):
        _rescale(world, body, everyone, limits)
    elif new is not None and not paused:
        _move(world, body, new, old, limits)
        _clean_up(world, body, old)
    left = progress.report(world, body, name_of(new) if new else "", least=limits.replicas - limits.unavailable)
    return left if may_start else world.timings.ready


def _age(row: Object) -> tuple[str, str]:
    return row["metadata"]["creationTimestamp"], name_of(row)


def _template_of(row: Object) -> Object:
    template = row["spec"]["template"]
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key != HASH_LABEL}
    return {**template, "metadata": metadata}


def _revision(row: Object) -> int:
    text = (row["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def _may_start(world: World, body: Object, sets: list[Object], new: Object | None) -> bool:
    """Whether the new ReplicaSet may be made; Recreate waits until every old pod is gone."""
    if (body["spec"].get("strategy") or {}).get("type") != "Recreate" or new is not None:
        return True
    running = False
    for row in sets:
        if row["spec"]["replicas"]:
            _scale(world, body, row, 0)
        running = running or bool(world.controlled("pods", row))
    return not running


def _new_set(world: World, body: Object, sets: list[Object], new: Object | None, limits: Limits) -> Object | None:
    """The ReplicaSet of the present template, made or brought up to date."""
    others = [_revision(row) for row in sets if new is None or name_of(row) != name_of(new)]
    annotations = {
        key: value for key, value in (body["metadata"].get("annotations") or {}).items() if key not in _NOT_COPIED
    }
    annotations |= {_DESIRED: str(limits.replicas), _MAXIMUM: str(limits.most)}
    if new is not None:
        newest = max(others, default=0)
        number = _revision(new) if _revision(new) > newest else newest + 1
        changed = with_annotations(new, annotations | {REVISION: str(number)})
        return world.replace(changed) if changed != new else new
    template = body["spec"]["template"]
    label = hash_of(template)
    labels = {HASH_LABEL: label}
    stated = with_labels(template, labels)
    number = max(others, default=0) + 1
    spec = {
        "replicas": limits.growth(0, sum(map(_size, sets))),
        "minReadySeconds": body["spec"].get("minReadySeconds", 0),
        "selector": {
            **body["spec"]["selector"],
            "matchLabels": {**(body["spec"]["selector"].get("matchLabels") or {}), **labels},
        },
        "template": stated,
    }
    made = world.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name_of(body)}-{label}",
                "namespace": namespace_of(body),
                "labels": stated["metadata"]["labels"],
                "annotations": annotations | {REVISION: str(number)},
                "ownerReferences": owned_by(body),
            },
            "spec": spec,
        }
    )
    if made is not None and spec["replicas"]:
        _tell(world, body, made, 0, spec["replicas"])
    return made


def _copy_revision(world: World, body: Object, new: Object) -> Object:
    number = str(_revision(new))
    if (body["metadata"].get("annotations") or {}).get(REVISION) == number:
        return body
    return world.replace(with_annotations(body, {REVISION: number}))


def _move(world: World, body: Object, new: Object, old: list[Object], limits: Limits) -> None:
    """Scale the new ReplicaSet up as far as the surge allows, and the old ones down as far as pods are available."""
    size = new["spec"]["replicas"]
    total = size + sum(map(_size, old))
    wanted = limits.replicas if size > limits.replicas else limits.growth(size, total)
    if wanted != size:
        new = _scale(world, body, new, wanted)
        return
    _sized(world, new, limits)
    missing = new["spec"]["replicas"] - _available(new)
    spare = total - (limits.replicas - limits.unavailable) - missing
    if spare <= 0:
        return
    for row in old:
        sick = min(spare, row["spec"]["replicas"] - _available(row))
        if sick > 0:
            row = _scale(world, body, row, row["spec"]["replicas"] - sick)  # noqa: PLW2901 - its newest state
            spare -= sick
    able = sum(map(_available, [new, *old])) - (limits.replicas - limits.unavailable)
    _shrink(world, body, old, min(able, spare))


def _shrink(world: World, body: Object, old: list[Object], by: int) -> None:
    for stale in old:
        row = world.get(replicasets.STORAGE, namespace_of(stale), name_of(stale)) or stale
        step = min(by, row["spec"]["replicas"])
        if step > 0:
            _scale(world, body, row, row["spec"]["replicas"] - step)
            by -= step


def _available(row: Object) -> int:
    return int((row.get("status") or {}).get("availableReplicas", 0))


def _size(row: Object) -> int:
    return int(row["spec"]["replicas"])


def _most(row: Object) -> int:
    text = (row["metadata"].get("annotations") or {}).get(_MAXIMUM, "0")
    return int(text) if text.isdecimal() else 0


def _is_rescaled(sets: list[Object], limits: Limits) -> bool:
    """Whether the Deployment was scaled since its running ReplicaSets were sized."""
    running = [row for row in sets if _size(row)]
    return any((row["metadata"].get("annotations") or {}).get(_DESIRED) != str(limits.replicas) for row in running)


def _rescale(world: World, body: Object, sets: list[Object], limits: Limits) -> None:
    """Follow a change of the replicas in the middle of a rollout: every ReplicaSet gets its share of it."""
    running = [row for row in sets if _size(row)]
    sizes = proportions([(_size(row), _most(row)) for row in running], limits)
    for row, size in zip(running, sizes, strict=True):
        _scale(world, body, row, size)


def _scale(world: World, body: Object, row: Object, size: int) -> Object:
    before = row["spec"]["replicas"]
    limits = Limits.of(body)
    marked = with_annotations(row, {_DESIRED: str(limits.replicas), _MAXIMUM: str(limits.most)})
    changed = world.replace({**marked, "spec": {**row["spec"], "replicas": size}})
    if size != before:
        _tell(world, body, changed, before, size)
    return changed


def _sized(world: World, row: Object, limits: Limits) -> None:
    marked = with_annotations(row, {_DESIRED: str(limits.replicas), _MAXIMUM: str(limits.most)})
    if marked != row:
        world.replace(marked)


def _tell(world: World, body: Object, row: Object, before: int, after: int) -> None:
    way = "up" if after > before else "down"
    told = f"Scaled {way} replica set {name_of(row)} from {before} to {after}"
    world.event(body, "ScalingReplicaSet", told, source=_SOURCE)


def _clean_up(world: World, body: Object, old: list[Object]) -> None:
    """Forget the oldest revisions beyond the history limit."""
    idle = [row for row in old if not row["spec"]["replicas"] and not active(world.controlled("pods", row))]
    excess = len(idle) - body["spec"].get("revisionHistoryLimit", 10)
    for row in sorted(idle, key=_revision)[: max(0, excess)]:
        if not is_going(row):
            world.delete(row)


CONTROLLER = Controller(STORAGE, reconcile, follows=((replicasets.STORAGE, claimants(STORAGE)),))

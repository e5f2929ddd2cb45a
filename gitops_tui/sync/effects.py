"""What a change does beyond its object: pods that restart or end, and what no manifest brings back. Pure."""

from __future__ import annotations

from typing import Any, Final

from gitops_tui.model.fields import dig
from gitops_tui.model.operations import Action, Method
from gitops_tui.model.resources import FieldChange
from gitops_tui.sync.pair import Pair

_TEMPLATED: Final = frozenset({"DaemonSet", "Deployment", "StatefulSet"})
"""Kinds whose pods are made of a template in them."""
_LOSSES: Final = {
    "CustomResourceDefinition": "every object of its kind is deleted with it",
    "Namespace": "everything in it is deleted with it",
    "PersistentVolume": "its data may be lost",
    "PersistentVolumeClaim": "its data may be lost",
}
"""What no manifest brings back when an object of a kind is deleted."""
_SHRINKS_NOT: Final = "a volume that has grown cannot shrink again"


def loss_of(pair: Pair) -> str:
    """Return what no manifest brings back once the live object is deleted, "" when nothing is lost."""
    return "" if pair.unused else _LOSSES.get(pair.key.kind, "")


def loss_by_update(pair: Pair) -> str:
    """Return what cannot be undone once the live object is updated, "" when all can: a volume claim that grows."""
    paths = (change.path for change in pair.drift.changes)
    is_resized = pair.key.kind == "PersistentVolumeClaim" and any(path.startswith("spec.resources") for path in paths)
    return _SHRINKS_NOT if is_resized else ""


def restarts_pods(pair: Pair, method: Method) -> bool:
    """Whether an update in this way restarts the pods of a workload."""
    if pair.key.kind not in _TEMPLATED:
        return False
    return method is Method.RECREATE or (_changes_template(pair) and not _why_pods_stay(pair))


def _changes_template(pair: Pair) -> bool:
    return any(_is_template(change) for change in pair.drift.changes)


def _why_pods_stay(pair: Pair) -> str:
    """Why a changed template restarts no pod now, "" where it does."""
    if _stated_or_live(pair, "updateStrategy", "type") == "OnDelete":
        return "its pods change only when they are deleted (OnDelete)"
    if _stated_or_live(pair, "paused") is True:
        return "its pods restart only when its rollout is no longer paused"
    return ""


def _stated_or_live(pair: Pair, *path: str) -> Any:
    """A field of the spec as it will be: what Git states, else what is live."""
    bodies = (pair.manifest.body if pair.manifest else None, pair.live)
    return next((found for each in bodies if (found := dig(each, "spec", *path)) is not None), None)


def of_pods(pair: Pair, action: Action, *, restarts: bool) -> tuple[str, ...]:
    """Return what a change means for the pods of a workload. restarts: as `restarts_pods` has it."""
    if restarts:
        return ("its pods restart",)
    if pair.key.kind not in _TEMPLATED:
        return ()
    if action is Action.DELETE:
        return ("its pods end",)
    return (_why_pods_stay(pair),) if action is Action.UPDATE and _changes_template(pair) else ()


def _is_template(change: FieldChange) -> bool:
    return change.path.startswith("spec.template")

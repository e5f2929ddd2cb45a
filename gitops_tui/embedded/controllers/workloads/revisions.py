"""ControllerRevisions: the pod templates that a StatefulSet or DaemonSet has had."""

from __future__ import annotations

from gitops_tui.embedded.controllers.world import World, hash_of, is_going, name_of, namespace_of, owned_by
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "controllerrevisions.apps"
LABEL = "controller-revision-hash"


def revision_of(world: World, body: Object) -> Object | None:
    """The revision of an object's present template: found, brought back to the top, or made."""
    known = sorted(world.controlled(STORAGE, body), key=lambda row: row["revision"])
    template = body["spec"]["template"]
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    number = known[-1]["revision"] + 1 if known else 1
    for row in known:
        if row["data"] == data:
            return row if row is known[-1] else world.replace({**row, "revision": number})
    label = hash_of(template)
    made = world.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": f"{name_of(body)}-{label}",
                "namespace": namespace_of(body),
                "labels": {**((template.get("metadata") or {}).get("labels") or {}), LABEL: label},
                "ownerReferences": owned_by(body),
            },
            "data": data,
            "revision": number,
        }
    )
    _clean_up(world, body, known)
    return made


def hash_label(revision: Object) -> str:
    """What pods of a revision are labelled with."""
    return str(revision["metadata"]["labels"][LABEL])


def _clean_up(world: World, body: Object, old: list[Object]) -> None:
    for row in old[: max(0, len(old) - body["spec"].get("revisionHistoryLimit", 10))]:
        if not is_going(row):
            world.delete(row)

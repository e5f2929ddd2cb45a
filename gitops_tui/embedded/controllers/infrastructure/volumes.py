"""Claims get volumes, and give them back."""

from __future__ import annotations

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.world import MANAGER, World, is_going, name_of, namespace_of, uid_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key

CLAIMS = "persistentvolumeclaims"
VOLUMES = "persistentvolumes"
_SOURCE = "simulated-storage"


def reconcile_claim(world: World, claim: Object) -> float | None:
    """Make a volume for a claim and bind the two."""
    before = claim.get("status") or {}
    if is_going(claim):
        return None
    if before.get("phase") == "Bound":
        _grow(world, claim, before)
        return None
    if before.get("phase") != "Pending":
        world.set_status(claim, {**before, "phase": "Pending"})
    if left := world.waited(claim, "bind", world.timings.bind):
        return left
    volume = claim["spec"].get("volumeName") or f"pvc-{uid_of(claim)}"
    _make(world, claim, volume)
    if not claim["spec"].get("volumeName"):
        current = world.get(CLAIMS, namespace_of(claim), name_of(claim)) or claim
        claim = world.replace({**current, "spec": {**current["spec"], "volumeName": volume}})
    capacity = {"storage": _asked(claim)}
    status = {"phase": "Bound", "accessModes": claim["spec"].get("accessModes", []), "capacity": capacity}
    world.set_status(claim, {**(claim.get("status") or {}), **status})
    world.event(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {volume}", source=_SOURCE)
    return None


def _asked(claim: Object) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "1Gi"))


def _grow(world: World, claim: Object, before: Object) -> None:
    """Follow a claim that asks for more."""
    if (before.get("capacity") or {}).get("storage") != _asked(claim):
        world.set_status(claim, {**before, "capacity": {"storage": _asked(claim)}})


def _make(world: World, claim: Object, name: str) -> None:
    reference = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": name_of(claim),
        "namespace": namespace_of(claim),
        "uid": uid_of(claim),
    }
    spec: Object = {
        "accessModes": claim["spec"].get("accessModes", []),
        "capacity": {"storage": _asked(claim)},
        "claimRef": reference,
        "hostPath": {"path": f"/var/lib/simulated/{name}"},
        "persistentVolumeReclaimPolicy": "Delete",
        "volumeMode": "Filesystem",
    }
    if claim["spec"].get("storageClassName"):
        spec["storageClassName"] = claim["spec"]["storageClassName"]
    made = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
    world.create(made, manager=MANAGER)


def reconcile_volume(world: World, volume: Object) -> float | None:
    """Keep a volume's phase; delete it with its claim."""
    if is_going(volume):
        return None
    reference = volume["spec"].get("claimRef") or {}
    claim = world.get(CLAIMS, reference.get("namespace", ""), reference.get("name", ""))
    phase = "Bound" if claim is not None and uid_of(claim) == reference.get("uid") else "Released"
    if not reference:
        phase = "Available"
    if phase == "Released" and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        world.delete(volume)
        return None
    before = volume.get("status") or {}
    if before.get("phase") != phase:
        world.set_status(volume, {**before, "phase": phase})
    return None


def volume_of(world: World, claim: Object) -> list[Key]:
    """The volume that a claim is bound to."""
    del world
    name = claim["spec"].get("volumeName")
    return [Key(VOLUMES, "", name)] if name else []


CLAIM_CONTROLLER = Controller(CLAIMS, reconcile_claim)
VOLUME_CONTROLLER = Controller(VOLUMES, reconcile_volume, follows=((CLAIMS, volume_of),))

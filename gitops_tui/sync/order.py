"""The order of a sync: phase, wave, kind, name (semantics.md: Order of a sync). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from gitops_tui.model.fields import dig, text
from gitops_tui.model.operations import Action, Change, SyncPhase
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.model.values import dataclass, replace

_KINDS: Final = (
    *("Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget"),
    *("ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass"),
    *("PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition"),
    *("ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList"),
    *("Role", "RoleList", "RoleBinding", "RoleBindingList"),
    *("Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment"),
    *("HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService"),
)
DEFINITION: Final = "CustomResourceDefinition"
_LAST: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_RANKS: Final[Mapping[str, int]] = {kind: rank for rank, kind in enumerate(_KINDS)}
_PHASES: Final[Mapping[SyncPhase, int]] = {phase: index for index, phase in enumerate(SyncPhase)}


def rank_of(kind: str) -> int:
    """Return where a kind stands in the order of kinds; every kind that is not in it comes after those that are."""
    return _RANKS.get(kind, len(_KINDS) + 1 if kind in _LAST else len(_KINDS))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """When a change is made. Changes of one place are made at the same time, places one after another.

    deletes: 1 after everything that is applied in the phase. behind: 0 for what others of its rank need.
    """

    phase: int
    deletes: int
    wave: int
    rank: int
    behind: int = 1


class Introduced:
    """What a plan brings into being for its own objects: kinds (with their definition) and namespaces.

    manifests: of objects that are not there yet. changed: of those that are, and change.
    """

    def __init__(self, manifests: Iterable[Manifest], changed: Iterable[Manifest] = ()) -> None:
        self._redefined = {defined_kind(each.body) for each in changed if each.key.kind == "CustomResourceDefinition"}
        self.kinds: dict[tuple[str, str], ResourceKey] = {}
        self.namespaces: dict[str, ResourceKey] = {}
        for manifest in manifests:
            if manifest.key.kind == DEFINITION:
                self.kinds[defined_kind(manifest.body)] = manifest.key
            elif manifest.key.kind == "Namespace" and not manifest.key.group:
                self.namespaces[manifest.key.name] = manifest.key

    def excuses(self, key: ResourceKey) -> bool:
        """Whether a dry-run of the object cannot succeed yet, because its kind or namespace comes with the plan."""
        return self.serves(key) or key.namespace in self.namespaces

    def serves(self, key: ResourceKey) -> bool:
        """Whether the kind of the object comes with the plan."""
        return (key.group, key.kind) in self.kinds

    def redefines(self, key: ResourceKey) -> bool:
        """Whether the kind of the object gets another definition: a version or a field may come with the plan."""
        return (key.group, key.kind) in self._redefined


def defined_kind(definition: Body) -> tuple[str, str]:
    """Return group and kind that a CustomResourceDefinition defines."""
    return text(dig(definition, "spec", "group")), text(dig(definition, "spec", "names", "kind"))


def arranged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes in the order in which they are made, whatever order they come in.

    A Namespace takes the phase and wave of its first user, a CustomResourceDefinition those of its first custom
    resource. Deletions follow what their phase applies, with waves and kinds reversed.
    """
    made = _advanced(tuple(changes))
    places = _places(made)
    return tuple(sorted(made, key=lambda change: (places[id(change)], *_identity(change.key))))


def steps(changes: Iterable[Change]) -> tuple[tuple[Place, tuple[Change, ...]], ...]:
    """Return arranged changes in groups, each of which may be made at once."""
    made = arranged(changes)
    places = _places(made)
    return tuple((place, tuple(group)) for place, group in groupby(made, key=lambda change: places[id(change)]))


def _identity(key: ResourceKey) -> tuple[str, str, str, str]:
    return key.kind, key.name, key.namespace, key.group


def _place(change: Change) -> Place:
    rank = rank_of(change.key.kind)
    if change.manifest is None:
        return Place(_PHASES[change.phase], 1, -change.wave, -rank)
    return Place(_PHASES[change.phase], 0, change.wave, rank)


def _first_users(changes: Iterable[Change]) -> dict[ResourceKey, Change]:
    """Return the first change that needs each introduced namespace or kind."""
    applied = [change for change in changes if change.manifest is not None]
    introduced = Introduced(change.manifest for change in applied if change.manifest is not None)
    first: dict[ResourceKey, Change] = {}
    for change in sorted(applied, key=_place):
        for needed in (
            introduced.namespaces.get(change.key.namespace),
            introduced.kinds.get((change.key.group, change.key.kind)),
        ):
            if needed is not None and needed != change.key:
                first.setdefault(needed, change)
    return first


def _advanced(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    first = _first_users(changes)

    def advance(change: Change) -> Change:
        user = first.get(change.key)
        if user is None or (_PHASES[change.phase], change.wave) <= (_PHASES[user.phase], user.wave):
            return change
        return replace(change, phase=user.phase, wave=user.wave)

    return tuple(advance(change) for change in changes)


def _places(changes: tuple[Change, ...]) -> dict[int, Place]:
    """Return the place of each change, by its identity: one object may run in several phases."""
    first = _first_users(changes)

    def place_of(change: Change) -> Place:
        own = _place(change)
        user = first.get(change.key)
        if user is None or own.deletes:
            return own
        ahead = replace(_place(user), behind=0)
        return min(own, replace(ahead, rank=min(ahead.rank, own.rank)) if change.key.kind == "Namespace" else ahead)

    return {id(change): place_of(change) for change in changes}


def is_write(change: Change) -> bool:
    """Whether a change writes to the cluster."""
    return change.action is not Action.SKIP

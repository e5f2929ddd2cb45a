"""A cluster in memory, a recorder that keeps a diary, and a clock that only waiting moves."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitops_tui.diff import compare
from gitops_tui.model.application import Application, Source
from gitops_tui.model.errors import ClusterError, ConflictError, InvalidError, NotServedError
from gitops_tui.model.fields import dig
from gitops_tui.model.operations import ChangeSet, ResourceResult
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey
from gitops_tui.sync import Pair, stamp
from gitops_tui.sync.execution import execute
from gitops_tui.sync.plan import plan
from gitops_tui.sync.ports import Audience, Outcome

BUILTIN = {
    "v1": "Namespace ConfigMap Secret Service ServiceAccount PersistentVolume PersistentVolumeClaim Pod",
    "apps/v1": "DaemonSet Deployment StatefulSet",
    "batch/v1": "Job",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "admissionregistration.k8s.io/v1": "ValidatingWebhookConfiguration",
}
CLUSTER_SCOPED = {"Namespace", "PersistentVolume", "CustomResourceDefinition", "ValidatingWebhookConfiguration"}

SHOP = Application("shop", Source("https://git.example/shop"))


def body(
    kind: str, name: str, /, *, namespace: str = "shop", notes: dict[str, str] | None = None, **fields: Any
) -> Any:
    """An object as Git states it."""
    version = next((version for version, kinds in BUILTIN.items() if kind in kinds.split()), "example.org/v1")
    metadata: dict[str, Any] = {"name": name}
    if kind not in CLUSTER_SCOPED:
        metadata["namespace"] = namespace
    if notes:
        metadata["annotations"] = notes
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def definition(kind: str = "Widget") -> Any:
    """A CustomResourceDefinition of `example.org`."""
    return body("CustomResourceDefinition", f"{kind.lower()}s.example.org", spec=definition_spec(kind))


def definition_spec(kind: str) -> Any:
    return {"group": "example.org", "names": {"kind": kind}}


@dataclass
class Clock:
    """Monotonic seconds that pass only while somebody waits; `at` does something when a time has come."""

    stop: threading.Event
    time: float = 0.0
    events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __call__(self) -> float:
        return self.time

    def at(self, time: float, happening: Callable[[], None]) -> None:
        self.events.append((time, happening))

    def wait(self, seconds: float) -> bool:
        self.time += seconds
        due = [event for event in self.events if event[0] <= self.time]
        self.events = [event for event in self.events if event[0] > self.time]
        for _, happening in due:
            happening()
        return self.stop.is_set()


@dataclass(frozen=True)
class Answer:
    body: Body
    warnings: tuple[str, ...] = ()


class World:
    """A small API server: versions, uids, dry-run, namespaces, definitions, preconditions, finalizers."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[ResourceKey, dict[str, Any]] = {}
        self.diary: list[str] = []
        self.dry_runs: list[str] = []
        self.broken: dict[ResourceKey, ClusterError] = {}
        self.refused: dict[ResourceKey, ClusterError] = {}
        self.unreadable: dict[ResourceKey, ClusterError] = {}
        self.on_apply: Callable[[ResourceKey, dict[str, Any]], None] = lambda _key, _body: None
        self.warnings: dict[ResourceKey, tuple[str, ...]] = {}
        self.conflicts: dict[ResourceKey, tuple[str, ...]] = {}
        self.lax: set[ResourceKey] = set()
        self.unquoted: set[ResourceKey] = set()
        self.reads: list[ResourceKey] = []
        self.serial = 0

    # what the product asks

    def read(self, key: ResourceKey, *, api_version: str = "") -> Body | None:
        with self.lock:
            if key in self.unreadable:
                raise self.unreadable[key]
            self.resource(key.group, key.kind)
            self.reads.append(key)
            return copy.deepcopy(self.objects.get(key))

    def apply(
        self,
        manifest: Manifest,
        *,
        force: bool = False,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
        anew: bool = False,
        resource_version: str = "",
    ) -> Answer:
        with self.lock:
            key = manifest.key
            self.unquoted |= {key} if secret else set()
            self.lax |= {key} if not validate else set()
            self._admit(key, force=force, dry_run=dry_run)
            before = self.objects.get(key)
            wanted = "1" if anew else resource_version
            if before and wanted and before["metadata"]["resourceVersion"] != wanted:
                raise ConflictError(str(key), "the object has been modified", status=409)
            after = copy.deepcopy(before) if before else _new(self._next("uid"))
            merge(after, copy.deepcopy(dict(manifest.body)))
            if before is not None and compare(before, after, after).code == DriftCode.IN_SYNC and after == before:
                return Answer(copy.deepcopy(after), self.warnings.get(key, ()))
            if dig(before, "spec") != dig(after, "spec"):
                after["metadata"]["generation"] = (dig(after, "metadata", "generation") or 0) + 1
            after["metadata"]["resourceVersion"] = self._next("")
            if not dry_run:
                self.objects[key] = after
                self.diary.append(f"apply {key.kind}/{key.name}")
                self.on_apply(key, after)
            return Answer(copy.deepcopy(after), self.warnings.get(key, ()))

    def replace(
        self,
        manifest: Manifest,
        *,
        uid: str,
        resource_version: str,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
    ) -> Answer:
        with self.lock:
            key = manifest.key
            self.unquoted |= {key} if secret else set()
            self._admit(key, force=True, dry_run=dry_run)
            metadata = self.objects[key]["metadata"]
            if (metadata["uid"], metadata["resourceVersion"]) != (uid, resource_version):
                raise ConflictError(str(key), "the object has been modified", status=409)
            after = copy.deepcopy(dict(manifest.body))
            after["metadata"] |= {"uid": uid, "resourceVersion": self._next("")}
            if not dry_run:
                self.objects[key] = after
                self.diary.append(f"replace {key.kind}/{key.name}")
            return Answer(copy.deepcopy(after))

    def delete(
        self,
        key: ResourceKey,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "foreground",
        dry_run: bool = False,
    ) -> None:
        with self.lock:
            live = self.objects.get(key)
            if dry_run or live is None:
                return
            if key in self.broken:
                raise self.broken[key]
            metadata = live["metadata"]
            if metadata["uid"] != uid or resource_version not in {"", metadata["resourceVersion"]}:
                raise ConflictError(str(key), "the object has been modified", status=409)
            self.diary.append(f"delete {key.kind}/{key.name} {propagation}")
            if metadata.get("finalizers"):
                metadata["deletionTimestamp"] = "2026-03-01T12:00:00Z"
            else:
                del self.objects[key]

    def resource(self, group: str, kind: str) -> object:
        with self.lock:
            for version, kinds in BUILTIN.items():
                if kind in kinds.split() and version.rpartition("/")[0] == group:
                    return kind
            for key, live in self.objects.items():
                if key.kind == "CustomResourceDefinition" and dig(live, "spec", "names", "kind") == kind:
                    conditions = dig(live, "status", "conditions") or []
                    if {"type": "Established", "status": "True"} in conditions:
                        return kind
            raise NotServedError(f"{group}/{kind}", "is not served", status=404)

    # what a test says

    def put(self, *bodies: Any, application: Application | None = None) -> None:
        """Objects that were there before, as an application's or as nobody's."""
        for each in bodies:
            stated = Manifest.of(each)
            made = copy.deepcopy(dict((stamp(stated, application) if application else stated).body))
            made["metadata"] |= {"uid": self._next("uid"), "resourceVersion": self._next("")}
            self.objects[stated.key] = made

    def touch(self, key: ResourceKey, **fields: Any) -> None:
        """Somebody else changes an object."""
        merge(self.objects[key], fields)
        self.objects[key]["metadata"]["resourceVersion"] = self._next("")

    def vanish(self, key: ResourceKey) -> None:
        """Somebody else takes an object away."""
        del self.objects[key]

    def _next(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial}"

    def _admit(self, key: ResourceKey, *, force: bool, dry_run: bool) -> None:
        self.resource(key.group, key.kind)
        if dry_run:
            self.dry_runs.append(f"{key.kind}/{key.name}")
        if key.namespace and ResourceKey("", "Namespace", "", key.namespace) not in self.objects:
            raise InvalidError(str(key), f"namespaces {key.namespace!r} not found", status=404)
        if key in self.conflicts and not force:
            raise ConflictError(str(key), "other field managers own fields", status=409, causes=self.conflicts[key])
        if key in self.refused:
            raise self.refused[key]
        if key in self.broken and not dry_run:
            raise self.broken[key]


def _new(uid: str) -> dict[str, Any]:
    return {"metadata": {"uid": uid}}


def merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = value


class Diary:
    """A recorder that writes into the world's diary."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.results: list[ResourceResult] = []
        self.inventory: set[ResourceKey] = set()

    def intend(self, application: str, keys: Sequence[ResourceKey]) -> None:
        self.inventory.update(keys)
        self.world.diary.append(f"intend {len(keys)}")

    def applied(self, application: str, key: ResourceKey, uid: str) -> None:
        assert uid
        assert key in self.inventory

    def strike(self, application: str, key: ResourceKey) -> None:
        self.inventory.discard(key)
        self.world.diary.append(f"strike {key.kind}/{key.name}")

    def result(self, result: ResourceResult) -> None:
        self.results.append(result)


class Scene:
    """One application, one world: what Git says is set, then planned and executed."""

    def __init__(self, application: Application = SHOP) -> None:
        self.application = application
        self.world = World()
        self.world.put(body("Namespace", "shop"))
        self.recorder = Diary(self.world)
        self.stop = threading.Event()
        self.clock = Clock(self.stop)
        self.told: list[tuple[int, int, str]] = []

    def pairs(self, *desired: Any) -> list[Pair]:
        """Desired and live side by side, as the engine makes them."""
        manifests = {m.key: m for m in (stamp(Manifest.of(each), self.application) for each in desired)}
        owned = {key for key, live in self.world.objects.items() if owner_of(live) == self.application.name}
        return [self._pair(key, manifests.get(key)) for key in sorted(manifests.keys() | owned)]

    def _pair(self, key: ResourceKey, manifest: Manifest | None) -> Pair:
        live = copy.deepcopy(self.world.objects.get(key))
        drift = compare(manifest.body if manifest else None, live)
        if live is None and manifest is None:
            drift = Drift(key, DriftCode.UNKNOWN)
        return Pair(key, manifest, live, drift, owner=owner_of(live) if live is not None else None)

    def plan(self, *desired: Any, prune: bool = False, **more: Any) -> ChangeSet:
        """What a sync would do."""
        more.setdefault("inventory", frozenset(self.recorder.inventory) | self._known())
        return plan(self.application, "c0ffee", self.pairs(*desired), prune=prune, **more)

    def _known(self) -> frozenset[ResourceKey]:
        return frozenset(key for key, live in self.world.objects.items() if owner_of(live) == self.application.name)

    def execute(self, changeset: ChangeSet, *, rests: Callable[[bool], None] = lambda _: None, **more: Any) -> Outcome:
        """Run a plan; nothing ever sleeps."""
        self.recorder.inventory |= self._known()
        return execute(
            self.world,
            self.application,
            changeset,
            recorder=self.recorder,
            stop=self.stop,
            audience=Audience(lambda done, total, what: self.told.append((done, total, what)), rests),
            clock=self.clock,
            wait=self.clock.wait,
            now=lambda: 0.0,
            **more,
        )

    def sync(self, *desired: Any, prune: bool = False, **more: Any) -> Outcome:
        """Plan and execute."""
        return self.execute(self.plan(*desired, prune=prune), **more)

    @property
    def writes(self) -> list[str]:
        """What was written, in its order, without the journal's entries."""
        return [line for line in self.world.diary if line.startswith(("apply", "replace", "delete"))]

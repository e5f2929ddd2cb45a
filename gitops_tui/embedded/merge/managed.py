"""`metadata.managedFields`: who manages which fields, kept up on each write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gitops_tui.embedded.kinds.schema import Object, Type
from gitops_tui.embedded.merge import fields, typed
from gitops_tui.embedded.merge.fields import Node

MAX_UPDATERS = 10
_ANCIENT = "ancient-changes"
_STRIPPED = fields.of_paths(
    "apiVersion",
    "kind",
    "metadata",
    *(
        f"metadata.{name}"
        for name in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        ]
    ),
)


class ManagerId(NamedTuple):
    """What tells managers apart. An applier stays the same across versions, so its version is ""."""

    name: str
    operation: str
    api_version: str
    subresource: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one manager manages, as of which version and when it last changed."""

    set: Node
    api_version: str
    time: str = ""

    def with_set(self, node: Node) -> Entry:
        """The same entry with other fields."""
        return replace(self, set=node)


Managers = dict[ManagerId, Entry]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: manager name, version written in, subresource, the time, and fields this endpoint never writes."""

    name: str
    api_version: str
    subresource: str
    now: str
    resets: Node

    def id(self, operation: str) -> ManagerId:
        """This writer's identity for `Apply` or `Update`."""
        return ManagerId(self.name, operation, "" if operation == "Apply" else self.api_version, self.subresource)


class ManagerConflictError(Exception):
    """An apply would change what others manage. `lost` is what each of them would lose."""

    def __init__(self, lost: Managers) -> None:
        super().__init__(f"conflicts with {len(lost)} managers")
        self.lost = lost

    @property
    def conflicts(self) -> list[tuple[ManagerId, str]]:
        """Manager and path of each conflict, in the order to report them."""
        return [(name, path) for name in sorted(self.lost) for path in fields.paths(self.lost[name].set)]

    def without(self, allowed: Node) -> ManagerConflictError | None:
        """What is left of it when some paths may be taken; None when nothing is."""
        left = {name: entry.with_set(fields.difference(entry.set, allowed)) for name, entry in self.lost.items()}
        left = {name: entry for name, entry in left.items() if entry.set}
        return ManagerConflictError(left) if left else None


def read(entries: Iterable[Any]) -> Managers:
    """Managers of a `managedFields` list."""
    managers: Managers = {}
    for entry in entries:
        version = entry.get("apiVersion", "")
        operation = entry.get("operation", "")
        name = ManagerId(
            entry.get("manager", ""), operation, "" if operation == "Apply" else version, entry.get("subresource", "")
        )
        managers[name] = Entry(fields.read(entry.get("fieldsV1") or {}), version, entry.get("time", ""))
    return managers


def write(managers: Managers) -> list[Object]:
    """The `managedFields` list, in the server's order."""
    rows = sorted(
        managers.items(),
        key=lambda row: (row[0].operation, row[1].time, row[0].name, row[1].api_version, row[0].subresource),
    )
    return [_row(name, entry) for name, entry in rows]


def _row(name: ManagerId, entry: Entry) -> Object:
    row: Object = {
        "manager": name.name,
        "operation": name.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields.write(entry.set),
    }
    if not entry.time:
        del row["time"]
    if name.subresource:
        row["subresource"] = name.subresource
    return row


def bare(body: Object) -> Object:
    """The object without its managedFields."""
    metadata = body.get("metadata") or {}
    if "managedFields" not in metadata:
        return body
    return {**body, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def update(schema: Type, live: Object, new: Object, managers: Managers, writer: Writer) -> Managers:
    """Managers after a write that is not an apply: the writer takes every field it changed."""
    change = _without_resets(typed.compare(schema, live, new), writer)
    own = writer.id("Update")
    managers = _taken(managers, change, None, force=True)
    taken = fields.difference(fields.union(change.added, change.modified), _STRIPPED)
    if taken:
        before = managers.get(own)
        kept = fields.union(before.set, taken) if before else taken
        managers[own] = Entry(kept, writer.api_version, writer.now)
    return _capped(managers)


def apply(
    schema: Type, live: Object, config: Object, managers: Managers, writer: Writer, *, force: bool
) -> tuple[Object, Managers]:
    """The live object with a configuration applied, and the managers after it; ManagerConflictError unless forced."""
    own = writer.id("Apply")
    merged = typed.merge(schema, live, config)
    stated = fields.without(typed.field_set(schema, config), writer.resets)
    last = managers.get(own)
    managers = {**managers, own: Entry(stated, writer.api_version, writer.now)}
    if last and last.set:
        everyone: Node = {}
        for entry in managers.values():
            everyone = fields.union(everyone, entry.set)
        merged = typed.pruned(schema, merged, last.set, everyone)
    change = _without_resets(typed.compare(schema, live, merged), writer)
    managers = _taken(managers, change, own, force=force)
    time = writer.now if merged != live else last.time if last else ""
    managers[own] = Entry(fields.difference(stated, _STRIPPED), writer.api_version, time)
    return merged, {name: entry for name, entry in managers.items() if entry.set}


def _without_resets(change: typed.Comparison, writer: Writer) -> typed.Comparison:
    return typed.Comparison(*(fields.without(part, writer.resets) for part in change)) if writer.resets else change


def _taken(managers: Managers, change: typed.Comparison, own: ManagerId | None, *, force: bool) -> Managers:
    touched = fields.union(change.modified, change.added)
    lost = {
        name: common
        for name, entry in managers.items()
        if name != own and (common := fields.intersection(entry.set, touched))
    }
    if lost and not force:
        raise ManagerConflictError({name: managers[name].with_set(node) for name, node in lost.items()})
    left: Managers = {}
    for name, entry in managers.items():
        if name != own:
            rest = fields.difference(fields.difference(entry.set, lost.get(name, {})), change.removed)
            if rest:
                left[name] = entry if rest == entry.set else entry.with_set(rest)
        else:
            left[name] = entry
    return left


def _capped(managers: Managers) -> Managers:
    """At most MAX_UPDATERS updaters: the oldest are put together, by version."""
    updaters = sorted((entry.time, name) for name, entry in managers.items() if name.operation == "Update")
    for _, name in updaters[: max(0, len(updaters) - MAX_UPDATERS)]:
        entry = managers.pop(name)
        bucket = ManagerId(_ANCIENT, "Update", entry.api_version, "")
        before = managers.get(bucket)
        managers[bucket] = entry.with_set(fields.union(entry.set, before.set)) if before else entry
    return managers

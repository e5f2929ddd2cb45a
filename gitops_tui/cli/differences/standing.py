"""What stands beside an application's own resources: extra, shared, orphaned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gitops_tui.cli import tables
from gitops_tui.cli.output import Cell, Colour
from gitops_tui.cli.shapes import instant
from gitops_tui.model.differences import Orphanage
from gitops_tui.model.ownership import OWNER
from gitops_tui.model.resources import DriftCode, ResourceKey, ResourceStatus
from gitops_tui.model.status import ApplicationStatus

HEADS: Final = ("APPLICATION", "STANDING", "RESOURCE", "WHY")
_MARKS: Final[Mapping[str, tables.Mark]] = {
    "extra": ("+", Colour.WARN),
    "shared": ("?", Colour.WARN),
    "orphaned": ("○", Colour.FAINT),
}


def rows(found: Iterable[ApplicationStatus], strays: Mapping[str, Orphanage]) -> list[tables.Row]:
    """One row a resource, with why it stands where it stands."""
    made: list[tables.Row] = []
    for each in found:
        told = [("extra", row.key, "ours; Git no longer names it") for row in _extra(each)]
        told += [("shared", row.key, f"belongs to application {row.details[OWNER]}") for row in _shared(each)]
        orphans = strays[each.name].orphans if each.name in strays else ()
        told += [("orphaned", orphan.key, "nobody states it, nobody owns it") for orphan in orphans]
        made += [(Cell(each.name), tables.marked(what, _MARKS[what]), Cell(str(k)), Cell(why)) for what, k, why in told]
    return made


def data(of: ApplicationStatus, stray: Orphanage | None) -> dict[str, Any]:
    """The same as additional keys of `status`. orphaned is null when it could not be told."""
    orphaned = [{**_key(each.key), "created": instant(each.created)} for each in stray.orphans] if stray else None
    return {
        "extra": [_key(row.key) for row in _extra(of)],
        "shared": [{**_key(row.key), "owner": row.details[OWNER]} for row in _shared(of)],
        "orphaned": orphaned,
        "unlisted": list(stray.unlisted) if stray else [],
    }


def _extra(of: ApplicationStatus) -> Iterator[ResourceStatus]:
    return (row for row in of.resources if row.drift is DriftCode.EXTRA)


def _shared(of: ApplicationStatus) -> Iterator[ResourceStatus]:
    return (row for row in of.resources if row.details.get(OWNER))


def _key(key: ResourceKey) -> dict[str, str]:
    return {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}

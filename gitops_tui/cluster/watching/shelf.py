"""The live objects of one scope, as they come from a list or a watch."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from gitops_tui.cluster.objects import ApiResource, Live, Scope
from gitops_tui.cluster.watching.arrivals import Arrival
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import ResourceKey


def live_of(arrival: Arrival, resource: ApiResource, *, decoded: bool = False) -> Live:
    """Summarise one object of a list or an event. Items of a list carry no kind of their own.

    decoded: it is kept as it came, too, for the first who wants it.
    """
    item = arrival.item
    body = {**item, "apiVersion": item.get("apiVersion") or resource.api_version, "kind": resource.kind}
    metadata = item.get("metadata")
    body["metadata"] = metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    owners = metadata.get("ownerReferences")
    return Live(
        key=ResourceKey(resource.group, resource.kind, _text(metadata, "namespace"), _text(metadata, "name")),
        uid=_text(metadata, "uid"),
        resource_version=_text(metadata, "resourceVersion"),
        owner=owner_of(body) if isinstance(annotations, dict) else None,
        owner_uids=tuple(_text(owner, "uid") for owner in owners if isinstance(owner, dict))
        if isinstance(owners, list)
        else (),
        created=_time(_text(metadata, "creationTimestamp")),
        raw=_text_of(arrival, resource) or json.dumps(body, separators=(",", ":")).encode(),
        decoded=[body] if decoded else None,
    )


def _text_of(arrival: Arrival, resource: ApiResource) -> bytes:
    """The object's JSON text with its kind, made of the one that came; b"" where that is not how it came."""
    item, text = arrival
    if text is None or not isinstance(item.get("metadata"), dict):
        return b""
    if item.get("kind") == resource.kind and item.get("apiVersion"):
        return text
    if "kind" in item or "apiVersion" in item or text[:1] != b"{":
        return b""
    return _head(resource.kind, resource.api_version) + text[1:]


@cache
def _head(kind: str, api_version: str) -> bytes:
    return json.dumps({"kind": kind, "apiVersion": api_version}, separators=(",", ":"))[:-1].encode() + b","


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    return value if isinstance(value, str) else ""


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError, OSError):
        return None


class Shelf:
    """The objects of one scope. Only the cache changes it, under its lock."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.objects: dict[ResourceKey, Live] = {}
        self.owned: defaultdict[str, dict[ResourceKey, Live]] = defaultdict(dict)
        self.children: defaultdict[str, dict[ResourceKey, Live]] = defaultdict(dict)
        self.listed = False
        self.seen = 0
        """The newest resourceVersion that the list or the watch has told of."""
        self.learned = 0
        """The newest resourceVersion that only the answer to a write has told of."""
        self.lost: set[str] = set()
        """The uids of the objects of which only somebody who asked for one knows that it is gone."""
        self.problem: ClusterError | None = None

    def put(self, live: Live) -> bool:
        """Keep an object; whether that changes anything."""
        old = self.objects.get(live.key)
        if old is not None and _is_same(old, live):
            return False
        self.drop(live.key)
        self.objects[live.key] = live
        if live.owner is not None:
            self.owned[live.owner][live.key] = live
        for uid in live.owner_uids:
            self.children[uid][live.key] = live
        return True

    def drop(self, key: ResourceKey) -> Live | None:
        """Forget an object; what was known of it."""
        old = self.objects.pop(key, None)
        if old is None:
            return None
        if old.owner is not None:
            _unindex(self.owned, old.owner, key)
        for uid in old.owner_uids:
            _unindex(self.children, uid, key)
        return old


def _is_same(one: Live, other: Live) -> bool:
    """Whether both say the same: what is written anew is written otherwise than a server does it.

    Its version alone would not do: a cluster that was restored counts anew from an older one.
    """
    if one == other:
        return True
    known = (one.key, one.uid, one.resource_version) == (other.key, other.uid, other.resource_version)
    return known and bool(json.loads(one.raw) == json.loads(other.raw))


def _unindex(index: dict[str, dict[ResourceKey, Live]], name: str, key: ResourceKey) -> None:
    entries = index.get(name, {})
    entries.pop(key, None)
    if not entries:
        index.pop(name, None)

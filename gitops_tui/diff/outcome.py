"""What a server-side apply makes of an object, where that follows from what is live: no dry-run could tell more.

An apply puts the stated values in place and takes away what its manager alone has stated before. What else a server
does follows from the kind: defaults for fields that are absent, other spellings of quantities, rules that join one
field to another. So only fields that a server keeps as they are written may change here, in kinds whose rules are
known (`_KEPT`); no manager but ours may have a part in them; and every field that ours owns has to be stated.
Everything else, and each value that might be refused, is left to a dry-run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from gitops_tui.diff.meaning import quantity, same
from gitops_tui.model.fields import dig, is_mapping, mapping, mappings
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Body
from gitops_tui.model.values import dataclass

_Fields = Mapping[str, Any]
"""A node of `FieldsV1`: by token what lies below; empty where the whole field is owned."""


class _Unproven(Exception):  # noqa: N818 - no error: the way out of a recursion
    """Only the server can tell."""


# Which fields a server keeps as they are written, and which values it takes (k8s.io/kubernetes, pkg/apis/*/validation).

_LABEL_KEY = re.compile(
    r"(?:(?=[^/]{1,253}/)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?){0,3}/)?"
    r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_DATA_KEY = re.compile(r"[-_A-Za-z0-9][-._A-Za-z0-9]{0,252}")
_IMAGE = re.compile(r"[!-~]{1,1024}")
_MOST_ANNOTATIONS: Final = 256 * 1024
_MOST_DATA: Final = 1024 * 1024
_MOST_REPLICAS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Value:
    """A single value."""

    takes: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Texts:
    """A map from text to text, whose entries come and go on their own. most: bytes of all of them together."""

    takes: Callable[[str, str], bool]
    most: int


class _Words:
    """A list of texts that is one value as a whole."""


class _Amount:
    """A quantity: it may not change, but be spelled in another way."""


_Kept = Mapping[str, Any] | _Value | _Texts | _Words | _Amount
_NOTHING: Final[Mapping[str, Any]] = {}
_EACH: Final = "*"

_SOME_TEXT = _Value(lambda value: isinstance(value, str) and bool(value))
_LABELS = _Texts(
    lambda key, value: bool(_LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(value)), _MOST_ANNOTATIONS
)
# What Kubernetes itself reads in an annotation, it may also check, or move to a field.
_READ_BY_KUBERNETES = re.compile(r".*kubernetes\.io/|deprecated\.")
_ANNOTATIONS = _Texts(
    lambda key, _: bool(_LABEL_KEY.fullmatch(key)) and not _READ_BY_KUBERNETES.match(key), _MOST_ANNOTATIONS
)
_METADATA: Final = {"labels": _LABELS, "annotations": _ANNOTATIONS}
_AMOUNTS: Final = {_EACH: _Amount()}
_CONTAINER: Final = {
    "image": _Value(lambda value: isinstance(value, str) and bool(_IMAGE.fullmatch(value))),
    "env": {_EACH: {"value": _SOME_TEXT}},
    "command": _Words(),
    "args": _Words(),
    "resources": {"limits": _AMOUNTS, "requests": _AMOUNTS},
}
_TEMPLATE: Final = {
    "metadata": _METADATA,
    "spec": {"containers": {_EACH: _CONTAINER}, "initContainers": {_EACH: _CONTAINER}},
}
_REPLICAS = _Value(lambda value: type(value) is int and 0 <= value <= _MOST_REPLICAS)
_WORKLOAD: Final = {"metadata": _METADATA, "spec": {"replicas": _REPLICAS, "template": _TEMPLATE}}
_KEPT: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("v1", "ConfigMap"): {
        "metadata": _METADATA,
        "data": _Texts(lambda key, _: bool(_DATA_KEY.fullmatch(key)), _MOST_DATA),
    },
    ("v1", "Service"): {"metadata": _METADATA},
    ("v1", "ServiceAccount"): {"metadata": _METADATA},
    ("apps/v1", "DaemonSet"): {"metadata": _METADATA, "spec": {"template": _TEMPLATE}},
    ("apps/v1", "Deployment"): _WORKLOAD,
    ("apps/v1", "StatefulSet"): _WORKLOAD,
}


def outcome(stated: Body, live: Body) -> Body | None:
    """Return the object as an apply of `stated` would leave it; None where only the server can tell.

    stated: as it would be applied, with our marks. live: at the same version, with its `managedFields`. What nobody
    but an apply can tell (who may write it, what admission makes of it) is for the caller to know. The parts that do
    not change are those of `live`; so are `managedFields`, `generation` and `resourceVersion`.
    """
    kept = _KEPT.get((str(stated.get("apiVersion")), str(stated.get("kind"))))
    if kept is None or live.get("apiVersion") != stated.get("apiVersion") or _is_closed(live):
        return None
    owned = _owned(live)
    if owned is None:
        return None
    # These name the object, and belong to nobody.
    metadata = {**mapping((owned.ours or {}).get("f:metadata")), "f:name": {}, "f:namespace": {}}
    ours = {**(owned.ours or {}), "f:apiVersion": {}, "f:kind": {}, "f:metadata": metadata}
    try:
        made: Body = _map(stated, live, kept, _Owned(ours, owned.others))
    except (_Unproven, ValueError, RecursionError):
        return None
    return None if _breaks_its_selector(live, made) or _is_beside_binary_data(made) else made


def _is_closed(live: Body) -> bool:
    return dig(live, "metadata", "deletionTimestamp") is not None or live.get("immutable") is True


@dataclass(frozen=True, slots=True)
class _Owned:
    """Who owns a place. ours: None where we own nothing at it. others: of those who own it, or something below it."""

    ours: _Fields | None
    others: tuple[_Fields, ...]

    def at(self, token: str) -> _Owned:
        # Who owns all of a field owns what is below it.
        others = tuple(each and each[token] for each in self.others if not each or token in each)
        return _Owned((self.ours or {}).get(token), others)

    @property
    def is_ours_alone(self) -> bool:
        """Whether the field as a whole is ours, and nobody else's."""
        return self.ours is not None and not self.ours and not self.others


def _owned(live: Body) -> _Owned | None:
    """Who owns what; None where it was not us who applied it, at this version."""
    ours: list[_Fields] = []
    others: list[_Fields] = []
    for entry in mappings(dig(live, "metadata", "managedFields")):
        if entry.get("fieldsType") != "FieldsV1":
            return None
        is_ours = entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        is_ours = is_ours and not entry.get("subresource") and entry.get("apiVersion") == live.get("apiVersion")
        (ours if is_ours else others).append(mapping(entry.get("fieldsV1")))
    return _Owned(ours[0], tuple(filter(None, others))) if len(ours) == 1 else None


def _made(stated: Any, live: Any, kept: _Kept, owned: _Owned) -> Any:
    if is_mapping(stated) and is_mapping(live):
        return _texts(stated, live, kept, owned) if isinstance(kept, _Texts) else _map(stated, live, kept, owned)
    if isinstance(stated, list) and isinstance(live, list):
        return _list(stated, live, kept, owned)
    if type(stated) is type(live) and stated == live:
        return live
    if isinstance(kept, _Value) and type(stated) is type(live) and owned.is_ours_alone and kept.takes(stated):
        return _sound(stated)
    if isinstance(kept, _Amount) and quantity(stated) == quantity(live) is not None:
        return live
    raise _Unproven


def _map(stated: _Fields, live: _Fields, kept: _Kept, owned: _Owned) -> Any:
    if not owned.ours:
        return _unchanged(stated, live)
    if any(token[:2] == "f:" and token[2:] not in stated for token in owned.ours):
        raise _Unproven
    below = kept if is_mapping(kept) else _NOTHING
    each = below.get(_EACH, _NOTHING)
    made: dict[str, Any] = {}
    for name, value in stated.items():
        if name not in live:
            if value == "" and isinstance(below.get(name), _Value) and f"f:{name}" in owned.ours:
                continue  # a server leaves out of its answers what is empty
            raise _Unproven
        found = _made(value, live[name], below.get(name) or each, owned.at(f"f:{name}"))
        if found is not live[name]:
            made[name] = found
    return {**live, **made} if made else live


def _texts(stated: _Fields, live: _Fields, kept: _Texts, owned: _Owned) -> Any:
    if not owned.ours:
        return _unchanged(stated, live)
    made = dict(live)
    for name, value in stated.items():
        if live.get(name) == value:
            continue
        entry = owned.at(f"f:{name}")
        is_open = not entry.others and (entry.ours is not None or name not in live)
        if not is_open or not isinstance(value, str) or not kept.takes(name, value):
            raise _Unproven
        made[name] = _sound(value)
    for token in owned.ours:
        if token[:2] == "f:" and token[2:] not in stated:
            if owned.at(token).others:
                raise _Unproven
            made.pop(token[2:], None)
    if not made or sum(len(name.encode()) + len(value.encode()) for name, value in made.items()) > kept.most:
        raise _Unproven
    return made


def _list(stated: list[Any], live: list[Any], kept: _Kept, owned: _Owned) -> Any:
    keys = [token for token in owned.ours or () if token[:2] == "k:"]
    if keys:
        return _keyed(stated, live, kept, owned, keys)
    if isinstance(kept, _Words) and owned.is_ours_alone and all(isinstance(each, str) for each in stated) and stated:
        return live if stated == live else [_sound(each) for each in stated]
    if any(token[:2] == "v:" and json.loads(token[2:]) not in stated for token in owned.ours or ()):
        raise _Unproven
    return _unchanged(stated, live)


def _keyed(stated: list[Any], live: list[Any], kept: _Kept, owned: _Owned, keys: list[str]) -> Any:
    """A list whose elements are told apart by their keys; those of others stay where they are."""
    if len(keys) != len(stated):
        raise _Unproven
    below = kept.get(_EACH, _NOTHING) if is_mapping(kept) else _NOTHING
    made = list(live)
    places: dict[int, int] = {}
    for token in keys:
        wanted = json.loads(token[2:])
        here = _only(index for index, each in enumerate(stated) if _is_meant(each, wanted, lenient=True))
        there = _only(index for index, each in enumerate(live) if _is_meant(each, wanted, lenient=False))
        places[here] = there
        made[there] = _made(stated[here], live[there], below, owned.at(token))
    order = [places.get(index, -1) for index in range(len(stated))]
    if order != sorted(order) or order[:1] == [-1]:
        raise _Unproven
    return live if all(one is other for one, other in zip(made, live, strict=True)) else made


def _is_meant(item: Any, wanted: _Fields, *, lenient: bool) -> bool:
    """Whether a list's element has these keys. lenient: it may leave out one that has a default, such as a protocol."""
    if not is_mapping(item):
        return False
    found = [name for name in wanted if name in item]
    return bool(found) and (lenient or len(found) == len(wanted)) and all(item[name] == wanted[name] for name in found)


def _only(found: Iterable[int]) -> int:
    several = list(found)
    if len(several) != 1:
        raise _Unproven
    return several[0]


def _unchanged(stated: Any, live: Any) -> Any:
    if not same(stated, live):
        raise _Unproven
    return live


def _sound(value: Any) -> Any:
    """A value that can travel: half of a surrogate pair, which JSON may hold, cannot. Raises ValueError."""
    if isinstance(value, str):
        value.encode()
    return value


def _breaks_its_selector(live: Body, made: Body) -> bool:
    """Whether labels of a workload's pods change that its selector may speak of."""
    before, after = (mapping(dig(body, "spec", "template", "metadata", "labels")) for body in (live, made))
    if before == after:
        return False
    selector = mapping(dig(made, "spec", "selector"))
    speaks_of = [*mapping(selector.get("matchLabels"))]
    speaks_of += [str(each.get("key")) for each in mappings(selector.get("matchExpressions"))]
    return any(before.get(name) != after.get(name) for name in speaks_of)


def _is_beside_binary_data(made: Body) -> bool:
    """Whether a ConfigMap's data has a name of its binary data, or may be too much together with that."""
    texts, binary = mapping(made.get("data")), mapping(made.get("binaryData"))
    sizes = (len(str(value).encode()) for value in (*texts.values(), *binary.values()))
    return bool(texts.keys() & binary.keys()) or (bool(binary) and sum(sizes) > _MOST_DATA)

"""Lists whose elements have a name: paired by it, so that an inserted element does not shift all the others.

The keys are the ones of the Kubernetes OpenAPI schema (`x-kubernetes-list-map-keys`), and, for lists that the
schema calls atomic although their order means nothing (tolerations, subjects), the fields that identify an element.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gitops_tui.model.fields import dig, is_mapping, text
from gitops_tui.model.values import dataclass

_EXACT = 2**53
"""Whole numbers up to here are told apart by a float."""

KeyOf = Callable[[Any], str]
"""Key of a list's element; "" when it has none, which makes the whole list a plain one."""


class Keyed(dict[str, Any]):
    """A list as a map from the key of each element; `ordered` when the order of the elements means something."""

    ordered: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    key: KeyOf
    ordered: bool = False


def _field(*names: str) -> KeyOf:
    def key(item: Any) -> str:
        return _scalar(dig(item, *names))

    return key


def _fields(*names: str) -> KeyOf:
    def key(item: Any) -> str:
        return "/".join(_scalar(dig(item, name)) for name in names).strip("/")

    return key


def _scalar(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # a server tells 1.0 as 1, and 3.754378997141049e+16 as 37543789971410490
            value = int(value) if float(value).is_integer() and abs(value) <= _EXACT else float(value)
        return str(value)
    return text(value)


def _port(item: Any) -> str:
    number = _scalar(dig(item, "containerPort")) or _scalar(dig(item, "port"))
    protocol = text(dig(item, "protocol")) or "TCP"
    return number if protocol == "TCP" or not number else f"{number}/{protocol}"


def _item_itself(item: Any) -> str:
    return text(item)


_RULES: Mapping[str, _Rule] = {
    "accessModes": _Rule(_item_itself),
    "conditions": _Rule(_field("type")),
    "containers": _Rule(_field("name")),
    "env": _Rule(_field("name"), ordered=True),  # $(NAME) refers to earlier entries only
    "ephemeralContainers": _Rule(_field("name")),
    "finalizers": _Rule(_item_itself),
    "hostAliases": _Rule(_field("ip")),
    "imagePullSecrets": _Rule(_field("name")),
    "initContainers": _Rule(_field("name"), ordered=True),  # they run one after another
    "ownerReferences": _Rule(_field("uid")),
    "ports": _Rule(_port),
    "resourceClaims": _Rule(_field("name")),
    "secrets": _Rule(_field("name")),
    "subjects": _Rule(_fields("kind", "namespace", "name")),
    "tolerations": _Rule(_fields("key", "operator", "value", "effect")),
    "topologySpreadConstraints": _Rule(_fields("topologyKey", "whenUnsatisfiable")),
    "versions": _Rule(_field("name")),
    "volumeClaimTemplates": _Rule(_field("metadata", "name")),
    "volumeDevices": _Rule(_field("devicePath")),
    "volumeMounts": _Rule(_field("mountPath")),
    "volumes": _Rule(_field("name")),
    "webhooks": _Rule(_field("name")),
}
_BY_NAME = _Rule(_field("name"), ordered=True)  # an unknown list: paired by name, but its order may mean something


def keys_of(field: str, items: list[Any]) -> tuple[str, ...] | None:
    """Keys of a list's elements in their order, None when they do not tell the elements apart."""
    rule = _RULES.get(field)
    for candidate in (rule, _BY_NAME) if rule is not None else (_BY_NAME,):
        keys = tuple(candidate.key(item) for item in items)
        if all(keys) and len(set(keys)) == len(keys):
            return keys
    return None


def keyed(value: Any, field: str = "") -> Any:
    """Return `value` with every list that has keys turned into a `Keyed` map. field: the name of the value."""
    if is_mapping(value):
        made = {name: keyed(item, name) for name, item in value.items()}
        return value if all(map(operator.is_, made.values(), value.values())) else made
    if not isinstance(value, list):
        return value
    items = [keyed(item) for item in value]
    keys = keys_of(field, value)
    if keys is None:
        return items
    made = Keyed(zip(keys, items, strict=True))
    made.ordered = _RULES.get(field, _BY_NAME).ordered
    return made


def plain(value: Any) -> Any:
    """Return `value` with every `Keyed` map turned back into a list."""
    if isinstance(value, Keyed):
        return [plain(item) for item in value.values()]
    if is_mapping(value):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value

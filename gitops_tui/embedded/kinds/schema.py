"""Types of API objects: what the merge, default and conform algorithms walk along.

Field names, list semantics and merge keys are those of the published OpenAPI of Kubernetes 1.36.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Object = dict[str, Any]
"""One API object as JSON data. Never changed in place once it is stored or handed on."""


class _Nothing:
    """The type of `NOTHING`: no default is declared, which is not the same as null."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = _Nothing()

ScalarName = Literal["string", "bytes", "time", "microtime", "int", "int64", "float", "bool", "quantity", "intstr"]


class Type:
    """Any node of a schema."""

    __slots__ = ()


@dataclass(eq=False, slots=True)
class Scalar(Type):
    """A leaf."""

    name: ScalarName


@dataclass(eq=False, slots=True)
class Anything(Type):
    """Data without a declared schema. Maps in it merge key by key and lists are atomic, unless all of it is."""

    atomic: bool = False


@dataclass(eq=False, slots=True)
class MapOf(Type):
    """String keys to values of one type."""

    value: Type
    atomic: bool = False


@dataclass(eq=False, slots=True)
class ListOf(Type):
    """A list. `style` and `keys` rule server-side apply, `merge` and `merge_key` the strategic merge patch."""

    item: Type
    style: Literal["atomic", "set", "map"] = "atomic"
    keys: tuple[str, ...] = ()
    merge: bool = False
    merge_key: str = ""


@dataclass(eq=False, slots=True)
class Field:
    """One field of a Struct. `default` fills an absent field; `always` is what an absent one is shown as.

    `keeps_empty`: "", 0, false, [] and {} are kept when stated, else they are the same as absent.
    """

    type: Type
    required: bool = False
    default: Any = NOTHING
    always: Any = NOTHING
    retain_keys: bool = False
    keeps_empty: bool = False
    nullable: bool = False


@dataclass(eq=False, slots=True)
class Struct(Type):
    """Named fields. `open`: unknown fields are kept, as under x-kubernetes-preserve-unknown-fields."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    atomic: bool = False
    open: bool = False
    embedded: bool = False

    def as_atomic(self) -> Struct:
        """The same fields, owned and replaced as a whole."""
        return replace(self, atomic=True)


ANYTHING = Anything()
STRING = Scalar("string")


def child_type(parent: Type, key: str) -> Type:
    """Type of a key of a map-like value; unknown keys hold anything."""
    if isinstance(parent, Struct):
        known = parent.fields.get(key)
        return known.type if known is not None else ANYTHING
    return parent.value if isinstance(parent, MapOf) else ANYTHING


def is_field(parent: Type, key: str) -> bool:
    """Whether the key is a declared field, rather than a key of a map."""
    return isinstance(parent, Struct) and key in parent.fields


def is_atomic(node: Type, value: Any) -> bool:
    """Whether server-side apply treats this value as one leaf."""
    if isinstance(value, dict):
        return isinstance(node, Scalar) or (isinstance(node, (Struct, MapOf, Anything)) and node.atomic)
    if isinstance(value, list):
        return not isinstance(node, ListOf) or node.style == "atomic"
    return True

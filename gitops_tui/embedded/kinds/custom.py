"""A CustomResourceDefinition read into the resources that it serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.kinds.language import library
from gitops_tui.embedded.kinds.schema import (
    ANYTHING,
    NOTHING,
    STRING,
    Anything,
    Field,
    ListOf,
    MapOf,
    Object,
    Scalar,
    Struct,
    Type,
)
from gitops_tui.embedded.kinds.table import Resource, ScalePaths

_SCALARS = {
    "string": STRING,
    "integer": Scalar("int64"),
    "number": Scalar("float"),
    "boolean": Scalar("bool"),
}


def custom_resources(definition: Object) -> Iterator[Resource]:
    """The served versions of a definition, preferred one first."""
    spec = definition["spec"]
    versions = sorted(spec.get("versions") or (), key=lambda row: version_priority(row["name"]), reverse=True)
    for version in versions:
        if version.get("served"):
            yield _resource(spec, version)


def version_priority(name: str) -> tuple[int, int, int, str]:
    """Sort key of an API version: v2 over v1 over v1beta2 over v1alpha1 over anything else."""
    text = name.removeprefix("v")
    for rank, mark in ((3, ""), (2, "beta"), (1, "alpha")):
        major, found, minor = text.partition(mark) if mark else (text, "", "")
        if major.isdecimal() and (not mark or (found and (minor.isdecimal() or not minor))):
            return rank, int(major), int(minor or 0), ""
    return 0, 0, 0, name


def _resource(spec: Object, version: Object) -> Resource:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    scale = subresources.get("scale")
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        type=_root(names["kind"], schema),
        namespaced=spec.get("scope") == "Namespaced",
        singular=names.get("singular") or names["kind"].lower(),
        short=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(sorted(subresources)),
        scale=_scale(scale) if scale else None,
        storage=f"{names['plural']}.{spec['group']}",
        generation=True,
        custom=True,
        list_kind=names.get("listKind") or f"{names['kind']}List",
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        validation=schema,
    )


def _scale(scale: Object) -> ScalePaths:
    return ScalePaths(
        scale["specReplicasPath"].lstrip("."),
        scale["statusReplicasPath"].lstrip("."),
        (scale.get("labelSelectorPath") or "").lstrip("."),
    )


def _root(kind: str, schema: Object) -> Struct:
    root = _type(kind, schema)
    struct = root if isinstance(root, Struct) else Struct(kind, open=not schema.get("properties"))
    struct.fields["apiVersion"] = struct.fields["kind"] = Field(STRING)
    struct.fields["metadata"] = Field(library().type("meta", "ObjectMeta"), always={})
    return struct


def _type(name: str, schema: Object) -> Type:
    """Type of one schema node."""
    if schema.get("x-kubernetes-int-or-string"):
        return Scalar("intstr")
    kind = schema.get("type")
    if kind == "array":
        return _list(name, schema)
    if kind in _SCALARS:
        return _SCALARS[kind]
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    if schema.get("x-kubernetes-embedded-resource"):
        return _embedded(name, schema)
    if schema.get("properties"):
        return _struct(name, schema)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and extra:
        return MapOf(_type(name, extra), atomic=atomic)
    if schema.get("x-kubernetes-preserve-unknown-fields") or extra is True or not kind:
        return Anything(atomic=atomic) if atomic else ANYTHING
    return Struct(name, atomic=atomic)


def _list(name: str, schema: Object) -> ListOf:
    node = ListOf(_type(name, schema.get("items") or {}))
    style = schema.get("x-kubernetes-list-type")
    if style == "set":
        node.style = "set"
    elif style == "map":
        node.style = "map"
        node.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    return node


def _struct(name: str, schema: Object) -> Struct:
    struct = Struct(
        name,
        atomic=schema.get("x-kubernetes-map-type") == "atomic",
        open=bool(schema.get("x-kubernetes-preserve-unknown-fields")),
    )
    required: Any = schema.get("required") or ()
    for key, child in (schema.get("properties") or {}).items():
        struct.fields[key] = Field(
            _type(key, child),
            required=key in required,
            default=child.get("default", NOTHING),
            keeps_empty=True,
            nullable=bool(child.get("nullable")),
        )
    return struct


def _embedded(name: str, schema: Object) -> Struct:
    struct = _struct(name, schema)
    struct.fields["apiVersion"] = struct.fields["kind"] = Field(STRING)
    struct.fields["metadata"] = Field(library().type("meta", "ObjectMeta"))
    return struct

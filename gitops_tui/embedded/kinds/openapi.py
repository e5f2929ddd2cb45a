"""As much of the OpenAPI documents as kubectl reads: which kinds take dryRun, fieldManager and fieldValidation."""

from __future__ import annotations

import hashlib
import json

from gitops_tui.embedded.kinds.registry import Registry
from gitops_tui.embedded.kinds.schema import Anything, Field, ListOf, MapOf, Object, Scalar, Struct, Type
from gitops_tui.embedded.kinds.table import Resource

_FORMATS: dict[str, Object] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "int": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "quantity": {"type": "string"},
    "intstr": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
}
_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}
    for name, kind in (
        ("dryRun", "string"),
        ("fieldManager", "string"),
        ("fieldValidation", "string"),
        ("force", "boolean"),
    )
]
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")


def root(registry: Registry) -> Object:
    """The answer of /openapi/v3: where the document of each group and version is."""
    paths: Object = {}
    for row in registry.resources():
        place = f"apis/{row.group}/{row.version}" if row.group else f"api/{row.version}"
        if place not in paths:
            text = json.dumps([(other.plural, id(other)) for other in _rows(registry, row.group, row.version)])
            digest = hashlib.sha256(text.encode()).hexdigest()[:32].upper()
            paths[place] = {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest}"}
    return {"paths": paths}


def document(registry: Registry, group: str, version: str) -> Object | None:
    """The answer of /openapi/v3/apis/<group>/<version>."""
    rows = _rows(registry, group, version)
    if not rows:
        return None
    schemas: Object = {}
    paths: Object = {}
    for row in rows:
        paths[_path(row)] = {name: _operation(row, name) for name in ("get", "post", "put", "patch", "delete")}
        name = _define(row.type, row, schemas)
        schemas[name] = {**schemas[name], "x-kubernetes-group-version-kind": [_kind(row)]}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _rows(registry: Registry, group: str, version: str) -> list[Resource]:
    return [row for row in registry.resources() if (row.group, row.version) == (group, version)]


def _path(row: Resource) -> str:
    prefix = f"/apis/{row.group}/{row.version}" if row.group else f"/api/{row.version}"
    return (
        f"{prefix}/namespaces/{{namespace}}/{row.plural}/{{name}}"
        if row.namespaced
        else f"{prefix}/{row.plural}/{{name}}"
    )


def _kind(row: Resource) -> Object:
    return {"group": row.group, "version": row.version, "kind": row.kind}


def _operation(row: Resource, verb: str) -> Object:
    operation: Object = {"x-kubernetes-group-version-kind": _kind(row), "responses": {}}
    if verb != "get":
        operation["parameters"] = _PARAMETERS
    if verb == "patch":
        operation["requestBody"] = {"content": {media: {"schema": {"type": "object"}} for media in _PATCHES}}
    return operation


def _define(struct: Struct, row: Resource, schemas: Object) -> str:
    name = f"{row.group or 'core'}.{row.version}.{struct.name}"
    if name not in schemas:
        schemas[name] = {"type": "object"}
        properties = {key: _schema(field, field.type, row, schemas) for key, field in struct.fields.items()}
        required = [key for key, field in struct.fields.items() if field.required]
        schemas[name] = {"type": "object", "properties": properties} | ({"required": required} if required else {})
    return name


def _schema(field: Field | None, node: Type, row: Resource, schemas: Object) -> Object:
    if isinstance(node, Scalar):
        return dict(_FORMATS[node.name])
    if isinstance(node, Struct):
        return {"$ref": f"#/components/schemas/{_define(node, row, schemas)}"}
    if isinstance(node, MapOf):
        return {"type": "object", "additionalProperties": _schema(None, node.value, row, schemas)}
    if isinstance(node, ListOf):
        schema: Object = {"type": "array", "items": _schema(None, node.item, row, schemas)}
        schema["x-kubernetes-list-type"] = node.style
        if node.keys:
            schema["x-kubernetes-list-map-keys"] = list(node.keys)
        if field is not None and node.merge:
            schema["x-kubernetes-patch-strategy"] = "merge"
            schema["x-kubernetes-patch-merge-key"] = node.merge_key
        return schema
    return {"x-kubernetes-preserve-unknown-fields": True} if isinstance(node, Anything) else {"type": "object"}

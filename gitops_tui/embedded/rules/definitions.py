"""Whether a CustomResourceDefinition can be served."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.problems import FieldError, invalid, required, unsupported

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
STORAGE = "customresourcedefinitions.apiextensions.k8s.io"


def definition_errors(body: Object) -> Iterator[FieldError]:
    """What is wrong with a definition."""
    spec, name = body["spec"], body["metadata"].get("name", "")
    names = spec.get("names") or {}
    expected = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if name != expected:
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    for key in ("plural", "kind"):
        if not names.get(key):
            yield required(f"spec.names.{key}")
    if not spec.get("group"):
        yield required("spec.group")
    if spec.get("scope") not in {"Cluster", "Namespaced"}:
        yield unsupported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    yield from _version_errors(spec)


def _version_errors(spec: Object) -> Iterator[FieldError]:
    versions = spec.get("versions") or ()
    if sum(bool(row.get("storage")) for row in versions) != 1:
        yield invalid("spec.versions", [], "must have exactly one version marked as storage version")
    for at, row in enumerate(versions):
        schema = (row.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            yield required(f"spec.versions[{at}].schema.openAPIV3Schema")
        elif schema.get("type") != "object":
            path = f"spec.versions[{at}].schema.openAPIV3Schema.type"
            if schema.get("type"):
                yield invalid(path, schema["type"], "must be object at the root")
            else:
                yield required(path, "must not be empty at the root")

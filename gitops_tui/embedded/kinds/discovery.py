"""What a server says it serves: versions, groups, resources, in the classic and in the aggregated form."""

from __future__ import annotations

from collections.abc import Container, Iterable

from gitops_tui.embedded.kinds.registry import Registry
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource

_REVIEWS = {
    "authorization.k8s.io": (
        ("SelfSubjectAccessReview", "selfsubjectaccessreviews"),
        ("SelfSubjectRulesReview", "selfsubjectrulesreviews"),
    ),
    "authentication.k8s.io": (("SelfSubjectReview", "selfsubjectreviews"),),
}
_SUB_VERBS = {"log": ("get",), "eviction": ("create",)}
_SUB_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction")}


def version(git_version: str) -> Object:
    """The answer of /version."""
    major, minor = git_version.removeprefix("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": git_version,
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "any/embedded",
    }


def core_versions(address: str) -> Object:
    """The answer of /api."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_versions(registry: Registry) -> dict[str, list[str]]:
    """Versions by named group, preferred ones first."""
    groups: dict[str, list[str]] = {}
    for row in registry.resources():
        if row.group:
            versions = groups.setdefault(row.group, [])
            if row.version not in versions:
                versions.append(row.version)
    for group in _REVIEWS:
        groups.setdefault(group, ["v1"])
    return groups


def group_list(registry: Registry) -> Object:
    """The answer of /apis."""
    groups = [_group(name, versions) for name, versions in group_versions(registry).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(registry: Registry, name: str) -> Object | None:
    """The answer of /apis/<group>."""
    versions = group_versions(registry).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions else None


def _group(name: str, versions: list[str]) -> Object:
    rows = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": rows, "preferredVersion": rows[0]}


def resource_list(registry: Registry, name: str, version: str) -> Object | None:
    """The answer of /api/v1 and /apis/<group>/<version>."""
    rows = [row for row in registry.resources() if (row.group, row.version) == (name, version)]
    reviews = _REVIEWS.get(name, ()) if version == "v1" else ()
    if not rows and not reviews:
        return None
    listed = [entry for row in rows for entry in _entries(row)]
    listed += [
        {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
        for kind, plural in reviews
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{name}/{version}" if name else version,
        "resources": listed,
    }


def _entries(row: Resource) -> Iterable[Object]:
    entry: Object = {
        "name": row.plural,
        "singularName": row.singular,
        "namespaced": row.namespaced,
        "kind": row.kind,
        "verbs": list(row.verbs),
    }
    if row.short:
        entry["shortNames"] = list(row.short)
    if row.categories:
        entry["categories"] = list(row.categories)
    yield entry
    for name in row.subresources:
        below: Object = {
            "name": f"{row.plural}/{name}",
            "singularName": "",
            "namespaced": row.namespaced,
            "kind": row.kind,
            "verbs": list(_SUB_VERBS.get(name, ("get", "patch", "update"))),
        }
        if name in _SUB_KINDS:
            below["group"], below["version"], below["kind"] = _SUB_KINDS[name]
        yield below


def aggregated(registry: Registry, *, core: bool, lost: Container[str] = ()) -> Object:
    """The answer of /api or /apis as one APIGroupDiscoveryList. lost: groups whose server cannot be asked."""
    groups = {"": ["v1"]} if core else group_versions(registry)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name} if name else {},
                "versions": [
                    {"version": version, "freshness": "Stale", "resources": []}
                    if name in lost
                    else _aggregated_version(registry, name, version)
                    for version in versions
                ],
            }
            for name, versions in groups.items()
        ],
    }


def _aggregated_version(registry: Registry, group_name: str, version: str) -> Object:
    rows = [row for row in registry.resources() if (row.group, row.version) == (group_name, version)]
    resources = [_aggregated_resource(row) for row in rows]
    for kind, plural in _REVIEWS.get(group_name, ()):
        resources.append(
            {
                "resource": plural,
                "responseKind": {"group": group_name, "version": version, "kind": kind},
                "scope": "Cluster",
                "singularResource": kind.lower(),
                "verbs": ["create"],
            }
        )
    return {"version": version, "freshness": "Current", "resources": resources}


def _aggregated_resource(row: Resource) -> Object:
    entry: Object = {
        "resource": row.plural,
        "responseKind": {"group": row.group, "version": row.version, "kind": row.kind},
        "scope": "Namespaced" if row.namespaced else "Cluster",
        "singularResource": row.singular,
        "verbs": list(row.verbs),
    }
    if row.short:
        entry["shortNames"] = list(row.short)
    if row.categories:
        entry["categories"] = list(row.categories)
    if row.subresources:
        entry["subresources"] = [_aggregated_subresource(row, name) for name in row.subresources]
    return entry


def _aggregated_subresource(row: Resource, name: str) -> Object:
    group_name, version, kind = _SUB_KINDS.get(name, (row.group, row.version, row.kind))
    return {
        "subresource": name,
        "responseKind": {"group": group_name, "version": version, "kind": kind},
        "verbs": list(_SUB_VERBS.get(name, ("get", "patch", "update"))),
    }

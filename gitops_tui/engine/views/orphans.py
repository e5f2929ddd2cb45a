"""Which live objects of a namespace are nobody's: asked for, never part of a look, since it lists every kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from gitops_tui.cluster import ApiResource, Cluster
from gitops_tui.model.differences import Orphan, Orphanage
from gitops_tui.model.errors import ClusterError, NotServedError, UnreachableError
from gitops_tui.model.fields import annotations_of, dig, labels_of, text
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.text import one_line

_KEPT_BY_SOMEBODY: Final = frozenset({"list", "create", "delete"})
_PASSING: Final = frozenset({"ControllerRevision", "Endpoints", "EndpointSlice", "Event", "Lease"})
"""Kinds that controllers write by themselves, often without owner references."""
_GIVEN: Final = frozenset(
    {
        ("ServiceAccount", "default"),
        ("ConfigMap", "kube-root-ca.crt"),
        ("ConfigMap", "openshift-service-ca.crt"),
        ("ConfigMap", "istio-ca-root-cert"),
        ("Service", "kubernetes"),
    }
)
_CLAIMS: Final = frozenset(
    {
        "argocd.argoproj.io/instance",
        "argocd.argoproj.io/tracking-id",
        "kustomize.toolkit.fluxcd.io/name",
        "helm.toolkit.fluxcd.io/name",
        "meta.helm.sh/release-name",
        "kapp.k14s.io/app",
        "applyset.kubernetes.io/part-of",
        "objectset.rio.cattle.io/id",
        "kubernetes.io/service-account.name",
        "kubernetes.io/bootstrapping",
        "control-plane.alpha.kubernetes.io/leader",
    }
)
"""Labels and annotations by which another tool, or Kubernetes itself, says that an object is its own."""
_HELM_RELEASE: Final = "sh.helm.release.v1."


def orphans_in(cluster: Cluster, namespace: str, stated: frozenset[ResourceKey]) -> Orphanage:
    """Return the objects that no application states and nobody owns. Kinds that cannot be listed are told.

    stated: what Git names. Raises UnreachableError; only metadata travel, so no Secret's values do.
    """
    bodies: dict[str, Body] = {}
    unlisted: list[str] = [f"{group}: {why}" for group, why in sorted(cluster.unknown_groups().items())]
    for resource in cluster.resources():
        if not resource.namespaced or resource.kind in _PASSING or not resource.verbs >= _KEPT_BY_SOMEBODY:
            continue
        try:
            for body in cluster.outlines(resource, namespace):
                bodies.setdefault(text(dig(body, "metadata", "uid")) or str(len(bodies)), body)
        except UnreachableError:
            raise
        except NotServedError:
            continue
        except ClusterError as error:
            unlisted.append(one_line(f"{_name(resource)}: {error.message}"))
    sets = [text(dig(body, "metadata", "name")) for body in bodies.values() if body.get("kind") == "StatefulSet"]
    found = [_orphan(body) for body in bodies.values() if not _is_somebodys(body, stated, sets)]
    return Orphanage(namespace, tuple(sorted(found, key=lambda orphan: orphan.key)), tuple(unlisted))


def _is_somebodys(body: Body, stated: frozenset[ResourceKey], sets: Iterable[str]) -> bool:
    key = ResourceKey.of(body)
    return bool(
        key in stated
        or owner_of(body) is not None
        or dig(body, "metadata", "ownerReferences")
        or (key.kind, key.name) in _GIVEN
        or _CLAIMS & {*annotations_of(body), *labels_of(body)}
        or key.name.startswith(_HELM_RELEASE)
        or _is_volume_of(key, sets)
    )


def _is_volume_of(key: ResourceKey, sets: Iterable[str]) -> bool:
    """Whether a StatefulSet made this claim: it is named after it, and has no owner reference by default."""
    return key.kind == "PersistentVolumeClaim" and any(
        re.search(rf"-{re.escape(name)}-\d+$", key.name) for name in sets
    )


def _orphan(body: Body) -> Orphan:
    try:
        created = datetime.fromisoformat(text(dig(body, "metadata", "creationTimestamp"))).timestamp()
    except ValueError:
        created = None
    return Orphan(ResourceKey.of(body), text(body.get("apiVersion")), created)


def _name(resource: ApiResource) -> str:
    return f"{resource.group}/{resource.kind}" if resource.group else resource.kind

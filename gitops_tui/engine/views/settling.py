"""Manifests as they should be live: settled into namespaces, and stamped as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count

from gitops_tui.engine.views.kept import Settled
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError, RenderError, UnreachableError
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.model.values import replace
from gitops_tui.sync import generated, stamp

Namespaced = Callable[[str, str], bool]
"""Whether a group and kind live in namespaces; raises ClusterError when the cluster does not know."""


def settle(manifests: Sequence[Manifest], application: Application, namespaced: Namespaced, sha: str = "") -> Settled:
    """Give namespaced objects the destination's namespace, take it from the others, and stamp all as ours.

    sha: the commit, which is part of the name of a hook that has only a `generateName`. Raises RenderError when
    two manifests turn out to be one object, and UnreachableError.
    """
    from_crds = _scopes_of_crds(manifests)
    seen: dict[ResourceKey, Manifest] = {}
    unplaced: dict[ResourceKey, ClusterError] = {}
    kinds: dict[tuple[str, str], bool] = {}
    lasting = True
    for manifest in manifests:
        kind = (manifest.key.group, manifest.key.kind)
        problem: ClusterError | None = None
        try:
            in_namespace = from_crds[kind] if kind in from_crds else kinds.get(kind)
            if in_namespace is None:
                in_namespace = kinds[kind] = namespaced(*kind)
        except UnreachableError:
            raise
        except ClusterError as error:
            in_namespace, problem = True, error
        for number in count(1):
            body = generated(manifest.body, sha, number)
            named = manifest if body is manifest.body else Manifest.of(body, manifest.origin)
            settled = _place(named, application.destination.namespace if in_namespace else "", in_namespace)
            if named is manifest or settled.key not in seen:
                break
        lasting = lasting and named is manifest
        if settled.key in seen:
            raise RenderError(
                str(settled.key),
                f"is stated twice, in {seen[settled.key].origin} and in {settled.origin}",
                hint="keep one of the two",
            )
        seen[settled.key] = stamp(settled, application)
        if problem is not None:
            unplaced[settled.key] = problem
    return Settled(tuple(seen.values()), unplaced, kinds, lasting)


def _place(manifest: Manifest, namespace: str, namespaced: bool) -> Manifest:
    current = manifest.key.namespace
    if (namespaced and current) or (not namespaced and not current):
        return manifest
    metadata = {k: v for k, v in manifest.body["metadata"].items() if k != "namespace"}
    if namespaced:
        metadata["namespace"] = namespace
    return replace(Manifest.of({**manifest.body, "metadata": metadata}), origin=manifest.origin)


def _scopes_of_crds(manifests: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    scopes: dict[tuple[str, str], bool] = {}
    for manifest in manifests:
        if (manifest.key.group, manifest.key.kind) != ("apiextensions.k8s.io", "CustomResourceDefinition"):
            continue
        spec = manifest.body.get("spec") or {}
        kind = (spec.get("names") or {}).get("kind")
        if isinstance(kind, str):
            scopes[str(spec.get("group", "")), kind] = spec.get("scope") != "Cluster"
    return scopes

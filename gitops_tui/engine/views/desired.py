"""Commit -> the manifests that should be live: rendered once, settled into namespaces, stamped as ours."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import NotServedError, RenderError
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.render import RenderTarget, render, renderer_of
from gitops_tui.source import Mirror
from gitops_tui.sync import generated, stamp

_KEPT_PER_APPLICATION = 3
Namespaced = Callable[[str, str], bool]
"""Whether a group and kind live in namespaces; raises NotServedError when the cluster does not know."""


@dataclass(frozen=True, slots=True)
class _RenderKey:
    tree: str
    source: str
    target: RenderTarget | None


class Renderings:
    """Keeps what was rendered, so that a commit that leaves an application's folder alone costs nothing.

    A failure is not kept: the next look renders again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._natures: dict[tuple[str, str, str], tuple[RendererName, bool]] = {}
        self._kept: dict[str, OrderedDict[_RenderKey, tuple[Manifest, ...]]] = {}

    def get(
        self, mirror: Mirror, application: Application, sha: str, target: Callable[[], RenderTarget]
    ) -> tuple[Manifest, ...]:
        """Manifests of the application at a commit, as written. Raises RenderError or SourceError."""
        source = application.source
        own_tree = mirror.tree_id(sha, source.path)
        if own_tree is None:
            raise RenderError(
                f"application {application.name}",
                f"path {source.path or '.'} is not in commit {sha[:7]}",
                hint="look at the path and the tracked revision in the configuration",
            )
        renderer, alone = self._nature(mirror, application, sha, own_tree)
        tree = own_tree if alone else mirror.tree_id(sha, "") or sha
        wanted = target() if renderer is RendererName.HELM else None
        key = _RenderKey(tree, repr((source.path, renderer, source.directory, source.helm, source.kustomize)), wanted)
        with self._lock:
            kept = self._kept.setdefault(application.name, OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        manifests = render(mirror.checkout(sha), application, target=wanted or RenderTarget())
        with self._lock:
            kept[key] = manifests
            while len(kept) > _KEPT_PER_APPLICATION:
                kept.popitem(last=False)
        return manifests

    def _nature(self, mirror: Mirror, application: Application, sha: str, tree: str) -> tuple[RendererName, bool]:
        """Which renderer it is, and whether the folder's own tree is all that its rendering hangs on.

        Kustomize bases and Helm values files may lie outside the folder, and so may the target of a link.
        """
        slot = (application.source.repository, tree, repr(application.source.renderer))
        with self._lock:
            known = self._natures.get(slot)
        if known is None:
            folder = mirror.checkout(sha)
            renderer = renderer_of(folder, application)
            alone = renderer is RendererName.DIRECTORY and not _has_link(folder / application.source.path)
            known = (renderer, alone)
            with self._lock:
                self._natures[slot] = known
        return known

    def forget(self, application: str) -> None:
        """Render anew at the next look."""
        with self._lock:
            self._kept.pop(application, None)


@dataclass(frozen=True, slots=True)
class Settled:
    """Manifests as they should be live. unserved: kinds that the cluster does not know yet, with the reason."""

    manifests: tuple[Manifest, ...]
    unserved: dict[ResourceKey, NotServedError]


def settle(manifests: Sequence[Manifest], application: Application, namespaced: Namespaced, sha: str = "") -> Settled:
    """Give namespaced objects the destination's namespace, take it from the others, and stamp all as ours.

    sha: the commit, which is part of the name of a hook that has only a `generateName`. Raises RenderError when
    two manifests turn out to be one object.
    """
    from_crds = _scopes_of_crds(manifests)
    seen: dict[ResourceKey, Manifest] = {}
    unserved: dict[ResourceKey, NotServedError] = {}
    for manifest in manifests:
        kind = (manifest.key.group, manifest.key.kind)
        problem: NotServedError | None = None
        try:
            in_namespace = from_crds[kind] if kind in from_crds else namespaced(*kind)
        except NotServedError as error:
            in_namespace, problem = True, error
        body = generated(manifest.body, sha)
        named = manifest if body is manifest.body else Manifest.of(body, manifest.origin)
        settled = _place(named, application.destination.namespace if in_namespace else "", in_namespace)
        if settled.key in seen:
            raise RenderError(
                str(settled.key),
                f"is stated twice, in {seen[settled.key].origin} and in {settled.origin}",
                hint="keep one of the two",
            )
        seen[settled.key] = stamp(settled, application)
        if problem is not None:
            unserved[settled.key] = problem
    return Settled(tuple(seen.values()), unserved)


def _has_link(folder: Path) -> bool:
    return folder.is_symlink() or any(
        (Path(above) / name).is_symlink() for above, folders, files in os.walk(folder) for name in (*folders, *files)
    )


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

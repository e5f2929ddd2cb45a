"""Commit -> the manifests that should be live: rendered once, settled into namespaces, stamped as ours."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import ClusterError, RenderError, UnreachableError
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.model.values import dataclass, replace
from gitops_tui.render import RenderTarget, render, renderer_of
from gitops_tui.render.inputs import inputs_of
from gitops_tui.source import Mirror
from gitops_tui.sync import generated, stamp

_KEPT_PER_APPLICATION = 3
_COMMITS_TOLD = 1000
Namespaced = Callable[[str, str], bool]
"""Whether a group and kind live in namespaces; raises ClusterError when that is not known."""


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What was rendered, how, and the ids of all that it was made from."""

    source: str
    target: RenderTarget | None
    trees: Mapping[str, str | None]
    manifests: tuple[Manifest, ...]


class Renderings:
    """Keeps what was rendered, so that a commit that leaves alone what an application is made from costs nothing.

    A failure is not kept: the next look renders again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._renderers: dict[tuple[str, str, str], RendererName] = {}
        self._kept: dict[str, tuple[_Rendering, ...]] = {}
        self._paths: defaultdict[str, set[str]] = defaultdict(set)
        self._told: set[tuple[str, str]] = set()

    def get(
        self, mirror: Mirror, application: Application, sha: str, target: Callable[[], RenderTarget]
    ) -> tuple[Manifest, ...]:
        """Manifests of the application at a commit, as written. Raises RenderError or SourceError."""
        source = application.source
        self._ask_for_all(mirror, sha)
        own_tree = mirror.tree_id(sha, source.path)
        if own_tree is None:
            raise RenderError(
                f"application {application.name}",
                f"path {source.path or '.'} is not in commit {sha[:7]}",
                hint="look at the path and the tracked revision in the configuration",
            )
        renderer = self._renderer(mirror, application, sha, own_tree)
        wanted = target() if renderer is RendererName.HELM else None
        options = repr((source.repository, source.path, renderer, source.directory, source.helm, source.kustomize))
        for known in self._kept.get(application.name, ()):
            if (known.source, known.target) == (options, wanted) and _is_as_it_was(mirror, sha, known.trees):
                return known.manifests
        folder = mirror.checkout(sha)
        manifests = render(folder, application, target=wanted or RenderTarget())
        trees = mirror.tree_ids(sha, inputs_of(folder, application).roots())
        with self._lock:
            self._paths[mirror.repository.url].update((source.path, *trees))
            others = self._kept.get(application.name, ())[: _KEPT_PER_APPLICATION - 1]
            self._kept[application.name] = (_Rendering(options, wanted, trees, manifests), *others)
        return manifests

    def expect(self, url: str, paths: Iterable[str]) -> None:
        """These paths of a repository will be asked for at each commit."""
        with self._lock:
            self._paths[url].update(paths)

    def _ask_for_all(self, mirror: Mirror, sha: str) -> None:
        """Let one process tell of a new commit what all applications of the repository will ask of it."""
        url = mirror.repository.url
        with self._lock:
            if (url, sha) in self._told:
                return
            if len(self._told) >= _COMMITS_TOLD:
                self._told.clear()
            self._told.add((url, sha))
            paths = tuple(self._paths[url])
        mirror.tree_ids(sha, paths)

    def _renderer(self, mirror: Mirror, application: Application, sha: str, tree: str) -> RendererName:
        slot = (application.source.repository, tree, repr(application.source.renderer))
        with self._lock:
            known = self._renderers.get(slot)
        if known is None:
            known = renderer_of(mirror.checkout(sha), application)
            with self._lock:
                self._renderers[slot] = known
        return known

    def forget(self, application: str) -> None:
        """Render anew at the next look."""
        with self._lock:
            self._kept.pop(application, None)


@dataclass(frozen=True, slots=True)
class Settled:
    """Manifests as they should be live. unplaced: those of kinds that are not served, or cannot be asked for now."""

    manifests: tuple[Manifest, ...]
    unplaced: dict[ResourceKey, ClusterError]


def settle(manifests: Sequence[Manifest], application: Application, namespaced: Namespaced, sha: str = "") -> Settled:
    """Give namespaced objects the destination's namespace, take it from the others, and stamp all as ours.

    sha: the commit, which is part of the name of a hook that has only a `generateName`. Raises RenderError when
    two manifests turn out to be one object, and UnreachableError.
    """
    from_crds = _scopes_of_crds(manifests)
    seen: dict[ResourceKey, Manifest] = {}
    unplaced: dict[ResourceKey, ClusterError] = {}
    for manifest in manifests:
        kind = (manifest.key.group, manifest.key.kind)
        problem: ClusterError | None = None
        try:
            in_namespace = from_crds[kind] if kind in from_crds else namespaced(*kind)
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
        if settled.key in seen:
            raise RenderError(
                str(settled.key),
                f"is stated twice, in {seen[settled.key].origin} and in {settled.origin}",
                hint="keep one of the two",
            )
        seen[settled.key] = stamp(settled, application)
        if problem is not None:
            unplaced[settled.key] = problem
    return Settled(tuple(seen.values()), unplaced)


def _is_as_it_was(mirror: Mirror, sha: str, trees: Mapping[str, str | None]) -> bool:
    return mirror.tree_ids(sha, trees) == trees


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

"""Commit -> the manifests that should be live: rendered once, settled into namespaces, stamped as ours."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_tui.engine.views.kept import Kept, Kinds, Rendering, Settled, target_of
from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import ClusterError, RenderError, UnreachableError
from gitops_tui.model.resources import Manifest
from gitops_tui.render import PLAIN_SUFFIXES, Commit, RenderTarget, inputs_of, is_plain, render, renderer_of
from gitops_tui.source import Mirror

if TYPE_CHECKING:
    from gitops_tui.engine.views.settling import Namespaced
    from gitops_tui.source.files import CommitFiles

_KEPT_PER_APPLICATION = 3
_COMMITS_TOLD = 1000
_COMMITS_KNOWN = 200
Target = Callable[[], RenderTarget]


class Renderings:
    """Keeps what was rendered, so that a commit that leaves alone what an application is made from costs nothing.

    A failure is not kept: the next look renders again. folder: where renderings outlive the process, if anywhere.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._disk = Kept(folder)
        self._kept: dict[str, tuple[Rendering, ...]] = {}
        self._options: dict[str, str] = {}
        self._asked: dict[str, Application] = {}
        """For which application, as it was configured, the options were worked out."""
        self._paths: defaultdict[str, set[str]] = defaultdict(set)
        self._folders: defaultdict[str, set[str]] = defaultdict(set)
        self._listed: dict[str, CommitFiles] = {}
        self._told: set[tuple[str, str]] = set()

    def get(self, mirror: Mirror, application: Application, sha: str, target: Target) -> tuple[Manifest, ...]:
        """Manifests of the application at a commit, as written. Raises RenderError or SourceError."""
        return self._rendering(mirror, application, sha, target)[0].all()

    def settled(
        self, mirror: Mirror, application: Application, sha: str, target: Target, namespaced: Namespaced
    ) -> Settled:
        """Manifests of the application at a commit, as they should be live. Raises what `get` and `settle` do."""
        rendering, is_new = self._rendering(mirror, application, sha, target)
        known = rendering.settled
        if known is None or not known.lasting or known.unplaced or not _still_holds(known.kinds, namespaced):
            from gitops_tui.engine.views.settling import settle  # noqa: PLC0415 - for what nobody has settled yet

            known = rendering.settled = settle(rendering.all(), application, namespaced, sha)
            is_new = True
        if is_new:
            self._disk.store(self._options[application.name], application, rendering)
        return known

    def _rendering(self, mirror: Mirror, application: Application, sha: str, target: Target) -> tuple[Rendering, bool]:
        """What is known of a commit, or rendered now, and whether it was."""
        for known in self._known(application):
            is_for_it = known.renderer is not RendererName.HELM or known.target == _digest(target())
            if is_for_it and (sha in known.commits or self._is_made_of(mirror, known, sha)):
                if len(known.commits) < _COMMITS_KNOWN:
                    known.commits.add(sha)
                return known, False
        return self._rendered(mirror, application, sha, target), True

    def _known(self, application: Application) -> tuple[Rendering, ...]:
        """What was rendered of it in the same way, the newest first."""
        source, name = application.source, application.name
        with self._lock:
            if self._asked.get(name) is application:
                return self._kept.get(name, ())
        options = repr((source, name, application.destination.namespace))
        with self._lock:
            if self._options.get(name) == options:
                self._asked[name] = application
                return self._kept.get(name, ())
        found = self._disk.load(options, application)
        with self._lock:
            self._options[name], self._asked[name] = options, application
            known = self._kept[name] = (found,) if found is not None else ()
            if found is not None:
                self._paths[source.repository].update((source.path, *found.trees))
        return known

    def _is_made_of(self, mirror: Mirror, known: Rendering, sha: str) -> bool:
        """Whether a commit holds the very trees that a rendering was made from."""
        self._ask_for_all(mirror, sha)
        return mirror.tree_ids(sha, known.trees) == known.trees

    def _rendered(self, mirror: Mirror, application: Application, sha: str, target: Target) -> Rendering:
        source = application.source
        self._ask_for_all(mirror, sha)
        if mirror.tree_id(sha, source.path) is None:
            raise RenderError(
                f"application {application.name}",
                f"path {source.path or '.'} is not in commit {sha[:7]}",
                hint="look at the path and the tracked revision in the configuration",
            )
        files = self._files(mirror, sha)
        renderer = renderer_of(Commit(files), application)
        wanted = target() if renderer is RendererName.HELM else RenderTarget()
        # helm and kustomize read a folder; what is read here needs none.
        place = Commit(files) if renderer is RendererName.DIRECTORY else mirror.checkout(sha)
        manifests = render(place, application, target=wanted)
        trees = mirror.tree_ids(sha, inputs_of(place, application).roots())
        made = Rendering(renderer, _digest(wanted), trees, {sha}, manifests)
        with self._lock:
            self._paths[source.repository].update((source.path, *trees))
            others = self._kept.get(application.name, ())[: _KEPT_PER_APPLICATION - 1]
            self._kept[application.name] = (made, *others)
        return made

    def _files(self, mirror: Mirror, sha: str) -> CommitFiles:
        """The files of a commit; those of all applications of the repository are read together."""
        files = mirror.files(sha)
        url = mirror.repository.url
        with self._lock:
            is_new, folders = self._listed.get(url) is not files, tuple(self._folders[url])
            self._listed[url] = files
        if is_new:
            files.expect((folder for folder in folders if is_plain(files.names(folder))), PLAIN_SUFFIXES)
        return files

    def expect(self, url: str, paths: Collection[str]) -> None:
        """These paths of a repository will be asked for at each commit."""
        with self._lock:
            self._paths[url].update(paths)
            self._folders[url].update(path.strip("/") for path in paths)

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

    def asks_cluster(self, application: Application) -> bool:
        """Whether what was rendered of it may depend on what its cluster serves."""
        return any(known.renderer is RendererName.HELM for known in self._known(application))

    def forget(self, application: str) -> None:
        """Render anew at the next look."""
        with self._lock:
            options = self._options.pop(application, None)
            self._asked.pop(application, None)
            self._kept.pop(application, None)
        if options is not None:
            self._disk.forget(options)


def _digest(target: RenderTarget) -> str:
    return target_of(target.kube_version, target.api_versions)


def _still_holds(kinds: Kinds, namespaced: Namespaced) -> bool:
    """Whether the cluster says the same of these kinds as before."""
    try:
        return all(namespaced(*kind) is found for kind, found in kinds.items())
    except UnreachableError:
        raise
    except ClusterError:
        return False

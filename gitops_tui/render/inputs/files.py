"""The files of a commit that an application's manifests come from, for finding the line that states a field."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import RenderError
from gitops_tui.model.resources import Manifest
from gitops_tui.model.values import dataclass
from gitops_tui.render.checkout import Checkout, Tree
from gitops_tui.render.kustomize import Survey
from gitops_tui.render.manifests import CAPS
from gitops_tui.render.registry import renderer_of

_FILES: Final = 500
_BYTES: Final = 16 << 20

Files = tuple[tuple[str, bytes], ...]
"""Resolved paths inside the repository, and what is in each file."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What can be read of an application's folder. Files that are missing, too many or too large are left out."""

    checkout: Tree
    application: Application
    renderer: RendererName

    def roots(self) -> tuple[str, ...]:
        """The folders and files that the rendering is made from, "" for the whole commit. Raises RenderError.

        A kustomization reads files in and below its own folder only, unless its load restrictor is off. Where links
        are about, the whole commit: what they lead to may change while they do not.
        """
        folder = self._folder
        if self.renderer is RendererName.DIRECTORY:
            return ("",) if self.checkout.has_link(folder) else (folder,)
        if self.checkout.has_link(""):
            return ("",)
        if self.renderer is RendererName.HELM:
            return (folder, *(self.checkout.resolve(path.lstrip("/")) for path in self._values_paths()))
        if self.application.source.kustomize.load_restrictor != "LoadRestrictionsRootOnly":
            return ("",)
        survey = Survey(self.checkout)
        survey.visit(folder)
        homes = {path.rpartition("/")[0] for path in survey.kustomizations}
        return tuple(sorted({folder, *homes, *survey.files}))

    def origin(self, manifest: Manifest) -> Files:
        """The file that a manifest names as its origin: its own, a chart's template, a kustomization."""
        return self._read([manifest.origin.path])

    def kustomized(self) -> Files:
        """The files of a kustomization, those nearest to the application first."""
        survey = Survey(self.checkout)
        survey.visit(self._folder)
        return self._read(_near_first(survey, self._folder))

    def values(self) -> Files:
        """The values files of a chart in the repository, those that win first."""
        return self._read([*reversed(self._values_paths()), f"{self._folder}/values.yaml"])

    def _values_paths(self) -> list[str]:
        named = self.application.source.helm.values_files
        return [path.lstrip("/") if path.startswith("/") else f"{self._folder}/{path}" for path in named]

    @property
    def _folder(self) -> str:
        return self.checkout.resolve(self.application.source.path)

    def _read(self, paths: Iterable[str]) -> Files:
        found: dict[str, bytes] = {}
        left = _BYTES
        for path in paths:
            try:
                resolved = self.checkout.resolve(path.lstrip("/"))
                if resolved in found or self.checkout.kind(resolved) != stat.S_IFREG:
                    continue
                data = self.checkout.read(resolved, min(CAPS.file, left))
            except RenderError:
                continue
            found[resolved] = data
            left -= len(data)
            if len(found) >= _FILES:
                break
        return tuple(found.items())


def _near_first(survey: Survey, folder: str) -> Iterator[str]:
    """Kustomizations as they were visited, each with the files of its own folder; then all others."""
    for kustomization in survey.kustomizations:
        yield kustomization
        home = kustomization.rpartition("/")[0]
        yield from (path for path in survey.files if path.rpartition("/")[0] == home)
    yield from sorted(survey.files, key=lambda path: not path.startswith(f"{folder}/"))


def inputs_of(folder: Path | Tree, application: Application) -> Inputs:
    """What the manifests of an application come from. folder: the root of a checkout. Raises RenderError."""
    checkout = folder if isinstance(folder, Tree) else Checkout(folder.resolve())
    return Inputs(checkout, application, renderer_of(checkout, application))

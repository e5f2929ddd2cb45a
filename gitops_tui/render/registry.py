"""Which renderer makes manifests of a folder, and the one call that does it."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import RenderError
from gitops_tui.model.resources import Manifest
from gitops_tui.render.checkout import Checkout, Tree, shown
from gitops_tui.render.directory import render_directory
from gitops_tui.render.helm import render_helm
from gitops_tui.render.kustomize import find_kustomization, render_kustomize
from gitops_tui.render.request import CHART, RenderTarget, Request

Renderer = Callable[[Request], tuple[Manifest, ...]]

RENDERERS: Final[Mapping[RendererName, Renderer]] = {
    RendererName.DIRECTORY: render_directory,
    RendererName.KUSTOMIZE: render_kustomize,
    RendererName.HELM: render_helm,
}


def render(
    folder: Path | Tree, application: Application, target: RenderTarget, stop: threading.Event
) -> tuple[Manifest, ...]:
    """Return the manifests of an application, as `gitops_tui.render.render` does."""
    checkout, path = _opened(folder, application)
    request = Request(checkout, path, application, target, stop)
    try:
        return RENDERERS[_chosen(checkout, path, application)](request)
    except OSError as e:
        # No room, no descriptors: what is wrong with a file is told, with its name, by who reads it.
        raise RenderError(shown(path), f"it cannot be rendered: {e.strerror}", temporary=True) from e


def renderer_of(folder: Path | Tree, application: Application) -> RendererName:
    """Which renderer `render` would use: the one that is asked for, else the one that fits. Raises RenderError."""
    return _chosen(*_opened(folder, application), application)


def _opened(folder: Path | Tree, application: Application) -> tuple[Tree, str]:
    checkout = folder if isinstance(folder, Tree) else Checkout(folder.resolve())
    asked = application.source.path
    path = checkout.resolve(asked, subject=f"path {shown(asked)}")
    if checkout.kind(path) != stat.S_IFDIR:
        raise RenderError(f"path {shown(asked)}", "is no folder")
    return checkout, path


def _chosen(checkout: Tree, path: str, application: Application) -> RendererName:
    asked = application.source.renderer
    return asked if asked is not RendererName.AUTO else detect(checkout, path)


def detect(checkout: Tree, path: str) -> RendererName:
    """The renderer that fits a folder: by `Chart.yaml`, by a kustomization file, else plain files."""
    if checkout.has_file(f"{path}/{CHART}".lstrip("/")):
        return RendererName.HELM
    if find_kustomization(checkout, path) is not None:
        return RendererName.KUSTOMIZE
    return RendererName.DIRECTORY

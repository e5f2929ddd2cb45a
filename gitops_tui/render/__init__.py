"""From a checkout to manifests: plain folders, Kustomize, Helm; one file each, one registry.

What renders is imported when something is rendered: a rendering that is kept needs none of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.resources import Manifest
from gitops_tui.render.checkout import Commit, Tree
from gitops_tui.render.request import CHART, KUSTOMIZATIONS, PLAIN_SUFFIXES, RenderTarget

if TYPE_CHECKING:
    from gitops_tui.render.inputs import Inputs

__all__ = ["PLAIN_SUFFIXES", "Commit", "RenderTarget", "inputs_of", "is_plain", "render", "renderer_of"]
# ruff: noqa: PLC0415

_TELLING = frozenset((CHART, *KUSTOMIZATIONS))
_DEFAULT_TARGET = RenderTarget()


def render(
    folder: Path | Tree,
    application: Application,
    *,
    target: RenderTarget = _DEFAULT_TARGET,
    stop: threading.Event | None = None,
) -> tuple[Manifest, ...]:
    """Return the manifests of an application, as written: namespaces are not filled in, lists are flattened.

    folder: the root of a checkout, which is read only, or a commit in Git's objects. stop: ends a running renderer
    when it is set. May be called from several threads at once. Raises RenderError with the place (a path inside the
    repository, and a line where one is known), and of a commit in Git's objects SourceError.
    """
    from gitops_tui.render import registry

    return registry.render(folder, application, target, stop or threading.Event())


def renderer_of(folder: Path | Tree | Tree, application: Application) -> RendererName:
    """Which renderer `render` would use: the one that is asked for, else the one that fits. Raises RenderError."""
    from gitops_tui.render import registry

    return registry.renderer_of(folder, application)


def is_plain(names: Iterable[str]) -> bool:
    """Whether a folder that holds these names is one of plain files, unless an application says otherwise."""
    return _TELLING.isdisjoint(names)


def inputs_of(folder: Path | Tree, application: Application) -> Inputs:
    """What the manifests of an application come from. folder: the root of a checkout. Raises RenderError."""
    from gitops_tui.render import inputs

    return inputs.inputs_of(folder, application)

"""From a checkout to manifests: plain folders, Kustomize, Helm; one file each, one registry.

What renders is imported when something is rendered: a rendering that is kept needs none of it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.resources import Manifest
from gitops_tui.render.request import RenderTarget

if TYPE_CHECKING:
    from gitops_tui.render.inputs import Inputs

__all__ = ["RenderTarget", "inputs_of", "render", "renderer_of"]
# ruff: noqa: PLC0415

_DEFAULT_TARGET = RenderTarget()


def render(
    folder: Path,
    application: Application,
    *,
    target: RenderTarget = _DEFAULT_TARGET,
    stop: threading.Event | None = None,
) -> tuple[Manifest, ...]:
    """Return the manifests of an application, as written: namespaces are not filled in, lists are flattened.

    folder: the root of a checkout, which is read only. stop: ends a running renderer when it is set. May be called
    from several threads at once. Raises RenderError with the place (a path inside the repository, and a line where
    one is known).
    """
    from gitops_tui.render import registry

    return registry.render(folder, application, target, stop or threading.Event())


def renderer_of(folder: Path, application: Application) -> RendererName:
    """Which renderer `render` would use: the one that is asked for, else the one that fits. Raises RenderError."""
    from gitops_tui.render import registry

    return registry.renderer_of(folder, application)


def inputs_of(folder: Path, application: Application) -> Inputs:
    """What the manifests of an application come from. folder: the root of a checkout. Raises RenderError."""
    from gitops_tui.render import inputs

    return inputs.inputs_of(folder, application)

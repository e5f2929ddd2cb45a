"""What a renderer is asked for."""

from __future__ import annotations

import threading
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.values import dataclass, field
from gitops_tui.render.checkout import Tree

CHART: Final = "Chart.yaml"
KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
PLAIN_SUFFIXES: Final = (".yaml", ".yml", ".json")
"""The files that tell which renderer fits a folder, and those that a plain one is made of."""


@dataclass(frozen=True, slots=True)
class RenderTarget:
    """What templates may know of the destination.

    kube_version: "v1.34.1", "" for the renderer's default. api_versions: "apps/v1", "apps/v1/Deployment", ...
    repository: the URL, for messages.
    """

    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One rendering.

    path: the application's folder, resolved, relative to the checkout. stop: set to end a renderer that runs.
    """

    checkout: Tree
    path: str
    application: Application
    target: RenderTarget
    stop: threading.Event = field(default_factory=threading.Event)

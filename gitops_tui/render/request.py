"""What a renderer is asked for."""

from __future__ import annotations

import threading

from gitops_tui.model.application import Application
from gitops_tui.model.values import dataclass, field
from gitops_tui.render.checkout import Checkout


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

    checkout: Checkout
    path: str
    application: Application
    target: RenderTarget
    stop: threading.Event = field(default_factory=threading.Event)

"""A small Kubernetes API server over HTTP, for the demo, for tests and for what-if.

`EmbeddedServer.start()` runs one in threads of this process, `start_process()` in a process of its own. Everything
else in the application knows it only as a kubeconfig.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gitops_tui.embedded.faults import Fault, Faults
    from gitops_tui.embedded.process import Running, start_process
    from gitops_tui.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "Fault", "Faults", "Running", "start_process"]

_HOMES = {
    "EmbeddedServer": "server",
    "Fault": "faults",
    "Faults": "faults",
    "Running": "process",
    "start_process": "process",
}


def __getattr__(name: str) -> Any:
    """Load the server when it is asked for: the demo's first picture does not wait for it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""A small Kubernetes API server over HTTP, for the demo, for tests and for what-if.

`EmbeddedServer.start()` runs one in threads of this process, `start_process()` in a process of its own. Everything
else in the application knows it only as a kubeconfig.
"""

from gitops_tui.embedded.faults import Fault, Faults
from gitops_tui.embedded.process import Running, start_process
from gitops_tui.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "Fault", "Faults", "Running", "start_process"]

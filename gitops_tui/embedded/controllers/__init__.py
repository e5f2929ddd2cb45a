"""Simulated controllers: workloads come alive, as on a real cluster, in the embedded server's own process.

`attach(server)` starts them in a thread and returns what stops them. Tests step a `Controllers` over a
`ManualClock` instead.
"""

from gitops_tui.embedded.controllers.attach import ALL, attach
from gitops_tui.embedded.controllers.clock import ManualClock, SystemClock, Timings
from gitops_tui.embedded.controllers.manager import Controllers

__all__ = ["ALL", "Controllers", "ManualClock", "SystemClock", "Timings", "attach"]

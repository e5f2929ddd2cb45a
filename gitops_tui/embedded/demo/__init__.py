"""The demo: a simulated cluster and a sample repository, with applications in every state worth seeing."""

from gitops_tui.embedded.demo.prepare import Demo, facts, prepare, stop
from gitops_tui.embedded.demo.prepare import forget as reset

__all__ = ["Demo", "facts", "prepare", "reset", "stop"]

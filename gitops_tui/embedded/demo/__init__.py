"""The demo: a simulated cluster and a sample repository, with applications in every state worth seeing."""

from gitops_tui.embedded.demo.prepare import Demo, prepare, stop

__all__ = ["Demo", "prepare", "stop"]

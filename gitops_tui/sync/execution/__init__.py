"""Runs a ChangeSet entry by entry: preflight, apply, hooks, prune, settle. `execute` is the only door."""

from gitops_tui.sync.execution.execute import execute

__all__ = ["execute"]

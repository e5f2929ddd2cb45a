"""gitops-tui: a GitOps cockpit for the terminal, with its own reconciliation engine."""

from gitops_tui import finder

__version__ = "0.1.0"

finder.install(__name__)

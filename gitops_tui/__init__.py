"""gitops-tui: a GitOps cockpit for the terminal, with its own reconciliation engine."""

__version__ = "0.1.0"

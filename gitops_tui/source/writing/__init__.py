"""Writing to Git: one commit that restores one path, pushed as a fast-forward or not at all."""

from gitops_tui.source.writing.restorer import Place, Restored, Restorer

__all__ = ["Place", "Restored", "Restorer"]

"""Sync windows: when automation may act (semantics.md: Automation). Pure: the time is always given."""

from gitops_tui.model.windows.window import OPEN, Standing, SyncWindow, WindowKind, standing, zone

__all__ = ["OPEN", "Standing", "SyncWindow", "WindowKind", "standing", "zone"]

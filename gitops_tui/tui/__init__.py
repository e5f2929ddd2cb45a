"""The terminal application: screens over the snapshots of an engine."""

from gitops_tui.tui.app import GitopsApp
from gitops_tui.tui.ports import EnginePort

__all__ = ["EnginePort", "GitopsApp"]

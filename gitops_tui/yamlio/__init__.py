"""Text and data: YAML and JSON read safely, and as kubectl reads them; YAML written as kubectl prints it."""

from gitops_tui.yamlio.build import LIMITS, Document, Limits
from gitops_tui.yamlio.dump import dump, dump_all
from gitops_tui.yamlio.load import load_all, load_with_positions
from gitops_tui.yamlio.positions import Place, Positions

__all__ = [
    "LIMITS",
    "Document",
    "Limits",
    "Place",
    "Positions",
    "dump",
    "dump_all",
    "load_all",
    "load_with_positions",
]

"""Desired against live: normalise, compare, mask, show. Pure; the only package that imports deepdiff.

`compare` answers how one object drifts, `comparison` adds the masked bodies for showing, `unified` and
`side_by_side` turn those into lines, `mask` is for a body shown by itself, `strip_ignored` makes the body to apply.
"""

from gitops_tui.diff.compare import compare, comparison
from gitops_tui.diff.ignore import strip_ignored
from gitops_tui.diff.lines import DiffLine, DiffRow, LineKind, side_by_side, unified
from gitops_tui.diff.mask import hides, is_masked, mask
from gitops_tui.diff.normalise import normalise

__all__ = [
    "DiffLine",
    "DiffRow",
    "LineKind",
    "compare",
    "comparison",
    "hides",
    "is_masked",
    "mask",
    "normalise",
    "side_by_side",
    "strip_ignored",
    "unified",
]

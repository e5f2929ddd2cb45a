"""Desired against live: normalise, compare, mask, show. Pure; the only package that imports deepdiff.

`compare` answers how one object drifts, `comparison` adds the masked bodies for showing, `lines` turns those into
lines, `mask` is for a body shown by itself, `strip_ignored` makes the body to apply.
"""

from gitops_tui.diff.compare import compare, comparison
from gitops_tui.diff.ignore import strip_ignored
from gitops_tui.diff.mask import hides, is_masked, mask
from gitops_tui.diff.normalise import normalise

__all__ = [
    "compare",
    "comparison",
    "hides",
    "is_masked",
    "mask",
    "normalise",
    "strip_ignored",
]

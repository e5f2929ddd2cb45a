"""From desired and live to a plan, and from a plan to a changed cluster.

`stamp` marks a manifest as ours, `plan` makes the ordered ChangeSet of all `Pair`s (pure); `execute` runs it, and is
in `execution`, since most starts run none.
"""

from gitops_tui.sync.deletion import deletion
from gitops_tui.sync.guards import PRECIOUS
from gitops_tui.sync.hooks import Hook, generated, hook_of
from gitops_tui.sync.judge import judge
from gitops_tui.sync.options import (
    creates_namespace,
    is_immutable,
    kept_from_apply,
    kept_from_prune,
    replaces,
    validates,
    wave_of,
)
from gitops_tui.sync.order import DEFINITION, Introduced, arranged, defined_kind, steps
from gitops_tui.sync.pair import Pair
from gitops_tui.sync.plan import IN_SYNC, is_chosen, left_alone, plan
from gitops_tui.sync.ports import Applied, Children, Cluster, Lookup, Outcome, Progress, Recorder
from gitops_tui.sync.stamp import stamp

__all__ = [
    "DEFINITION",
    "IN_SYNC",
    "PRECIOUS",
    "Applied",
    "Children",
    "Cluster",
    "Hook",
    "Introduced",
    "Lookup",
    "Outcome",
    "Pair",
    "Progress",
    "Recorder",
    "arranged",
    "creates_namespace",
    "defined_kind",
    "deletion",
    "generated",
    "hook_of",
    "is_chosen",
    "is_immutable",
    "judge",
    "kept_from_apply",
    "kept_from_prune",
    "left_alone",
    "plan",
    "replaces",
    "stamp",
    "steps",
    "validates",
    "wave_of",
]

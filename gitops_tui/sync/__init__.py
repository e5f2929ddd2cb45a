"""From desired and live to a plan, and from a plan to a changed cluster.

`stamp` marks a manifest as ours. What most starts do not need is to be imported from its module: `plan.plan` makes the
ordered ChangeSet of all `Pair`s (pure), `deletion.deletion` that of an application's end, `execution.execute` runs it,
by the words of `ports`.
"""

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
from gitops_tui.sync.pair import Pair
from gitops_tui.sync.stamp import left_alone, stamp

__all__ = [
    "Hook",
    "Pair",
    "creates_namespace",
    "generated",
    "hook_of",
    "is_immutable",
    "judge",
    "kept_from_apply",
    "kept_from_prune",
    "left_alone",
    "replaces",
    "stamp",
    "validates",
    "wave_of",
]

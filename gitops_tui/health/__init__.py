"""How live objects fare: one pure function per kind, one registry. Total: a malformed object gets a verdict too.

`assess` judges one object, `lift` explains a workload by its pods, `lasts` tells whether time alone can change
that, `worst` makes an application's health.
"""

from gitops_tui.health.assess import RULES, assess, counts
from gitops_tui.health.lift import lasts, lift
from gitops_tui.model.resources import worst

__all__ = ["RULES", "assess", "counts", "lasts", "lift", "worst"]

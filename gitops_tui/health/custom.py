"""Health by the user's own rules (configuration: `health`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitops_tui.health.view import View
from gitops_tui.model.resources import Health

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules

PREFIX = "configured rule"
"""How the name of such a rule begins."""


def by_configuration(live: View, given: Sequence[KindRules]) -> Health | None:
    """Return the verdict of the first rule for its kind that holds, None when none does."""
    for each in given:
        if (each.group, each.kind) == (live.group, live.kind):
            for number, rule in enumerate(each.rules, 1):
                if rule.when.holds(live.body):
                    return Health(rule.code, rule.message.fill(live.body), f"{PREFIX} {number}")
    return None

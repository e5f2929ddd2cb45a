"""All that plans a way back, built of the same parts."""

from __future__ import annotations

from collections.abc import Callable

from gitops_tui.config import Settings
from gitops_tui.engine.operations.planning import Plans
from gitops_tui.engine.rollback.past import Past
from gitops_tui.engine.rollback.reverts import Reverts
from gitops_tui.engine.rollback.undo import Undo
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class WaysBack:
    """Thread-safe, all of them."""

    past: Past
    reverts: Reverts
    undo: Undo

    @classmethod
    def of(cls, reconciler: Reconciler, journal: Journal, plans: Plans, settings: Callable[[], Settings]) -> WaysBack:
        """Build them. settings: those in use now."""
        reverts = Reverts(reconciler, journal, settings)
        return cls(Past(reconciler, journal), reverts, Undo(reconciler, journal, plans, reverts))

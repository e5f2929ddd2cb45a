"""The two sides of a difference, as they are called."""

from __future__ import annotations

from gitops_tui.engine.requests import LIVE
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Sides:
    """From what to what: a commit, or None for what is live. usual: live against what is desired, as without words."""

    start: Revision | None
    end: Revision | None
    usual: bool = False

    @property
    def revision(self) -> str:
        """The sha of the commit that is compared: the one it leads to, if both sides are one."""
        side = self.end or self.start
        return side.sha if side else ""

    @property
    def names(self) -> tuple[str, str]:
        """How a person calls them."""
        if self.usual:
            return (LIVE, "desired")
        return (self.start.short if self.start else LIVE, self.end.short if self.end else LIVE)

    @property
    def words(self) -> tuple[str, str]:
        """How a script calls them: `live`, or a sha."""
        return (self.start.sha if self.start else LIVE, self.end.sha if self.end else LIVE)

    def standing(self, comparison: ResourceComparison) -> str:
        """What to say of a resource that is on one side only."""
        start, end = self.names
        if comparison.drift == DriftCode.MISSING:
            return " (missing live)" if self.usual else f" (only in {end})"
        if comparison.drift == DriftCode.EXTRA:
            return " (extra: Git does not name it)" if self.usual else f" (only in {start})"
        return ""

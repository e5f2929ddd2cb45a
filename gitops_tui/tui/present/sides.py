"""What the two sides of a difference are called."""

from __future__ import annotations

from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.values import dataclass
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.spans import Line, Span, Tone, fit, line, outside


@dataclass(frozen=True, slots=True)
class Sides:
    """From what to what. base: a commit, "" for what is live. revision: a commit, "" for the one held.

    held: the sha of that. context: the cluster's.
    """

    base: str = ""
    revision: str = ""
    held: str = ""
    context: str = ""

    @property
    def title(self) -> str:
        """`Diff`, `Diff at 1f0c2d3`, `Diff 5edacd2 → 1f0c2d3`."""
        if self.base:
            return f"Diff {self.base[:7]} → {self.revision[:7]}"
        return f"Diff at {self.revision[:7]}" if self.revision else "Diff"

    def headings(self, cells_wide: int) -> Line:
        """Return the titles over the two columns: where it leads to, and where it starts from."""
        half = max((cells_wide - 3) // 2, 16)
        start = ("before ", f"Git {self.base[:7]}") if self.base else ("live ", self.context or "cluster")
        end = ("after " if self.base else "desired ", f"Git {(self.revision or self.held)[:7]}")
        left = line(Span(end[0], Tone.GOOD, True), outside(end[1], Tone.MUTED, limit=80))
        right = line(Span(start[0], Tone.BAD, True), outside(start[1], Tone.MUTED, limit=80))
        return (*fit(left, half), Span(" │ ", Tone.FAINT), *fit(right, half))

    def summary(self, comparison: ResourceComparison) -> Line:
        """What kind of difference it is, in words."""
        code, count = DriftCode(comparison.drift), len(comparison.changes)
        words = {
            DriftCode.CHANGED: "1 field differs" if count == 1 else f"{count} fields differ",
            DriftCode.MISSING: "in Git, not in the cluster: a sync creates it",
            DriftCode.EXTRA: "in the cluster, no longer in Git: a sync with prune deletes it",
            DriftCode.IN_SYNC: "no difference",
            DriftCode.UNKNOWN: "could not be compared",
        }
        if self.base:
            words[DriftCode.MISSING] = f"only in {self.revision[:7]}"
            words[DriftCode.EXTRA] = f"only in {self.base[:7]}"
        note = f"  {comparison.note}" if comparison.note else ""
        guess = "  approximate: stated fields only" if comparison.approximate else ""
        return line(
            marks.symbol(marks.DRIFT[code]),
            Span(f" {words[code]}", Tone.MUTED),
            Span(guess, Tone.WARN),
            outside(note, Tone.MUTED),
        )

    @property
    def calm(self) -> Line:
        """What it means that nothing differs."""
        if self.base:
            return line(Span(f"{self.base[:7]} and {self.revision[:7]} say the same of this application", Tone.MUTED))
        what = f"what {self.revision[:7]} says" if self.revision else "what Git says"
        return line(Span(f"the cluster holds {what}", Tone.MUTED))

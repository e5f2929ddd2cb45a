"""A planned commit that restores a path: its files, and what it means."""

from __future__ import annotations

from typing import Final

from gitops_tui.model.revision import FileChange, Restoration, Revision, RollbackMode
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.navigation import Location

COLUMNS: Final = (
    Column("change", "CHANGE", 12),
    Column("path", "FILE", 24, grow=5),
    Column("added", "ADDED", 6, align="right"),
    Column("removed", "REMOVED", 7, align="right"),
)
_CHANGES: Final = {
    "A": Span("+ comes back", Tone.GOOD),
    "M": Span("≠ changes", Tone.WARN),
    "D": Span("- goes", Tone.BAD),
}


def cells(change: FileChange) -> tuple[Line, ...]:
    """Return the row of a file."""
    is_text = change.added is not None
    return (
        line(_CHANGES[change.letter]),
        line(outside(change.path, bold=True, limit=300)),
        line(Span(f"+{change.added}", Tone.GOOD) if is_text else Span("binary", Tone.MUTED)),
        line(Span(f"-{change.removed}", Tone.BAD) if is_text else Span("")),
    )


def counted(plan: Restoration) -> str:
    """`2 files`."""
    return f"{len(plan.files)} file" + "s" * (len(plan.files) != 1)


def title(location: Location, mode: RollbackMode, plan: Restoration | None) -> list[Line]:
    """Return what is done, and where."""
    first = line(
        Span("Revert ", bold=True),
        outside(location.application, Tone.ACCENT, bold=True),
        Span(" to ", Tone.MUTED),
        outside(location.revision[:7], Tone.ACCENT),
        Span(" with a commit to ", Tone.MUTED),
        Span("the tracked branch" if mode is RollbackMode.REVERT else "a branch of its own, for a pull request"),
    )
    if plan is None:
        return [first, EMPTY]
    where = line(Span("pushed to ", Tone.MUTED), outside(plan.target, Tone.SPECIAL))
    by = line(Span("   by ", Tone.MUTED), outside(plan.author, limit=80))
    return [first, (*where, *by, Span("   signed" if plan.signed else "   not signed", Tone.MUTED))]


def told(plan: Restoration | None) -> list[Line]:
    """Return what a person should know before."""
    if plan is None:
        return []
    path = outside(plan.path, Tone.ACCENT, limit=200) if plan.path else Span("the whole repository", Tone.ACCENT)
    lines = [
        line(path, Span(" becomes what it was at ", Tone.MUTED), *_named(plan.revision)),
        line(
            Span("in place of ", Tone.MUTED), *_named(plan.replaced), Span("; other paths stay as they are", Tone.MUTED)
        ),
    ]
    return [*lines, line(Span("! ", Tone.WARN, True), outside(plan.note))] if plan.note else lines


def _named(revision: Revision) -> Line:
    return line(outside(revision.short, Tone.ACCENT), Span(" "), outside(revision.subject, limit=100))

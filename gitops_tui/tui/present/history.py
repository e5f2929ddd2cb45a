"""Commits as rows of a table."""

from __future__ import annotations

from typing import Final

from gitops_tui.model.operations import HistoryEntry
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, join, line, outside
from gitops_tui.tui.look.times import age, ago, moment, since

COLUMNS: Final = (
    Column("sha", "COMMIT", 9),
    Column("state", "STATE", 13, grow=1, most=24),
    Column("age", "AGE", 4, align="right"),
    Column("author", "AUTHOR", 12, grow=1, most=22, rank=2),
    Column("subject", "SUBJECT", 28, grow=5),
    Column("deployed", "DEPLOYED", 8, align="right", rank=1),
)


def cells(entry: HistoryEntry, now: float, base: str = "") -> tuple[Line, ...]:
    """Return the row of a commit. base: the one to compare from, "" for none."""
    tone = Tone.TEXT if entry.deployed or entry.current else Tone.MUTED
    return (
        line(outside(entry.sha[:7], Tone.ACCENT)),
        join([line(Span("◆ from", Tone.ACCENT, True)), state(entry)], Span(" ")) if entry.sha == base else state(entry),
        line(Span(age(now - entry.time), Tone.MUTED)),
        line(outside(entry.author, Tone.MUTED, limit=60)),
        line(outside(entry.subject, tone, bold=entry.current, limit=200)),
        line(Span(since(entry.deployed, now), Tone.MUTED)),
    )


def state(entry: HistoryEntry) -> Line:
    """What a commit is to its application: current, pinned, quarantined, deployed once."""
    parts: list[Line] = []
    if entry.current:
        parts.append(line(Span("● current", Tone.GOOD, True)))
    if entry.pinned:
        parts.append(line(Span("⚑ pinned", Tone.SPECIAL)))
    if entry.quarantined:
        parts.append(line(Span("✗ quarantined", Tone.BAD)))
    if entry.deployed and not entry.current and not entry.quarantined:
        parts.append(line(Span("○ deployed", Tone.MUTED)))
    return join(parts, Span(" "))


def told(entry: HistoryEntry, now: float) -> Line:
    """One commit on one line, for below the table."""
    never = "in the cluster, but no sync of it succeeded" if entry.current else "never deployed"
    deployed = f"deployed {ago(entry.deployed, now)}" if entry.deployed else never
    parts = [
        line(outside(entry.sha[:12], Tone.ACCENT)),
        line(outside(entry.author, Tone.TEXT), outside(f" <{entry.email}>" if entry.email else "", Tone.MUTED)),
        line(Span(moment(entry.time), Tone.MUTED)),
        line(Span(deployed, Tone.MUTED)),
    ]
    return join(parts, Span(" · ", Tone.FAINT)) if entry.sha else EMPTY

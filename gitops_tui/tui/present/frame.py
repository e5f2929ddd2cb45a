"""The frame around every screen: what the header says, and the keys in the footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import Snapshot, SyncCode, WorkerState
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, Span, Tone, join, line, outside, spread, width

BRAND: Final = Span(" gitops-tui ", Tone.ACCENT, True)
_GAP: Final = Span("  ")
_COUNTED: Final = (HealthCode.PROGRESSING, HealthCode.MISSING, HealthCode.DEGRADED)
_WORDS: Final = {
    SyncCode.SYNCED: "synced",
    SyncCode.OUT_OF_SYNC: "out of sync",
    SyncCode.UNKNOWN: "unknown",
}


def header(snapshot: Snapshot, crumbs: Sequence[str], cells: int, *, read_only: bool, note: str = "") -> list[Line]:
    """Return the two header lines. crumbs: the path to this view. note: such as the filter in force."""
    first = spread(
        (BRAND, *contexts(snapshot)),
        (*join([*_flags(snapshot, read_only), (marks.WORKER[snapshot.worker],)], _GAP), Span(" ")),
        cells,
    )
    left = line(" ", *_crumbs(crumbs))
    if note:
        left = (*left, Span("  "), Span(f" {note} ", Tone.ACCENT, ground=Ground.CHIP))
    long, short = counts(snapshot)
    right = long if width(left) + width(long) + 4 <= cells else short
    return [first, spread(left, (*right, Span(" ")), cells)]


def contexts(snapshot: Snapshot) -> Line:
    """Which clusters are in play; those that cannot be reached are marked."""
    clusters = sorted(snapshot.clusters.values(), key=lambda cluster: cluster.context)
    if not clusters:
        return EMPTY
    if len(clusters) > 2:
        dead = sum(cluster.problem is not None for cluster in clusters)
        tail = Span(f"  ✗ {dead} unreachable", Tone.BAD) if dead else Span("")
        return line(Span(f"◇ {len(clusters)} contexts", Tone.TEXT), tail)
    shown = [
        line(
            Span("✗ " if cluster.problem else "◇ ", Tone.BAD if cluster.problem else Tone.MUTED),
            outside(cluster.context, limit=30),
            Span(f" {cluster.version}", Tone.MUTED) if cluster.version else "",
        )
        for cluster in clusters
    ]
    return join(shown, _GAP)


def counts(snapshot: Snapshot) -> tuple[Line, Line]:
    """How many applications are in which state, with words and without; healthy and empty states are left out."""
    statuses = snapshot.applications.values()
    # Counted in lists, where members are told by identity: a Counter asks each of them for its hash.
    sync = [status.sync for status in statuses]
    health = [status.health.code for status in statuses]
    told = [(marks.SYNC[code], sync.count(code), _WORDS[code]) for code in SyncCode]
    told += [(marks.HEALTH[code], health.count(code), code.value.lower()) for code in _COUNTED]
    shown = [each for each in told if each[1]]
    return join([_count(*each) for each in shown], _GAP), join([_count(*each[:2], "") for each in shown], _GAP)


def _count(mark: Span, number: int, word: str) -> Line:
    return line(mark._replace(text=f"{mark.text[:1]} {number}"), Span(f" {word}", Tone.MUTED) if word else "")


def _flags(snapshot: Snapshot, read_only: bool) -> list[Line]:
    flags: list[Line] = []
    stale = [status.stale for status in snapshot.applications.values()].count(True)
    if stale:
        flags.append(line(Span(f"! {stale} stale", Tone.WARN)))
    if snapshot.problems and snapshot.worker is not WorkerState.FAILED:
        flags.append(line(Span(f"! {len(snapshot.problems)} problem" + "s" * (len(snapshot.problems) > 1), Tone.BAD)))
    if snapshot.writer:
        flags.append(line(Span("watching: ", Tone.WARN), outside(snapshot.writer, Tone.WARN, limit=40)))
    if read_only or snapshot.read_only:
        flags.append(line(Span(" read-only ", Tone.WARN, True, Ground.CHIP)))
    return flags


def _crumbs(crumbs: Sequence[str]) -> Line:
    parts = [
        line(outside(crumb, Tone.TEXT if last else Tone.MUTED, bold=last, limit=60))
        for crumb, last in ((crumb, at == len(crumbs) - 1) for at, crumb in enumerate(crumbs))
    ]
    return join(parts, Span(" ▸ ", Tone.FAINT))


Key = tuple[str, str, bool]
"""A key as shown, its title, and whether it can be used now."""


def footer(keys: Sequence[Key], cells: int) -> tuple[Line, tuple[tuple[int, int], ...]]:
    """Return the footer and where each key starts and ends; keys that do not fit are left out, help never is."""
    spans: list[Span] = [Span(" ")]
    places: list[tuple[int, int]] = []
    used = 1
    reserved = sum(len(key) + len(title) + 3 for key, title, _ in keys if key == "?")
    for key, title, enabled in keys:
        room = cells - used - (0 if key == "?" else reserved)
        size = len(key) + 1 + len(title)
        if size > room:
            places.append((0, 0))
            continue
        spans += [
            Span(key, Tone.ACCENT if enabled else Tone.FAINT, True),
            Span(f" {title}", Tone.MUTED if enabled else Tone.FAINT),
            Span("  "),
        ]
        places.append((used, used + size))
        used += size + 2
    return tuple(spans), tuple(places)

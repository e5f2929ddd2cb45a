"""Repositories and clusters as rows of a table."""

from __future__ import annotations

from typing import Final

from gitops_tui.model.status import ClusterStatus, RepositoryStatus, Snapshot
from gitops_tui.model.values import dataclass
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.look.times import ago, until

REPOSITORY_COLUMNS: Final = (
    Column("state", "STATE", 9),
    Column("url", "REPOSITORY", 24, grow=3, most=70),
    Column("applications", "APPS", 4, align="right"),
    Column("fetched", "ASKED", 8, align="right"),
    Column("next", "NEXT", 8, align="right", rank=1),
    Column("note", "NOTE", 16, grow=3, rank=2),
)
CLUSTER_COLUMNS: Final = (
    Column("state", "STATE", 13),
    Column("context", "CONTEXT", 14, grow=1, most=40),
    Column("version", "VERSION", 9),
    Column("applications", "APPS", 4, align="right"),
    Column("server", "SERVER", 16, grow=1, most=44, rank=2),
    Column("note", "NOTE", 16, grow=3, rank=1),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A repository or a cluster, and how many applications use it."""

    status: RepositoryStatus | ClusterStatus
    applications: int


def repositories(snapshot: Snapshot) -> list[Place]:
    """Return the repositories, those with a problem first."""
    used = [status.application.source.repository for status in snapshot.applications.values()]
    found = [Place(one, used.count(one.url)) for one in snapshot.repositories.values()]
    return sorted(found, key=lambda place: (place.status.problem is None, name(place)))


def clusters(snapshot: Snapshot) -> list[Place]:
    """Return the clusters, those with a problem first."""
    used = [status.context for status in snapshot.applications.values()]
    found = [Place(one, used.count(one.context)) for one in snapshot.clusters.values()]
    return sorted(found, key=lambda place: (place.status.problem is None, name(place)))


def name(place: Place) -> str:
    """Return what a place is called: its URL or its context."""
    return place.status.url if isinstance(place.status, RepositoryStatus) else place.status.context


def repository_cells(place: Place, now: float) -> tuple[Line, ...]:
    """Return the row of a repository."""
    status = place.status
    if not isinstance(status, RepositoryStatus):
        raise TypeError("a repository is needed")
    state = Span("✗ Failed", Tone.BAD) if status.problem else Span("✓ Read", Tone.GOOD)
    if not status.problem and not status.fetched_at:
        state = Span("◌ Reading", Tone.BUSY)
    return (
        line(state),
        line(outside(status.url, bold=True, limit=200)),
        line(Span(str(place.applications), Tone.MUTED)),
        line(Span(ago(status.fetched_at, now), Tone.MUTED)),
        line(Span(until(status.next_at, now), Tone.MUTED)),
        _note(status, status.note),
    )


def cluster_cells(place: Place) -> tuple[Line, ...]:
    """Return the row of a cluster."""
    status = place.status
    if not isinstance(status, ClusterStatus):
        raise TypeError("a cluster is needed")
    state = Span("✓ Connected", Tone.GOOD) if status.version else Span("◌ Connecting", Tone.BUSY)
    return (
        line(Span("✗ Unreachable", Tone.BAD) if status.problem else state),
        line(outside(status.context or "(current)", bold=True, limit=100)),
        line(outside(status.version or "-", Tone.MUTED, limit=30)),
        line(Span(str(place.applications), Tone.MUTED)),
        line(outside(status.server, Tone.MUTED, limit=200)),
        _note(status, ""),
    )


def _note(status: RepositoryStatus | ClusterStatus, note: str) -> Line:
    if status.problem:
        return line(outside(status.problem.message, Tone.BAD, limit=300))
    return line(outside(note, Tone.WARN, limit=300)) if note else EMPTY

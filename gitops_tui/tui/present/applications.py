"""Applications as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gitops_tui.model.application import SyncMode
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.tui.filters import Subject
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.look.times import since

_CONTEXT: Final = 10
"""A context longer than this is cut, so that the namespace behind it can be read."""
COLUMNS: Final = (
    Column("name", "NAME", 14, grow=1, most=30, sort="N"),
    Column("project", "PROJECT", 9, rank=8, sort="P"),
    Column("destination", "DESTINATION", 20, grow=1, rank=7, sort="C", most=26),
    Column("sync", "SYNC", 11, sort="S"),
    Column("health", "HEALTH", 13, sort="H"),
    Column("revision", "REVISION", 9, rank=1),
    Column("subject", "COMMIT", 15, grow=1, rank=6, most=44),
    Column("age", "AGE", 4, align="right", rank=5, sort="A"),
    Column("drift", "DRIFT", 6, align="right", sort="D"),
    Column("summary", "WHAT", 13, grow=6, wish=24),
)


def cells(status: ApplicationStatus, now: float, change: Revision | None = None) -> tuple[Line, ...]:
    """Return one row: a cell for each of COLUMNS. change: the newest commit to its path, None while it is not known.

    The revision is what the application is compared with; what it changed last is told by subject and age.
    """
    revision = change or status.revision
    destination = status.application.destination
    context = status.context or destination.context
    return (
        line(outside(status.name, Tone.TEXT, bold=True, limit=80)),
        line(outside(status.application.project, Tone.MUTED, limit=40)),
        line(
            outside(context, Tone.MUTED, limit=_CONTEXT),
            Span("/", Tone.FAINT) if context else "",
            outside(destination.namespace, limit=60),
        ),
        sync(status),
        line(marks.HEALTH[status.health.code]),
        commit(status),
        line(outside(revision.subject, Tone.MUTED, limit=100)) if revision else EMPTY,
        line(Span(since(revision.time, now), Tone.MUTED)) if revision else EMPTY,
        drifted(status),
        what(status),
    )


def sync(status: ApplicationStatus) -> Line:
    """Sync as a mark; stale data are greyed and say so elsewhere."""
    mark = marks.SYNC[status.sync]
    return line(mark._replace(tone=Tone.MUTED) if status.stale else mark)


def commit(status: ApplicationStatus) -> Line:
    """The revision, with ⚑ when it is pinned and ↑ when a newer commit waits."""
    if status.revision is None:
        return line(Span("…", Tone.FAINT))
    sign = Span("")
    if status.pin:
        sign = Span(" ⚑", Tone.SPECIAL)
    elif waits(status):
        sign = Span(" ↑", Tone.BUSY)
    return line(outside(status.revision.short, Tone.ACCENT, limit=7), sign)


def waits(status: ApplicationStatus) -> bool:
    """Whether the tracked ref is ahead of what was deployed, and brings this application something."""
    if status.sync is SyncCode.SYNCED:
        return False
    if status.revision and status.latest and status.latest.sha != status.revision.sha:
        return True
    return bool(status.deployed and status.revision and status.deployed != status.revision.sha)


def drifted(status: ApplicationStatus) -> Line:
    """`3/12`: resources that differ, of all."""
    if not status.total:
        return line(Span("-", Tone.FAINT))
    tone = Tone.WARN if status.drifted else Tone.FAINT
    return line(Span(str(status.drifted), tone), Span(f"/{status.total}", Tone.MUTED))


def what(status: ApplicationStatus) -> Line:
    """What is wrong or going on, in a few words."""
    running = status.running
    if running:
        done = f"{running.done}/{running.total} " if running.total else ""
        return line(Span(f"{running.kind} {done}", Tone.BUSY), outside(running.current, Tone.MUTED, limit=80))
    parts: list[Span] = []
    if status.stale:
        parts.append(Span("stale: ", Tone.WARN))
    text = status.summary or (status.problems[0].message if status.problems else "")
    if not text and status.health.code is HealthCode.DEGRADED:
        text = status.health.message
    if text:
        tone = Tone.BAD if status.problems or status.health.code is HealthCode.DEGRADED else Tone.TEXT
        parts.append(outside(text, tone, limit=160))
    if status.waiting and not status.problems:
        parts += [Span(" · ", Tone.FAINT)] if text else []
        parts.append(outside(status.waiting, Tone.WARN, limit=160))
    elif not text and status.pin:
        parts.append(outside(f"pinned by {status.pin.who}", Tone.SPECIAL, limit=80))
    elif not text and status.pause:
        parts.append(outside(f"paused by {status.pause.who}", Tone.SPECIAL, limit=80))
    return tuple(parts)


def headline(status: ApplicationStatus, now: float) -> Line:
    """One application on one line: where it stands and what it is at."""
    revision = status.revision
    spans: list[Span] = [*sync(status), Span("   "), marks.HEALTH[status.health.code], Span("   ")]
    spans += [Span("✓ Verified", Tone.GOOD) if status.verified else Span("? not verified", Tone.MUTED), Span("   ")]
    if revision:
        tracked = status.application.source.revision or "HEAD"
        spans += [outside(f"{tracked} ", Tone.MUTED, limit=40), *commit(status), Span("  ")]
        spans += [outside(revision.subject, limit=120), Span("  ")]
        spans += [outside(f"{since(revision.time, now)} · {revision.author}", Tone.MUTED, limit=60)]
    else:
        spans.append(Span("its repository has not been read yet", Tone.MUTED))
    return tuple(spans)


def troubled(status: ApplicationStatus) -> bool:
    """Whether a person should look at it."""
    return bool(
        status.problems
        or status.stale
        or status.sync is not SyncCode.SYNCED
        or status.health.code.badness > HealthCode.SUSPENDED.badness
    )


def filtered_by(status: ApplicationStatus, change: Revision | None = None) -> Subject:
    """What a filter looks at. change: the newest commit to its path, None while it is not known."""
    application = status.application
    context = status.context or application.destination.context
    revision = status.revision
    text = " ".join(
        (
            status.name,
            application.project,
            context,
            application.destination.namespace,
            status.sync.value,
            status.health.code.value,
            revision.short if revision else "",
            change.subject if change else "",
            status.summary,
        )
    )
    fields = {
        "name": status.name,
        "project": application.project,
        "context": context,
        "namespace": application.destination.namespace,
        "sync": status.sync.value,
        "health": status.health.code.value,
        "verified": "yes" if status.verified else "no",
        "mode": SyncMode(application.policy.mode).value,
    }
    return Subject(text, fields, application.labels)


FIELDS: Final = frozenset({"name", "project", "context", "namespace", "sync", "health", "verified", "mode"})

_SYNC_RANK: Final = {SyncCode.OUT_OF_SYNC: 0, SyncCode.UNKNOWN: 1, SyncCode.SYNCED: 2}
SORTS: Final[dict[str, Callable[[ApplicationStatus], Any]]] = {
    "name": lambda status: status.name,
    "project": lambda status: (status.application.project, status.name),
    "destination": lambda status: (status.context, status.application.destination.namespace, status.name),
    "sync": lambda status: (_SYNC_RANK[status.sync], status.name),
    "health": lambda status: (-status.health.code.badness, status.name),
    "drift": lambda status: (-status.drifted, status.name),
}

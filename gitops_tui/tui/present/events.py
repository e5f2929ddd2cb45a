"""Events and conditions of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from gitops_tui.model.explanation import Condition, Event, Explanation
from gitops_tui.tui.filters import Subject
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.look.times import ago, since
from gitops_tui.tui.present.details import heading

COLUMNS: Final = (
    Column("age", "AGE", 4, align="right", sort="A"),
    Column("type", "TYPE", 9, sort="T"),
    Column("reason", "REASON", 14, grow=2, most=26, sort="S"),
    Column("kind", "KIND", 10, most=18, grow=1, rank=2, sort="K"),
    Column("name", "NAME", 14, grow=2, most=40, sort="N"),
    Column("count", "COUNT", 5, align="right", rank=1, sort="C"),
    Column("message", "MESSAGE", 16, grow=6),
)
FIELDS: Final = frozenset({"type", "reason", "kind", "name"})
SORTS: Final[dict[str, Callable[[Event], Any]]] = {
    "age": lambda event: -(event.time or 0.0),
    "type": lambda event: (not event.is_warning, -(event.time or 0.0)),
    "reason": lambda event: (event.reason, -(event.time or 0.0)),
    "kind": lambda event: (event.about.kind, event.about.name),
    "name": lambda event: (event.about.name, event.about.kind),
    "count": lambda event: -event.count,
}
_TOLD: Final = 12


def cells(event: Event, now: float) -> tuple[Line, ...]:
    """Return one row: a cell for each of COLUMNS."""
    return (
        line(Span(since(event.time, now), Tone.MUTED)) if event.time else EMPTY,
        line(_mark(event)),
        line(outside(event.reason, bold=True, limit=100)),
        marks.kind(event.about.kind),
        line(outside(event.about.name, limit=100)),
        line(Span(str(event.count) if event.count > 1 else "", Tone.MUTED)),
        line(outside(event.message, Tone.TEXT if event.is_warning else Tone.MUTED, limit=500)),
    )


def filtered_by(event: Event) -> Subject:
    """Return what a filter sees of an event."""
    fields = {
        "type": "Warning" if event.is_warning else "Normal",
        "reason": event.reason,
        "kind": event.about.kind,
        "name": event.about.name,
    }
    return Subject(" ".join((*fields.values(), event.message, event.source)), fields)


def told(event: Event) -> Line:
    """Return the whole message of an event, and who said it."""
    source = f"{event.source}: " if event.source else ""
    return line(outside(source, Tone.MUTED, limit=100), outside(event.message, limit=2000))


def of_explanation(known: Explanation, now: float) -> list[Line]:
    """Return conditions and the newest events, for the facts about a resource."""
    lines: list[Line] = []
    if known.conditions:
        lines += [EMPTY, heading("Conditions"), *_conditions(known.conditions, now)]
    lines += [EMPTY, heading("Events")]
    if not known.events:
        return [*lines, line(Span("  none", Tone.MUTED))]
    lines += [_short(event, now) for event in known.events[:_TOLD]]
    more = len(known.events) - _TOLD
    if more > 0 or not known.is_complete:
        lines.append(line("  ", Span("e", Tone.ACCENT, True), Span(f" shows {max(more, 0)} more", Tone.MUTED)))
    return lines


def _conditions(conditions: Iterable[Condition], now: float) -> Iterable[Line]:
    for each in conditions:
        words = ": ".join(filter(None, (each.reason, each.message)))
        when = f"  for {since(each.since, now)}" if each.since else ""
        yield line(
            Span("  "), outside(each.kind, bold=True, limit=100), outside(f" {each.status}"), Span(when, Tone.MUTED)
        )
        if words:
            yield line(Span("    "), outside(words, Tone.MUTED, limit=2000))


def _short(event: Event, now: float) -> Line:
    when = f"{ago(event.time, now)}  " if event.time else ""
    often = f" {event.count} times" if event.count > 1 else ""
    return line(
        Span("  "),
        _mark(event)._replace(text="! " if event.is_warning else "· "),
        outside(event.reason, bold=True, limit=100),
        Span(f"{often}, {when}" if often and when else f"{often}  {when}", Tone.MUTED),
        outside(f"{event.about.kind_name}: ", Tone.MUTED, limit=120),
        outside(event.message, limit=1000),
    )


def _mark(event: Event) -> Span:
    return Span("! Warning", Tone.WARN) if event.is_warning else Span("· Normal", Tone.MUTED)

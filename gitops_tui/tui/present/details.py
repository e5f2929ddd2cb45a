"""Everything known about one thing, as lines of facts."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_tui.model.resources import Health, HealthCode, ResourceStatus
from gitops_tui.model.status import ApplicationStatus, Problem, Snapshot
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside, wrap
from gitops_tui.tui.look.times import ago, moment, since, until
from gitops_tui.tui.present.applications import sync
from gitops_tui.tui.present.resources import drift

_LABEL = 12
_PIN_ENDS = {"next-commit": "until a newer commit arrives", "manual": "until it is unpinned"}


def fact(label: str, *parts: Span | str) -> Line:
    """Return `label   value`."""
    return line(Span(f"{label:<{_LABEL}}", Tone.MUTED), *parts)


def facts(rows: Iterable[Line], cells: int) -> list[Line]:
    """Break facts at `cells`, so that what follows hangs below the value."""
    return [piece for row in rows for piece in (wrap(row, cells, _LABEL) or [EMPTY])]


def heading(text: str) -> Line:
    """Return a heading."""
    return line(Span(text, Tone.ACCENT, True))


def of_problem(problem: Problem, now: float) -> list[Line]:
    """Return a problem: what, why, what to do, when it is tried again."""
    lines = [
        line(Span("✗ ", Tone.BAD), outside(problem.subject, bold=True), Span(f"  {problem.stage.value}", Tone.MUTED)),
        line("  ", outside(problem.message, limit=2000)),
    ]
    if problem.hint:
        lines.append(line(Span("  → ", Tone.ACCENT), outside(problem.hint, limit=500)))
    when = [f"for {since(problem.since, now)}" if problem.since else "", until(problem.retry_at, now)]
    words = ", tried again ".join(word for word in when if word)
    if words:
        lines.append(line(Span(f"  {words}", Tone.MUTED)))
    return lines


def of_resource(status: ResourceStatus, now: float) -> list[Line]:
    """Return everything known about a resource."""
    key = status.key
    lines = [
        fact("drift", *drift(status)) if status.desired or status.parent is None else EMPTY,
        fact("health", _health(status.health)),
    ]
    text = status.message or status.health.message
    if text:
        lines.append(fact("message", outside(text, limit=1000)))
    if status.approximate:
        lines.append(fact("note", Span("compared without a prediction: stated fields only", Tone.WARN)))
    lines += [
        fact("rule", outside(status.health.rule, Tone.MUTED)) if status.health.rule else EMPTY,
        fact("namespace", outside(key.namespace)) if key.namespace else fact("scope", "cluster"),
        fact("version", outside(status.version)) if status.version else EMPTY,
        fact("owner", outside(status.parent.kind_name)) if status.parent else EMPTY,
        fact("created", Span(f"{moment(status.created)}  {ago(status.created, now)}")) if status.created else EMPTY,
    ]
    lines += [fact(name, outside(value, limit=500)) for name, value in status.details.items()]
    return [row for row in lines if row]


def of_everything(snapshot: Snapshot, now: float) -> list[Line]:
    """Return every problem there is, each once: of the whole, of repositories and clusters, of applications."""
    groups: list[tuple[str, list[Problem]]] = [
        ("Engine", list(snapshot.problems)),
        ("Repositories", [one.problem for one in snapshot.repositories.values() if one.problem]),
        ("Clusters", [one.problem for one in snapshot.clusters.values() if one.problem]),
    ]
    groups += [(f"Application {status.name}", list(status.problems)) for status in snapshot.applications.values()]
    lines: list[Line] = []
    seen: set[tuple[str, str]] = set()
    for title, problems in groups:
        fresh = [problem for problem in problems if (problem.subject, problem.message) not in seen]
        if fresh:
            lines.append(line(outside(title, Tone.ACCENT, bold=True, limit=120)))
        for problem in fresh:
            seen.add((problem.subject, problem.message))
            lines += [*of_problem(problem, now), EMPTY]
    return lines


def of_application(status: ApplicationStatus, now: float) -> list[Line]:
    """Return everything known about an application: problems first."""
    application, lines = status.application, [] if status.problems == () else [heading("What is wrong")]
    for problem in status.problems:
        lines += [*of_problem(problem, now), EMPTY]
    source, policy = application.source, application.policy
    lines += [
        heading("Now"),
        fact("sync", *sync(status), Span("  stale", Tone.WARN) if status.stale else ""),
        fact("health", marks.HEALTH[status.health.code], Span("  "), outside(status.health.message, Tone.MUTED)),
        fact("verified", *_verified(status)),
        fact("compared", Span(ago(status.compared_at, now))),
        *_commits(status, now),
        EMPTY,
        heading("Source"),
        fact("repository", outside(source.repository)),
        fact("tracks", outside(source.revision or "HEAD")),
        fact("path", outside(source.path or "(root)")),
        fact("renderer", outside(source.renderer.value)),
        *(fact("signed by", outside(file)) for file in source.signed_by),
        EMPTY,
        heading("Destination"),
        fact("context", outside(status.context or application.destination.context or "(current)")),
        fact("namespace", outside(application.destination.namespace)),
        fact("project", outside(application.project)),
        EMPTY,
        heading("Policy"),
        fact("sync", outside(policy.mode.value)),
        fact("prune", "yes" if policy.prune else "no"),
        fact("self-heal", "yes" if policy.self_heal else "no"),
    ]
    if status.pause:
        pause = status.pause
        ends = _at(pause.until, now) or "until it is resumed"
        lines.append(fact("paused", outside(f"by {pause.who}, {ends}", Tone.SPECIAL), outside(f"  {pause.why}")))
    if application.labels:
        lines.append(fact("labels", outside(", ".join(f"{key}={value}" for key, value in application.labels.items()))))
    return lines


def _at(end: float | None, now: float) -> str:
    return f"until {moment(end)}, {until(end, now)}" if end else ""


def _health(health: Health) -> Span:
    mark = marks.HEALTH[health.code]
    return mark if health.code is not HealthCode.NONE else Span("this kind has none", Tone.MUTED)


def _verified(status: ApplicationStatus) -> Line:
    if status.verified:
        return line("yes", Span("  the last operation ended with every resource healthy", Tone.MUTED))
    return line("no")


def _commits(status: ApplicationStatus, now: float) -> list[Line]:
    lines: list[Line] = []
    if status.revision:
        revision = status.revision
        lines.append(fact("commit", outside(revision.short, Tone.ACCENT), Span("  "), outside(revision.subject)))
        lines.append(fact("", outside(f"{revision.author}, {ago(revision.time, now)}", Tone.MUTED)))
    if status.latest and status.revision and status.latest.sha != status.revision.sha:
        latest = status.latest
        lines.append(fact("newest", outside(latest.short, Tone.BUSY), Span("  "), outside(latest.subject)))
    if status.deployed:
        lines.append(fact("deployed", outside(status.deployed[:7], Tone.ACCENT)))
    if status.pin:
        pin = status.pin
        ends = _PIN_ENDS.get(pin.until) or _at(pin.lifts_at, now)
        lines.append(fact("pinned", outside(f"to {pin.revision[:7]} by {pin.who}, {ends}", Tone.SPECIAL)))
        if pin.why:
            lines.append(fact("", outside(pin.why, Tone.MUTED)))
    return lines

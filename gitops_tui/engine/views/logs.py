"""What the containers below a resource have written since somebody asked last, without the secrets that it quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import merge
from typing import Final

from gitops_tui.cluster import Cluster
from gitops_tui.cluster.logs import MOST_LINES, Dated
from gitops_tui.diff.conceal import Concealer
from gitops_tui.engine.requests import ReadLogs
from gitops_tui.engine.views.below import bodies_of, chosen_of
from gitops_tui.engine.views.reconcile import View
from gitops_tui.model.errors import ClusterError, UnreachableError
from gitops_tui.model.fields import dig, mappings, text
from gitops_tui.model.logs import LogLine, LogMark, Logs, LogSource
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.text import sanitize

MOST_SOURCES: Final = 24
"""Containers that are read at once: each is a request, and more of them nobody follows."""
_LONGEST: Final = 10_000
_BAD_REQUEST: Final = 400
_STYLED: Final = pattern("\x1b\\[[0-9;:?]*[A-Za-z]")
_LISTS: Final = ("initContainers", "containers", "ephemeralContainers")


def logs_of(view: View, cluster: Cluster, request: ReadLogs) -> Logs:
    """Return what was written since the marks of `request`, from each container below its resource.

    Raises UsageError when the resource is none of the application's, UnreachableError when nothing can be read.
    """
    bodies = bodies_of(view)
    pods = sorted((key, body) for key, body in chosen_of(view, bodies, request.key).items() if _is_pod(key))
    sources = [source for key, body in pods for source in _sources(key, body)]
    read = sources[:MOST_SOURCES]
    marks = {mark.source: mark for mark in request.since}
    hide = Concealer(bodies.values(), view.application.masked_paths).conceal
    written: list[list[LogLine]] = []
    notes: dict[LogSource, str] = {}
    for source in read:
        mark = marks.get(source)
        try:
            found = cluster.written_by(source, mark.time if mark else None, previous=request.previous)
        except UnreachableError:
            raise
        except ClusterError as error:
            # Refused as a bad request is also to read what a container wrote that was never started again.
            if not (request.previous and error.status == _BAD_REQUEST):
                notes[source] = error.message
            continue
        if fresh := _after(found, mark):
            marks[source] = _mark(source, fresh, mark)
            is_gap = mark is not None and len(fresh) == len(found) >= MOST_LINES
            gap = [LogLine(source, fresh[0].time, "", is_gap=True)] if is_gap else []
            written.append(gap + [LogLine(source, each.time, _harmless(each.text, hide)) for each in fresh])
    return Logs(
        lines=tuple(merge(*written, key=lambda line: line.time)),
        sources=tuple(read),
        marks=tuple(marks[each] for each in read if each in marks),
        notes=notes,
        left_out=len(sources) - len(read),
    )


def _is_pod(key: ResourceKey) -> bool:
    return (key.group, key.kind) == ("", "Pod")


def _sources(key: ResourceKey, pod: Body) -> Iterable[LogSource]:
    for name in _LISTS:
        for container in mappings(dig(pod, "spec", name)):
            yield LogSource(key.namespace, key.name, text(container.get("name")))


def _after(written: tuple[Dated, ...], mark: LogMark | None) -> tuple[Dated, ...]:
    """Leave out what was read before. Times are asked for by the second, so some of it always comes again."""
    if mark is None:
        return written
    left = mark.count
    for at, each in enumerate(written):
        if each.time > mark.time or (each.time == mark.time and not left):
            return written[at:]
        left -= each.time == mark.time
    return ()


def _mark(source: LogSource, fresh: tuple[Dated, ...], before: LogMark | None) -> LogMark:
    last = fresh[-1].time
    count = sum(each.time == last for each in fresh)
    return LogMark(source, last, count + (before.count if before and before.time == last else 0))


def _harmless(text: str, conceal: Callable[[str], str]) -> str:
    """One line, as it was indented; colours are taken out, anything else that a terminal would obey is made visible."""
    plain = _STYLED.sub("", text).expandtabs(4).rstrip()
    return sanitize(conceal(plain), limit=_LONGEST)

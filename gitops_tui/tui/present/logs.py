"""What containers write, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

from gitops_tui.model.logs import LogLine, Logs, LogSource
from gitops_tui.model.patterns import pattern
from gitops_tui.model.status import Problem
from gitops_tui.model.text import sanitize
from gitops_tui.tui.look.spans import EMPTY, Ground, Line, Span, Tone, cut, fit, line, outside, spread
from gitops_tui.tui.look.times import clock

_TONES: Final = (Tone.ACCENT, Tone.SPECIAL, Tone.BUSY)
_LONGEST: Final = 24
_BAD: Final = pattern(r"\b(?:ERROR|FATAL|CRITICAL|PANIC|panic:)|\blevel\"?[=:] ?\"?(?:error|fatal|panic)\b|^[EF]\d{4} ")
_WARN: Final = pattern(r"\bWARN(?:ING)?\b|\blevel\"?[=:] ?\"?warn(?:ing)?\b|^W\d{4} ")
_SECOND: Final = 1_000_000_000
_GAP: Final = "⋯ lines are left out here: more came than can be followed"


class Names:
    """The shortest names that tell some containers apart; none where there is only one."""

    def __init__(self, sources: Sequence[LogSource]) -> None:
        self._names: Mapping[LogSource, str] = dict(zip(sources, _names(sources), strict=True))
        told = sorted({source.pod for source in sources})
        self._tones = {
            source: _TONES[(told.index(source.pod) if len(told) > 1 else at) % len(_TONES)]
            for at, source in enumerate(sources)
        }
        self._cells = min(max(map(len, self._names.values()), default=0), _LONGEST)

    def before(self, source: LogSource) -> Line:
        """What stands before a line of a container, of the same width for each."""
        if not self._cells:
            return EMPTY
        name = outside(self._names.get(source, source.pod), self._tones.get(source, Tone.MUTED), limit=100)
        return fit((name,), self._cells + 1)


def _names(sources: Sequence[LogSource]) -> list[str]:
    pods = sorted({source.pod for source in sources})
    if len(pods) < 2:
        return [source.container if len(sources) > 1 else "" for source in sources]
    # Pods of one Deployment differ in their last part alone.
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(pods[0], pods[-1], strict=False)))
    shared = pods[0].rfind("-", 0, same) + 1
    if len(pods) == len(sources):
        return [source.pod[shared:] for source in sources]
    return [f"{source.pod[shared:]}/{source.container}" for source in sources]


def row(written: LogLine, names: Names, now: float | None) -> Line:
    """Return one line: when, who, what. now: None to leave out when."""
    is_dated = now is not None and written.time
    when = (Span(f"{clock(written.time / _SECOND, now or 0.0)} ", Tone.FAINT),) if is_dated else EMPTY
    before = names.before(written.source)
    if written.is_gap:
        return (*when, *before, Span(_GAP, Tone.WARN))
    text = written.text if written.text.isprintable() else sanitize(written.text)
    return (*when, *before, Span(text, _tone(text)))


def _tone(text: str) -> Tone:
    return Tone.BAD if _BAD.search(text) else Tone.WARN if _WARN.search(text) else Tone.TEXT


def heading(known: Logs | None, chosen: LogSource | None, state: Span, cells: int) -> Line:
    """Return whose lines are shown, and at the end whether new ones are followed."""
    sources = known.sources if known else ()
    end = (state, Span(" "))
    if chosen is not None:
        at = sources.index(chosen) + 1 if chosen in sources else 0
        name = Span(f" {chosen.pod} / {chosen.container} ", Tone.ACCENT, True, Ground.CHIP)
        return spread(line(" ", name, Span(f"  {at} of {len(sources)}", Tone.MUTED)), end, cells)
    if not sources:
        return spread(EMPTY, end, cells)
    name = Span(
        " 1 container " if len(sources) == 1 else f" all {len(sources)} containers ", Tone.ACCENT, True, Ground.CHIP
    )
    one = sources[0]
    more = outside(f"  {one.pod} / {one.container}", Tone.MUTED, limit=200) if len(sources) == 1 else ""
    return spread(line(" ", name, more), end, cells)


def troubles(known: Logs | None, problem: Problem | None, cells: int) -> Sequence[Line]:
    """Return why something is not shown, in at most one line."""
    if problem is not None:
        why = outside(f"{problem.subject}: {problem.message}", limit=500)
        return (cut(line(" ", Span("! ", Tone.BAD), why), cells),)
    if known is None:
        return ()
    told = [f"{source.pod} / {source.container}: {why}" for source, why in sorted(known.notes.items())]
    if known.left_out:
        told.append(f"{known.left_out} more containers are not read: choose a pod in the tree")
    if not told:
        return ()
    more = f"  and {len(told) - 1} more" if len(told) > 1 else ""
    first = line(" ", Span("! ", Tone.WARN), outside(told[0], limit=500))
    return (spread(first, line(Span(more, Tone.MUTED), " "), cells, 0),)


def nothing(known: Logs, *, before: bool) -> tuple[Line, ...]:
    """Return what is said where no line was written. before: before the last restart."""
    if known.sources:
        return (line(Span("none of them was started again" if before else "nothing is written yet", Tone.MUTED)),)
    return (
        line(Span("there are no pods below it", bold=True)),
        EMPTY,
        line(Span("containers write logs: choose a workload or a pod in the tree", Tone.MUTED)),
    )

"""What containers write."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_tui.model.values import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class LogSource:
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a container wrote, harmless to show. time: nanoseconds since the epoch.

    is_gap: it stands for lines that were left out, since more came than are read at once.
    """

    source: LogSource
    time: int
    text: str
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class LogMark:
    """How far a container's log was read: to the lines of this time, of which there were so many."""

    source: LogSource
    time: int
    count: int


@dataclass(frozen=True, slots=True)
class Logs:
    """Lines in the order of their times, of containers below one resource or a whole application.

    sources: all these containers. marks: where to go on; each source has one as soon as a line of it was read.
    notes: why a source could not be read. left_out: how many more containers there are than are read at once.
    """

    lines: tuple[LogLine, ...] = ()
    sources: tuple[LogSource, ...] = ()
    marks: tuple[LogMark, ...] = ()
    notes: Mapping[LogSource, str] = field(default_factory=dict)
    left_out: int = 0

"""What containers have written, as their kubelets hand it out: asked for again and again, never held open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from gitops_tui.cluster.transport import Bytes, Call, Transport
from gitops_tui.model.logs import LogSource
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass

MOST_LINES: Final = 500
_MOST_BYTES: Final = 512 << 10
_SECOND: Final = 1_000_000_000
_DATED: Final = pattern(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?(.*)")


@dataclass(frozen=True, slots=True)
class Dated:
    """A line as it was written, with its time in nanoseconds since the epoch."""

    time: int
    text: str


def written_by(transport: Transport, source: LogSource, since: int | None, *, previous: bool) -> tuple[Dated, ...]:
    """Return the last `MOST_LINES` lines of a container, oldest first, those at or after the second of `since` alone.

    since: nanoseconds since the epoch. previous: those of its run before this one. Where these are very long, the
    older ones alone are answered: who asks again, since the last of them, gets the others. Raises ClusterError.
    """
    query = {
        "container": source.container,
        "timestamps": "true",
        "tailLines": str(MOST_LINES),
        "limitBytes": str(_MOST_BYTES),
    }
    if since is not None:
        query["sinceTime"] = f"{datetime.fromtimestamp(since // _SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if previous:
        query["previous"] = "true"
    path = f"/api/v1/namespaces/{quote(source.namespace, safe='')}/pods/{quote(source.pod, safe='')}/log"
    subject = one_line(f"container {source.container} of Pod {source.namespace}/{source.pod}")
    return transport.read(Call("GET", path, subject, query, accept="*/*"), _lines)


def _lines(data: Bytes) -> tuple[Dated, ...]:
    lines = data.decode(errors="replace").split("\n")
    last = lines.pop()
    if last and len(data) < _MOST_BYTES:
        lines.append(last)  # else it is cut, and comes whole the next time
    found: list[Dated] = []
    for line in lines:
        # What a kubelet itself has to say about a log carries no time.
        found.append(_dated(line) or Dated(found[-1].time if found else 0, line))
    return tuple(found)


def _dated(line: str) -> Dated | None:
    match = _DATED.fullmatch(line)
    if match is None:
        return None
    try:
        whole = int(datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp())
    except (ValueError, OverflowError):
        return None
    return Dated(whole * _SECOND + int((match[2] or "0").ljust(9, "0")), match[4]) if whole >= 0 else None

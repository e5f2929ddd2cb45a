"""Very many changes in the cluster at once."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.series import Figure, Row, Series, Unit, quantiles
from benchmarks.setting import Setting
from benchmarks.standing import Engine, Fleet, Standing, engine
from gitops_tui.model.status import ApplicationStatus, Snapshot, SyncCode

_OBJECTS: Final = 10
_A_SECOND: Final = 1000
_SECONDS: Final = 60
_TAIL: Final = 10
_DEADLINE: Final = 120.0
_AFTER: Final = 10.0


@dataclass(slots=True)
class _Seen:
    """How many events of each application the data of the screen have shown by when."""

    last: dict[str, ApplicationStatus] = field(default_factory=dict)
    found: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def look(self, snapshot: Snapshot) -> None:
        now = time.monotonic()
        for name, status in snapshot.applications.items():
            if self.last.get(name) is not status:
                self.last[name] = status
                # Each event leaves one replica more than the one before: "7 of 8 updated replicas available".
                newest = max(int(each.health.message.partition(" ")[0]) for each in status.resources)
                self.found.setdefault(name, []).append((now, newest - 1))


def rows(setting: Setting) -> Iterator[Row]:
    """From the change of an object to the data of the screen, and what that costs."""
    fleet = Fleet(setting.applications, _OBJECTS)
    with Standing.of(fleet) as cluster, engine(setting.folder, cluster.kubeconfig, fleet) as ours:
        _until_synced(ours)
        seen = _Seen()
        stop = ours.store.subscribe(seen.look)
        before, begun = _cpu(), time.monotonic()
        cluster.begin(_A_SECOND, _SECONDS)
        made = cluster.end()
        cpu = (_cpu() - before) / (time.monotonic() - begun)
        time.sleep(_AFTER)
        stop()
    waits = _waits(fleet, made, seen)
    what = f"watch storm, {_A_SECOND:,} events a second for {_SECONDS} s over {fleet.applications * _OBJECTS:,} objects"
    rate = (len(made) - 1) / (made[-1] - made[0])
    note = f"{fleet.applications:,} applications; each event makes a Deployment lose or get back its pod, so that each"
    note += f" changes a status; {rate:.0f} a second came from the embedded server in a process of its own, since the"
    note += " real one came to about 430 a second here, with four writers and nothing else to do"
    yield Row(f"{what}: event → status", Series(quantiles(waits)), None, 0.25, note, figure=Figure.P95)
    late = tuple(waits[-_TAIL * _A_SECOND :])
    note = f"the events of the last {_TAIL} s alone: a backlog that grows would be longest then"
    yield Row(f"{what}: at its end", Series(quantiles(late)), None, 0.25, note, figure=Figure.P95)
    note = "processor time of our process, a second of the wall"
    yield Row(f"{what}: cores", Series((cpu,), Unit.NUMBER), None, 1, note)


def _until_synced(ours: Engine) -> None:
    reached = threading.Event()

    def listen(snapshot: Snapshot) -> None:
        every = snapshot.applications.values()
        if every and all(each.sync is SyncCode.SYNCED for each in every):
            reached.set()

    stop = ours.store.subscribe(listen)
    ours.worker.start()
    if not reached.wait(_DEADLINE):
        some = next(iter(ours.store.current.applications.values()))
        raise RuntimeError(f"not all synced: {some.name} is {some.sync}: {some.summary}")
    stop()


def _waits(fleet: Fleet, made: Sequence[float], seen: _Seen) -> list[float]:
    """Seconds from each event to the first data that show it."""
    shown = {name: iter(seen.found.get(name, ())) for name in fleet.names}
    now: dict[str, tuple[float, int]] = dict.fromkeys(fleet.names, (0.0, 0))
    waits = []
    for number, when in enumerate(made):
        turn, place = divmod(number, fleet.applications)
        name = fleet.names[place]
        while now[name][1] <= turn:
            now[name] = next(shown[name], (float("inf"), turn + 1))
        waits.append(max(now[name][0] - when, 0.0))
    if float("inf") in waits:
        raise RuntimeError(f"{waits.count(float('inf'))} events of {len(made)} never showed")
    return waits


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

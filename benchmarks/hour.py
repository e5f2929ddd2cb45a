"""Headless with many applications of which nothing moves, for an hour that passes by the clock alone."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fleet import Usage
from benchmarks.series import WITHOUT_GOAL, Row, Series, Unit
from benchmarks.setting import Setting
from benchmarks.standing import Engine, Fleet, Standing, engine
from gitops_tui.engine.schedule.lanes import InlineLanes
from gitops_tui.model.status import SyncCode
from tests.support.stage import Clock

_OBJECTS: Final = 10
_MINUTE: Final = 60
_WARM: Final = 15
_HOUR: Final = 60
_BOUND: Final = 120.0
"""Seconds of the wall within which the hour has to pass."""


@dataclass(frozen=True, slots=True)
class _State:
    used: Usage
    children: int

    @classmethod
    def now(cls) -> _State:
        gc.collect()
        tasks = Path("/proc/self/task").iterdir()
        return cls(Usage.of(os.getpid()), sum(len((task / "children").read_text().split()) for task in tasks))


def rows(setting: Setting) -> Iterator[Row]:
    """What an hour leaves behind."""
    fleet, clock = Fleet(setting.applications, _OBJECTS), Clock()
    with (
        Standing.of(fleet) as cluster,
        engine(setting.folder, cluster.kubeconfig, fleet, lanes=InlineLanes(), clock=clock) as ours,
    ):
        _settle(ours)
        _pass(ours, clock, _WARM)
        before, begun = _State.now(), time.perf_counter()
        _pass(ours, clock, _HOUR)
        taken, after = time.perf_counter() - begun, _State.now()
    what = f"an hour of {fleet.applications:,} quiet applications"
    note = f"of {_OBJECTS} objects each, after {_WARM} minutes to warm up; a step of the worker each minute, which asks"
    note += f" the repository and looks at what is due; {taken:.1f} s of the wall"
    grown = max(after.used.memory - before.used.memory, 0.0)
    yield Row(f"{what}: memory", Series((grown,), Unit.MEBIBYTES), None, 1, f"what it has grown by; {note}")
    for name, more in (
        ("threads", after.used.threads - before.used.threads),
        ("file handles", after.used.handles - before.used.handles),
        ("child processes", after.children - before.children),
    ):
        yield Row(
            f"{what}: {name}", Series((float(max(more, 0)),), Unit.NUMBER), None, 0, "what it has more of after it"
        )
    cpu = (after.used.cpu - before.used.cpu) / _HOUR / _MINUTE
    note = "processor time of the hour, a second of it: the share of a core that it takes to keep them"
    yield Row(f"{what}: cores", Series((cpu,), Unit.NUMBER), None, WITHOUT_GOAL, note)


def _settle(ours: Engine) -> None:
    ours.worker.step()
    every = ours.store.current.applications.values()
    astray = [each for each in every if each.sync is not SyncCode.SYNCED]
    if astray or not every:
        raise RuntimeError(f"{len(astray)} of {len(every)} are not synced: {astray[:1]}")


def _pass(ours: Engine, clock: Clock, minutes: int) -> None:
    end = time.perf_counter() + _BOUND
    for minute in range(minutes):
        if time.perf_counter() > end:
            raise RuntimeError(f"only {minute} of {minutes} minutes passed in {_BOUND:.0f} s")
        clock.now += _MINUTE
        ours.worker.step()

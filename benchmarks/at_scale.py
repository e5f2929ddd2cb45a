"""Many applications: deployed, upgraded, compared and left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Final

from benchmarks.fleet import Fleet, Usage, load, settings
from benchmarks.series import Curve, Line, Row, Series, Unit, slope
from benchmarks.setting import Setting
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.status import SyncCode
from tests.support.stage import Stage, fleet

_PEER: Final = "Flux 2.9 published 4 min 13 s and 223 MiB for 1,000 on a 16-core host, two CPUs for its controller"
_SHARES: Final = (10, 2, 1)


def deploy(setting: Setting) -> Iterator[Row | Curve]:
    """The load of the Flux project's benchmark: first deployment, then an upgrade of all."""
    seconds, memory = [], []
    for count in _counts(setting):
        with Fleet.of(_below(setting, count), count, load) as ships:
            sha = ships.commit(0)
            with ships.daemon() as daemon:
                yield from _phase(ships, daemon.process.pid, "first deployment", ships.until_compared(daemon, sha, _IN))
                first = Usage.of(daemon.process.pid)
                sha = ships.commit(1)
                taken = ships.until_compared(daemon, sha, _IN)
                yield from _phase(ships, daemon.process.pid, "upgrade of all", taken)
            seconds.append((float(count), taken))
            memory.append((float(count), first.memory))
    lines = (Line("upgrade, seconds", tuple(seconds)), Line("memory, MiB", tuple(memory)))
    yield Curve("fleet", "Deploying many applications", "applications", "seconds, MiB", lines)
    yield _growth("sync of many applications: growth", seconds)


_IN: Final = SyncCode.SYNCED.value
_OUT: Final = SyncCode.OUT_OF_SYNC.value


def _phase(ships: Fleet, pid: int, what: str, seconds: float) -> Iterator[Row]:
    used = Usage.of(pid)
    title = f"{what} of {len(ships.names)} applications of 4 objects"
    yield Row(title, Series((seconds,)), None, 60, f"{_PEER}; our CPU until then {used.cpu:.1f} s")
    yield Row(f"{title}: memory", Series((used.peak,), Unit.MEBIBYTES), None, 223, "the most until then")


def compare(setting: Setting) -> Iterator[Row]:
    """From a cold start until all are compared; then what it costs to have them."""
    count = setting.applications
    with Fleet.of(setting, count, settings, mode="manual") as ships:
        sha = ships.commit(0)
        with ships.daemon() as daemon:
            taken = ships.until_compared(daemon, sha, _OUT)
            used = Usage.of(daemon.process.pid)
    title = f"{count} applications of 10 objects: start to all compared"
    yield Row(title, Series((taken,)), None, 60, f"nothing is there yet; our CPU {used.cpu:.1f} s")
    yield Row(f"{title}: memory", Series((used.peak,), Unit.MEBIBYTES), None, 250, "the most until then")


def quiet(setting: Setting) -> Iterator[Row]:
    """CPU of one more look at all."""
    found = []
    for count in _counts(setting):
        names = [f"quiet-{number:04}" for number in range(count)]
        files: dict[str, str | None] = {**settings("quiet", 0)}
        place = _below(setting, count)
        with (
            place.control_plane() as plane,
            fleet(place.folder, plane.kubeconfig, names, files, SyncPolicy(SyncMode.AUTO)) as stage,
        ):
            _settled(stage)
            looks = []
            for _ in range(setting.repeats):
                start = time.process_time()
                stage.refresh()
                looks.append((time.process_time() - start) / count)
            title = f"quiet pass of {count} applications of 10 objects: CPU of each"
            yield Row(title, Series(tuple(looks)), None, 0.001, "one ls-remote for all of them is in it")
            found.append((float(count), median(looks) * count))
    yield _growth("quiet pass: growth", found)


def _settled(stage: Stage) -> None:
    stage.until(lambda _: all(each.sync is SyncCode.SYNCED for each in stage.store.current.applications.values()))
    for _ in range(3):
        stage.refresh()


def _growth(title: str, points: list[tuple[float, float]]) -> Row:
    note = "slope over the logarithms of " + ", ".join(f"{count:.0f}" for count, _ in points)
    return Row(title, Series((slope(points),), Unit.NUMBER), None, 1.1, note)


def _counts(setting: Setting) -> list[int]:
    return [setting.applications // share for share in _SHARES]


def _below(setting: Setting, count: int) -> Setting:
    folder = setting.folder / str(count)
    folder.mkdir()
    return Setting(folder, setting.assets, setting.repeats, setting.objects, setting.applications)

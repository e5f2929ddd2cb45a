"""How what is asked of the program grows with the number of objects of an application."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.fleet import Usage
from benchmarks.load import namespace, objects
from benchmarks.series import Curve, Line, Row, Series, Unit, slope
from benchmarks.setting import Setting
from benchmarks.standing import Fleet, Standing, engine
from gitops_tui.engine.requests import Refresh, Sync
from gitops_tui.engine.schedule.lanes import InlineLanes
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import SyncCode
from gitops_tui.yamlio import load_all
from tests.support.control_plane import ControlPlane
from tests.support.stage import Stage, stage

_COUNTS: Final = (10, 100, 1000)
_MORE: Final = (*_COUNTS, 5000)
_FIRST: Final = 1
_TOLD: Final = 100
"""Objects from which on what they take is more than what two processes differ by anyway."""
_DEADLINE: Final = 120.0
_MOST: Final = 1.1

Points = Sequence[tuple[float, float]]


def rows(setting: Setting) -> Iterator[Row | Curve]:
    """Loading YAML, comparing, syncing, and memory."""
    loaded = [(float(count), _loaded(count, setting.repeats)) for count in _MORE]
    yield _growth("YAML load", loaded, "processor time")
    compared, memory = _standing(setting.folder)
    note = "processor time from nothing to compared, with Git, list, YAML and all; everything is as last applied by us"
    yield _growth("cold compare, all in sync", compared, note)
    yield _growth("memory", memory, f"what the same process has grown by, beyond that of an application of {_FIRST}")
    with setting.control_plane() as plane:
        synced, differing = _synced(setting.folder, plane)
    yield _growth("first sync", synced, "wall time of plan and execution, one request after the other")
    yield _growth("cold diff, every object changed in Git", differing, "wall time, one request after the other")
    lines = (
        Line("YAML load", tuple(loaded)),
        Line("cold compare, in sync", tuple(compared)),
        Line("cold diff, all changed", tuple(differing)),
        Line("first sync", tuple(synced)),
    )
    yield Curve("growth", "Growth with the objects of one application", "objects", "seconds", lines)
    yield Curve(
        "growth-memory", "Memory for the objects of one application", "objects", "MiB", (Line("MiB", tuple(memory)),)
    )


def _growth(what: str, points: Points, note: str) -> Row:
    over = ", ".join(f"{count:,.0f}" for count, _ in points)
    told = f"log-log slope over {over} objects ({slope(points[-2:]):.2f} between the last two); {note}"
    return Row(f"growth: {what}", Series((slope(points),), Unit.NUMBER), None, _MOST, told)


def _loaded(count: int, repeats: int) -> float:
    data = "---\n".join(text or "" for text in objects(count, 0).values()).encode()
    return _least(lambda: load_all(data, name="all.yaml"), repeats)


def _least(job: Callable[[], object], repeats: int) -> float:
    """The processor time of the run that was disturbed least."""
    taken = []
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        job()
        taken.append(time.process_time() - start)
    return min(taken)


def _standing(folder: Path) -> tuple[Points, Points]:
    found = []
    for count in (_FIRST, *_MORE):
        place = folder / f"standing-{count}"
        place.mkdir()
        with Standing.of(Fleet(1, count)) as cluster:
            found.append((float(count), *_alone(_compared, place, cluster.kubeconfig, count)))
    (_, _, least), *rest = found
    grown = [(count, used - least) for count, _, used in rest if count >= _TOLD]
    return [(count, cpu) for count, cpu, _ in rest], grown


def _alone(job: Callable[..., None], *arguments: Any) -> tuple[float, float]:
    """What a job sends, from a process of its own: what others have left behind would hide what it takes."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=job, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        cpu, memory = here.recv()
    finally:
        process.join(_DEADLINE)
    return float(cpu), float(memory)


def _compared(pipe: Any, folder: Path, kubeconfig: Path, count: int) -> None:
    with engine(folder, kubeconfig, Fleet(1, count), lanes=InlineLanes()) as ours:
        start = time.process_time()
        future = ours.worker.submit(Refresh())
        while not future.done():
            ours.worker.step()
        (status,) = future.result().applications.values()
        cpu = time.process_time() - start
        if status.sync is not SyncCode.SYNCED:
            raise RuntimeError(f"{count} objects: {status.sync}: {status.summary}")
        gc.collect()
        pipe.send((cpu, Usage.of(multiprocessing.current_process().pid or 0).memory))


def _synced(folder: Path, plane: ControlPlane) -> tuple[Points, Points]:
    synced, differing = [], []
    for count in _COUNTS:
        name = f"growth-{count}"
        namespace(plane, name)
        with stage(folder / name, plane.kubeconfig, name, _files(count, 0)) as made:
            made.refresh()
            synced.append((float(count), _timed(lambda: _sync(made))))
            made.repository.commit("All new", _files(count, 1))
            repository = made.repository
        with stage(folder / name, plane.kubeconfig, name, {}, repository=repository, state="cold") as made:
            differing.append((float(count), _timed(made.refresh)))
            if made.status().drifted != count:
                raise RuntimeError(f"{made.status().drifted} of {count} objects differ")
    return synced, differing


def _files(count: int, generation: int) -> dict[str, str | None]:
    return {f"app/{path}": text for path, text in objects(count, generation).items()}


def _sync(made: Stage) -> None:
    receipt = made.ask(Sync(made.name, made.plan(), "benchmark", timeout=0.0))
    if receipt.phase is not OperationPhase.SUCCEEDED:
        raise RuntimeError(f"{receipt.phase}: {receipt.message}")


def _timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start

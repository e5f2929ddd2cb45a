"""The terminal application in a real pseudo-terminal: how soon it paints, and how soon a key shows."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.changes import Fleet, Place, changing, create
from benchmarks.load import namespace
from benchmarks.series import WITHOUT_GOAL, Figure, Row, Series, Unit
from benchmarks.setting import Setting
from benchmarks.terminal import LARGE, Terminal, terminal
from tests.support.control_plane import ControlPlane
from tests.support.manifests import config_map
from tests.support.work_tree import WorkTree

_APPLICATIONS: Final = 1000
_A_SECOND: Final = 100
_BIG: Final = 5000
_KEYS: Final = 100
_PAUSES: Final = (0.07, 0.113, 0.181, 0.093, 0.137)
"""Seconds between two keys, as a person moves along a list; in no rhythm with the program's own."""
_FEW: Final = 10
_SETTLED: Final = 180.0


def first_paint(setting: Setting) -> Iterator[Row]:
    """The first frame, of a small fleet that was open before, and of the demo on a machine that never ran it."""
    with _world(setting, _FEW) as world, setting.control_plane() as plane:
        arguments = world.arguments(plane)
        namespace(plane, "shop")
        opened = [_opened(arguments, setting.folder, "app-0009") for _ in range(setting.repeats + 1)][1:]
    note = f"from the start of the process to its first complete frame, {LARGE[0]}x{LARGE[1]}; it was open before"
    yield Row("first paint, warm", Series(tuple(first for first, _ in opened)), None, 1, note)
    note = f"the same start to the frame with its {_FEW} applications, compared"
    yield Row("to the list of applications", Series(tuple(listed for _, listed in opened)), None, WITHOUT_GOAL, note)
    opened = []
    for number in range(setting.repeats):
        state = ("--state-dir", str(setting.folder / f"demo-{number}"))
        try:
            opened.append(_opened(("--demo", *state), setting.folder, "storefront "))
        finally:
            _run("demo", "stop", *state)
    note = "with a state folder that is not there yet: its cluster and its repository are made behind the picture"
    yield Row("first paint of the demo", Series(tuple(first for first, _ in opened)), None, 1.5, note)
    note = "the same start to the frame with the demo's applications"
    yield Row("to the demo's applications", Series(tuple(listed for _, listed in opened)), None, WITHOUT_GOAL, note)


def _opened(arguments: Sequence[str], folder: Path, text: str) -> tuple[float, float]:
    with terminal(arguments, folder) as screen:
        first = screen.until("Applications") - screen.started
        return first, screen.until(text) - screen.started


def keys(setting: Setting) -> Iterator[Row]:
    """From a key to the frame that shows what it did: while nothing happens, and while very much does."""
    with _world(setting, _APPLICATIONS) as world, setting.control_plane() as plane:
        namespace(plane, "shop")
        namespace(plane, "big")
        _run("sync", "--all", "--timeout", "0", *world.arguments(plane))
        place = Place(plane.url, plane.token, str(plane.certificate_authority))
        create(place, "big", _BIG)
        world.track_big()
        with terminal(world.arguments(plane), setting.folder) as screen:
            screen.until(f"{_APPLICATIONS + 1} synced", _SETTLED)
            screen.rest(5.0)
            idle = _pressed(screen)
            with changing(place, Fleet("shop", "settings-{:04}", _APPLICATIONS), _A_SECOND) as done:
                screen.rest(2.0)
                busy = _pressed(screen)
                asked = _dry_runs(plane)
                world.change_big()
                screen.rest(3.0)
                full = _pressed(screen)
                asked = _dry_runs(plane) - asked
            changes = done()
    yield from _told((idle, busy, full), changes, asked)


def _told(pressed: tuple[_Pressed, _Pressed, _Pressed], changes: float, asked: float) -> Iterator[Row]:
    idle, busy, full = (each.seconds for each in pressed)
    what = f"key to frame, {_APPLICATIONS:,} applications"
    note = f"{_KEYS} keys that move the cursor, written to the pty; to the read that completes the frame with it"
    yield Row(f"{what}, idle", idle, None, WITHOUT_GOAL, note, figure=Figure.P95)
    note = f"objects of {changes:.0f} applications changed a second with the API, one after the other"
    row = Row(f"{what}, {_A_SECOND} changing a second", busy, idle, WITHOUT_GOAL, note, figure=Figure.P95)
    yield row
    loaded = f"{what}, {_A_SECOND} changing a second, a cold diff of {_BIG:,} objects running"
    note = f"beside the same screen idle; {asked:,.0f} dry-runs were answered meanwhile"
    held = "the processor: the API server, its load and the engine take both cores, and the kernel's worker for the"
    held += " pseudo-terminal, and who reads its other end, wait for one before a key and after its frame"
    yield Row(loaded, full, idle, 2, note, held, figure=Figure.P95)
    yield Row("the longest of these", full, None, 0.1, "of the same keys", held, figure=Figure.MOST)
    note = "processor time of the program a second of the wall: idle, changing, with the cold diff"
    shares = Series(tuple(each.cpu for each in pressed), Unit.NUMBER)
    yield Row("CPU of the terminal application", shares, None, WITHOUT_GOAL, note)


@dataclass(frozen=True, slots=True)
class _Pressed:
    """How long each key took; cpu: seconds of processor time of the program a second meanwhile."""

    seconds: Series
    cpu: float


def _pressed(screen: Terminal) -> _Pressed:
    """Move the cursor up and down over the names in sight."""
    at, seconds = 0, []
    begun, cpu = time.perf_counter(), screen.cpu()
    for number, pause in zip(range(_KEYS), itertools.cycle(_PAUSES), strict=False):
        down = not at or (at < 20 and (number // 15) % 2 == 0)
        at += 1 if down else -1
        pressed = screen.send(b"j" if down else b"k")
        seconds.append(screen.until(rf"▌ app-{at:04} +\S", 10.0) - pressed)
        screen.rest(pause)
    while at:
        screen.send(b"k")
        at -= 1
        screen.until(rf"▌ app-{at:04} +\S", 10.0)
    return _Pressed(Series(tuple(seconds)), (screen.cpu() - cpu) / (time.perf_counter() - begun))


@dataclass(frozen=True, slots=True)
class _World:
    """Repositories and a configuration of many applications of one ConfigMap each, and of a big one."""

    folder: Path
    fleet: WorkTree
    big: WorkTree
    count: int

    def arguments(self, plane: ControlPlane) -> tuple[str, ...]:
        """Options of every command line."""
        state = ("--state-dir", str(self.folder / "state"))
        return ("--config", str(self.folder / "config.json"), "--kubeconfig", str(plane.kubeconfig), *state)

    def configure(self, *more: dict[str, object]) -> None:
        """Write the configuration."""
        source = {"repository": str(self.fleet.path), "revision": "main"}
        applications = [
            {
                "name": f"app-{number:04}",
                "source": {**source, "path": f"apps/app-{number:04}"},
                "destination": {"namespace": "shop"},
            }
            for number in range(self.count)
        ]
        settings = {"interval": "3s"}
        text = json.dumps({"applications": [*applications, *more], "settings": settings})
        (self.folder / "config.json").write_text(text)

    def track_big(self) -> None:
        """Add the big application, which is empty yet."""
        source = {"repository": str(self.big.path), "revision": "main", "path": "big"}
        self.configure({"name": "big", "source": source, "destination": {"namespace": "big"}})

    def change_big(self) -> None:
        """Commit what all its objects shall be; none of them is as it says."""
        texts = [config_map(f"o-{number:05}", colour="green", size="10") for number in range(_BIG)]
        self.big.commit("All of it", {"big/all.yaml": "---\n".join(texts)})


@contextmanager
def _world(setting: Setting, count: int) -> Iterator[_World]:
    folder = setting.folder
    world = _World(folder, WorkTree(folder / "fleet"), WorkTree(folder / "big"), count)
    files: dict[str, str | None] = {
        f"apps/app-{number:04}/settings.yaml": config_map(f"settings-{number:04}", colour="blue")
        for number in range(count)
    }
    world.fleet.commit("First", files)
    world.big.commit("Nothing yet", {"big/README.md": "Objects are to come.\n"})
    world.configure()
    yield world


def _dry_runs(plane: ControlPlane) -> float:
    """How many dry-runs the API server has answered."""
    text = str(plane.request("GET", "/metrics")[1])
    lines = [
        line for line in text.splitlines() if line.startswith("apiserver_request_total{") and 'dry_run="All"' in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "gitops_tui", *arguments], check=True, capture_output=True, timeout=600)

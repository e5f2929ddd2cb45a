"""The commits of one application in a large repository, beside git alone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.load import namespace
from benchmarks.series import WITHOUT_GOAL, Row, in_turn, timed
from benchmarks.setting import Setting
from gitops_tui.engine.requests import History
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

_COMMITS = 20_000
_APPLICATIONS = 100
_DEPLOYED = 100
_PAGE = 50


def rows(setting: Setting) -> Iterator[Row]:
    """The first page, as the engine answers it, and the last."""
    repository = WorkTree(setting.folder / "repository")
    _write(repository.path)
    with setting.control_plane() as plane:
        namespace(plane, "history")
        with stage(setting.folder / "ours", plane.kubeconfig, "history", {}, repository=repository) as made:
            made.refresh()
            _deploy(made)
            last = _COMMITS // _APPLICATIONS - _PAGE
            yield _page(setting, made, 0, f"first {_PAGE} rows", 1.5)
            yield _page(setting, made, last, f"rows {last + 1} to {last + _PAGE}, as one scrolls", WITHOUT_GOAL)


def _page(setting: Setting, made: Stage, offset: int, what: str, most: float) -> Row:
    def ours(_: int) -> float:
        start = time.perf_counter()
        found = made.ask(History(made.name, _PAGE, offset))
        seconds = time.perf_counter() - start
        if len(found) != _PAGE:
            raise RuntimeError(f"{len(found)} commits at {offset}")
        return seconds

    command = ("git", "-C", str(made.repository.path), "log", "-n", str(_PAGE), f"--skip={offset}", "--", "app")
    timed(command, setting.folder)
    mine, alone = in_turn(setting.repeats * 3, ours, lambda _: timed(command, setting.folder))
    note = f"`{' '.join(('git', *command[3:]))}`; {_COMMITS:,} commits of which {_COMMITS // _APPLICATIONS} touch the"
    note += f" path, {_DEPLOYED} deployments in the journal; ours tells which commit was deployed when, too"
    held = "starting git and asking the journal for deployments, where git itself takes 12 ms"
    return Row(f"history in {_COMMITS:,} commits: {what}", mine, alone, most, note, held)


def _write(place: Path) -> None:
    """Commits to one application after the other; `app` is the first of them."""
    paths = ["app/settings.yaml", *(f"apps/a-{number:02}/settings.yaml" for number in range(1, _APPLICATIONS))]
    script: list[str] = []
    for number in range(_COMMITS):
        text = config_map("settings", number=str(number))
        touched = [paths[number % _APPLICATIONS]] if number else paths
        message = f"Set number {number}\n"
        script += ["commit refs/heads/main", f"committer Ada <ada@example.org> {1_700_000_000 + number * 60} +0000"]
        script += [f"data {len(message)}\n{message}"]
        script += [f"M 100644 inline {path}\ndata {len(text)}\n{text}" for path in touched]
    git = ("git", "-C", str(place))
    subprocess.run((*git, "fast-import", "--quiet"), input="\n".join((*script, "")), text=True, check=True)
    subprocess.run((*git, "gc", "--quiet"), check=True)


def _deploy(made: Stage) -> None:
    """Tell the journal of a past in which what was newest was deployed now and then, as automation does it."""
    tips = made.repository.git("rev-list", f"--max-count={_DEPLOYED * 150}", "main").splitlines()[::150]
    for number, sha in enumerate(reversed(tips)):
        begun, running = float(number), OperationPhase.RUNNING
        receipt = Receipt(f"{number:06}", made.name, sha, OperationKind.SYNC, "auto-sync", running, started=begun)
        made.journal.begin(receipt)
        done = replace(receipt, phase=OperationPhase.SUCCEEDED, finished=begun + 1.0, verified=True)
        made.journal.finish(done)

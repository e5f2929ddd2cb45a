"""How soon what happens in the cluster or in Git is known, and answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.fleet import settings
from benchmarks.load import namespace
from benchmarks.series import Row, Series
from benchmarks.setting import Setting
from gitops_tui.cluster import Clusters
from gitops_tui.config import Config, Settings
from gitops_tui.engine import Store
from gitops_tui.engine.requests import Refresh
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Destination, Repository, Source, SyncMode, SyncPolicy
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.source import Mirrors
from tests.support.control_plane import ControlPlane
from tests.support.work_tree import WorkTree

_OBJECTS = 50
_TRIES = 10
_DEADLINE = 30.0
_CALM = 0.5
"""Seconds without anything, so that what is measured waits for nothing but itself."""


def rows(setting: Setting) -> Iterator[Row]:
    """Drift seen, drift healed, a commit applied."""
    with setting.control_plane() as plane:
        seen = _seen(setting, plane)
        yield Row("drift → in the data of the screen", Series(seen), None, 0.1, "from the server's answer to the edit")
        healed = _healed(setting, plane)
        yield Row("drift → healed by auto-sync", Series(healed), None, 0.5, "until the server has it as stated")
        taken = _applied(setting, plane)
        note = f"{_OBJECTS} objects, from the end of the push; the poll of the repository is not waited for"
        yield Row("commit → applied", Series(taken), None, 1.5, note)


@dataclass(frozen=True, slots=True)
class _Scene:
    name: str
    plane: ControlPlane
    repository: WorkTree
    worker: Worker
    store: Store

    def until(self, wanted: Callable[[ApplicationStatus], bool]) -> float:
        """Seconds until the data of the screen are as wanted."""
        start, reached = time.perf_counter(), threading.Event()

        def listen(_: object) -> None:
            status = self.store.current.applications.get(self.name)
            if status is not None and wanted(status):
                reached.set()

        unsubscribe = self.store.subscribe(listen)
        listen(None)
        if not reached.wait(_DEADLINE):
            raise RuntimeError(f"still {self.store.current.applications.get(self.name)}")
        unsubscribe()
        return time.perf_counter() - start

    def edit(self, name: str, value: str) -> None:
        """Change a ConfigMap as `kubectl patch` does."""
        place = f"/api/v1/namespaces/{self.name}/configmaps/{name}"
        body = {"data": {"version": value}}
        kind = "application/strategic-merge-patch+json"
        status, answer = self.plane.request("PATCH", place, body, content_type=kind)
        if status != 200:
            raise RuntimeError(f"{place}: {answer}")

    def value(self, name: str) -> Any:
        """What is live."""
        return self.plane.request("GET", f"/api/v1/namespaces/{self.name}/configmaps/{name}")[1]["data"]["version"]


@contextmanager
def _scene(setting: Setting, plane: ControlPlane, name: str, policy: SyncPolicy) -> Iterator[_Scene]:
    namespace(plane, name)
    repository = WorkTree(setting.folder / name / "repository")
    repository.commit("First", {f"app/{path}": text for path, text in settings(name, 0, _OBJECTS).items()})
    url = str(repository.path)
    shop = Application(name, Source(url, "main", "app"), Destination("", name), policy)
    options = Settings(state_dir=setting.folder / name / "state", kubeconfig=plane.kubeconfig)
    config = Config((shop,), (), (Repository(url, interval=3600.0),), options)
    store = Store()
    with (
        closing(Journal.open(options.state_dir)) as journal,
        closing(Clusters(plane.kubeconfig)) as clusters,
        closing(Mirrors(options.state_dir)) as mirrors,
    ):
        worker = Worker(Parts(config, clusters, mirrors, journal, store, "benchmark"))
        scene = _Scene(name, plane, repository, worker, store)
        worker.start()
        try:
            scene.until(lambda status: status.sync is SyncCode.SYNCED and status.running is None)
            yield scene
        finally:
            worker.stop()


def _seen(setting: Setting, plane: ControlPlane) -> tuple[float, ...]:
    taken = []
    with _scene(setting, plane, "seen", SyncPolicy(SyncMode.AUTO, health_timeout=0.0)) as scene:
        for number in range(_TRIES):
            time.sleep(_CALM)
            scene.edit(f"s-{number}", f"edited-{number}")
            drifted = number + 1
            taken.append(scene.until(lambda status, drifted=drifted: status.drifted == drifted))  # type: ignore[misc]
    return tuple(taken)


def _healed(setting: Setting, plane: ControlPlane) -> tuple[float, ...]:
    """An engine of its own for each: what was healed a moment ago is left alone for longer."""
    policy = SyncPolicy(SyncMode.AUTO, self_heal=True, health_timeout=0.0)
    taken = []
    for number in range(setting.repeats):
        with _scene(setting, plane, f"healed-{number}", policy) as scene:
            time.sleep(_CALM)
            scene.edit("s-0", "edited")
            start = time.perf_counter()
            while scene.value("s-0") != "0":
                if time.perf_counter() - start > _DEADLINE:
                    raise RuntimeError(f"not healed: {scene.store.current.applications[scene.name]}")
                time.sleep(0.005)
            taken.append(time.perf_counter() - start)
    return tuple(taken)


def _applied(setting: Setting, plane: ControlPlane) -> tuple[float, ...]:
    policy = SyncPolicy(SyncMode.AUTO, health_timeout=0.0)
    taken = []
    with _scene(setting, plane, "pushed", policy) as scene:
        for number in range(1, setting.repeats + 1):
            files = {f"app/{path}": text for path, text in settings("pushed", number, _OBJECTS).items()}
            sha = scene.repository.commit(f"Generation {number}", dict(files))
            start = time.perf_counter()
            scene.worker.submit(Refresh())
            scene.until(
                lambda status, sha=sha: (  # type: ignore[misc]
                    status.deployed == sha and status.sync is SyncCode.SYNCED
                )
            )
            taken.append(time.perf_counter() - start)
    return tuple(taken)

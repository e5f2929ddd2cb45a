"""What has no peer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.load import namespace, objects
from benchmarks.series import Row, Series, Unit, timed
from benchmarks.setting import Setting
from benchmarks.spawned import Spawned
from gitops_tui.model.resources import HealthCode
from tests.support.control_plane import ControlPlane
from tests.support.stage import stage

_OBJECTS = 10
_BEFORE = 20
"""Passes before those that are measured: the interpreter adapts to what it runs often, once in the life of a daemon."""


def start_up(setting: Setting) -> Iterator[Row]:
    """The shortest start that there is."""
    command = (sys.executable, "-m", "gitops_tui", "--version")
    timed(command, setting.folder)
    seconds = tuple(timed(command, setting.folder) for _ in range(setting.repeats * 3))
    yield Row("`gitops-tui --version`", Series(seconds), None, 0.25, "a process from its start to its end")


def quiet(setting: Setting) -> Iterator[Row]:
    """CPU and processes of one more look at an application in which nothing has changed."""
    name = "quiet"
    files = {f"app/{path}": text for path, text in objects(_OBJECTS, 0).items()}
    with setting.control_plane() as plane:
        namespace(plane, name)
        with stage(setting.folder / name, plane.kubeconfig, name, files) as made:
            made.sync()
            _rolled_out(plane, name)
            made.until(lambda status: status.health.code is HealthCode.HEALTHY)
            for _ in range(_BEFORE):
                made.refresh()
            seconds, spawned = [], []
            for _ in range(setting.repeats * 10):
                with Spawned() as seen:
                    start = time.process_time()
                    made.refresh()
                    seconds.append(time.process_time() - start)
                spawned.append(float(len(seen.commands)))
    note = f"one application of {_OBJECTS} objects, in sync and well, looked at with one ls-remote; "
    note += f"CPU of the process and all its threads, after {_BEFORE} such passes"
    held = (
        "half is the `ls-remote`: starting git and reading its answer, once for all applications of a repository; the "
    )
    held += "rest takes 0.2 ms where nothing was waited for, and three times that on the caches that git leaves behind"
    yield Row("quiet pass of one application: CPU", Series(tuple(seconds)), None, 0.001, note, held)
    note = "all that are started in such a pass; the one is the `ls-remote` of the repository, whoever uses it"
    yield Row("quiet pass: child processes", Series(tuple(spawned), Unit.NUMBER), None, 1, note)


def _rolled_out(plane: ControlPlane, namespace: str) -> None:
    """Say of each Deployment what its controller would: it has seen it, and there is nothing to do."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    for item in plane.request("GET", path)[1]["items"]:
        status = {"status": {"observedGeneration": item["metadata"]["generation"]}}
        where = f"{path}/{item['metadata']['name']}/status"
        code, answer = plane.request("PATCH", where, status, content_type="application/merge-patch+json")
        if code != 200:
            raise RuntimeError(f"{where}: {answer}")

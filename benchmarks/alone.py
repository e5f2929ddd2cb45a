"""What has no peer, or a renderer's binary for one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import objects
from benchmarks.series import Row, Series, in_turn, timed
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.render import render
from tests.support.control_plane import ControlPlane
from tests.support.stage import stage

_KUSTOMIZED = 1000


def start_up(folder: Path, repeats: int) -> Row:
    """The shortest start that there is."""
    command = (sys.executable, "-m", "gitops_tui", "--version")
    timed(command, folder)
    return Row("`gitops-tui --version`", Series(tuple(timed(command, folder) for _ in range(repeats))), None, 0.25)


def quiet(plane: ControlPlane, folder: Path, count: int, repeats: int) -> Row:
    """CPU of this process for one more look at an application in which nothing has changed."""
    name = "quiet"
    status, answer = plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    if status != 201:
        raise RuntimeError(f"namespace {name}: {answer}")
    files = {f"app/{path}": text for path, text in objects(count, 0).items()}
    with stage(folder / name, plane.kubeconfig, name, files) as made:
        made.sync()
        for _ in range(2):
            made.refresh()
        seconds = []
        for _ in range(repeats):
            start = time.process_time()
            made.refresh()
            seconds.append(time.process_time() - start)
    note = f"one application of {count} objects, looked at with one ls-remote; CPU of the process and all its threads"
    return Row("quiet pass", Series(tuple(seconds)), None, 0.001, note)


def renders(folder: Path, repeats: int) -> Iterator[Row]:
    """A kustomization, by us and by the binary alone."""
    place = folder / "kustomized"
    place.mkdir()
    files = objects(_KUSTOMIZED, 0)
    for name, text in files.items():
        (place / name).write_text(text or "")
    resources = "".join(f"  - {name}\n" for name in files)
    (place / "kustomization.yaml").write_text(f"commonAnnotations: {{team: shop}}\nresources:\n{resources}")
    application = Application("kustomized", Source("", "main", "kustomized"), Destination("", "kustomized"))

    def ours(_: int) -> float:
        start = time.perf_counter()
        made = render(folder, application)
        seconds = time.perf_counter() - start
        if len(made) != _KUSTOMIZED:
            raise RuntimeError(f"{len(made)} objects were rendered")
        return seconds

    mine, alone = in_turn(repeats, ours, lambda _: timed(("kubectl", "kustomize", str(place)), folder))
    yield Row(f"render: kustomization of {_KUSTOMIZED} objects", mine, alone, 1.1, "`kubectl kustomize`")


def load() -> str:
    """How busy the machine is."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg())

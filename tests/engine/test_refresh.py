"""Who asks for the newest state gets it, whatever is under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Refresh
from gitops_tui.engine.schedule.lanes import InlineLanes
from gitops_tui.model.status import Snapshot
from tests.support.manifests import config_map
from tests.support.stage import stage

T = TypeVar("T")


class Slow(InlineLanes):
    """Runs each job at once, but tells what those of a lane have found only when the test says so."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.is_slow = False
        self.told: list[Callable[[], None]] = []

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        done = super().submit(lane, width, job)
        if not (self.is_slow and lane.startswith(self.lane)):
            return done
        later: Future[Any] = Future()
        self.told.append(lambda: later.set_result(done.result()))
        return later


@pytest.fixture
def server() -> Any:
    with EmbeddedServer.start() as started:
        yield started


def test_a_fetch_that_began_before_somebody_asked_is_not_new_enough_for_them(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    lanes = Slow("fetch ")
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    with stage(tmp_path, server.kubeconfig, "default", files, lanes=lanes) as shop:
        shop.refresh()
        lanes.is_slow = True
        shop.clock.now += 10
        shop.worker.step()
        assert len(lanes.told) == 1, "a fetch is under way"
        pushed = shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        future = shop.worker.submit(Refresh())
        shop.worker.step()
        lanes.is_slow = False
        lanes.told.pop()()
        while not future.done():
            shop.worker.step()
        found: Snapshot = future.result()
        revision = found.applications[shop.name].revision
        assert revision is not None
        assert revision.sha == pushed


def test_a_look_that_began_before_somebody_asked_does_not_answer_them(tmp_path: Path, server: EmbeddedServer) -> None:
    lanes = Slow("look ")
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    with stage(tmp_path, server.kubeconfig, "default", files, lanes=lanes) as shop:
        shop.refresh()
        lanes.is_slow = True
        early = shop.worker.submit(Refresh())
        while not lanes.told:
            shop.worker.step()
        pushed = shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        future = shop.worker.submit(Refresh())
        shop.worker.step()
        lanes.is_slow = False
        lanes.told.pop()()
        while not future.done():
            shop.worker.step()
        assert early.done()
        revision = future.result().applications[shop.name].revision
        assert revision is not None
        assert revision.sha == pushed

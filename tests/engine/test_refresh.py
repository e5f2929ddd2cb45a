"""Who asks for the newest state gets it, whatever is under way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Refresh
from gitops_tui.model.status import Snapshot
from tests.support.lanes import Slow
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage


def answered(shop: Stage, lanes: Slow, future: Future[Snapshot]) -> str:
    """Which commit who asked is told of, once what was under way has ended."""
    lanes.go_on()
    while not future.done():
        shop.worker.step()
    revision = future.result().applications[shop.name].revision
    return revision.sha if revision is not None else ""


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
        assert answered(shop, lanes, future) == pushed


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
        assert answered(shop, lanes, future) == pushed
        assert early.done()

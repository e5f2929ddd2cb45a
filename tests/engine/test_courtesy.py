"""The worker asks before each thing that it takes from its queue whether somebody else goes first."""

from __future__ import annotations

from pathlib import Path

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Operations
from gitops_tui.engine.schedule.lanes import InlineLanes
from tests.support.manifests import config_map
from tests.support.stage import stage

COUNT = 20


class Asked(InlineLanes):
    def __init__(self) -> None:
        self.times = 0

    def give_way(self) -> None:
        self.times += 1


def test_once_for_each(tmp_path: Path) -> None:
    lanes = Asked()
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    with EmbeddedServer.start() as server, stage(tmp_path, server.kubeconfig, "default", files, lanes=lanes) as shop:
        shop.status()
        shop.worker.step()
        before = lanes.times
        answers = [shop.worker.submit(Operations(shop.name)) for _ in range(COUNT)]
        shop.worker.step()
        assert all(answer.done() for answer in answers)
        # Each comes through the queue, and so does what its lane has found out.
        assert lanes.times - before == 2 * COUNT

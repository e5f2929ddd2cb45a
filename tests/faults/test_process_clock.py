"""The wall clock jumps: what comes next still comes, and nothing is older than it is or not yet born."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gitops_tui.cli import shapes, tables
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Event
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.tui.look.times import age, duration
from tests.faults.conftest import SHOP, Enter
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True)
DAY, YEAR = 86_400.0, 366 * 86_400.0


class WallClock:
    """What the machine says that the time is."""

    def __init__(self, true: Callable[[], float]) -> None:
        self.off = 0.0
        self._true = true

    def __call__(self) -> float:
        return self._true() + self.off


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    made = WallClock(time.time)
    monkeypatch.setattr(time, "time", made)
    return made


def is_at(sha: str) -> Callable[[ApplicationStatus], bool]:
    def wanted(status: ApplicationStatus) -> bool:
        is_synced = status.sync is SyncCode.SYNCED and not status.stale
        return is_synced and status.revision is not None and status.revision.sha == sha

    return wanted


@pytest.mark.parametrize("jump", [-YEAR, -DAY, DAY, YEAR])
def test_each_commit_is_deployed_once_whatever_the_clock_says(
    enter: Enter, server: EmbeddedServer, wall: WallClock, jump: float
) -> None:
    with enter(policy=AUTO) as shop:
        shas = [shop.repository.git("rev-parse", "HEAD")]
        shop.until(is_at(shas[0]))
        diary = Diary(server, SHOP)

        def leap(event: Event) -> None:
            if event.item.key.name == "settings":
                wall.off += jump

        stop = server.store.watch(leap)
        for colour in ("green", "red"):
            shas.append(shop.repository.commit(colour, {"app/settings.yaml": config_map("settings", colour=colour)}))
            shop.until(is_at(shas[-1]))
        stop()

        assert "red" in str(held(server, SHOP))
        assert diary() == {"MODIFIED configmaps/settings": 2}
        receipts = shop.journal.receipts(SHOP)
        assert [each.revision for each in receipts] == shas[::-1], "the journal keeps the order in which it was"
        assert {each.phase for each in receipts} == {OperationPhase.SUCCEEDED}
        assert shop.journal.deployments(SHOP, 1)[0].revision == shas[-1]
        assert shop.journal.verify().intact
        now = time.time()
        shown = [age(now - each.started) for each in receipts]
        shown += [duration((each.finished or 0.0) - each.started) for each in receipts]
        shown += [cell.text for each in receipts for cell in tables.journal_row(each)]
        assert not [text for text in shown if text.startswith("-")]
        assert all(row.duration >= 0 for each in receipts for row in each.resources)
        assert [shapes.operation(each)["revision"] for each in receipts] == shas[::-1]


def test_a_pause_with_an_end_ends_when_the_clock_is_past_it(
    enter: Enter, server: EmbeddedServer, wall: WallClock
) -> None:
    from gitops_tui.engine.requests import PauseAutomation  # noqa: PLC0415

    with enter(policy=AUTO) as shop:
        shop.until(is_at(shop.repository.git("rev-parse", "HEAD")))
        shop.ask(PauseAutomation(SHOP, "alice", "stocktaking", time.time() + DAY))
        second = shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        shop.until(lambda status: status.waiting == "paused by alice: stocktaking")
        wall.off -= YEAR
        for _ in range(10):
            shop.clock.now += 1
            shop.worker.step()
        assert "green" not in str(held(server, SHOP))

        wall.off += YEAR + DAY
        shop.until(is_at(second))

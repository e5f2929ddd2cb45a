"""Only so many syncs run at once; the others wait for their turn, and may be stopped while they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config, Settings
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.halt import Halt
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Approved
from gitops_tui.engine.operations.running import Ended, Operations, Order
from gitops_tui.engine.requests import Reload, Sync
from gitops_tui.engine.schedule.books import Books
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Tracked
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.model.errors import GitopsError, PlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from gitops_tui.model.values import replace
from gitops_tui.sync.ports import Audience
from tests.support.lanes import Slow
from tests.support.manifests import config_map
from tests.support.stage import stage


class Instant:
    """Operations that succeed as soon as they are run, those of `slow` after they have waited."""

    def __init__(self) -> None:
        self.slow: dict[str, Callable[[], None]] = {}

    def run(self, application: Application, order: Order, halt: Halt, audience: Audience) -> Ended:
        if application.name in self.slow:
            audience.rests(True)
            self.slow[application.name]()
            audience.rests(False)
        phase = halt.phase if halt.event.is_set() else OperationPhase.SUCCEEDED
        return Ended(Receipt("op", application.name, order.approved.revision, order.kind, order.actor, phase))


class Room:
    """A launcher whose jobs run only when the test says so."""

    def __init__(self, journal: Journal, clusters: Clusters, limit: int) -> None:
        self.applications = tuple(Application(name, Source("/r"), Destination("prod")) for name in "abcd")
        config = Config(self.applications, settings=Settings(parallel_syncs=limit))
        self.books = Books(config, journal, clusters, lambda: 0.0)
        self.books.track(self.applications)
        self.jobs: dict[str, Callable[[], None]] = {}
        self.rests: list[tuple[str, bool]] = []
        self.desk = Desk(self.books, journal, self._run, self._rest, lambda call: call(), lambda: 0.0)
        self.operations = Instant()
        self.launcher = Launcher(self.desk, cast(Operations, self.operations))
        self.futures: dict[str, Future[Any]] = {}
        self.begun: list[str] = []

    def _run(
        self,
        lane: str,
        width: int,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[GitopsError], None],
    ) -> None:
        waiting = (name for name in self.futures if self.tracked(name).job and name not in self.begun)
        self.begun.append(next(waiting))
        self.jobs[self.begun[-1]] = lambda: done(job())

    def _rest(self, lane: str, *, begins: bool) -> None:
        self.rests.append((lane, begins))

    def start(self, *names: str) -> None:
        for name in names:
            self.futures[name] = Future()
            order = Order(OperationKind.SYNC, "alice", Approved("a" * 40, prune=False))
            self.launcher.start(self.tracked(name), order, self.futures[name])

    def tracked(self, name: str) -> Tracked:
        return self.books.tracked[name]

    def current(self, name: str) -> str:
        running = self.tracked(name).status.running
        return running.current if running else "none"

    def finish(self, name: str) -> None:
        self.jobs.pop(name)()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Callable[[int], Room]]:
    with closing(Journal.open(tmp_path / "state")) as journal, closing(Clusters(None)) as clusters:
        yield lambda limit: Room(journal, clusters, limit)


def test_what_is_over_the_limit_waits_and_begins_in_its_order(room: Callable[[int], Room]) -> None:
    here = room(2)
    here.start("a", "b", "c", "d")
    assert list(here.jobs) == ["a", "b"]
    assert here.current("c") == "waits for its turn: 2 syncs run"
    here.finish("a")
    assert list(here.jobs) == ["b", "c"]
    here.finish("b")
    here.finish("c")
    here.finish("d")
    assert all(future.result(0).phase is OperationPhase.SUCCEEDED for future in here.futures.values())
    assert here.launcher.running == 0, "and there is room again"


def test_one_that_only_waits_until_something_is_healthy_takes_no_place(room: Callable[[int], Room]) -> None:
    here = room(1)
    here.start("a", "b", "c")
    assert list(here.jobs) == ["a"]
    meanwhile: list[str] = []
    here.operations.slow["a"] = lambda: meanwhile.extend(here.jobs)
    here.finish("a")
    assert meanwhile == ["b"]
    assert here.rests == [("sync prod", True), ("sync prod", False)]
    assert list(here.jobs) == ["b"], "and no further place"
    assert here.current("c") == "waits for its turn: 1 syncs run"
    here.finish("b")
    here.finish("c")
    assert here.launcher.running == 0


def test_a_reload_that_lets_more_run_at_once_begins_what_waits(tmp_path: Path) -> None:
    lanes = Slow("sync ")
    files: dict[str, str | None] = {"a/one.yaml": config_map("one"), "b/two.yaml": config_map("two")}
    with (
        EmbeddedServer.start() as server,
        stage(tmp_path, server.kubeconfig, "default", files, lanes=lanes) as shop,
    ):
        (app,) = shop.config.applications
        both = tuple(replace(app, name=name, source=replace(app.source, path=name)) for name in "ab")
        tight = replace(shop.config, applications=both, settings=replace(shop.config.settings, parallel_syncs=1))
        shop.ask(Reload(tight))
        lanes.is_slow = True
        syncs = [shop.worker.submit(Sync(name, shop.plan(name), "tester")) for name in "ab"]
        shop.worker.step()
        assert len(lanes.told) == 1
        shop.ask(Reload(replace(tight, settings=replace(tight.settings, parallel_syncs=2))))
        assert len(lanes.told) == 2
        lanes.go_on()
        shop.worker.step()
        assert [sync.result(0).phase for sync in syncs] == [OperationPhase.SUCCEEDED] * 2


def test_without_a_limit_all_run(room: Callable[[int], Room]) -> None:
    here = room(0)
    here.start("a", "b", "c", "d")
    assert list(here.jobs) == ["a", "b", "c", "d"]


def test_one_application_runs_one_operation_at_a_time(room: Callable[[int], Room]) -> None:
    here = room(2)
    here.start("a")
    with pytest.raises(PlanError, match="an operation is running"):
        here.start("a")


def test_one_that_the_configuration_leaves_out_for_a_moment_runs_one_operation_too(room: Callable[[int], Room]) -> None:
    here = room(2)
    here.start("a")
    here.books.track(here.applications[1:])
    here.books.track(here.applications)
    with pytest.raises(PlanError, match="an operation is running"):
        here.start("a")
    here.finish("a")
    assert here.launcher.running == 0
    assert here.tracked("a").job is None


def test_one_that_the_configuration_leaves_out_is_interrupted_at_the_end_too(room: Callable[[int], Room]) -> None:
    here = room(1)
    here.start("a", "b")
    here.books.track(here.applications[2:])
    here.launcher.stop_running()
    with pytest.raises(GitopsError, match="is stopping"):
        here.futures["b"].result(0)
    here.finish("a")
    assert here.futures["a"].result(0).phase is OperationPhase.INTERRUPTED


def test_one_that_waits_is_stopped_at_once(room: Callable[[int], Room]) -> None:
    here = room(1)
    here.start("a", "b", "c")
    assert here.launcher.terminate(here.tracked("b"), "bob")
    with pytest.raises(PlanError, match="stopped by bob before it began"):
        here.futures["b"].result(0)
    here.finish("a")
    assert list(here.jobs) == ["c"]


def test_one_that_runs_is_told_by_whom_it_is_stopped(room: Callable[[int], Room]) -> None:
    here = room(1)
    here.start("a")
    assert here.launcher.terminate(here.tracked("a"), "bob")
    here.finish("a")
    assert here.futures["a"].result(0).phase is OperationPhase.TERMINATED
    assert not here.launcher.terminate(here.tracked("a"), "bob"), "nothing runs any more"


def test_at_the_end_of_the_program_what_waits_is_refused_and_what_runs_is_interrupted(
    room: Callable[[int], Room],
) -> None:
    here = room(1)
    here.start("a", "b")
    here.launcher.stop_running()
    with pytest.raises(GitopsError, match="is stopping"):
        here.futures["b"].result(0)
    here.finish("a")
    assert here.futures["a"].result(0).phase is OperationPhase.INTERRUPTED

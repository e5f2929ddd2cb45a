"""The controllers' own machinery: due times, failures, a clock that jumps."""

from __future__ import annotations

import threading

import pytest

from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.errors import bad_request
from gitops_tui.embedded.controllers import ManualClock, SystemClock
from gitops_tui.embedded.controllers.manager import Controller, Controllers
from gitops_tui.embedded.controllers.world import World
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.lifecycle.namespaces import make_first_namespaces
from gitops_tui.embedded.store.items import Key
from gitops_tui.embedded.store.store import Store

DEADLINE = 90.0


@pytest.fixture
def backend() -> Backend:
    made = Backend(Store())
    make_first_namespaces(made)
    return made


def test_what_asks_to_be_looked_at_again_is_looked_at_in_time(backend: Backend) -> None:
    seen: list[tuple[float, str]] = []

    def look(world: World, body: Object) -> float | None:
        seen.append((world.now, body["metadata"]["name"]))
        return 10.0 if body["metadata"]["name"] == "default" else None

    controllers = Controllers(backend, [Controller("namespaces", look)], clock=ManualClock(1000.0))
    controllers.begin()
    controllers.advance(25)
    assert [time for time, name in seen if name == "default"] == [1000.0, 1010.0, 1020.0]
    assert [time for time, name in seen if name == "kube-system"] == [1000.0]


def test_a_refused_write_is_tried_again(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    tries: list[float] = []

    def look(world: World, body: Object) -> None:
        if body["metadata"]["name"] == "default":
            tries.append(world.now)
            if len(tries) < 3:
                raise bad_request("not today")

    controllers = Controllers(backend, [Controller("namespaces", look)], clock=ManualClock(1000.0))
    controllers.begin()
    controllers.advance(10)
    assert tries == [1000.0, 1001.0, 1002.0]
    assert "namespaces /default: not today" in caplog.text


def test_a_clock_that_is_set_back_holds_nothing_up(backend: Backend) -> None:
    class Wall(SystemClock):
        behind = 0.0

        def now(self) -> float:
            return super().now() - self.behind

    clock, once, again = Wall(), threading.Event(), threading.Event()

    def look(world: World, body: Object) -> float | None:
        if body["metadata"]["name"] != "default":
            return None
        if once.is_set():
            again.set()
            return None
        once.set()
        return 0.5

    controllers = Controllers(backend, [Controller("namespaces", look)], clock=clock)
    controllers.start()
    try:
        assert once.wait(DEADLINE)
        with backend.store.lock:
            clock.behind = 86_400.0
        assert again.wait(DEADLINE)
    finally:
        controllers.stop()


def test_waits_survive_a_clock_that_is_set_back(backend: Backend) -> None:
    class Hand(ManualClock):
        offset = 0.0

        def now(self) -> float:
            return super().now() + self.offset

    clock = Hand(1000.0)
    world = Controllers(backend, [], clock=clock).world
    body = world.get("namespaces", "", "default")
    assert body is not None
    assert world.waited(body, "x", 5.0) == 5.0
    clock.offset = -500.0
    assert world.waited(body, "x", 5.0) == 5.0
    clock.move_to(1006.0)
    assert world.waited(body, "x", 5.0) == 0.0


def test_stopping_lets_go_of_the_store(backend: Backend) -> None:
    seen: list[str] = []
    controllers = Controllers(backend, [Controller("namespaces", lambda _, body: seen.append(body["kind"]))])
    controllers.start()
    controllers.stop()
    seen.clear()
    item, _ = backend.store.list("namespaces")
    backend.store.put(item[0].key, {**item[0].body, "spec": {}}, expected=item[0].revision)
    assert not controllers.step()
    assert seen == []


def test_an_object_that_a_controller_chokes_on_stops_no_other(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def look(world: World, body: Object) -> None:
        if body["metadata"]["name"] == "default":
            raise KeyError("spec")
        seen.append(body["metadata"]["name"])

    def follow(world: World, body: Object) -> list[Key]:
        raise KeyError("selector")

    watching = Controller("namespaces", look, follows=(("services", follow),))
    controllers = Controllers(backend, [watching], clock=ManualClock(1000.0))
    controllers.begin()
    controllers.step()
    assert seen == ["kube-node-lease", "kube-public", "kube-system"]
    item = backend.store.list("services")[0][0]
    backend.store.put(item.key, {**item.body, "spec": {}}, expected=item.revision)
    controllers.step()
    assert "namespaces /default" in caplog.text
    assert "namespaces after Service kubernetes" in caplog.text

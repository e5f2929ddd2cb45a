"""Whoever computes stands aside while the screen is at work, and only then."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import socket
import sys
import threading

import pytest

from gitops_tui.engine import courtesy as courtesies
from gitops_tui.engine.courtesy import Courtesy
from gitops_tui.engine.future import Future
from gitops_tui.engine.schedule.lanes import ThreadLanes
from gitops_tui.tui import loop
from gitops_tui.tui.collector import Collector
from gitops_tui.tui.ports import answered


@pytest.fixture
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses patience with a screen that is only slow."""
    for name in ("_LONGEST", "_STALLED"):
        monkeypatch.setattr(courtesies, name, 60.0)


async def have_waited(courtesy: Courtesy) -> None:
    """Return when the screen has waited, and has something to do now."""
    while courtesy.is_free:
        await asyncio.sleep(0.001)


@pytest.mark.usefixtures("_patience")
def test_a_job_begins_when_the_screen_waits_for_input() -> None:
    free: list[bool] = []
    courtesy = Courtesy()

    async def screen() -> None:
        await have_waited(courtesy)
        free.append(courtesy.is_free)
        # Nothing is left to do but to wait for the job, which has to have its turn then.
        free.append(await answered(lanes.submit("cluster", 1, lambda: courtesy.is_free)))

    lanes = ThreadLanes(courtesy.give_way)
    loop.run(screen(), courtesy, Collector())
    assert free == [False, True]
    assert lanes.close()


@pytest.mark.usefixtures("_patience")
def test_nobody_looks_for_garbage_while_the_screen_is_at_work() -> None:
    looks: list[bool] = []

    def is_looked_for() -> bool:
        return gc.isenabled() and gc.get_threshold()[0] > 0

    async def screen() -> None:
        await have_waited(courtesy)
        looks.append(is_looked_for())
        looks.append(await answered(lanes.submit("cluster", 1, is_looked_for)))

    courtesy = Courtesy()
    lanes = ThreadLanes(courtesy.give_way)
    loop.run(screen(), courtesy, Collector())
    assert looks == [False, True]
    assert is_looked_for()
    assert lanes.close()


@pytest.mark.usefixtures("_patience")
def test_the_screen_gets_the_interpreter_soon_and_keeps_it_for_a_key() -> None:
    """Whoever waits for the interpreter asks for it after the interval that holds when it begins to wait."""
    intervals: list[float] = []

    async def screen() -> None:
        await have_waited(courtesy)
        intervals.append(sys.getswitchinterval())
        intervals.append(await answered(lanes.submit("cluster", 1, sys.getswitchinterval)))

    before, courtesy = sys.getswitchinterval(), Courtesy()
    lanes = ThreadLanes(courtesy.give_way)
    loop.run(screen(), courtesy, Collector())
    at_work, waiting = intervals
    assert at_work >= 10 * waiting
    assert sys.getswitchinterval() == before
    assert lanes.close()


class _Noted(Courtesy):
    """Notes how often the screen was at rest."""

    rests = 0

    def end(self) -> None:
        self.rests += 1
        super().end()


@pytest.mark.parametrize(("typed", "rests"), [(True, 0), (False, 1)])
def test_nobody_computes_while_what_a_key_did_is_on_its_way_to_the_terminal(typed: bool, rests: int) -> None:
    """The terminal gets a processor to show it; what else the screen does is waited for no longer."""
    here, there = os.pipe()
    courtesy, collector = _Noted(), Collector()
    with loop.Selector(courtesy, collector, here if typed else None) as selector:
        selector.register(here, selectors.EVENT_READ)
        os.write(there, b"j")
        assert [key.fd for key, _ in selector.select(60)] == [here]
        assert os.read(here, 9) == b"j"
        before = courtesy.rests
        # It has been handled. A moment passes.
        assert not selector.select(0.0001)
        assert (courtesy.rests - before, courtesy.is_free) == (rests, False)
        # After that all is as ever.
        assert not selector.select(0.0001)
        assert courtesy.rests - before == rests + 1
    collector.go_on()
    os.close(here)
    os.close(there)


def test_a_screen_that_is_busy_for_long_holds_nobody_up() -> None:
    courtesy = Courtesy()
    courtesy.begin()
    lanes = ThreadLanes(courtesy.give_way)
    assert lanes.submit("cluster", 1, lambda: "done").result(60) == "done"
    assert lanes.close()


def test_a_screen_that_a_stalled_terminal_holds_up_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waits = [100.0], list[float | None]()
    monkeypatch.setattr(threading.Event, "wait", lambda _, timeout=None: waits.append(timeout))
    courtesy = Courtesy(lambda: now[0])
    courtesy.begin()
    courtesy.give_way()
    assert len(waits) == 1
    now[0] += 1.0
    for _ in range(3):
        courtesy.give_way()
    assert len(waits) == 1
    courtesy.end()
    courtesy.begin()
    courtesy.give_way()
    assert len(waits) == 2


def test_an_ended_screen_leaves_the_others_free() -> None:
    courtesy = Courtesy()

    async def broken() -> None:
        await asyncio.sleep(0)
        raise RuntimeError("the screen is gone")

    try:
        loop.run(broken(), courtesy, Collector())
    except RuntimeError as error:
        assert str(error) == "the screen is gone"
    assert courtesy.is_free


def test_what_arrives_while_there_is_more_to_do_is_heard() -> None:
    """A callback that keeps the loop busy does not keep input out."""
    heard: list[bytes] = []

    async def main() -> None:
        running = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"key")
        task = running.create_task(reader.readexactly(3))
        while not task.done():
            await asyncio.sleep(0)
        heard.append(await task)
        writer.close()

    with _Echo() as address:
        loop.run(main(), Courtesy(), Collector())
    assert heard == [b"key"]


class _Echo:
    """Says what it hears, to one who calls."""

    def __enter__(self) -> tuple[str, int]:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()
        host, port = self._server.getsockname()
        return host, port

    def _answer(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            connection.sendall(connection.recv(16))

    def __exit__(self, *_: object) -> None:
        self._thread.join(60)
        self._server.close()


async def test_who_waits_for_the_engine_is_called_off_without_it() -> None:
    future: Future[str] = Future()
    waiting = asyncio.create_task(answered(future))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    future.set_result("there")
    assert await answered(future) == "there"


async def test_an_answer_that_is_called_off_is_told_as_that() -> None:
    future: Future[str] = Future()
    waiting = asyncio.create_task(answered(future))
    await asyncio.sleep(0)
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

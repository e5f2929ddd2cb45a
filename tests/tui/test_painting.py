"""Only what looks different is painted: a fleet in motion costs what of it is in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from textual import events

from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import LastChange
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, Snapshot, SyncCode, WorkerState
from gitops_tui.tui.present import applications as present
from gitops_tui.tui.widgets import painter, table
from tests.tui import scenes
from tests.tui.cockpit import DEADLINE, Driver, cockpit
from tests.tui.scenes import ScriptedEngine

COUNT = 1000
HIDDEN = "app-0900"


class Paper:
    """The lines that tables painted since it was last turned."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def turn(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Paper]:
    used, paint = Paper(), painter.paint

    def painted(line: Any, *more: Any) -> Any:
        used.lines.append("".join(span.text for span in line))
        return paint(line, *more)

    monkeypatch.setattr(table, "paint", painted)
    yield used


def fleet() -> Snapshot:
    def one(number: int) -> ApplicationStatus:
        application = Application(f"app-{number:04}", Source("repo", "main", ""), Destination("", "shop"))
        return ApplicationStatus(application, SyncCode.SYNCED, total=4, revision=scenes.CART_FIX)

    statuses = {status.name: status for status in map(one, range(COUNT))}
    return Snapshot(1, scenes.NOW, statuses, worker=WorkerState.IDLE)


def drifted(snapshot: Snapshot, *names: str) -> Snapshot:
    changed = {
        name: replace(snapshot.applications[name], sync=SyncCode.OUT_OF_SYNC, drifted=3, summary="3 changed")
        for name in names
    }
    applications = {**snapshot.applications, **changed}
    return replace(snapshot, generation=snapshot.generation + 1, applications=applications)


async def shown(user: Driver, snapshot: Snapshot) -> None:
    """Publish it, and let the screen come to rest."""
    user.engine.publish(snapshot)
    await user.until(lambda: user.app.snapshot is snapshot)
    await user.pilot.pause()


async def test_what_changes_out_of_sight_paints_no_row(paper: Paper) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000", f"✓ {COUNT}")
        paper.turn()
        await shown(user, drifted(user.app.snapshot, *(f"app-{number:04}" for number in range(900, 1000))))
        await user.sees("✓ 900", "≠ 100")
        assert paper.turn() == []


async def test_a_row_that_changes_in_sight_is_painted_alone(paper: Paper) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        paper.turn()
        await shown(user, drifted(user.app.snapshot, "app-0007", HIDDEN))
        await user.sees("3 changed")
        assert [line.split()[0] for line in paper.turn()] == ["app-0007"]


async def test_a_row_that_is_new_but_looks_the_same_is_not_painted(paper: Paper) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        paper.turn()
        snapshot = user.app.snapshot
        again = {name: replace(status, compared_at=5.0) for name, status in snapshot.applications.items()}
        await shown(user, replace(snapshot, generation=2, applications=again))
        assert paper.turn() == []


async def test_many_rows_that_change_in_sight_are_painted_in_pieces(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[list[str]] = []
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        paper.turn()
        monkeypatch.setattr(user.app, "post_display_hook", lambda: frames.append(paper.turn()))
        in_sight = [row.value.name for row in user.app.root.query_one(table.Table).in_sight]
        await shown(user, drifted(user.app.snapshot, *in_sight))
        await user.until(lambda: sum(map(len, frames)) >= len(in_sight))
        await user.sees("3 changed")
        painted = [line.strip("▌ ").split()[0] for lines in frames for line in lines]
        assert painted == in_sight
        assert max(map(len, frames)) < len(in_sight)


async def test_rows_that_change_places_are_painted_together(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[list[str]] = []
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        await user.press("S")
        paper.turn()
        monkeypatch.setattr(user.app, "post_display_hook", lambda: frames.append(paper.turn()))
        await shown(user, drifted(user.app.snapshot, HIDDEN))
        await user.until(lambda: user.line_of(HIDDEN))
        await user.until(lambda: any(frames))
        (painted,) = [lines for lines in frames if lines]
        assert len(painted) == len(user.app.root.query_one(table.Table).in_sight)


async def test_a_row_that_changes_is_presented_once() -> None:
    presented: list[str] = []
    whole = fleet()
    # Nothing is asked of one without a revision: an answer would have its row presented, whenever it comes.
    unasked = {name: replace(each, revision=None) for name, each in whole.applications.items()}
    async with cockpit(ScriptedEngine(replace(whole, applications=unasked))) as user:
        await user.sees("app-0000")
        shown_by = user.app.root.query_one(table.Table)
        present_row = shown_by.present

        def noted(status: ApplicationStatus) -> Any:
            presented.append(status.name)
            return present_row(status)

        shown_by.present = noted
        await shown(user, drifted(user.app.snapshot, "app-0007", "app-0009", HIDDEN))
        await user.sees("3 changed")
        assert presented == ["app-0007", "app-0009"]


async def test_an_answer_about_one_application_has_its_row_alone_presented() -> None:
    presented: list[str] = []
    answers: dict[str, Future[Any]] = {}
    engine = ScriptedEngine(fleet())
    engine.answers[LastChange] = lambda request: answers.setdefault(request.application, Future())
    async with cockpit(engine) as user:
        await user.until(lambda: "app-0000" in answers)
        shown_by = user.app.root.query_one(table.Table)
        present_row = shown_by.present

        def noted(status: ApplicationStatus) -> Any:
            presented.append(status.name)
            return present_row(status)

        shown_by.present = noted
        for name in ("app-0000", "app-0001", "app-0002"):
            await user.until(lambda: name in answers)  # noqa: B023 - it is waited for at once
            answers[name].set_result(scenes.CART_FIX)
        await user.until(lambda: "app-0003" in answers)
        assert presented == ["app-0000", "app-0001", "app-0002"]


async def test_a_worker_that_begins_and_rests_paints_no_row(paper: Paper) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        paper.turn()
        await shown(user, replace(user.app.snapshot, generation=2, worker=WorkerState.BUSY))
        await user.sees("working")
        assert paper.turn() == []


async def test_what_an_empty_table_says_follows_the_worker() -> None:
    async with cockpit(ScriptedEngine(Snapshot(1, scenes.NOW, {}, worker=WorkerState.STARTING))) as user:
        await user.sees("connecting")
        await shown(user, Snapshot(2, scenes.NOW, {}, worker=WorkerState.IDLE))
        await user.sees("no applications")


async def test_ages_grow_without_a_snapshot(paper: Paper) -> None:
    now = [scenes.NOW]
    async with cockpit(ScriptedEngine(fleet()), clock=lambda: now[0]) as user:
        await user.sees("2h")
        paper.turn()
        user.app.root.age()
        await user.pilot.pause()
        assert paper.turn() == []
        now[0] += scenes.HOUR
        user.app.root.age()
        await user.sees("3h")
        assert len(paper.turn()) == user.app.root.query_one(table.Table).size.height - 1


async def test_a_move_of_the_cursor_paints_two_rows(paper: Paper) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        paper.turn()
        await user.press("j")
        await user.until(lambda: len(paper.lines) >= 2)
        assert sorted(line.strip("▌ ").split()[0] for line in paper.turn()) == ["app-0000", "app-0001"]


async def test_a_key_is_painted_though_the_screen_has_painted_just_now(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cockpit(ScriptedEngine(fleet())) as user:
        await user.sees("app-0000")
        # The next of the screen's frames is yet to come, and does not.
        monkeypatch.setattr(user.app.screen._update_timer, "resume", lambda: None)
        paper.turn()
        # The hands of a test would have the screen paint.
        user.app.post_message(events.Key("j", "j"))
        async with asyncio.timeout(DEADLINE):
            while len(paper.lines) < 2:
                await asyncio.sleep(0.005)
        assert sorted(line.strip("▌ ").split()[0] for line in paper.turn()) == ["app-0000", "app-0001"]


async def test_a_filter_asks_only_those_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    filtered_by = present.filtered_by

    def noted(status: ApplicationStatus, change: Revision | None) -> Any:
        asked.append(status.name)
        return filtered_by(status, change)

    async with cockpit(ScriptedEngine(fleet())) as user:
        monkeypatch.setattr(present, "filtered_by", noted)
        user.app.root.apply("sync=OutOfSync")
        await user.sees("nothing matches")
        assert len(asked) == COUNT
        asked.clear()
        await shown(user, drifted(user.app.snapshot, HIDDEN))
        await user.sees(HIDDEN)
        assert asked == [HIDDEN]
        asked.clear()
        user.app.root.apply("sync=Synced")
        await user.sees("app-0000")
        assert len(asked) == COUNT

"""Every screen at both sizes, as an SVG beside the code: a change of looks is seen before it is kept.

`GITOPS_TUI_UPDATE_SNAPSHOTS=1` writes them anew.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Plan, Sync
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import RunningOperation, Snapshot, SyncCode
from tests.tui import scenes
from tests.tui.cockpit import LARGE, SMALL, Driver, cockpit
from tests.tui.scenes import ScriptedEngine

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "snapshots"
ACTUAL = ROOT / ".cache" / "snapshots"
UPDATE = os.environ.get("GITOPS_TUI_UPDATE_SNAPSHOTS") == "1"

Play = Callable[[Driver], Awaitable[None]]


def _engine() -> ScriptedEngine:
    return ScriptedEngine()


@dataclass(frozen=True)
class Scene:
    """A screen, how one gets there, and what the application is opened with."""

    name: str
    play: Play
    engine: Callable[[], ScriptedEngine] = _engine
    skin: str = "night"
    read_only: bool = False


def steps(*moves: str | tuple[str, ...]) -> Play:
    """Keys to press (in a tuple) and texts to wait for."""

    async def play(user: Driver) -> None:
        for move in moves:
            if isinstance(move, tuple):
                await user.press(*move)
            else:
                await user.sees(move)

    return play


def commanded(command: str, *texts: str) -> Play:
    async def play(user: Driver) -> None:
        await user.command(command)
        await user.sees(*texts)

    return play


def completing(text: str, *texts: str) -> Play:
    async def play(user: Driver) -> None:
        await user.press(text[0])
        await user.type(text[1:])
        await user.sees(*texts)
        if text.startswith(":"):
            await user.until(lambda: user.app.screen.query_one(Input)._suggestion, "a suggestion")

    return play


def starting() -> ScriptedEngine:
    return ScriptedEngine(Snapshot())


def held() -> ScriptedEngine:
    engine = ScriptedEngine()
    reasons = ("it would delete 5 of 7 resources, more than a fifth", "it deletes a PersistentVolumeClaim")
    engine.answers[Plan] = replace(scenes.cart_plan(prune=True), held=reasons)
    return engine


def refused() -> ScriptedEngine:
    engine = ScriptedEngine()
    reason = "apps/Deployment shop/cart belongs to application basket; take it out of one of the two"
    engine.answers[Plan] = replace(scenes.cart_plan(), refusals=(reason,))
    return engine


def stating_nothing() -> ScriptedEngine:
    shop = scenes.shop()
    cart = replace(shop.applications["cart"], resources=(), total=0, drifted=0, summary="Git states no resource")
    cart = replace(cart, sync=SyncCode.SYNCED, problems=(), compared_at=scenes.NOW - 9)
    return ScriptedEngine(replace(shop, applications={**shop.applications, "cart": cart}))


def syncing() -> ScriptedEngine:
    shop = scenes.shop()
    words = "waiting for Deployment/cart: 1 of 3 updated"
    operation = RunningOperation("op-9", "sync", OperationPhase.RUNNING, 2, 4, words)
    cart = replace(shop.applications["cart"], running=operation)
    engine = ScriptedEngine()

    def begin(request: Any) -> Future[Any]:
        engine.publish(replace(shop, applications={**shop.applications, "cart": cart}))
        return Future()

    engine.answers[Sync] = begin
    return engine


SCENES = (
    Scene("applications", steps("landing-page")),
    Scene("applications-day", steps("landing-page"), skin="day"),
    Scene("applications-clear", steps("landing-page"), skin="clear"),
    Scene("applications-mono", steps("landing-page"), skin="mono"),
    Scene("applications-read-only", steps("read-only"), read_only=True),
    Scene("applications-filtered", completing("/-f ca", "catalog")),
    Scene("applications-wide", steps(("ctrl+w",), "wide ← →", ("right",))),
    Scene("application-empty", steps(("enter",), "Git states no resource here"), engine=stating_nothing),
    Scene("connecting", steps("connecting…"), engine=starting),
    Scene("command", completing(":hi", "history")),
    Scene("application", steps(("enter",), "ReplicaSet")),
    Scene("diff", steps(("d",), "replicas: 3")),
    Scene("diff-secret", steps(("d",), "replicas: 3", ("j", "j"), "Secret/cart-session-key")),
    Scene("diff-day", steps(("d",), "replicas: 3"), skin="day"),
    Scene("history", steps(("h",), "current", ("j", "j"), "1712c4412c32")),
    Scene("plan", steps(("s",), "Sync 4 changes")),
    Scene("marked", steps(("enter",), "ReplicaSet", ("space", "j", "j", "j", "j", "j", "j", "v"), "marked")),
    Scene("plan-chosen", steps(("enter",), "ReplicaSet", ("space", "s"), "1 chosen resource only")),
    Scene("deletion", steps(("ctrl+d",), "Stop tracking cart", ("m",), "cannot be undone")),
    Scene("actions", steps(("a",), "Actions", "nothing is running")),
    Scene("plan-held", steps(("s",), "Approve"), engine=held),
    Scene("plan-refused", steps(("s",), "refused"), engine=refused),
    Scene("rollback", steps(("h",), "current", ("j", "j", "j", "R"), "Roll back 4")),
    Scene("revert", steps(("h",), "current", ("j", "j", "j", "R"), "Roll back 4", ("m",), "Commit and push 3")),
    Scene("undo", steps(("z",), "undoes the sync")),
    Scene("progress", steps(("s",), "Sync 4 changes", ("right", "enter"), "2/4"), engine=syncing),
    Scene("receipt", steps(("s",), "Sync 4 changes", ("right", "enter"), "Succeeded")),
    Scene("operations", commanded("ops", "Interrupted")),
    Scene("yaml", steps(("enter", "y"), "replicas: 3")),
    Scene("info", steps(("G", "i"), "is the VPN up?")),
    Scene("info-resource", steps(("enter", "i"), "MinimumReplicasAvailable")),
    Scene("events", steps(("e",), "Unhealthy")),
    Scene("logs", steps(("l",), "PoolTimeout", "following")),
    Scene("logs-container", steps(("l",), "PoolTimeout", ("shift+tab",), "4 of 4")),
    Scene("problems", commanded("problems", "permission denied")),
    Scene("repositories", commanded("repos", "permission denied")),
    Scene("contexts", commanded("ctx", "Unreachable", "VPN")),
    Scene("help", steps(("?",), "Make the cluster")),
    Scene("quit", steps(("q",), "Quit gitops-tui?")),
)


def normalised(svg: str) -> str:
    """Take out what differs from run to run: the random id in class names."""
    return re.sub(r"terminal-\d+", "terminal-0", svg).rstrip() + "\n"


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_the_screen_looks_as_it_was_kept(scene: Scene, size: tuple[int, int]) -> None:
    async with cockpit(scene.engine(), size=size, skin=scene.skin, read_only=scene.read_only) as user:
        await scene.play(user)
        await user.pilot.pause()
        actual = normalised(user.app.export_screenshot(title="gitops-tui"))
    name = f"{scene.name}-{size[0]}x{size[1]}.svg"
    kept = KEPT / name
    if UPDATE:
        KEPT.mkdir(exist_ok=True)
        kept.write_text(actual, encoding="utf-8")
    expected = kept.read_text(encoding="utf-8") if kept.exists() else ""
    if actual != expected:
        ACTUAL.mkdir(parents=True, exist_ok=True)
        (ACTUAL / name).write_text(actual, encoding="utf-8")
        pytest.fail(_difference(name, expected, actual), pytrace=False)


def _difference(name: str, expected: str, actual: str) -> str:
    lines = list(difflib.unified_diff(_words(expected), _words(actual), "kept", "now", lineterm="", n=0))
    return "\n".join(
        [
            f"{name} looks different from snapshots/{name}; the new look is in .cache/snapshots/{name}",
            "when it is meant, keep it: make snapshots",
            *lines[:40],
        ]
    )


def _words(svg: str) -> list[str]:
    return [text.replace("&#160;", " ") for text in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]


def test_no_snapshot_is_left_of_a_screen_that_is_gone() -> None:
    names = {f"{scene.name}-{width}x{height}.svg" for scene in SCENES for width, height in (SMALL, LARGE)}
    assert {path.name for path in KEPT.glob("*.svg")} == names

"""A cockpit under test: opened with an engine, driven by keys, asked what is on its screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from gitops_tui.tui.app import GitopsApp
from tests.tui import scenes
from tests.tui.scenes import ScriptedEngine

DEADLINE = 90.0
KEYS = {"\n": "enter", ":": "colon", "/": "slash"}
SMALL, LARGE = (80, 24), (140, 40)


class Driver:
    """The hands and eyes of a person at the terminal."""

    def __init__(self, app: GitopsApp, engine: ScriptedEngine, pilot: Pilot[None]) -> None:
        self.app, self.engine, self.pilot = app, engine, pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def burst(self, text: str) -> None:
        """Type faster than the screen follows, as a slow connection hands it over; a newline is Enter."""
        for letter in text:
            self.app.post_message(events.Key(KEYS.get(letter, letter), letter))
        await self.pilot.pause()

    async def command(self, text: str) -> None:
        """Type a command and press Enter."""
        await self.press(":")
        await self.type(text)
        await self.press("enter")

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something is so."""
        end = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"never happened: {what or condition}\n{self.screen}")
            await self.pilot.pause()
            await asyncio.sleep(0.005)

    async def sees(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        for text in texts:
            await self.until(partial(self._shows, text), f"{text!r} on the screen")

    def _shows(self, text: str) -> bool:
        return text in self.screen

    @property
    def screen(self) -> str:
        """Everything on the screen, as lines of text."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips[:height]) if width else ""

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return self.screen.splitlines()

    def line_of(self, text: str) -> str:
        """The first line that holds a text."""
        return next((line for line in self.lines if text in line), "")

    @property
    def cursor_line(self) -> str:
        """The line with the cursor of a table."""
        return self.line_of("▌")

    @property
    def focused(self) -> Widget | None:
        """What has the keyboard."""
        return self.app.screen.focused


@asynccontextmanager
async def cockpit(
    engine: ScriptedEngine | None = None, size: tuple[int, int] = LARGE, **chosen: Any
) -> AsyncIterator[Driver]:
    """Open the application on an engine, at a fixed time, in the default theme."""
    engine = engine or ScriptedEngine()
    options: dict[str, Any] = {
        "info": scenes.INFO,
        "clock": lambda: scenes.NOW,
        "actor": "ada@laptop",
        "skin": "night",
    } | chosen
    app = GitopsApp(engine, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield Driver(app, engine, pilot)

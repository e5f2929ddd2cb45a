"""Keys one after the other: the next is handed on when what the last one did is there.

A terminal hands over all that was typed meanwhile at once, over a slow connection above all. What has the keyboard
when a key arrives is not what will have it after the key before: without waiting, the letters of `/sales` would be
keys of the table, and the `s` a sync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

Hand = Callable[[events.Event], Awaitable[None]]

_GLANCE: Final = 0.1
"""Seconds between two looks at whether a widget that is waited for is still there."""


class Keyboard:
    """Holds back keys and pasted text until it is their turn. hand: gives one to whatever has the keyboard."""

    def __init__(self, app: App[Any], hand: Hand) -> None:
        self._app = app
        self._hand = hand
        self._typed: asyncio.Queue[events.Event] = asyncio.Queue()
        self._hands = False

    @property
    def is_busy(self) -> bool:
        """Whether a key was typed of which not all is there that it did."""
        return self._hands or not self._typed.empty()

    def take(self, event: events.Event) -> None:
        """Hand this on after all that was taken before."""
        self._typed.put_nowait(event)

    async def run(self) -> None:
        """Hand on what is taken, for ever."""
        while True:
            event = await self._typed.get()
            self._hands = True
            try:
                await self._hand_on(event)
            finally:
                self._hands = False

    async def _hand_on(self, event: events.Event) -> None:
        holder = self._app.focused or self._app.screen
        await self._hand(event)
        for node in holder.ancestors_with_self:
            await self._caught_up(node)
        _paint(self._app.screen)
        # An action may have asked for another focus or laid another screen on top, which takes a turn of each.
        await self._caught_up(self._app)
        await self._caught_up(self._app.screen)
        await self._caught_up(self._app)

    async def _caught_up(self, node: DOMNode) -> None:
        """Return when a node has handled everything it was sent until now, or is gone."""
        done = asyncio.Event()
        if not node.call_later(done.set):
            return
        while node.is_running and not done.is_set():
            try:
                await asyncio.wait_for(done.wait(), _GLANCE)
            except TimeoutError:
                continue


def _paint(screen: Screen[Any]) -> None:
    """Paint what a key did. A screen that has just painted would do so two of its sixty frames a second later."""
    if screen.is_mounted:
        screen._on_timer_update()

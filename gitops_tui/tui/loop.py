"""The loop that the screen runs in, beside threads that compute."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, Final

from gitops_tui.engine.courtesy import Courtesy
from gitops_tui.tui.collector import Collector

_ASKED: Final = 0.004
"""Seconds after which input is looked for though more is to be done at once."""


class _Selector(selectors.DefaultSelector):
    """Tells others when the screen is at work, and asks the system no more often than it needs to know.

    A key takes some forty turns of the loop, most of which wait for nothing since more is to be done at once. Each
    question to the system would give the interpreter to another thread for a whole turn of its own.
    """

    def __init__(self, courtesy: Courtesy, collector: Collector) -> None:
        super().__init__()
        self._courtesy = courtesy
        self._collector = collector
        self._asked = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            if time.monotonic() - self._asked < _ASKED:
                return []
            found = super().select(0)
        else:
            self._collector.go_on()
            self._courtesy.end()
            found = super().select(timeout)
            self._courtesy.begin()
            self._collector.hold()
        self._asked = time.monotonic()
        return found


def run(work: Coroutine[Any, Any, None], courtesy: Courtesy, collector: Collector) -> None:
    """Run this to its end, as `asyncio.run` does; others stand aside, and garbage lies, while it is at work."""
    try:
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_Selector(courtesy, collector))) as runner:
            runner.run(work)
    finally:
        collector.go_on()
        courtesy.end()

"""The loop that the screen runs in, beside threads that compute."""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections.abc import Coroutine
from typing import Any, Final

from gitops_tui.engine.courtesy import Courtesy
from gitops_tui.tui.collector import Collector

_ASKED: Final = 0.004
"""Seconds after which input is looked for though more is to be done at once."""
_SHORT: Final = 0.0002
"""Seconds after which the screen, once it has something to do, is given the interpreter by a thread that computes."""
_LONG: Final = 0.005
"""Seconds after which the screen at work gives it to another thread.

Each thread that waits looks after so many whether it is its turn: ten of them, whose answers have come in meanwhile,
would take a processor from the screen over and over, only to find that it still has the interpreter.
"""


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
        if timeout is None or timeout > 0:
            found = self._rest(timeout)
        elif time.monotonic() - self._asked < _ASKED:
            return []
        else:
            found = self._found(0)
        self._asked = time.monotonic()
        return found

    def _rest(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        self._collector.go_on()
        self._courtesy.end()
        found = self._found(timeout)
        self._courtesy.begin()
        self._collector.hold()
        return found

    def _found(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        sys.setswitchinterval(_SHORT)
        try:
            return super().select(timeout)
        finally:
            sys.setswitchinterval(_LONG)


def run(work: Coroutine[Any, Any, None], courtesy: Courtesy, collector: Collector) -> None:
    """Run this to its end, as `asyncio.run` does; others stand aside, and garbage lies, while it is at work."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SHORT)

    def made() -> asyncio.SelectorEventLoop:
        return asyncio.SelectorEventLoop(_Selector(courtesy, collector))

    try:
        with asyncio.Runner(loop_factory=made) as runner:
            runner.run(work)
    finally:
        sys.setswitchinterval(before)
        collector.go_on()
        courtesy.end()

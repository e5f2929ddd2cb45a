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
_ON_ITS_WAY: Final = 0.004
"""Seconds for which what a key did is on its way to the eye: the terminal, too, needs a processor to show it."""

if sys.platform == "darwin":
    # The default there knows no terminal that was opened as /dev/tty.
    _System = selectors.SelectSelector
else:
    _System = selectors.DefaultSelector


class Selector(_System):
    """Tells others when the screen is at work, and asks the system no more often than it needs to know.

    A key takes some forty turns of the loop, most of which wait for nothing since more is to be done at once. Each
    question to the system would give the interpreter to another thread for a whole turn of its own.

    keys: the file that keys come from.
    """

    def __init__(self, courtesy: Courtesy, collector: Collector, keys: int | None = None) -> None:
        super().__init__()
        self._courtesy = courtesy
        self._collector = collector
        self._keys = keys
        self._asked = 0.0
        self._typed = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return which files are ready, and for what, after at most so many seconds (None: however long it takes)."""
        at_rest = timeout is None or timeout > 0
        if not at_rest and time.monotonic() - self._asked < _ASKED:
            return []
        sys.setswitchinterval(_SHORT)
        try:
            found = self._rest(timeout) if at_rest else super().select(0)
        finally:
            sys.setswitchinterval(_LONG)
        self._asked = time.monotonic()
        self._typed = self._typed or any(key.fd == self._keys for key, _ in found)
        return found

    def _rest(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._typed:
            self._typed = False
            brief = _ON_ITS_WAY if timeout is None else min(timeout, _ON_ITS_WAY)
            found = super().select(brief)
            if found or brief == timeout:
                return found
        self._collector.go_on()
        self._courtesy.end()
        found = super().select(timeout)
        self._courtesy.begin()
        self._collector.hold()
        return found


def run(work: Coroutine[Any, Any, None], courtesy: Courtesy, collector: Collector, keys: int | None = None) -> None:
    """Run this to its end, as `asyncio.run` does; others stand aside, and garbage lies, while it is at work.

    keys: the file that keys come from.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SHORT)

    def made() -> asyncio.SelectorEventLoop:
        return asyncio.SelectorEventLoop(Selector(courtesy, collector, keys))

    try:
        with asyncio.Runner(loop_factory=made) as runner:
            runner.run(work)
    finally:
        sys.setswitchinterval(before)
        collector.go_on()
        courtesy.end()

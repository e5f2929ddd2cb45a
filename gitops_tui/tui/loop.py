"""The loop that the screen runs in, beside threads that compute."""

from __future__ import annotations

import asyncio
import gc
import selectors
import time
from collections.abc import Coroutine
from typing import Any, Final

from gitops_tui.engine.courtesy import Courtesy

_ASKED: Final = 0.004
"""Seconds after which input is looked for though more is to be done at once."""


class _Selector(selectors.DefaultSelector):
    """Tells others when the screen is at work, and asks the system no more often than it needs to know.

    A key takes some forty turns of the loop, most of which wait for nothing since more is to be done at once. Each
    question to the system would give the interpreter to another thread for a whole turn of its own.
    """

    def __init__(self, courtesy: Courtesy) -> None:
        super().__init__()
        self._courtesy = courtesy
        self._asked = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            if time.monotonic() - self._asked < _ASKED:
                return []
            found = super().select(0)
        else:
            gc.enable()
            self._courtesy.end()
            found = super().select(timeout)
            self._courtesy.begin()
            # Whoever makes the next object when the screen rests looks for garbage, in place of whoever types.
            gc.disable()
        self._asked = time.monotonic()
        return found


def run(work: Coroutine[Any, Any, None], courtesy: Courtesy) -> None:
    """Run this to its end, as `asyncio.run` does; others stand aside while it is at work."""
    try:
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_Selector(courtesy))) as runner:
            runner.run(work)
    finally:
        gc.enable()
        courtesy.end()

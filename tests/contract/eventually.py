"""Waiting for what a controller does: it is not announced to a plain client."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.support.api_client import DEADLINE


def eventually(true: Callable[[], Any]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)

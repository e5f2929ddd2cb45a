"""Pins and pauses: one of each holds an application at most. Inside an open transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from gitops_tui.journal.chain import append
from gitops_tui.journal.codec import decode_pause, decode_pin, encode_pause, encode_pin
from gitops_tui.model.operations import Pause, Pin

T = TypeVar("T", bound="Pin | Pause")


class Holds(Generic[T]):
    """Holds of one kind. made, lifted: the events that tell of one."""

    def __init__(
        self,
        table: str,
        made: str,
        lifted: str,
        encode: Callable[[T], dict[str, Any]],
        decode: Callable[[str], T],
    ) -> None:
        self._all = f"SELECT application, payload FROM {table}"  # noqa: S608 - one of the names below
        self._made = made
        self._lifted = lifted
        self._encode = encode
        self._decode = decode

    def all(self, connection: sqlite3.Connection) -> Mapping[str, T]:
        """Return them by application."""
        return {application: self._decode(text) for application, text in connection.execute(self._all)}

    def make(self, connection: sqlite3.Connection, hold: T) -> None:
        """Hold an application, in place of an earlier one."""
        append(connection, time.time(), self._made, self._encode(hold), application=hold.application)

    def lift(self, connection: sqlite3.Connection, application: str, who: str) -> T | None:
        """Let go of an application and return what held it; None when nothing did."""
        row = connection.execute(f"{self._all} WHERE application = ?", (application,)).fetchone()
        if row is None:
            return None
        append(connection, time.time(), self._lifted, {"who": who}, application=application)
        return self._decode(row[1])


PINS: Final = Holds("pins", "pin", "unpin", encode_pin, decode_pin)
PAUSES: Final = Holds("pauses", "pause", "resume", encode_pause, decode_pause)

"""What was done to one application, in the order in which it was, inside an open transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from gitops_tui.journal.codec import decode_pause, decode_pin, decode_receipt
from gitops_tui.model.operations import Pause, Pin, Receipt
from gitops_tui.model.values import dataclass


class DeedKind(StrEnum):
    """What an event tells of."""

    OPERATION = "finish"
    PIN = "pin"
    UNPIN = "unpin"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Deed:
    """One of them. receipt: of an operation that ended, without its results. partial: it was of chosen resources.

    pin, pause: the one that was made.
    """

    kind: DeedKind
    time: float
    who: str
    receipt: Receipt | None = None
    partial: bool = False
    pin: Pin | None = None
    pause: Pause | None = None


def deeds(connection: sqlite3.Connection, application: str, limit: int) -> tuple[Deed, ...]:
    """Return what was done last, newest first; at most `limit` events are looked at."""
    rows = connection.execute(
        "SELECT time, kind, operation, payload FROM events"
        " WHERE application = ? AND kind IN ('finish', 'pin', 'unpin', 'pause', 'resume') ORDER BY id DESC LIMIT ?",
        (application, limit),
    ).fetchall()
    return tuple(_decoded(connection, rows))


def _decoded(connection: sqlite3.Connection, rows: list[tuple[float, str, str, str]]) -> Iterator[Deed]:
    seen: set[str] = set()
    for time, kind, operation, text in rows:
        if kind == DeedKind.OPERATION:
            receipt = decode_receipt(json.loads(text))
            if operation not in seen and receipt.phase.is_final:
                seen.add(operation)
                yield Deed(DeedKind.OPERATION, time, receipt.actor, receipt, _is_partial(connection, operation))
        elif kind == DeedKind.PIN:
            pin = decode_pin(text)
            yield Deed(DeedKind.PIN, time, pin.who, pin=pin)
        elif kind == DeedKind.PAUSE:
            pause = decode_pause(text)
            yield Deed(DeedKind.PAUSE, time, pause.who, pause=pause)
        else:
            yield Deed(DeedKind(kind), time, str(json.loads(text).get("who", "")))


def _is_partial(connection: sqlite3.Connection, operation: str) -> bool:
    row = connection.execute(
        "SELECT payload FROM events WHERE operation = ? AND operation <> '' AND kind = 'begin'", (operation,)
    ).fetchone()
    return bool(row and json.loads(row[0]).get("partial"))

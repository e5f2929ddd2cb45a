"""Requests that a process hands to the one that writes, and their answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from gitops_tui.journal.codec import encode
from gitops_tui.model.values import dataclass

_KEPT: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Question:
    """A request that waits for its answer. asked: seconds since the epoch."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    who: str
    asked: float


def ask(connection: sqlite3.Connection, kind: str, payload: Mapping[str, Any], who: str, asked: float) -> int:
    """Store a request; return its id."""
    cursor = connection.execute(
        "INSERT INTO requests (kind, payload, who, asked) VALUES (?, ?, ?, ?)",
        (kind, encode(payload), who, asked),
    )
    return int(cursor.lastrowid or 0)


def pending(connection: sqlite3.Connection) -> tuple[Question, ...]:
    """Return requests without an answer, oldest first."""
    rows = connection.execute("SELECT id, kind, payload, who, asked FROM requests WHERE answer IS NULL ORDER BY id")
    return tuple(Question(number, kind, json.loads(payload), who, asked) for number, kind, payload, who, asked in rows)


def answer(connection: sqlite3.Connection, number: int, payload: Mapping[str, Any]) -> None:
    """Store the answer to a request; a second one changes nothing."""
    connection.execute("UPDATE requests SET answer = ? WHERE id = ? AND answer IS NULL", (encode(payload), number))


def answer_of(connection: sqlite3.Connection, number: int) -> Mapping[str, Any] | None:
    """Return the answer, None while there is none."""
    row = connection.execute("SELECT answer FROM requests WHERE id = ?", (number,)).fetchone()
    return None if row is None or row[0] is None else json.loads(row[0])


def withdraw(connection: sqlite3.Connection, number: int) -> bool:
    """Forget a request that nobody has answered; return False when it was answered before."""
    return connection.execute("DELETE FROM requests WHERE id = ? AND answer IS NULL", (number,)).rowcount > 0


def clear(connection: sqlite3.Connection, now: float, reason: str) -> None:
    """Answer what was asked of a writer that is gone with {"error": reason}, and forget old answers."""
    connection.execute("DELETE FROM requests WHERE answer IS NOT NULL AND asked < ?", (now - _KEPT,))
    connection.execute("UPDATE requests SET answer = ? WHERE answer IS NULL", (encode({"error": reason}),))

"""The chain of events: append one, make the tables from them, and prove that none was changed.

Each event's hash covers the hash before it, so that a changed, removed or inserted event breaks the chain from
there on. What is cut off at the very end cannot be seen from inside; keep the last hash elsewhere for that.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

from gitops_tui.journal.codec import encode
from gitops_tui.journal.schema import MIGRATIONS, PROJECTIONS
from gitops_tui.model.operations import OperationKind, OperationPhase
from gitops_tui.model.values import dataclass

_GENESIS: Final = "0" * 64
_COLUMNS: Final = "id, time, kind, application, operation, payload"
_DEPLOYING: Final = {OperationKind.SYNC, OperationKind.ROLLBACK}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. payload: JSON text. operation: "" when it belongs to none."""

    id: int
    time: float
    kind: str
    application: str
    operation: str
    payload: str

    def hash_after(self, previous: str) -> str:
        """Hash of this event behind the event with hash `previous`, 64 hex digits."""
        row = [previous, self.id, self.time, self.kind, self.application, self.operation, self.payload]
        return hashlib.sha256(encode(row).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a check. events: how many are intact. broken: the first that is not, 0 when all are."""

    intact: bool
    events: int
    broken: int = 0
    message: str = ""
    head: str = _GENESIS
    """Hash of the last intact event."""


def append(
    connection: sqlite3.Connection,
    time: float,
    kind: str,
    payload: Mapping[str, Any],
    *,
    application: str = "",
    operation: str = "",
) -> None:
    """Add one event inside the open transaction and bring the tables up to date with it."""
    last, previous = _head(connection)
    event = Event(last + 1, time, kind, application, operation, encode(payload))
    insert(connection, event, event.hash_after(previous))


State = dict[str, list[list[Any]]]
"""Rows by table, for the tables that are made from events."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What stands for the events up to one that was dropped: its id and hash, and what the tables said then."""

    id: int
    hash: str
    state: State

    @property
    def digest(self) -> str:
        """Digest of the state, 64 hex digits."""
        return hashlib.sha256(encode(self.state).encode()).hexdigest()


_BEGINNING: Final = Anchor(0, _GENESIS, {})


def anchor_of(connection: sqlite3.Connection) -> Anchor:
    """Return what the chain hangs on; the beginning of it all while nothing was dropped."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'anchors'").fetchone():
        return _BEGINNING  # a file that was written before there were any
    row = connection.execute("SELECT id, hash, state FROM anchors ORDER BY id DESC LIMIT 1").fetchone()
    return Anchor(row[0], row[1], json.loads(row[2])) if row else _BEGINNING


def anchor_at(connection: sqlite3.Connection, event: int, keep: Callable[[State], State]) -> Anchor:
    """Return an anchor for the events up to this one. keep: chooses the rows that it goes on knowing."""
    made = sqlite3.connect(":memory:")
    before = anchor_of(connection)
    last = before.hash
    try:
        _empty(made, before)
        for each, digest in takewhile(lambda row: row[0].id <= event, intact(connection)):
            _project(made, each)
            last = digest
        state = {table: sorted(map(list, _rows(made, table)), key=repr) for table in PROJECTIONS}
    finally:
        made.close()
    return Anchor(event, last, keep(state))


def hang_on(connection: sqlite3.Connection, anchor: Anchor) -> None:
    """Let the chain hang on this anchor, so that the events up to it may go."""
    connection.execute("DELETE FROM anchors")
    connection.execute("INSERT INTO anchors VALUES (?, ?, ?)", (anchor.id, anchor.hash, encode(anchor.state)))


def restore(connection: sqlite3.Connection, anchor: Anchor) -> None:
    """Begin an empty journal with what another one hung on."""
    if anchor.id:
        hang_on(connection, anchor)
        _fill(connection, anchor.state)


def _empty(connection: sqlite3.Connection, anchor: Anchor) -> None:
    for script in MIGRATIONS:
        connection.executescript(script)
    _fill(connection, anchor.state)


def _fill(connection: sqlite3.Connection, state: State) -> None:
    for table, rows in state.items():
        if table in PROJECTIONS:
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608


def insert(connection: sqlite3.Connection, event: Event, digest: str) -> None:
    """Store an event with its hash and bring the tables up to date with it."""
    connection.execute(
        f"INSERT INTO events ({_COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (event.id, event.time, event.kind, event.application, event.operation, event.payload, digest),
    )
    _project(connection, event)


def _head(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute("SELECT id, hash FROM events ORDER BY id DESC LIMIT 1").fetchone()
    if row:
        return row[0], row[1]
    anchor = anchor_of(connection)
    return anchor.id, anchor.hash


def intact(connection: sqlite3.Connection) -> Iterator[tuple[Event, str]]:
    """Yield events with their hashes, oldest first, as long as the chain holds."""
    anchor = anchor_of(connection)
    previous, expected = anchor.hash, anchor.id + 1
    for *fields, digest in connection.execute(f"SELECT {_COLUMNS}, hash FROM events ORDER BY id"):  # noqa: S608
        event = Event(*fields)
        if event.id != expected or not isinstance(event.payload, str) or event.hash_after(previous) != digest:
            return
        yield event, digest
        previous, expected = digest, expected + 1


def verify(connection: sqlite3.Connection) -> Verification:
    """Check every hash, and that the tables say what the events say."""
    anchor = anchor_of(connection)
    count, head = anchor.id, anchor.hash
    vouched = not anchor.id
    with_events = sqlite3.connect(":memory:")
    try:
        _empty(with_events, anchor)
        for event, digest in intact(connection):
            _project(with_events, event)
            count, head = event.id, digest
            vouched = vouched or _vouches(event, anchor)
        total = _head(connection)[0]
        if total != count:
            message = f"event {count + 1} of {total} was changed, removed or inserted"
            return Verification(False, count, count + 1, message, head)
        if not vouched:
            message = f"no event vouches for what stands for the first {anchor.id} events"
            return Verification(False, count, 0, message, head)
        for table in PROJECTIONS:
            if _rows(with_events, table) != _rows(connection, table):
                return Verification(False, count, 0, f"the table {table} does not say what the events say", head)
    finally:
        with_events.close()
    return Verification(True, count, head=head)


def _vouches(event: Event, anchor: Anchor) -> bool:
    if event.kind != "cut":
        return False
    stated = json.loads(event.payload)
    return bool(stated == {"through": anchor.id, "hash": anchor.hash, "state": anchor.digest})


def _rows(connection: sqlite3.Connection, table: str) -> set[tuple[Any, ...]]:
    return set(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608


def _project(connection: sqlite3.Connection, event: Event) -> None:
    if project := _PROJECTORS.get(event.kind):
        project(connection, event)


def _project_operation(connection: sqlite3.Connection, event: Event) -> None:
    receipt = json.loads(event.payload)
    phase = OperationPhase(receipt["phase"])
    partial = receipt.pop("partial", None)
    if partial is None:
        row = connection.execute("SELECT deployment FROM operations WHERE operation = ?", (event.operation,)).fetchone()
        deploys = bool(row and row[0])
    else:
        deploys = not partial and not receipt["dry_run"] and receipt["kind"] in _DEPLOYING
    connection.execute(
        "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (operation) DO UPDATE SET"
        " phase = excluded.phase, final = excluded.final, receipt = excluded.receipt",
        (
            event.operation,
            event.id,
            event.application,
            receipt["started"],
            phase,
            phase.is_final,
            deploys,
            encode(receipt),
        ),
    )


def _project_hold(table: str) -> Callable[[sqlite3.Connection, Event], None]:
    def project(connection: sqlite3.Connection, event: Event) -> None:
        connection.execute(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?)",  # noqa: S608
            (event.application, event.payload),
        )

    return project


def _project_release(table: str) -> Callable[[sqlite3.Connection, Event], None]:
    def project(connection: sqlite3.Connection, event: Event) -> None:
        connection.execute(f"DELETE FROM {table} WHERE application = ?", (event.application,))  # noqa: S608

    return project


def _project_intention(connection: sqlite3.Connection, event: Event) -> None:
    data = json.loads(event.payload)
    place = (event.application, data["context"])
    connection.execute("INSERT OR IGNORE INTO inventories VALUES (?, ?)", place)
    connection.executemany("INSERT OR IGNORE INTO inventory VALUES (?, ?, ?)", [(*place, key) for key in data["keys"]])


def _project_strike(connection: sqlite3.Connection, event: Event) -> None:
    data = json.loads(event.payload)
    connection.execute(
        "DELETE FROM inventory WHERE application = ? AND context = ? AND key = ?",
        (event.application, data["context"], data["key"]),
    )


_PROJECTORS: Final[Mapping[str, Callable[[sqlite3.Connection, Event], None]]] = {
    "begin": _project_operation,
    "finish": _project_operation,
    "pin": _project_hold("pins"),
    "unpin": _project_release("pins"),
    "pause": _project_hold("pauses"),
    "resume": _project_release("pauses"),
    "intend": _project_intention,
    "strike": _project_strike,
}

"""The tables. `events` is the truth; the others except `statuses` and `requests` are made from it."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x67747569
"""Marks the file as ours ("gtui" in ASCII)."""

_FIRST: Final = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    application TEXT NOT NULL,
    operation TEXT NOT NULL,
    payload TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX events_of_operation ON events (operation, kind, id) WHERE operation <> '';
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE operations (
    operation TEXT PRIMARY KEY,
    event INTEGER NOT NULL,
    application TEXT NOT NULL,
    started REAL NOT NULL,
    phase TEXT NOT NULL,
    final INTEGER NOT NULL,
    deployment INTEGER NOT NULL,
    receipt TEXT NOT NULL
);
CREATE INDEX operations_by_event ON operations (event);
CREATE INDEX operations_of_application ON operations (application, event);
CREATE INDEX operations_running ON operations (event) WHERE final = 0;
CREATE TABLE pins (application TEXT PRIMARY KEY, payload TEXT NOT NULL);
CREATE TABLE pauses (application TEXT PRIMARY KEY, payload TEXT NOT NULL);
CREATE TABLE inventory (
    application TEXT NOT NULL,
    context TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (application, context, key)
) WITHOUT ROWID;
CREATE TABLE inventories (
    application TEXT NOT NULL,
    context TEXT NOT NULL,
    PRIMARY KEY (application, context)
) WITHOUT ROWID;
CREATE TABLE statuses (application TEXT PRIMARY KEY, payload TEXT NOT NULL);
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    who TEXT NOT NULL,
    asked REAL NOT NULL,
    answer TEXT
);
"""

_ANCHORS: Final = """
CREATE TABLE anchors (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    state TEXT NOT NULL
);
DROP TRIGGER events_are_not_deleted;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    WHEN OLD.id > (SELECT coalesce(max(id), 0) FROM anchors)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
"""An anchor stands for the events up to its id, which may go then (`retention`)."""

MIGRATIONS: Final = (_FIRST, _ANCHORS)
"""Statement n brings version n to n + 1."""

VERSION: Final = len(MIGRATIONS)

PROJECTIONS: Final = ("operations", "pins", "pauses", "inventory", "inventories")
"""The tables that can be made anew from `events`."""

"""What each application has applied to a cluster and has not pruned since. Inside an open transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Set as AbstractSet

from gitops_tui.journal.chain import append


def paths(connection: sqlite3.Connection, application: str, context: str) -> set[str]:
    """Return the keys of its objects, as text."""
    rows = connection.execute("SELECT key FROM inventory WHERE application = ? AND context = ?", (application, context))
    return {path for (path,) in rows}


def is_known(connection: sqlite3.Connection, application: str, context: str) -> bool:
    """Whether one was ever written."""
    row = connection.execute("SELECT 1 FROM inventories WHERE application = ? AND context = ?", (application, context))
    return row.fetchone() is not None


def holds(connection: sqlite3.Connection, application: str, context: str, wanted: AbstractSet[str]) -> bool:
    """Whether it was written, and has all of these."""
    return wanted <= paths(connection, application, context) and is_known(connection, application, context)


def add(connection: sqlite3.Connection, application: str, context: str, wanted: AbstractSet[str]) -> None:
    """Write down what is about to be applied."""
    new = sorted(wanted - paths(connection, application, context))
    append(connection, time.time(), "intend", {"context": context, "keys": new}, application=application)


def strike(connection: sqlite3.Connection, application: str, context: str, path: str) -> None:
    """Forget one, if it is there."""
    if path in paths(connection, application, context):
        append(connection, time.time(), "strike", {"context": context, "key": path}, application=application)

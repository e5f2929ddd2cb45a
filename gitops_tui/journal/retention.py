"""Dropping what is old, with an anchor on which the rest of the chain hangs.

What is dropped is the beginning of the chain up to some event. An anchor takes its place: that event's hash, and
what the tables said then, without the operations that are let go. A `cut` event in the chain vouches for the
anchor, so that a journal whose beginning somebody else removed is told from one that was cut here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from gitops_tui.journal import chain

_OPERATION, _EVENT, _APPLICATION, _PHASE, _DEPLOYMENT, _RECEIPT = 0, 1, 2, 4, 6, 7
"""Columns of the table `operations`."""
_ROOM: Final = 0.8
"""Share of the allowed size that is left full, so that not every event cuts again."""


def cut(connection: sqlite3.Connection, *, older_than: float | None, size: int | None, now: float) -> int:
    """Drop events older than an instant (seconds since the epoch), and the oldest over a size (bytes); return how many.

    Operations that run stay whole, and of each application the newest operation, the newest deployment and the
    newest verified one stay known, without what became of single resources.
    """
    through = max(
        _last_before(connection, older_than) if older_than is not None else 0,
        _last_over(connection, size) if size is not None else 0,
    )
    through = _not_inside_an_operation(connection, through)
    first = connection.execute("SELECT min(id) FROM events").fetchone()[0] or 0
    if through < first or not first:
        return 0
    anchor = chain.anchor_at(connection, through, _kept)
    chain.append(connection, now, "cut", {"through": through, "hash": anchor.hash, "state": anchor.digest})
    chain.hang_on(connection, anchor)
    dropped = connection.execute("DELETE FROM events WHERE id <= ?", (through,)).rowcount
    known = {row[_OPERATION] for row in anchor.state["operations"]}
    old = {name for (name,) in connection.execute("SELECT operation FROM operations WHERE event <= ?", (through,))}
    connection.executemany("DELETE FROM operations WHERE operation = ?", [(name,) for name in old - known])
    return int(dropped)


def _last_before(connection: sqlite3.Connection, instant: float) -> int:
    """The last of the events at the beginning that are all older; a clock that was set back ends them."""
    row = connection.execute("SELECT min(id) FROM events WHERE time >= ?", (instant,)).fetchone()
    if row[0] is not None:
        return int(row[0]) - 1
    return int(connection.execute("SELECT max(id) FROM events").fetchone()[0] or 0)


def _last_over(connection: sqlite3.Connection, size: int) -> int:
    pages, free, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    used = (pages - free) * page
    if used <= size:
        return 0
    rows = connection.execute("SELECT id, length(payload) + 200 FROM events ORDER BY id DESC").fetchall()
    total = sum(length for _, length in rows)
    room = total * _ROOM * size / used
    for number, length in rows:
        room -= length
        if room < 0:
            return int(number)
    return 0


def _not_inside_an_operation(connection: sqlite3.Connection, through: int) -> int:
    """The nearest event before, up to which every operation that began has ended."""
    row = connection.execute(
        "SELECT min(o.event) FROM operations o WHERE o.event <= :through AND (o.final = 0 OR EXISTS ("
        " SELECT 1 FROM events e WHERE e.operation = o.operation AND e.operation <> '' AND e.id > :through))",
        {"through": through},
    ).fetchone()
    return through if row[0] is None else _not_inside_an_operation(connection, int(row[0]) - 1)


def _kept(state: chain.State) -> chain.State:
    """The tables' rows without the operations that nobody needs any more."""
    return {**state, "operations": _needed(state["operations"])}


def _needed(operations: Iterable[list[Any]]) -> list[list[Any]]:
    newest: dict[tuple[str, str], list[Any]] = {}
    rows = sorted(operations, key=lambda row: row[_EVENT])
    for row in rows:
        application = row[_APPLICATION]
        newest[application, "any"] = row
        if row[_DEPLOYMENT] and row[_PHASE] == "Succeeded":
            newest[application, "deployed"] = row
            if json.loads(row[_RECEIPT]).get("verified"):
                newest[application, "verified"] = row
    wanted = {row[_OPERATION] for row in newest.values()}
    return [row for row in rows if row[_OPERATION] in wanted]

"""Operations and their results, inside an open transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from typing import Final

from gitops_tui.journal.chain import append
from gitops_tui.journal.codec import decode_receipt, decode_result, encode_receipt, encode_result
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import Deployment, OperationPhase, Receipt, ResourceResult
from gitops_tui.model.values import replace

_INTERRUPTED: Final = "the process that ran it ended before it did"


def begin(connection: sqlite3.Connection, receipt: Receipt, *, partial: bool) -> None:
    """Record the start; JournalError when the operation was begun before."""
    found = connection.execute("SELECT 1 FROM operations WHERE operation = ?", (receipt.operation,)).fetchone()
    if found:
        raise JournalError(f"operation {receipt.operation}", "it was begun before")
    _append(connection, "begin", receipt, partial=partial)
    add_results(connection, receipt.operation, receipt.resources)


def add_results(connection: sqlite3.Connection, operation: str, results: Iterable[ResourceResult]) -> None:
    """Record results; JournalError when the operation is not running."""
    row = connection.execute("SELECT application, final FROM operations WHERE operation = ?", (operation,)).fetchone()
    if row is None or row[1]:
        raise JournalError(f"operation {operation}", "it has ended" if row else "it was never begun")
    now = time.time()
    for result in results:
        append(connection, now, "result", encode_result(result), application=row[0], operation=operation)


def finish(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """Record how it stands, and results that were not recorded yet."""
    recorded = {result.key: result for result in _results(connection, receipt.operation)}
    new = [result for result in receipt.resources if recorded.get(result.key) != result]
    add_results(connection, receipt.operation, new)
    _append(connection, "finish", receipt)


def interrupt(connection: sqlite3.Connection) -> tuple[Receipt, ...]:
    """Mark everything unfinished as Interrupted; return it, oldest first."""
    query = "SELECT operation, receipt FROM operations WHERE final = 0 ORDER BY event"
    found = tuple(
        replace(
            decode_receipt(json.loads(text), _results(connection, operation)),
            phase=OperationPhase.INTERRUPTED,
            finished=time.time(),
            message=_INTERRUPTED,
        )
        for operation, text in connection.execute(query).fetchall()
    )
    for receipt in found:
        _append(connection, "finish", receipt)
    return found


def receipts(
    connection: sqlite3.Connection, application: str | None, *, limit: int, since: float | None, resources: bool
) -> tuple[Receipt, ...]:
    """Return operations, newest first."""
    rows = connection.execute(
        "SELECT operation, receipt FROM operations WHERE (:application IS NULL OR application = :application)"
        " AND started >= :since ORDER BY event DESC LIMIT :limit",
        {"application": application, "since": since or 0.0, "limit": limit},
    ).fetchall()
    return tuple(
        decode_receipt(json.loads(text), _results(connection, operation) if resources else ())
        for operation, text in rows
    )


def receipt(connection: sqlite3.Connection, operation: str) -> Receipt | None:
    """Return one operation with its results so far."""
    row = connection.execute("SELECT receipt FROM operations WHERE operation = ?", (operation,)).fetchone()
    return decode_receipt(json.loads(row[0]), _results(connection, operation)) if row else None


def deployments(connection: sqlite3.Connection, application: str, limit: int) -> tuple[Deployment, ...]:
    """Return successful whole syncs and rollbacks, newest first."""
    rows = connection.execute(
        "SELECT receipt FROM operations WHERE application = ? AND deployment = 1 AND phase = ?"
        " ORDER BY event DESC LIMIT ?",
        (application, OperationPhase.SUCCEEDED, limit),
    ).fetchall()
    found = [decode_receipt(json.loads(text)) for (text,) in rows]
    return tuple(Deployment(r.application, r.revision, r.finished or r.started, r.operation, r.verified) for r in found)


def _append(connection: sqlite3.Connection, kind: str, value: Receipt, **more: bool) -> None:
    data = encode_receipt(value) | more
    append(connection, time.time(), kind, data, application=value.application, operation=value.operation)


def _results(connection: sqlite3.Connection, operation: str) -> tuple[ResourceResult, ...]:
    # The partial index serves a query only when the query says that the operation is not empty.
    rows = connection.execute(
        "SELECT payload FROM events WHERE operation = ? AND operation <> '' AND kind = 'result' ORDER BY id",
        (operation,),
    )
    results = (decode_result(json.loads(text)) for (text,) in rows)
    return tuple({result.key: result for result in results}.values())

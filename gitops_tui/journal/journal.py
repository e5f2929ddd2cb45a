"""What the rest of the program asks of the journal."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gitops_tui.journal import chain, inventories, operations, requests
from gitops_tui.journal.chain import Verification
from gitops_tui.journal.database import Database
from gitops_tui.journal.holds import PAUSES, PINS
from gitops_tui.journal.lock import WriterLock
from gitops_tui.journal.requests import Question
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import Deployment, Pause, Pin, Receipt, ResourceResult
from gitops_tui.model.resources import ResourceKey

if TYPE_CHECKING:
    from gitops_tui.journal.deeds import Deed

_UNANSWERED: Final = "the writer ended before it answered; ask again"


class Journal:
    """Receipts, deployments, pins, pauses, inventories, last statuses. Safe to use from several threads.

    Every method raises JournalError when the file cannot be read or written; a method that changes something
    raises it too when this process has not claimed the right to write, except `ask` and `withdraw`.
    """

    def __init__(self, database: Database, lock: WriterLock, folder: Path) -> None:
        self._database = database
        self._writer = lock
        self._folder = folder
        self._inventories: tuple[int, dict[tuple[str, str], frozenset[ResourceKey]]] = (-1, {})
        """As read since the data have this version: each look asks, and hardly ever is anything written."""

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """Open the journal of a state folder, which is made (mode 0700) when it is not there.

        A damaged file is moved aside and rebuilt (see `notes`). JournalError when a newer version or another
        program wrote it, or it can be neither written nor read.
        """
        return cls(Database(folder), WriterLock(folder / "writer.lock"), folder)

    def close(self) -> None:
        """Give back the right to write and close the file."""
        self._database.close()
        self._writer.release()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should see: how a damaged file was rebuilt, and why nothing can be written now."""
        problem = self._database.problem
        return (*self._database.notes, problem) if problem else self._database.notes

    # The right to write.

    def claim_writer(self, who: str) -> bool:
        """Become the writer of this state folder.

        False when another process is (`writer` says who), or when nothing can be written now (`notes` says why);
        try again later. The right lasts until `close` or the end of the process. Requests to an earlier writer
        that were never answered get the answer {"error": text}, so that nothing runs hours after it was asked for.
        """
        if self._writer.is_held:
            return True
        if not self._writer.claim(who):
            return False
        try:
            with self._database.write() as connection:
                requests.clear(connection, time.time(), _UNANSWERED)
        except JournalError:
            self._writer.release()
            return False
        return True

    @property
    def is_writer(self) -> bool:
        """Whether this journal may write."""
        return self._writer.is_held

    @property
    def writer(self) -> str:
        """Who writes, this process included ("pid 12 on host, gitops-tui --headless"); "" when nobody does."""
        return self._writer.holder

    # Operations.

    def begin(self, receipt: Receipt, *, partial: bool = False) -> None:
        """Record that an operation starts. partial: of chosen resources only, so it is no deployment."""
        with self._events() as connection:
            operations.begin(connection, receipt, partial=partial)

    def result(self, operation: str, result: ResourceResult) -> None:
        """Record what became of one resource. A later result of the same resource replaces it.

        It outlives this process at once, and a failure of the machine from the next `intend` or `finish` on; what it
        tells of is in the inventory before.
        """
        with self._events(durable=False) as connection:
            operations.add_results(connection, operation, (result,))

    def finish(self, receipt: Receipt) -> None:
        """Record how an operation stands, at its end or on its way; results not recorded yet are added."""
        with self._events() as connection:
            operations.finish(connection, receipt)

    def interrupt_running(self) -> tuple[Receipt, ...]:
        """Mark operations that a dead process left unfinished as Interrupted; return them, oldest first."""
        with self._events() as connection:
            return operations.interrupt(connection)

    def receipts(
        self,
        application: str | None = None,
        *,
        limit: int = 50,
        since: float | None = None,
        resources: bool = True,
    ) -> tuple[Receipt, ...]:
        """Return operations, newest first. since: begun then or later. resources: False leaves results out."""
        with self._database.read() as connection:
            return operations.receipts(connection, application, limit=limit, since=since, resources=resources)

    def receipt(self, operation: str) -> Receipt | None:
        """Return one operation with its results so far."""
        with self._database.read() as connection:
            return operations.receipt(connection, operation)

    def deployments(self, application: str, limit: int = 50) -> tuple[Deployment, ...]:
        """Return successful whole syncs and rollbacks, newest first; dry-runs are none."""
        with self._database.read() as connection:
            return operations.deployments(connection, application, limit)

    def deeds(self, application: str, limit: int = 100) -> tuple[Deed, ...]:
        """Return what was done to an application, newest first: operations that ended, pins and pauses."""
        from gitops_tui.journal.deeds import deeds  # noqa: PLC0415 - few starts ask for it

        with self._database.read() as connection:
            return deeds(connection, application, limit)

    # Pins and pauses.

    def pins(self) -> Mapping[str, Pin]:
        """Return the pins by application."""
        with self._database.read() as connection:
            return PINS.all(connection)

    def pin(self, pin: Pin) -> None:
        """Hold an application at a revision, in place of an earlier pin."""
        with self._events() as connection:
            PINS.make(connection, pin)

    def unpin(self, application: str, who: str) -> Pin | None:
        """Lift a pin and return it; None when there was none."""
        with self._events() as connection:
            return PINS.lift(connection, application, who)

    def pauses(self) -> Mapping[str, Pause]:
        """Return the pauses by application."""
        with self._database.read() as connection:
            return PAUSES.all(connection)

    def pause(self, pause: Pause) -> None:
        """Hold an application's automation, in place of an earlier pause."""
        with self._events() as connection:
            PAUSES.make(connection, pause)

    def resume(self, application: str, who: str) -> Pause | None:
        """Lift a pause and return it; None when there was none."""
        with self._events() as connection:
            return PAUSES.lift(connection, application, who)

    # Inventories (reliability.md: Prune and apply).

    def intend(self, application: str, context: str, keys: Iterable[ResourceKey]) -> None:
        """Write down, before they are applied, what an application is about to own in a cluster."""
        self._refuse_reader()
        wanted = {key.path for key in keys}
        with self._database.read() as connection:
            if inventories.holds(connection, application, context, wanted):
                return
        with self._events() as connection:
            inventories.add(connection, application, context, wanted)

    def strike(self, application: str, context: str, key: ResourceKey) -> None:
        """Forget an object whose deletion is confirmed."""
        with self._events() as connection:
            inventories.strike(connection, application, context, key.path)

    def inventory(self, application: str, context: str) -> frozenset[ResourceKey]:
        """Return everything the application has applied to the cluster and has not pruned since."""
        version, place = self._database.data_version, (application, context)
        read, known = self._inventories
        if read != version:
            known = {}
            self._inventories = version, known
        if place not in known:
            with self._database.read() as connection:
                paths = inventories.paths(connection, application, context)
            known[place] = frozenset(map(ResourceKey.parse, paths))
        return known[place]

    def knows(self, application: str, context: str) -> bool:
        """Whether an inventory was ever written; if not, it may be lost, and a prune waits for a person."""
        with self._database.read() as connection:
            return inventories.is_known(connection, application, context)

    # Last statuses.

    def save_statuses(self, payloads: Mapping[str, str]) -> None:
        """Keep last good statuses (JSON text), by application, for the next start's first screen."""
        self._refuse_reader()
        with self._database.write(durable=False) as connection:
            connection.executemany("INSERT OR REPLACE INTO statuses VALUES (?, ?)", list(payloads.items()))

    def statuses(self) -> Mapping[str, str]:
        """Return the last good statuses (JSON text) by application."""
        with self._database.read() as connection:
            return dict(connection.execute("SELECT application, payload FROM statuses").fetchall())

    # Requests to the writer.

    def ask(self, kind: str, payload: Mapping[str, Any], who: str) -> int:
        """Hand a request to the writer; return its id for `answer_of`. payload: JSON data."""
        with self._database.write() as connection:
            return requests.ask(connection, kind, payload, who, time.time())

    def withdraw(self, number: int) -> bool:
        """Take a request back; False when it was answered before."""
        with self._database.write() as connection:
            return requests.withdraw(connection, number)

    def questions(self) -> tuple[Question, ...]:
        """Return requests that wait for an answer, oldest first."""
        with self._database.read() as connection:
            return requests.pending(connection)

    def answer(self, number: int, payload: Mapping[str, Any]) -> None:
        """Answer a request. payload: JSON data; {"error": text} for a refusal."""
        self._refuse_reader()
        with self._database.write() as connection:
            requests.answer(connection, number, payload)

    def answer_of(self, number: int) -> Mapping[str, Any] | None:
        """Return the answer, None while there is none."""
        with self._database.read() as connection:
            return requests.answer_of(connection, number)

    def written_since(self, event: int) -> tuple[int, frozenset[str]]:
        """Return the number of the newest event, and the applications of all events after `event`."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT application, max(id) FROM events WHERE id > ? GROUP BY application", (event,)
            ).fetchall()
        return max((number for _, number in rows), default=event), frozenset(name for name, _ in rows) - {""}

    def data_version(self) -> int:
        """Return a number that changes whenever anything here changes, whoever did it. Cheap to poll."""
        return self._database.data_version

    def retain(self, *, older_than: float | None = None, size: int | None = None) -> int:
        """Drop operations that ended before an instant, and the oldest while the file is over a size in bytes.

        Returns how many events were dropped. Pins, pauses and inventories stay, and so does the proof that nothing
        else was changed (`verify`).
        """
        from gitops_tui.journal.retention import cut  # noqa: PLC0415 - that of who writes

        with self._events() as connection:
            dropped = cut(connection, older_than=older_than, size=size, now=time.time())
        if dropped:
            self._database.compact()
        return dropped

    def verify(self) -> Verification:
        """Check that no event was changed, removed or inserted, and that the tables say what the events say."""
        with self._database.read() as connection:
            return chain.verify(connection)

    def _refuse_reader(self) -> None:
        if not self._writer.is_held:
            holder = self._writer.holder
            message = f"{holder} is the writer" if holder else "this process is not the writer"
            raise JournalError(str(self._folder), message)

    @contextmanager
    def _events(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        self._refuse_reader()
        with self._database.write(durable=durable) as connection:
            yield connection

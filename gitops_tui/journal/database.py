"""The SQLite file: opened private, checked, made anew when damaged; transactions; errors as `JournalError`."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from gitops_tui.journal import chain
from gitops_tui.journal.lock import WriterLock, exclusive
from gitops_tui.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from gitops_tui.model.errors import JournalError

_CHECKED_AT_START: Final = 32 << 20
"""Bytes up to which the whole file is checked when it is opened; a larger one only when it is under suspicion."""
_WAIT_FOR_OTHERS: Final = 10.0
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNWRITABLE: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Database:
    """One connection, shared by all threads of this process, one transaction at a time.

    notes: what the user has to know about how it was opened. When the disk is full, the file is read-only
    until there is room: `problem` says so, and each write tries again.
    """

    def __init__(self, folder: Path) -> None:
        self.notes: tuple[str, ...] = ()
        self.problem = ""
        self._path = folder / "journal.db"
        self._suspicion = folder / "journal.db.suspect"
        self._lock = threading.RLock()
        self._commits = 0
        self._writable = True
        self._connection: sqlite3.Connection | None = None
        self._open(folder)

    def _open(self, folder: Path) -> None:
        try:
            _make_private(folder)
            with exclusive(folder / "opening.lock"):
                self._path.touch(mode=0o600)
                self._connection = self._connect_or_rebuild(folder)
        except JournalError:
            raise
        except (OSError, sqlite3.Error) as error:
            self._open_read_only(error)

    def _open_read_only(self, cause: OSError | sqlite3.Error) -> None:
        """A journal on a full or read-only disk can still be read, as it was at its last checkpoint."""
        failure = _error(self._path, cause)
        try:
            if not self._path.stat().st_size:
                raise failure from cause
            self._connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            _refuse_foreign(self._connection, self._path)
        except (OSError, sqlite3.Error) as error:
            raise failure from error
        self._writable = False
        self.problem = f"the journal is read-only: {failure.message}"

    def _connect_or_rebuild(self, folder: Path) -> sqlite3.Connection:
        try:
            return _connect(self._path, check=self._suspicion.exists())
        except sqlite3.DatabaseError as error:
            if _code(error) not in _DAMAGED:
                raise
            if holder := WriterLock(folder / "writer.lock").holder:
                raise JournalError(
                    str(self._path), "the file is damaged", hint=f"stop {holder}, then start again"
                ) from error
        return self._rebuild()

    def _rebuild(self) -> sqlite3.Connection:
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        self._path.with_name(f"{self._path.name}-shm").unlink(missing_ok=True)
        # The log goes first: left alone beside a new file it would be replayed into that one.
        with suppress(FileNotFoundError):
            self._path.with_name(f"{self._path.name}-wal").rename(f"{aside}-wal")
        self._path.rename(aside)
        self._path.touch(mode=0o600)
        connection = _connect(self._path)
        saved = _salvage(aside, connection)
        self._suspicion.unlink(missing_ok=True)
        note = f"the journal was damaged: moved aside to {aside.name}, {saved} events saved"
        with _transaction(connection, "IMMEDIATE"):
            chain.append(connection, time.time(), "rebuilt", {"aside": aside.name, "saved": saved})
        self.notes = (note,)
        return connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view. JournalError when the file cannot be read."""
        with self._lock, self._told(), _transaction(self._open_connection, "DEFERRED") as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, all or nothing. durable: on the disk before it returns.

        JournalError, temporary when there is no room or another process writes for too long.
        """
        with self._lock, self._told():
            self._make_writable()
            connection = self._open_connection
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with _transaction(connection, "IMMEDIATE"):
                yield connection
            self._commits += 1
            self.problem = ""

    @property
    def data_version(self) -> int:
        """A number that changes with each commit, of this process or another. Costs microseconds."""
        with self._lock, self._told():
            seen = self._open_connection.execute("PRAGMA data_version").fetchone()[0]
            return (int(seen) << 40) + self._commits

    def compact(self) -> None:
        """Give back the room of what was deleted. While another process is busy with the file, it is kept for later."""
        with self._lock, suppress(sqlite3.OperationalError):
            self._open_connection.execute("VACUUM")
            self._open_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; later calls raise JournalError."""
        with self._lock, self._told():
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @property
    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError(str(self._path), "the journal is closed")
        return self._connection

    def _make_writable(self) -> None:
        if self._writable or self._connection is None:
            return
        with exclusive(self._path.with_name("opening.lock")):
            connection = _connect(self._path)
        self._connection.close()
        self._connection, self._writable = connection, True

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            failure = _error(self._path, error)
            code = _code(error)
            if code in _UNWRITABLE or isinstance(error, OSError):
                self.problem = f"the journal is read-only: {failure.message}"
            if code in _DAMAGED:
                self.problem = "the journal is damaged; start again to rebuild it"
                with suppress(OSError):
                    self._suspicion.touch(mode=0o600)
            raise failure from error


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        # SQLite has already rolled back by itself after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(path: Path, *, check: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_FOR_OTHERS, isolation_level=None, check_same_thread=False)
    try:
        _refuse_foreign(connection, path)
        if check or path.stat().st_size <= _CHECKED_AT_START:
            _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA trusted_schema = OFF")
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    used = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if used and mark != APPLICATION_ID:
        raise JournalError(str(path), "this is another program's database", hint="choose another state folder")
    if version > VERSION:
        raise JournalError(
            str(path),
            f"a newer gitops-tui wrote it (format {version}, this one knows {VERSION})",
            hint="update gitops-tui, or choose another state folder",
        )


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    script = ";".join(MIGRATIONS[version:])
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}"
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {script}; {marks}; COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _salvage(damaged: Path, connection: sqlite3.Connection) -> int:
    """Take over the events of a damaged file up to the first that is lost; return how many."""
    count = 0
    with _transaction(connection, "IMMEDIATE"):
        with closing(sqlite3.connect(damaged)) as source, suppress(sqlite3.Error):
            chain.restore(connection, chain.anchor_of(source))
        for event, digest in _readable_events(damaged):
            chain.insert(connection, event, digest)
            count += 1
    return count


def _readable_events(damaged: Path) -> Iterator[tuple[chain.Event, str]]:
    with closing(sqlite3.connect(damaged)) as source:
        events = chain.intact(source)
        while True:
            try:
                found = next(events)
            except (StopIteration, sqlite3.Error):
                return
            yield found


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise JournalError(str(folder), "the state folder belongs to another user", hint="choose another state folder")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _code(error: BaseException) -> int:
    """The primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _error(path: Path, error: OSError | sqlite3.Error) -> JournalError:
    code = _code(error)
    if code in _BUSY:
        return JournalError(str(path), "another process keeps it busy", temporary=True)
    if code in _DAMAGED:
        return JournalError(str(path), "the file is damaged", hint="start again to rebuild it")
    if code in _UNWRITABLE or isinstance(error, OSError):
        reason = "no room is left on the disk" if code == sqlite3.SQLITE_FULL else str(error)
        return JournalError(str(path), reason, hint="make room on the disk, or mend its permissions", temporary=True)
    return JournalError(str(path), f"the database says: {error}")

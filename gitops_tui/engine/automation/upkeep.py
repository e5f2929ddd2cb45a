"""The journal's upkeep: as small as the settings say, and with the statuses that the next start shows first."""

from __future__ import annotations

import time
from typing import Final

from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.model.errors import GitopsError

_EVERY: Final = 3600.0
_REMEMBERS_EVERY: Final = 60.0


class Upkeep:
    """Drops what the settings no longer keep, and keeps what was seen; in the process that is the writer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due = 0.0
        self._remembers_at: float | None = None

    def start_due(self, now: float) -> None:
        """Begin, when it is time. now: monotonic seconds."""
        self._start_to_remember(now)
        settings, journal = self._desk.books.config.settings, self._desk.journal
        wanted = settings.keep_journal is not None or settings.journal_size is not None
        if not wanted or now < self._due or not journal.is_writer:
            return
        self._due = now + _EVERY
        older_than = None if settings.keep_journal is None else time.time() - settings.keep_journal
        size = settings.journal_size
        self._desk.run("journal", 1, lambda: journal.retain(older_than=older_than, size=size), self._done, self._failed)

    def _start_to_remember(self, now: float) -> None:
        if self._remembers_at is None:
            self._remembers_at = now + _REMEMBERS_EVERY
        if now < self._remembers_at or not self._desk.journal.is_writer:
            return
        self._remembers_at = now + _REMEMBERS_EVERY
        seen = self._seen()
        if seen:
            self._desk.run("journal", 1, lambda: self._desk.journal.save_statuses(seen), lambda _: None, self._failed)

    def remember(self) -> None:
        """Keep what was seen last, because this process ends. JournalError."""
        if self._desk.journal.is_writer:
            seen = self._seen()
            if seen:
                self._desk.journal.save_statuses(seen)

    def _seen(self) -> dict[str, str]:
        return self._desk.books.memory.moved(self._desk.books.tracked.values())

    def _done(self, _dropped: int) -> None:
        self._desk.books.changed = True

    def _failed(self, error: GitopsError) -> None:
        self._desk.books.note(problem_of(error, time.time()))

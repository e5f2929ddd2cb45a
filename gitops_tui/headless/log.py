"""What happened, one JSON object a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from gitops_tui.model.operations import OperationPhase, Receipt
from gitops_tui.model.status import ApplicationStatus, Problem, Snapshot
from gitops_tui.model.text import one_line

_FINE: Final = frozenset({OperationPhase.SUCCEEDED, OperationPhase.SUPERSEDED})


class Log:
    """Writes events to a stream. Thread-safe; a stream that is gone ends the log, not the daemon."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def event(self, name: str, *, level: str = "info", **fields: Any) -> None:
        """One line: time, level, event, and the fields that are not None; texts sanitised."""
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "event": name,
        }
        line |= {key: _clean(value) for key, value in fields.items() if value is not None}
        text = json.dumps(line, ensure_ascii=False)
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # Nobody reads the log any more; reconciling goes on.
                return


def _clean(value: Any) -> Any:
    return one_line(value, limit=2000) if isinstance(value, str) else value


class Narrator:
    """Turns Snapshots into events: only what has changed since the one before is told."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._before = Snapshot()
        self._first = True

    def tell(self, snapshot: Snapshot) -> None:
        """Log what is new in `snapshot`. Called in order, from one thread."""
        before, self._before = self._before, snapshot
        # What ended before this process began is no news.
        self._first = not before.applications
        if snapshot.writer != before.writer:
            self._log.event("writer", writer=snapshot.writer or "this process")
        for status in snapshot.applications.values():
            self._application(before.applications.get(status.name), status)
        for name in before.applications.keys() - snapshot.applications.keys():
            self._log.event("application-dropped", application=name)
        for url, repository in snapshot.repositories.items():
            old = before.repositories.get(url)
            if repository.note and (old is None or old.note != repository.note):
                self._log.event("repository-note", level="warning", repository=url, message=repository.note)
        self._problems({}, before.problems, snapshot.problems)

    def _application(self, before: ApplicationStatus | None, status: ApplicationStatus) -> None:
        if before is status:
            return
        name = {"application": status.name}
        seen = (before.sync, before.health.code, before.revision) if before else None
        if seen != (status.sync, status.health.code, status.revision) and status.compared_at is not None:
            self._log.event(
                "status",
                **name,
                sync=status.sync,
                health=status.health.code,
                revision=status.revision.sha if status.revision else None,
                drifted=status.drifted,
                message=status.summary or None,
            )
        if status.waiting and status.waiting != (before.waiting if before else ""):
            self._log.event("waiting", **name, message=status.waiting)
        running = status.running
        was = before.running if before else None
        if running is not None and was is None:
            self._log.event("operation-started", **name, kind=running.kind)
        self._ended(before.last if before else None, status.last)
        if (
            running is not None
            and running.phase is OperationPhase.WAITING
            and (was is None or was.phase != running.phase)
        ):
            self._log.event("operation-waiting", **name, message=running.current)
        self._problems(name, before.problems if before else (), status.problems)

    def _ended(self, before: Receipt | None, last: Receipt | None) -> None:
        """A quick operation may run between two Snapshots, so its end is told by its receipt."""
        if (
            last is None
            or not last.phase.is_final
            or (before and before.operation == last.operation and before.finished)
        ):
            return
        if before is None and self._first:
            return
        self._log.event(
            "operation-ended",
            level="info" if last.phase in _FINE else "error",
            application=last.application,
            operation=last.operation,
            kind=last.kind,
            phase=last.phase,
            actor=last.actor,
            revision=last.revision,
            verified=last.verified,
            message=last.message or None,
        )

    def _problems(self, fields: Mapping[str, Any], before: tuple[Problem, ...], now: tuple[Problem, ...]) -> None:
        known = {(problem.stage, problem.subject, problem.message) for problem in before}
        for problem in now:
            if (problem.stage, problem.subject, problem.message) not in known:
                self._log.event(
                    "problem",
                    level="error",
                    **fields,
                    stage=problem.stage,
                    subject=problem.subject,
                    message=problem.message,
                    hint=problem.hint or None,
                )
        if before and not now:
            self._log.event("problems-cleared", **fields)

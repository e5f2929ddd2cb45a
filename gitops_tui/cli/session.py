"""What a verb works with: the engine, the user's words, and where to say what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from gitops_tui.cli.diagnostics import Diagnostics
from gitops_tui.cli.output import Output
from gitops_tui.engine.future import Future
from gitops_tui.engine.request import Refresh, Request
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.status import ApplicationStatus, Snapshot
from gitops_tui.model.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace

_GLANCE = 0.5
"""Seconds between two looks at whether the engine is still there; a bounded wait also lets ctrl-c through."""


class Session(Protocol):
    """The engine as a verb sees it. Starting and stopping it is the composition root's."""

    @property
    def actor(self) -> str:
        """Who is recorded for what is done here ("alice@host")."""

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""

    @property
    def failure(self) -> BaseException | None:
        """Why the engine has stopped by itself: then no answer comes any more."""

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something; the answer is the Future's result, a failure its GitopsError."""


@dataclass(frozen=True, slots=True)
class Call:
    """One verb with its options, and what it needs to answer."""

    options: Namespace
    session: Session
    output: Output
    diagnostics: Diagnostics

    def ask(self, request: Request, doing: str) -> Any:
        """Wait for an answer; a failure is raised. doing: what takes so long, for a person who waits."""
        (answer,) = self.ask_all((request,), doing)
        if isinstance(answer, GitopsError):
            raise answer
        return answer

    def ask_all(self, requests: Iterable[Request], doing: str) -> list[Any]:
        """Ask several things at once; each answer, or the GitopsError in its place."""
        futures = [self.session.submit(request) for request in requests]
        with self.diagnostics.progress(lambda: self._progress(doing)):
            return [self._answer(future) for future in futures]

    def _answer(self, future: Future[Any]) -> Any:
        while True:
            try:
                return future.result(timeout=_GLANCE)
            except GitopsError as error:
                # A worker that fails refuses what it is still asked; why it failed is what matters.
                self._raise_failure()
                return error
            except TimeoutError:
                self._raise_failure()

    def _raise_failure(self) -> None:
        if self.session.failure is not None:
            raise self.session.failure from None

    def refreshed(self, names: Iterable[str] = ()) -> tuple[ApplicationStatus, ...]:
        """The applications (none named: all) as they are now. UsageError for one that is not there."""
        wanted = tuple(dict.fromkeys(names))
        snapshot: Snapshot = self.ask(Refresh(wanted), "comparing")
        known = snapshot.applications
        return tuple(known[name] for name in (wanted or sorted(known)))

    def application(self) -> ApplicationStatus:
        """The one application that the verb names, as it is now."""
        return self.refreshed((self.options.application,))[0]

    def _progress(self, doing: str) -> str:
        """What runs now, else what is waited for."""
        for name, status in sorted(self.session.current.applications.items()):
            running = status.running
            if running is not None:
                counted = f" {running.done}/{running.total}" if running.total else ""
                return f"{name}: {running.phase}{counted} {running.current}".rstrip()
        return doing

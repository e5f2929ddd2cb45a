"""An engine of prepared answers, and a world of real values to show."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from gitops_tui.cli.parser import build_parser
from gitops_tui.cli.run import run
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import Refresh, Request
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.model.errors import GitopsError, Stage, UsageError
from gitops_tui.model.resources import DriftCode, Health, HealthCode, ResourceKey, ResourceStatus
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, Problem, Snapshot, SyncCode
from gitops_tui.model.values import replace

Answer = Any | Callable[[Any], Any]
WEB = ResourceKey("apps", "Deployment", "shop", "web")
CONFIG = ResourceKey("", "ConfigMap", "shop", "web")
FLEET = "https://git.example.com/acme/fleet.git"
COMMIT = Revision(
    "1f0c2d3e4b5a69788796a5b4c3d2e1f00f1e2d3c", "Alice", "alice@example.com", 1_767_268_800.0, "Scale web"
)


@dataclass
class PreparedSession:
    """Answers each request with what is prepared for its type: a value, an error, or a function of the request."""

    snapshot: Snapshot
    answers: dict[type[Request], Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    actor: str = "alice@laptop"
    failure: BaseException | None = None

    @property
    def current(self) -> Snapshot:
        return self.snapshot

    def submit(self, request: Request) -> Future[Any]:
        self.asked.append(request)
        future: Future[Any] = Future()
        answer = self.answers.get(type(request), self._refreshed if isinstance(request, Refresh) else None)
        try:
            future.set_result(answer(request) if callable(answer) else answer)
        except GitopsError as error:
            future.set_exception(error)
        return future

    def _refreshed(self, request: Refresh) -> Snapshot:
        for name in request.applications:
            if name not in self.snapshot.applications:
                raise UsageError(f"application {name}", "is not tracked here", hint="did you mean shop?")
        return self.snapshot

    def of(self, kind: type[Request]) -> list[Any]:
        return [request for request in self.asked if isinstance(request, kind)]


def status(name: str = "shop", **changes: Any) -> ApplicationStatus:
    """An application in sync; `changes` make it something else."""
    made = ApplicationStatus(
        application=Application(
            name, Source(FLEET, "main", f"apps/{name}"), Destination("prod", "shop"), project="store"
        ),
        sync=SyncCode.SYNCED,
        health=Health(HealthCode.HEALTHY),
        verified=True,
        revision=COMMIT,
        resources=(
            ResourceStatus(WEB, DriftCode.IN_SYNC, Health(HealthCode.HEALTHY)),
            ResourceStatus(CONFIG, DriftCode.IN_SYNC, Health(HealthCode.NONE)),
        ),
        total=2,
        context="prod",
    )
    return replace(made, **changes)


DRIFTED = status(
    "cart", sync=SyncCode.OUT_OF_SYNC, verified=False, drifted=1, summary="Deployment web: spec.replicas differs"
)
BROKEN = status(
    "search",
    sync=SyncCode.UNKNOWN,
    health=Health(HealthCode.UNKNOWN),
    verified=False,
    revision=None,
    total=0,
    problems=(Problem(Stage.RENDER, "apps/search/web.yaml:3", "key 'a' is there twice", "mend the file"),),
)


def snapshot(*applications: ApplicationStatus) -> Snapshot:
    return Snapshot(1, 1_767_268_900.0, {each.name: each for each in applications})


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


class Terminal:
    """A real pseudo-terminal: what is typed into it, and what came out on its stdout and stderr."""

    def __init__(self, columns: int = 100) -> None:
        self._main, self._far = pty.openpty()
        tty.setraw(self._far)
        termios.tcsetwinsize(self._far, (24, columns))
        self.stdin = os.fdopen(os.dup(self._far), "r", encoding="utf-8")
        self.stdout = os.fdopen(os.dup(self._far), "w", encoding="utf-8")

    def type(self, text: str) -> None:
        os.write(self._main, text.encode())

    def run(self, session: PreparedSession, *words: str) -> int:
        """Run a verb with this terminal as its stdin, stdout and stderr."""
        with patch.multiple(sys, stdin=self.stdin, stdout=self.stdout, stderr=self.stdout):
            return run(build_parser("0").parse_args(words), session)

    def read(self) -> str:
        """Everything that was written and not yet read."""
        self.stdout.write("\x04")
        self.stdout.flush()
        return self.read_until("\x04").removesuffix("\x04")

    def read_until(self, text: str) -> str:
        """What comes until this text is there; it fails when nothing comes for long."""
        seen = b""
        while text.encode() not in seen:
            ready, _, _ = select.select([self._main], [], [], 90)
            assert ready, f"{text!r} never came after {seen!r}"
            seen += os.read(self._main, 65536)
        return seen.decode(errors="ignore")

    def close(self) -> None:
        for stream in (self.stdin, self.stdout):
            stream.close()
        os.close(self._main)
        os.close(self._far)


def golden(name: str, text: str) -> None:
    """Compare with a text under golden/; GITOPS_TUI_UPDATE_GOLDEN=1 writes it anew."""
    path = Path(__file__).parent / "golden" / name
    if os.environ.get("GITOPS_TUI_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")

"""One embedded cluster, from start to stop."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from gitops_tui.embedded.access import Access
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.faults import Faults
from gitops_tui.embedded.http.documents import Documents
from gitops_tui.embedded.http.handlers import Handlers
from gitops_tui.embedded.http.server import HttpServer
from gitops_tui.embedded.lifecycle.janitor import Janitor
from gitops_tui.embedded.lifecycle.namespaces import make_first_namespaces
from gitops_tui.embedded.store.log import DiskLog
from gitops_tui.embedded.store.store import DEFAULT_WINDOW, Store

VERSION = "v1.36.3+embedded"


class EmbeddedServer:
    """A small Kubernetes API server in threads of this process.

        with EmbeddedServer.start() as server:
            run("kubectl", "--kubeconfig", server.kubeconfig, "get", "namespaces")

    `kubeconfig` may do everything, `viewer_kubeconfig` reads everything but Secrets. `backend` is for controllers in
    this process, `faults` for tests. `users` by their tokens may be changed while it runs.
    """

    def __init__(self, folder: Path, log: DiskLog | None, *, port: int, window: int, bookmark_seconds: float) -> None:
        self._log = log
        self.access = Access.of(folder)
        self.users = dict(self.access.users)
        self.store = Store(window=window, log=log)
        self.faults = Faults(self.store)
        if log is not None:
            items, revision = log.read()
            self.store.load(iter(items), revision)
        self.backend = Backend(self.store, admit=self.faults.admit)
        self._http = HttpServer(self.backend, self.faults, port, self.access.credential, bookmark_seconds)
        self.url = f"https://127.0.0.1:{self._http.port}"
        self._janitor = Janitor(self.backend)
        self.kubeconfig = self.access.write_kubeconfig(folder / "kubeconfig", self.url, self.access.token)
        self.viewer_kubeconfig = self.access.write_kubeconfig(
            folder / "viewer.kubeconfig", self.url, self.access.viewer_token
        )

    @classmethod
    def start(
        cls,
        state_dir: Path | None = None,
        *,
        port: int = 0,
        window: int = DEFAULT_WINDOW,
        bookmark_seconds: float = 30.0,
        git_version: str = VERSION,
    ) -> Self:
        """Start one; it answers when this returns.

        With a `state_dir` (made 0700) everything survives a restart, credentials too; without, nothing is kept. Port 0
        is any free one. `window` is how many changes a watch can be behind, `bookmark_seconds` how often watches that
        asked for it are told where they are. Raises BlockingIOError when another process has the folder, OSError when
        the port is taken.
        """
        temporary = None if state_dir else tempfile.TemporaryDirectory(prefix="gitops-tui-embedded-")
        if state_dir:
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = state_dir or Path(temporary.name if temporary else "")
        log = DiskLog(folder / "store") if state_dir else None
        try:
            server = cls(folder, log, port=port, window=window, bookmark_seconds=bookmark_seconds)
        except BaseException:
            if log is not None:
                log.close()
            raise
        server._temporary = temporary
        server._run(git_version)
        return server

    _temporary: tempfile.TemporaryDirectory[str] | None = None

    def _run(self, git_version: str) -> None:
        make_first_namespaces(self.backend)
        self.store.forget()
        self._janitor.start()
        address = self.url.removeprefix("https://")
        documents = Documents(self.backend.registry, git_version, address, lambda: self.faults.lost_groups)
        self._http.start(Handlers(self.backend, documents, self.users))

    def stop(self) -> None:
        """Close every connection and let go of the folder."""
        self._http.stop()
        self._janitor.stop()
        self.store.end_subscriptions()
        if self._log is not None:
            self._log.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

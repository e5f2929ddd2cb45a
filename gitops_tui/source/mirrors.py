"""All mirrors of one state folder."""

from __future__ import annotations

import threading
from pathlib import Path

from gitops_tui.model.application import Repository
from gitops_tui.source.mirror import Mirror
from gitops_tui.source.transport.address import parse
from gitops_tui.source.transport.runner import Runner


class Mirrors:
    """The mirrors below a state folder, in `mirrors/` and `checkouts/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner = Runner(folder / "git")
        self._mirrors: dict[str, Mirror] = {}
        self._by_url: dict[str, Mirror] = {}
        """Each look asks for one: an address that was checked is not checked again."""
        self._lock = threading.Lock()

    def mirror(self, repository: Repository) -> Mirror:
        """Return the one mirror of a URL, with these credentials from now on; makes no request.

        SourceError for a URL that is not allowed.
        """
        with self._lock:
            found = self._by_url.get(repository.url)
            if found is None:
                key = parse(repository.url).key
                found = self._mirrors.get(key) or Mirror(repository, self._folder, self._runner)
                self._mirrors[key] = self._by_url[repository.url] = found
            found.repository = repository
            return found

    def close(self) -> None:
        """End every git process; calls in progress and later ones raise SourceError."""
        self._runner.close()
        with self._lock:
            mirrors = tuple(self._mirrors.values())
        for mirror in mirrors:
            mirror.close()

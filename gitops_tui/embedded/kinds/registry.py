"""What is served right now: the built-in kinds and those that custom resource definitions add."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from gitops_tui.embedded.kinds.table import Resource, builtin_resources


class Registry:
    """Resources by group, version and plural. Thread-safe; readers see a whole state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._builtin = tuple(builtin_resources())
        self._custom: dict[str, tuple[Resource, ...]] = {}
        self._index(self._builtin)

    def _index(self, resources: Iterable[Resource]) -> None:
        rows = tuple(resources)
        self._resources = rows
        self._by_plural = {(row.group, row.version, row.plural): row for row in rows}
        self._by_kind = {(row.api_version, row.kind): row for row in rows}
        preferred: dict[str, Resource] = {}
        for row in rows:
            preferred.setdefault(row.storage, row)
        self._by_storage = preferred

    def resources(self) -> tuple[Resource, ...]:
        """Everything served."""
        return self._resources

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource at a path."""
        return self._by_plural.get((group, version, plural))

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind in one version."""
        return self._by_kind.get((api_version, kind))

    def of_storage(self, storage: str) -> Resource | None:
        """The preferred version of what is stored under a name."""
        return self._by_storage.get(storage)

    def serves(self, place: list[str]) -> bool:
        """Whether a group and version (`["apps", "v1"]`) is served."""
        return any([row.group, row.version] == place for row in self._resources)

    def set_custom(self, definition: str, resources: Iterable[Resource]) -> None:
        """Serve a definition's versions from now on, instead of what it served before; none: stop serving it."""
        with self._lock:
            rows = tuple(resources)
            if rows:
                self._custom[definition] = rows
            else:
                self._custom.pop(definition, None)
            self._index((*self._builtin, *(row for some in self._custom.values() for row in some)))

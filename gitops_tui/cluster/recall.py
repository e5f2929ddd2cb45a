"""What a cluster serves and what was watched of it, left to the next process: fewer requests, and earlier ones."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gitops_tui.cluster.objects import ApiResource, Scope
from gitops_tui.model.values import dataclass
from gitops_tui.private import write_private

_FORMAT = 1
_LASTING = 3600.0
"""Seconds for which it is believed that what the process before had watched will be wanted."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was served `age` seconds ago, and the server's version, "" when nobody had asked."""

    resources: tuple[ApiResource, ...]
    version: str
    age: float


class Recall:
    """The files of a folder, one for each server. None: nothing is kept. It holds no object and no credential."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, identity: object, most: float) -> Recalled | None:
        """What was kept of a server at most `most` seconds ago; None when that is nothing."""
        if self._folder is None:
            return None
        try:
            data: Any = json.loads(self._path(identity).read_bytes())
            age = time.time() - float(data["time"])
            if data["server"] != _name(identity) or not 0.0 <= age < most:
                return None
            rows = data["resources"]
            found = (
                ApiResource(group, version, kind, plural, namespaced, frozenset(verbs), tuple(versions))
                for group, version, kind, plural, namespaced, verbs, versions in rows
            )
            return Recalled(tuple(found), str(data["version"]), age)
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None

    def store(self, identity: object, recalled: Recalled) -> None:
        """Keep it in place of what was kept before. A full disk is no failure."""
        if self._folder is None:
            return
        rows = [
            [r.group, r.version, r.kind, r.plural, r.namespaced, sorted(r.verbs), r.versions]
            for r in recalled.resources
        ]
        data = {
            "server": _name(identity),
            "time": time.time() - recalled.age,
            "version": recalled.version,
            "resources": rows,
        }
        self._write(self._path(identity), data)

    def scopes(self, cluster: object) -> frozenset[Scope]:
        """What the processes before had watched."""
        kept = self._kept_scopes(cluster)
        return kept[0] if kept else frozenset()

    def keep_scopes(self, cluster: object, scopes: frozenset[Scope]) -> None:
        """Leave what was watched to the next process, unless it knows of all of it.

        A process that looks at one application wants less than another one; what nobody wants any more is forgotten
        within the hour.
        """
        kept = self._kept_scopes(cluster)
        if (
            self._folder is None
            or not scopes
            or (kept and scopes <= kept[0] and 0.0 <= time.time() - kept[1] < _LASTING)
        ):
            return
        self._write(self._path(("scopes", cluster)), {"time": time.time(), "scopes": sorted(scopes)})

    def _kept_scopes(self, cluster: object) -> tuple[frozenset[Scope], float] | None:
        if self._folder is None:
            return None
        try:
            data: Any = json.loads(self._path(("scopes", cluster)).read_bytes())
            return frozenset(Scope(*map(str, row)) for row in data["scopes"]), float(data["time"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        # What cannot be written would only have saved time.
        with suppress(OSError, ValueError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, json.dumps(data, separators=(",", ":")))

    def _path(self, identity: object) -> Path:
        return (self._folder or Path()) / _name(identity)


def _name(identity: object) -> str:
    return blake2b(f"{_FORMAT} {identity!r}".encode(errors="surrogatepass"), digest_size=16).hexdigest()

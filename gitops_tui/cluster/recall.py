"""What a cluster serves, left to the next process: two requests fewer for each start."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gitops_tui.cluster.objects import ApiResource
from gitops_tui.model.values import dataclass

_FORMAT = 1


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
        path = self._path(identity)
        fresh = path.with_name(f".{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(data, file, separators=(",", ":"))
            fresh.replace(path)
        except (OSError, ValueError):
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def _path(self, identity: object) -> Path:
        return (self._folder or Path()) / _name(identity)


def _name(identity: object) -> str:
    return blake2b(f"{_FORMAT} {identity!r}".encode(errors="surrogatepass"), digest_size=16).hexdigest()

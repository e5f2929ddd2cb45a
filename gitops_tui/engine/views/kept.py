"""Renderings that outlive the process: what was made of a path of a commit, on this machine's disk.

A file tells which trees of the repository it was made from, and each of its parts has a checksum: one that is cut,
altered or of another program version is no rendering at all. What holds secret values is never written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from gitops_tui import __version__
from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.resources import Manifest, Origin, ResourceKey, digest_of
from gitops_tui.model.values import dataclass, field
from gitops_tui.private import make_room, write_private

_FORMAT: Final = 1
_MOST: Final = 3000
"""Files kept."""

_NONE: Final = b"null"
SECRET: Final = b'"Secret"'
"""What stands in whatever is a Secret, or has one in it (semantics.md: Secrets)."""

Bytes = bytes | memoryview

Kinds = Mapping[tuple[str, str], bool]
"""Whether each group and kind lives in namespaces."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Manifests as they should be live. unplaced: those of kinds that are not served, or cannot be asked for now.

    kinds: what the cluster said of those that it was asked about. lasting: of another commit they would be the same.
    """

    manifests: tuple[Manifest, ...]
    unplaced: dict[ResourceKey, ClusterError]
    kinds: Kinds = field(default_factory=dict)
    lasting: bool = True


@dataclass(slots=True)
class Rendering:
    """What was rendered, for which target, and the ids of all that it was made from.

    commits: some of those with these trees. settled: as the manifests were last placed and stamped.
    """

    renderer: RendererName
    target: str
    trees: Mapping[str, str | None]
    commits: set[str]
    manifests: tuple[Manifest, ...] | None
    settled: Settled | None = None
    unread: bytes = b"[]"
    """The manifests as they were kept, until somebody wants them."""

    def all(self) -> tuple[Manifest, ...]:
        """The manifests, as written."""
        if self.manifests is None:
            self.manifests, self.unread = _manifests(self.unread), b"[]"
        return self.manifests


class Kept:
    """The files, one for each application. Safe for several threads and processes: a file is replaced whole.

    folder: private; None where there is none, and nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, options: str, application: Application) -> Rendering | None:
        """What was rendered with these options last; None when that is not known.

        What was kept before paths of the application were masked may hold their values, and is kept no longer.
        """
        if self._folder is None:
            return None
        if application.masked_paths:
            self.forget(options)
            return None
        with suppress(OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return _read(self._path(options).read_bytes())
        return None

    def store(self, options: str, application: Application, rendering: Rendering) -> None:
        """Keep a rendering in place of the one before, unless it may hold secret values. A full disk is no failure."""
        if self._folder is None or application.masked_paths:
            return
        path = self._path(options)
        # What cannot be written, or cannot be kept as JSON, would only have saved time.
        with suppress(OSError, ValueError, RecursionError):
            data = _written(rendering)
            if SECRET not in data:
                make_room(path, _MOST)
                write_private(path, data)

    def forget(self, options: str) -> None:
        """Keep nothing of an application."""
        if self._folder is not None:
            with suppress(OSError):
                self._path(options).unlink(missing_ok=True)

    def _path(self, options: str) -> Path:
        name = blake2b(f"{_FORMAT} {__version__} {options}".encode(errors="surrogatepass"), digest_size=16).hexdigest()
        return (self._folder or Path()) / name


def _written(rendering: Rendering) -> bytes:
    settled = rendering.settled
    if settled is not None and (settled.unplaced or not settled.lasting):
        settled = None
    # Who reads it compares what is settled by its digests; what is raw is settled anew, if it is wanted at all.
    raw = [[*_place(each), each.known, each.body] for each in rendering.all()]
    placed = [[*_place(each), each.digest, each.body] for each in settled.manifests] if settled else None
    parts = [_encoded(raw), _encoded(placed)]
    head = {
        "renderer": rendering.renderer,
        "target": rendering.target,
        "trees": rendering.trees,
        "commits": sorted(rendering.commits),
        "kinds": [[*kind, found] for kind, found in settled.kinds.items()] if settled else [],
        "sums": [_sum(part) for part in parts],
    }
    first = _encoded(head)
    return b"\n".join([_sum(first).encode(), first, *parts])


def _place(manifest: Manifest) -> tuple[str, int]:
    return manifest.origin.path, manifest.origin.line


def _read(data: bytes) -> Rendering:
    """ValueError when the file is not what was written."""
    # A copy of a large file would cost more than to read it: each fresh page of memory has to be cleared.
    ends = [at := data.index(b"\n"), at := data.index(b"\n", at + 1), data.index(b"\n", at + 1)]
    view = memoryview(data)
    known, first, raw, placed = (
        view[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, None], strict=True)
    )
    if bytes(known).decode() != _sum(first):
        raise ValueError("the head is damaged")
    head = json.loads(bytes(first))
    if head["sums"] != [_sum(raw), _sum(placed)]:
        raise ValueError("the manifests are damaged")
    kinds = {(group, kind): bool(namespaced) for group, kind, namespaced in head["kinds"]}
    return Rendering(
        RendererName(head["renderer"]),
        str(head["target"]),
        head["trees"],
        set(head["commits"]),
        None,
        None if bytes(placed[: len(_NONE) + 1]) == _NONE else Settled(_manifests(placed), {}, kinds),
        bytes(raw),
    )


def _manifests(data: Bytes) -> tuple[Manifest, ...]:
    return tuple(
        Manifest(ResourceKey.of(body), body, Origin(path, line), digest)
        for path, line, digest, body in json.loads(str(data, "utf-8"))
    )


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _sum(data: Bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def target_of(kube_version: str, api_versions: Sequence[str]) -> str:
    """What a rendering knew of its destination, as a digest."""
    return digest_of({"kube": kube_version, "apis": list(api_versions)})

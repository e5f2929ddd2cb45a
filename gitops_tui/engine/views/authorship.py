"""Who wrote each side of the fields that differ: asked only when somebody looks at a difference."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gitops_tui.diff.authorship import (
    Found,
    LiveAuthors,
    Rights,
    Statement,
    Text,
    Wanted,
    in_chart,
    in_manifest,
    in_overlays,
    stated,
)
from gitops_tui.diff.paths import parse_path
from gitops_tui.model.application import Application, RendererName
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import ABSENT, Authorship, Body, FieldChange, Manifest
from gitops_tui.model.revision import Revision
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field, replace
from gitops_tui.render import inputs_of
from gitops_tui.source import Mirror

if TYPE_CHECKING:
    from gitops_tui.render.inputs import Inputs

_SIGNED: Final = 200
"""Fields of one answer whose authors are looked up; who looks at more is not after one author."""
_KEPT: Final = 500
_Lines = Mapping[int, Revision]


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison with what it was made of. live: at the version of the manifest."""

    comparison: ResourceComparison
    manifest: Manifest | None
    live: Body | None


class Authors:
    """Signs comparisons. What Git said is kept, since commits never change. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blamed: OrderedDict[tuple[str, str, str, frozenset[tuple[int, int]]], _Lines] = OrderedDict()

    def signed(
        self, mirror: Mirror, application: Application, sha: str, compared: Sequence[Compared], bodies: Iterable[Body]
    ) -> tuple[ResourceComparison, ...]:
        """Return the comparisons with an author on each side of their changes, as far as that can be told.

        sha: the commit that the manifests come from. bodies: objects that may say whose fields are whose.
        """
        desk = _Desk(mirror, application, sha)
        found = [desk.findings(each) for each in compared]
        lines = self._lines(mirror, sha, [each for row in found for finding in row for each in finding.statements])
        rights = Rights(bodies)
        return tuple(_signed(each, row, lines, rights) for each, row in zip(compared, found, strict=True))

    def _lines(self, mirror: Mirror, sha: str, statements: Sequence[Statement]) -> Mapping[str, _Lines]:
        """The commits of all lines of the statements, by file; one question for each file."""
        ranges: dict[str, set[tuple[int, int]]] = {}
        for each in statements:
            ranges.setdefault(each.path, set()).add((each.first, each.last))
        return {path: self._blame(mirror, sha, path, frozenset(wanted)) for path, wanted in ranges.items()}

    def _blame(self, mirror: Mirror, sha: str, path: str, wanted: frozenset[tuple[int, int]]) -> _Lines:
        slot = (mirror.repository.url, sha, path, wanted)
        with self._lock:
            if slot in self._blamed:
                self._blamed.move_to_end(slot)
                return self._blamed[slot]
        try:
            lines = mirror.blame(sha, path, sorted(wanted))
        except GitopsError:
            return {}
        with self._lock:
            self._blamed[slot] = lines
            while len(self._blamed) > _KEPT:
                self._blamed.popitem(last=False)
        return lines


@dataclass(slots=True)
class _Desk:
    """What is read of one commit to answer one question."""

    mirror: Mirror
    application: Application
    sha: str
    left: int = _SIGNED
    _inputs: Inputs | None = None
    _texts: dict[str, tuple[Text, ...]] = field(default_factory=dict)

    def findings(self, compared: Compared) -> list[Found]:
        """Where Git states each field that differs."""
        return [self._found(compared.manifest, change) for change in compared.comparison.changes]

    def _found(self, manifest: Manifest | None, change: FieldChange) -> Found:
        if manifest is None or change.desired is ABSENT or not change.path:
            return Found()
        path = parse_path(change.path)
        place = stated(manifest.body, path)
        if place is None:
            return Found()
        self.left -= 1
        if self.left < 0:
            return Found(why_not=f"not looked up: more than {_SIGNED} fields differ")
        try:
            return self._search(manifest, Wanted(manifest.key, path, place[1]))
        except GitopsError as error:
            return Found(why_not=one_line(f"cannot tell: {error.message}"))

    def _search(self, manifest: Manifest, wanted: Wanted) -> Found:
        inputs = self._inputs = self._inputs or inputs_of(self.mirror.checkout(self.sha), self.application)
        match inputs.renderer:
            case RendererName.KUSTOMIZE:
                return in_overlays(self._kept("kustomized", inputs.kustomized), wanted)
            case RendererName.HELM:
                (template, *_) = (*self._origin(inputs, manifest), None)
                return in_chart(template, self._kept("values", inputs.values), wanted)
            case _:
                origin = self._origin(inputs, manifest)
                return in_manifest(origin[0], manifest.origin.line, wanted) if origin else Found()

    def _origin(self, inputs: Inputs, manifest: Manifest) -> tuple[Text, ...]:
        return self._kept(f"origin {manifest.origin.path}", lambda: inputs.origin(manifest))

    def _kept(self, name: str, read: Callable[[], Iterable[tuple[str, bytes]]]) -> tuple[Text, ...]:
        if name not in self._texts:
            self._texts[name] = tuple(Text(path, data) for path, data in read())
        return self._texts[name]


def _signed(
    compared: Compared, found: Sequence[Found], lines: Mapping[str, _Lines], rights: Rights
) -> ResourceComparison:
    comparison, live = compared.comparison, compared.live
    authors = LiveAuthors(live) if live is not None else None
    changes = []
    for change, finding in zip(comparison.changes, found, strict=True):
        writer = authors.of(change.path) if authors and change.live is not ABSENT else change.live_by
        signed = replace(change, desired_by=_committer(finding, lines), live_by=writer)
        changes.append(rights.noted(comparison.key, live, signed) if live is not None else signed)
    return replace(comparison, changes=tuple(changes))


def _committer(found: Found, lines: Mapping[str, _Lines]) -> Authorship | None:
    """The newest commit among the lines that state a field."""
    if found.why_not:
        return Authorship("", found.why_not)
    known = [
        (lines[each.path][number], each)
        for each in found.statements
        for number in range(each.first, each.last + 1)
        if number in lines.get(each.path, {})
    ]
    if not known:
        return Authorship("", "cannot tell: Git does not say") if found.statements else None
    revision, statement = max(known, key=lambda pair: pair[0].time)
    place = one_line(f"{statement.path}:{statement.first}")
    return Authorship(revision.author or "unknown", revision.sha, revision.time, place)

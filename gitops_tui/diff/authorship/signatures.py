"""Authors beside the lines of a shown difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gitops_tui.diff.authorship.texts import Node, Text
from gitops_tui.diff.lines import DiffLine, LineKind, wanted
from gitops_tui.diff.paths import parse_path, resolve
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Authorship, FieldChange
from gitops_tui.yamlio import dump

_DIFFERING: Final = frozenset({LineKind.ADDED, LineKind.REMOVED, LineKind.CHANGED})
_SHA: Final = pattern(r"[0-9a-f]{40,64}")


def signatures(comparison: ResourceComparison, lines: Iterable[DiffLine]) -> Mapping[DiffLine, Authorship]:
    """Return who wrote what these lines show: for each side of a field, the first line of it that differs."""
    changes = [change for change in comparison.changes if change.path and (change.desired_by or change.live_by)]
    if not changes:
        return {}
    differing = [line for line in lines if line.kind in _DIFFERING]
    coming = {line.left_no: line for line in differing if line.left_no}
    going = {line.right_no: line for line in differing if line.right_no}
    desired, live = _Side(wanted(comparison)), _Side(comparison.live)
    made: dict[DiffLine, Authorship] = {}
    for change in changes:
        for side, known, author in ((desired, coming, change.desired_by), (live, going, change.live_by)):
            line = next((known[number] for number in side.lines(change) if number in known), None)
            if line is not None and author is not None:
                made.setdefault(line, author)
    return made


class _Side:
    """One body as it is shown, and where each field of it stands."""

    def __init__(self, body: Mapping[str, Any] | None) -> None:
        self._body = body
        self._text = Text("shown.yaml", dump(body).encode(errors="replace") if body else b"")
        self._root: Node | None = next(self._text.roots(), None)

    def lines(self, change: FieldChange) -> Iterator[int]:
        place = next(resolve(self._body, parse_path(change.path)), None) if self._body else None
        if place is None or self._root is None:
            return
        statement = self._text.statement(self._root, tuple(step for step in place if isinstance(step, str | int)))
        yield from range(statement.first, statement.last + 1)


def byline(author: Authorship) -> str:
    """Return an author in a few words, without the time: `Ada 1f0c2d3`, `kube-controller-manager through /scale`."""
    if not author.name:
        return author.detail
    if _SHA.fullmatch(author.detail):
        return f"{author.name} {author.detail[:7]}"
    _, _, through = author.detail.partition(" ")
    return f"{author.name} {through}".rstrip()


def rule_data(rule: IgnoreRule) -> dict[str, Any]:
    """Return a rule as the configuration's `ignore` has it: only what is given."""
    fields = {name: getattr(rule, name) for name in IgnoreRule.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items() if value}

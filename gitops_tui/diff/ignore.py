"""Ignore rules: fields that are no drift, and are left alone on apply (semantics.md: one meaning)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from gitops_tui.diff.managers import owned_paths
from gitops_tui.diff.paths import DROP, Path, edited, named, parse_path, parse_pointer, resolve
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Body, ResourceKey


def applies(rule: IgnoreRule, key: ResourceKey) -> bool:
    """Whether a rule is for this object: empty selectors match everything, others are globs."""
    pairs = ((rule.group, key.group), (rule.kind, key.kind), (rule.namespace, key.namespace), (rule.name, key.name))
    return all(not pattern or fnmatchcase(value, pattern) for pattern, value in pairs)


class Ignored:
    """The fields of one object that rules take out of the comparison; false when there are none."""

    def __init__(self, key: ResourceKey, live: Body | None, rules: Iterable[IgnoreRule]) -> None:
        matching = [rule for rule in rules if applies(rule, key)]
        managers = frozenset(name for rule in matching for name in rule.managers)
        stated = tuple(path for rule in matching for path in _stated(rule))
        managed = owned_paths(live, managers.__contains__) if live is not None and managers else frozenset()
        self._paths: tuple[Path, ...] = (*stated, *managed)

    def __bool__(self) -> bool:
        return bool(self._paths)

    def places(self, body: Body) -> set[Path]:
        """Where the ignored fields of `body` are."""
        return {place for path in self._paths for place in resolve(body, path)}

    def without(self, left: Body, right: Body) -> tuple[Body, Body]:
        """Return both sides without the ignored fields, and without what thereby became empty on either side."""
        if not self:
            return left, right
        sides = [left, right]
        hollow: set[Path] = set()
        for index, side in enumerate(sides):
            places = self.places(side)
            hollow.update(named(side, place[:length]) for place in places for length in range(1, len(place)))
            sides[index] = edited(side, places, _drop)
        for path in sorted(hollow, key=len, reverse=True):
            sides = [edited(side, resolve(side, path), _drop_when_empty) for side in sides]
        return sides[0], sides[1]


def _drop(_place: Path, _value: Any) -> Any:
    return DROP


def _drop_when_empty(_place: Path, value: Any) -> Any:
    return DROP if value in ({}, []) else value


def _stated(rule: IgnoreRule) -> Iterator[Path]:
    yield from (parse_pointer(pointer) for pointer in rule.pointers)
    yield from (parse_path(path) for path in rule.paths)


def strip_ignored(manifest_body: Body, live: Body | None, rules: Sequence[IgnoreRule]) -> Body:
    """Return the body to apply: ignored fields are left out of it, so that an apply leaves them alone.

    A server-side apply removes a field that its manager no longer states and nobody else owns, so a field that
    only we own keeps its live value in the body instead. A new object is created as Git states it.
    """
    ignored = Ignored(ResourceKey.of(manifest_body), live, rules)
    if live is None or not ignored:
        return manifest_body
    others = owned_paths(live, lambda manager: manager != FIELD_MANAGER)
    only_ours = owned_paths(live, FIELD_MANAGER.__eq__) - others

    def left_alone(place: Path, _value: Any) -> Any:
        path = named(manifest_body, place)
        found = next(resolve(live, path), None)
        return _value_at(live, found) if found is not None and _touches(path, only_ours) else DROP

    made: Body = edited(manifest_body, ignored.places(manifest_body), left_alone)
    return made


def _touches(path: Path, owned: Iterable[Path]) -> bool:
    return any(path[: len(other)] == other[: len(path)] for other in owned)


def _value_at(body: Any, place: Path) -> Any:
    for step in place:
        body = body[step]
    return body

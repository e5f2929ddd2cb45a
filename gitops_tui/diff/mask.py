"""Secrets made unreadable, with changes still visible (semantics.md: Secrets).

One `Masker` serves one comparison: equal values get the same mark on every side, different values different
marks. A mark tells neither the value nor its length.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gitops_tui.diff.normalise import LAST_APPLIED, is_secret
from gitops_tui.diff.paths import Path, edited, parse_path, resolve
from gitops_tui.model.fields import annotations_of, is_mapping
from gitops_tui.model.resources import Body

MARK: Final = "••••••••"
_DIGITS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_COPIES: Final = (LAST_APPLIED, "kapp.k14s.io/original", "objectset.rio.cattle.io/applied")
"""Annotations in which a tool keeps a copy of the whole object."""


class Masker:
    """Masks the sides of one comparison. paths: a user's own, as `paths.parse_path` reads them."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = tuple(parse_path(path) for path in paths)
        self._marks: dict[str, str] = {}

    def mask(self, body: Body, *, secret: bool = False) -> dict[str, Any]:
        """Return the object with its secrets masked. secret: treat it as a Secret whatever it says itself."""
        places = _hidden_places(body, self._paths, secret=secret)
        masked: dict[str, Any] = edited(body, places, lambda _, value: self._mark(value))
        return masked if isinstance(masked, dict) else dict(masked)

    def _mark(self, value: Any) -> str:
        identity = json.dumps(value, sort_keys=True, default=str)
        if identity not in self._marks:
            self._marks[identity] = MARK + str(len(self._marks) + 1).translate(_DIGITS)
        return self._marks[identity]


def mask(body: Body, masked_paths: Sequence[str] = ()) -> dict[str, Any]:
    """Return an object with its secrets masked: core Secrets (also inside others) and a user's own paths."""
    return Masker(masked_paths).mask(body)


def hidden_values(body: Body, masked_paths: Sequence[str] = ()) -> list[Any]:
    """Return what `mask` takes out of an object."""
    found: list[Any] = []
    places = _hidden_places(body, [parse_path(path) for path in masked_paths], secret=False)
    edited(body, places, lambda _, value: found.append(value))
    return found


def is_masked(body: Body) -> bool:
    """Whether a mark stands anywhere in a body."""
    pending: list[Any] = [body]
    while pending:
        value = pending.pop()
        if is_mapping(value):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str) and value.startswith(MARK):
            return True
    return False


def hides(body: Body | None, masked_paths: Sequence[str]) -> bool:
    """Whether a user's path hides something of an object, so that nobody may quote it either."""
    return body is not None and any(True for path in masked_paths for _ in resolve(body, parse_path(path)))


def _hidden_places(body: Body, paths: Sequence[Path], *, secret: bool) -> Iterator[Path]:
    places = set(_secret_places(body, secret=secret))
    if paths:
        places.update(place for path in paths for place in resolve(body, path))
        places.update(_copies((), body))
    return _outermost(places)


def _secret_places(body: Body, *, secret: bool) -> Iterator[Path]:
    pending: list[tuple[Path, Any]] = [((), body)]
    while pending:
        place, value = pending.pop()
        if is_mapping(value):
            if is_secret(value) or (secret and not place):
                yield from _within_secret(place, value)
            pending.extend(((*place, name), item) for name, item in value.items() if isinstance(item, Mapping | list))
        elif isinstance(value, list):
            pending.extend(((*place, index), item) for index, item in enumerate(value))


def _within_secret(place: Path, secret: Mapping[str, Any]) -> Iterator[Path]:
    for field in ("data", "stringData"):
        if isinstance(secret.get(field), Mapping):
            yield from ((*place, field, name) for name in secret[field])
        elif field in secret:
            yield (*place, field)
    yield from _copies(place, secret)


def _copies(place: Path, body: Mapping[str, Any]) -> Iterator[Path]:
    kept = annotations_of(body)
    yield from ((*place, "metadata", "annotations", name) for name in _COPIES if name in kept)


def _outermost(places: set[Path]) -> Iterator[Path]:
    return (place for place in places if not any(place[:length] in places for length in range(len(place))))

"""Which field manager owns which fields, as `metadata.managedFields` tells it (`FieldsV1`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gitops_tui.diff.paths import Path, named
from gitops_tui.model.fields import dig, mapping, mappings, text
from gitops_tui.model.resources import Body
from gitops_tui.model.values import dataclass


def owned_paths(live: Body, is_wanted: Callable[[str], bool]) -> frozenset[Path]:
    """Return the fields that the wanted managers own: leaves, and list elements of theirs, as named paths.

    The fields by which list elements are told apart are left out: without them the list could not be paired.
    """
    return frozenset[Path]().union(*(claim.paths for claim in claims(live, is_wanted)))


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of `managedFields`: who owns which fields, how it came to own them, and when it changed them last.

    operation: "Apply" or "Update". subresource: "scale", "status", "" for the object itself. time: as written.
    """

    manager: str
    operation: str
    subresource: str
    time: str
    paths: frozenset[Path]


def claims(live: Body, is_wanted: Callable[[str], bool] = lambda _: True) -> tuple[Claim, ...]:
    """Return the claims of the wanted managers, as `owned_paths` reads them."""
    return tuple(
        Claim(
            text(entry.get("manager")),
            text(entry.get("operation")),
            text(entry.get("subresource")),
            text(entry.get("time")),
            frozenset(named(live, place) for place in _places(mapping(entry.get("fieldsV1")), live, ())),
        )
        for entry in mappings(dig(live, "metadata", "managedFields"))
        if is_wanted(text(entry.get("manager")))
    )


def _places(fields: Mapping[str, Any], value: Any, place: Path) -> Iterator[Path]:
    for token, below in fields.items():
        found = _child(token, value)
        if found is None:
            continue
        step, child, identity = found
        if not mapping(below).keys() - {"."} or (identity and "." in below):
            yield (*place, step)
        else:
            inner = {name: item for name, item in below.items() if name.removeprefix("f:") not in identity}
            yield from _places(inner, child, (*place, step))


def _child(token: str, value: Any) -> tuple[str | int, Any, frozenset[str]] | None:
    """Return the step a token means, the value there, and the fields that identify it within its list."""
    sign, _, name = token.partition(":")
    if sign == "f" and isinstance(value, Mapping) and name in value:
        return name, value[name], frozenset()
    if sign in {"k", "v", "i"} and isinstance(value, list):
        try:
            wanted = json.loads(name)
        except ValueError:
            return None
        index = next((i for i, item in enumerate(value) if _is_meant(sign, wanted, i, item)), None)
        if index is not None:
            return index, value[index], frozenset(mapping(wanted))
    return None


def _is_meant(sign: str, wanted: Any, index: int, item: Any) -> bool:
    if sign == "i":
        return bool(wanted == index)
    if sign == "v":
        return bool(wanted == item)
    return isinstance(item, Mapping) and all(item.get(name) == value for name, value in mapping(wanted).items())

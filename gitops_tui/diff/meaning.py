"""Equality by meaning: what an API server stores alike is no difference, whatever it looks like."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gitops_tui.diff.lists import Keyed
from gitops_tui.model.fields import is_mapping
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import ABSENT

if TYPE_CHECKING:
    from fractions import Fraction

_WITHOUT_REFERENCES: Final = 2
"""The last version of `marshal`'s format in which equal values have equal bytes."""

# The grammar of k8s.io/apimachinery's resource.Quantity: a number with a binary or decimal suffix or an exponent.
_QUANTITY = pattern(r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,2}))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}

_MAPS: Final = frozenset({"limits", "requests", "hard", "capacity", "podFixed", "allocatedResources"})
_LIMIT_RANGE_MAPS: Final = frozenset({"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"})
_FIELDS: Final = frozenset({"sizeLimit", "divisor", "averageValue"})


def same(left: Any, right: Any) -> bool:
    """Whether two bodies are equal as JSON: `==`, but true is not 1."""
    if left is right:
        return True
    if is_mapping(left):
        return (
            is_mapping(right)
            and len(left) == len(right)
            and all(name in right and same(value, right[name]) for name, value in left.items())
        )
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)


def identical(left: Any, right: Any) -> bool:
    """Whether two bodies are equal down to the order of their keys; much faster than `same`. False says nothing.

    A serialisation without references tells true from 1, which `==` does not.
    """
    try:
        return marshal.dumps(left, _WITHOUT_REFERENCES) == marshal.dumps(right, _WITHOUT_REFERENCES)
    except ValueError:  # nested too deeply for it
        return False


def holds(live: Any, desired: Any) -> bool:
    """Whether every field that `desired` states is in `live` with that very value; false says nothing."""
    if is_mapping(desired):
        if not is_mapping(live):
            return False
        for name, value in desired.items():
            found = live.get(name, ABSENT)
            if type(value) is str:
                if type(found) is not str or found != value:
                    return False
            elif not holds(found, value):
                return False
        return True
    if isinstance(desired, list):
        return isinstance(live, list) and len(live) == len(desired) and all(map(holds, live, desired))
    return type(live) is type(desired) and bool(live == desired)


def aligned(left: Any, right: Any, kind: str, path: tuple[str, ...] = ()) -> Any:
    """Return `left` with `right`'s spelling wherever both mean the same; lists are `Keyed` where they have keys.

    Quantities are equal by amount, numbers by value, keyed lists whose order means nothing by content; a map
    takes the order of `right`'s keys, so that both read alike line by line.
    """
    if is_mapping(left) and is_mapping(right):
        return _aligned_map(left, right, kind, path)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [aligned(one, other, kind, path) for one, other in zip(left, right, strict=True)]
    if left is ABSENT or right is ABSENT or isinstance(left, bool) or isinstance(right, bool):
        return left
    return right if _means(left, right, kind, path) else left


def _aligned_map(left: Mapping[str, Any], right: Mapping[str, Any], kind: str, path: tuple[str, ...]) -> Any:
    ordered = isinstance(left, Keyed) and (left.ordered or not isinstance(right, Keyed))
    shared = left if ordered else (name for name in right if name in left)
    names = list(dict.fromkeys([*shared, *left]))
    made = {name: aligned(left[name], right.get(name, ABSENT), kind, (*path, name)) for name in names}
    if not isinstance(left, Keyed):
        return made
    result = Keyed(made)
    result.ordered = left.ordered
    return result


def _means(left: Any, right: Any, kind: str, path: tuple[str, ...]) -> bool:
    if left == right or _is_same_float(left, right):
        return True
    if kind in {"ConfigMap", "Secret"} or len(path) < 2 or path[0] == "metadata" or not is_quantity(kind, path):
        return False
    amount = quantity(left)
    return amount is not None and amount == quantity(right)


def _is_same_float(left: Any, right: Any) -> bool:
    """Whether two numbers are one as floats: a server writes 3.754378997141049e+16 as 37543789971410490."""
    if not (isinstance(left, float) or isinstance(right, float)):
        return False
    try:
        return float(left) == float(right)
    except (TypeError, ValueError, OverflowError):
        return False


def stated(live: Any, desired: Any) -> Any:
    """Return the part of `live` that `desired` states, for a comparison without a prediction.

    What is stated as empty or zero equals what is absent: the server leaves such values out of its answers.
    """
    if is_mapping(desired) and is_mapping(live):
        return _stated_map(live, desired)
    if isinstance(desired, list) and isinstance(live, list):
        pairs = [stated(one, other) for one, other in zip(live, desired, strict=False)]
        return [*pairs, *live[len(pairs) :]]
    return live


def _stated_map(live: Mapping[str, Any], desired: Mapping[str, Any]) -> Any:
    made: dict[str, Any] = Keyed() if isinstance(live, Keyed) else {}
    if isinstance(made, Keyed) and isinstance(live, Keyed):
        made.ordered = live.ordered
        names = [name for name in live if name in desired]
    else:
        names = list(desired)
    for name in names:
        if name in live:
            made[name] = stated(live[name], desired[name])
        elif not desired[name] and not isinstance(desired, Keyed):
            made[name] = desired[name]
    return made


def quantity(value: object) -> Fraction | None:
    """Return what a quantity amounts to, None when `value` is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, suffix, exponent = match.groups()
    from fractions import Fraction  # noqa: PLC0415 - for values that are not spelled alike

    amount = Fraction(number if number[-1] != "." else number[:-1])
    if suffix in _BINARY:
        return amount * (1 << _BINARY[suffix])
    return amount * Fraction(10) ** (_DECIMAL[suffix] if suffix else int(exponent or 0))


def is_quantity(kind: str, path: tuple[str, ...]) -> bool:
    """Whether the field at a path of map keys (below `spec`) of an object of that kind holds a quantity."""
    if path[-1] in _FIELDS:
        return True
    parent = path[-2] if len(path) > 1 else ""
    return parent in _MAPS or (kind == "LimitRange" and parent in _LIMIT_RANGE_MAPS)

"""The fields in which two bodies differ. Only called once a difference is known to exist.

deepdiff tells how one list became another; maps and single values need no such search, which takes milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gitops_tui.diff.lists import Keyed, plain
from gitops_tui.diff.meaning import same
from gitops_tui.diff.paths import Path, show_path
from gitops_tui.model.fields import is_mapping
from gitops_tui.model.resources import ABSENT, FieldChange

MAX_BYTES: Final = 256 * 1024
"""Bodies larger than this together are compared coarsely: a list that differs is one change."""
MAX_CHANGES: Final = 1000
_Sides = tuple[Any, Any]
_MAX_PASSES: Final = 20_000
_GROUPS: Final = (
    "values_changed",
    "type_changes",
    "dictionary_item_added",
    "dictionary_item_removed",
    "iterable_item_added",
    "iterable_item_removed",
)


def changes(left: Any, right: Any) -> tuple[FieldChange, ...]:
    """Return what differs between two bodies whose lists are `Keyed` where they have keys.

    left: as it should be, right: as it is. At most `MAX_CHANGES`, in the order of their paths; never empty.
    """
    one, other = _differing(left, right)
    if _lists_meet(one, other):
        found = {} if _size(one, other) > MAX_BYTES else _fine(one, other)
        found = found or dict(_coarse(left, right, ()))
    else:
        found = dict(_coarse(one, other, ()))
    found.update(_reordered(left, right, ()))
    made = (FieldChange(_shown(path, left, right), plain(one), plain(other)) for path, (one, other) in found.items())
    return tuple(sorted(made, key=lambda change: change.path)[:MAX_CHANGES]) or (FieldChange("", left, right),)


def _differing(left: Any, right: Any) -> _Sides:
    """Return both sides without the fields in which they agree: what is left to compare is small."""
    if not is_mapping(left) or type(left) is not type(right):
        return left, right
    kept: dict[str, _Sides] = {}
    for name in dict.fromkeys([*left, *right]):
        if name not in left or name not in right:
            kept[name] = (left.get(name, ABSENT), right.get(name, ABSENT))
        elif not same(left[name], right[name]):
            kept[name] = _differing(left[name], right[name])
    one = {name: pair[0] for name, pair in kept.items() if pair[0] is not ABSENT}
    other = {name: pair[1] for name, pair in kept.items() if pair[1] is not ABSENT}
    return (Keyed(one), Keyed(other)) if isinstance(left, Keyed) else (one, other)


def _lists_meet(left: Any, right: Any) -> bool:
    """Whether a list stands on both sides of the same place, with keys or without."""
    if is_mapping(left) and is_mapping(right):
        return type(left) is not type(right) or any(
            name in right and _lists_meet(value, right[name]) for name, value in left.items()
        )
    return isinstance(left, list) and isinstance(right, list)


def _size(left: Any, right: Any) -> int:
    return len(json.dumps(left, default=str)) + len(json.dumps(right, default=str))


def _shown(path: Path, left: Any, right: Any) -> str:
    return show_path(path, left if _reaches(left, path) else right)


def _reaches(value: Any, path: Path) -> bool:
    for step in path[:-1]:
        if is_mapping(value):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return isinstance(value, Mapping | list)


def _fine(left: Any, right: Any) -> dict[Path, _Sides]:
    from deepdiff import DeepDiff  # noqa: PLC0415 - 0.2 s to import, needed only where something differs
    from deepdiff.helper import NotPresent  # noqa: PLC0415

    tree = DeepDiff(
        left,
        right,
        view="tree",
        ignore_order=False,
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
        max_diffs=_MAX_PASSES,
    )
    found: dict[Path, _Sides] = {}
    for level in (level for group in _GROUPS for level in tree.get(group, ())):
        one, other = (ABSENT if isinstance(side, NotPresent) else side for side in (level.t1, level.t2))
        path = tuple(level.path(output_format="list"))
        before = found.get(path, (ABSENT, ABSENT))  # an element removed and another added at the same index
        found[path] = (before[0] if one is ABSENT else one, before[1] if other is ABSENT else other)
    return found


def _coarse(left: Any, right: Any, path: Path) -> Iterator[tuple[Path, _Sides]]:
    if is_mapping(left) and is_mapping(right):
        for name in dict.fromkeys([*left, *right]):
            yield from _coarse(left.get(name, ABSENT), right.get(name, ABSENT), (*path, name))
    elif left is not right and not same(left, right):
        yield path, (left, right)


def _reordered(left: Any, right: Any, path: Path) -> Iterator[tuple[Path, _Sides]]:
    """Lists in which the same elements stand in another order, where their order means something."""
    if is_mapping(left) and is_mapping(right):
        if isinstance(left, Keyed) and isinstance(right, Keyed) and is_reordered(left, right):
            yield path, (list(left), list(right))
        for name in left.keys() & right.keys():
            yield from _reordered(left[name], right[name], (*path, name))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _reordered(one, other, (*path, index))


def differ(left: Any, right: Any) -> bool:
    """Whether two bodies whose lists are `Keyed` differ, in content or in an order that means something."""
    return not same(left, right) or next(_reordered(left, right, ()), None) is not None


def is_reordered(left: Keyed, right: Keyed) -> bool:
    """Whether the elements that both have stand in another order, and the order means something."""
    return left.ordered and [name for name in left if name in right] != [name for name in right if name in left]

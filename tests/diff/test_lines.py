"""A comparison as lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.diff import comparison
from gitops_tui.diff.lines import LineKind, side_by_side, unified
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import ResourceKey
from gitops_tui.yamlio import dump

KEY = ResourceKey("", "ConfigMap", "shop", "web")


def config(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": data}


def shown(desired: Any, live: Any) -> ResourceComparison:
    return comparison(KEY, desired, live, desired if live is not None else None)


def test_a_unified_diff_goes_from_live_to_desired() -> None:
    letters = {letter: letter for letter in "abcdefghij"}

    lines = unified(shown(config(**letters | {"e": "new"}), config(**letters)), context=1)

    assert [(line.kind, line.text, line.left_no, line.right_no) for line in lines] == [
        (LineKind.HUNK, "@@ -9,3 +9,3 @@", 9, 9),
        (LineKind.SAME, "  d: d", 9, 9),
        (LineKind.REMOVED, "  e: e", None, 10),
        (LineKind.ADDED, "  e: new", 10, None),
        (LineKind.SAME, "  f: f", 11, 11),
    ]


def test_far_differences_have_hunks_of_their_own_and_near_ones_share_one() -> None:
    letters = {letter: letter for letter in "abcdefghijklmnop"}

    far = unified(shown(config(**letters | {"a": "1", "p": "2"}), config(**letters)), context=2)
    near = unified(shown(config(**letters | {"a": "1", "d": "2"}), config(**letters)), context=2)

    assert [line.text for line in far if line.kind is LineKind.HUNK] == ["@@ -4,5 +4,5 @@", "@@ -19,3 +19,3 @@"]
    assert len([line for line in near if line.kind is LineKind.HUNK]) == 1


def test_equal_sides_have_no_diff() -> None:
    assert unified(shown(config(a="1"), config(a="1"))) == ()
    assert side_by_side(shown(config(a="1"), config(a="1")), context=2) == ()
    assert {row.kind for row in side_by_side(shown(config(a="1"), config(a="1")))} == {LineKind.SAME}


def test_a_missing_object_is_all_added_and_an_extra_one_all_removed() -> None:
    assert {line.kind for line in unified(shown(config(a="1"), None))} == {LineKind.HUNK, LineKind.ADDED}
    assert {line.kind for line in unified(shown(None, config(a="1")))} == {LineKind.HUNK, LineKind.REMOVED}


def test_side_by_side_has_desired_left_and_live_right() -> None:
    rows = side_by_side(shown(config(a="new", c="3"), config(a="old", b="2", c="3")))
    changed = [(row.kind, row.left and row.left.text, row.right and row.right.text) for row in rows]

    assert (LineKind.CHANGED, "  a: new", "  a: old") in changed
    assert (LineKind.REMOVED, None, '  b: "2"') in changed
    assert (LineKind.SAME, '  c: "3"', '  c: "3"') in changed


def test_hostile_text_is_shown_harmless() -> None:
    lines = unified(shown(config(a="\x1b[31mred\u202e"), config(a="x")))

    assert not any("\x1b" in line.text or "\u202e" in line.text for line in lines)


def test_a_huge_difference_is_still_answered() -> None:
    desired = config(a="\n".join(f"new {number}" for number in range(30_000)), z="end")
    live = config(a="\n".join(f"old {number}" for number in range(30_000)), z="end")

    lines = unified(shown(desired, live))

    assert len([line for line in lines if line.kind is LineKind.ADDED]) == 30_000
    assert lines[-1].text == "  z: end"


small = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["1", "2", "x\ny", ""]), max_size=8)


@given(small, small)
def test_side_by_side_holds_each_side_completely_and_in_order(one: dict[str, str], other: dict[str, str]) -> None:
    found = shown(config(**one), config(**other))

    rows = side_by_side(found)

    left = [row.left for row in rows if row.left is not None]
    right = [row.right for row in rows if row.right is not None]
    assert [line.text for line in left] == dump(found.predicted).splitlines()
    assert [line.text for line in right] == dump(found.live).splitlines()
    assert [line.left_no for line in left] == list(range(1, len(left) + 1))
    assert [line.right_no for line in right] == list(range(1, len(right) + 1))


@given(small, small, st.integers(0, 3))
def test_a_unified_diff_turns_live_into_desired(one: dict[str, str], other: dict[str, str], context: int) -> None:
    found = shown(config(**one), config(**other))
    live, wanted = dump(found.live).splitlines(), dump(found.predicted).splitlines()

    patched, position = [], 0
    for line in unified(found, context):
        if line.kind is LineKind.HUNK:
            assert line.right_no is not None
            patched += live[position : line.right_no - 1]
            position = line.right_no - 1
        elif line.kind is LineKind.ADDED:
            patched.append(line.text)
        else:
            assert live[position] == line.text
            patched += [line.text] if line.kind is LineKind.SAME else []
            position += 1

    assert patched + live[position:] == wanted


@pytest.mark.parametrize("context", [0, 3])
def test_hunks_of_both_forms_agree(context: int) -> None:
    found = shown(config(a="1", b="2", c="3", d="4"), config(a="1", b="x", c="3", d="y"))
    hunks = [line.text for line in unified(found, context) if line.kind is LineKind.HUNK]

    rows = [row for row in side_by_side(found, context) if row.kind is LineKind.HUNK]

    assert [row.left and row.left.text for row in rows] == hunks

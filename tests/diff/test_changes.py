"""Which fields differ: told without deepdiff where it would say the same."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.diff.changes import _coarse, _differing, _fine, _lists_meet
from gitops_tui.diff.lists import keyed
from gitops_tui.diff.meaning import same

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "1"])
NAMES = st.sampled_from(["a", "b", "containers", "env", "__private"])
ELEMENTS = st.fixed_dictionaries({"name": st.sampled_from(["x", "y", "z"])}, optional={"value": SCALARS})
BODIES = st.dictionaries(
    NAMES,
    st.recursive(SCALARS | st.lists(ELEMENTS, max_size=3), lambda inner: st.dictionaries(NAMES, inner, max_size=3)),
    max_size=4,
)


@given(BODIES, BODIES)
def test_where_no_lists_meet_deepdiff_would_say_the_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    one, other = _differing(keyed(left), keyed(right))
    if not _lists_meet(one, other) and not same(one, other):
        assert dict(_coarse(one, other, ())) == _fine(one, other)


def test_a_changed_value_needs_no_deepdiff() -> None:
    code = """
import sys
from gitops_tui.diff import compare
def body(image, colour):
    containers = [{"name": "web", "image": image, "args": ["a", "b"]}, {"name": "side", "image": "s"}]
    spec = {"template": {"spec": {"containers": containers}}}
    metadata = {"name": "web", "labels": {"colour": colour}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
found = compare(body("a:2", "blue"), body("a:1", "green"), body("a:2", "blue"))
print([(change.path, change.desired, change.live) for change in found.changes], "deepdiff" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    image = ("spec.template.spec.containers[web].image", "a:2", "a:1")
    assert done.stdout == f"{[('metadata.labels.colour', 'blue', 'green'), image]} False\n"

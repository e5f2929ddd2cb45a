"""Paths as a person reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.diff.lists import keyed, plain
from gitops_tui.diff.meaning import quantity
from gitops_tui.diff.paths import ANY, DROP, edited, named, parse_path, parse_pointer, resolve, show_path
from gitops_tui.model.errors import ConfigError

BODY: dict[str, Any] = {
    "metadata": {"annotations": {"a.b/c": "1", 'q"[]': "2", "*": "3"}},
    "spec": {
        "containers": [{"name": "web", "args": ["-v", "-x"]}, {"name": "side"}],
        "ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}],
    },
}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("spec.containers[web].image", ("spec", "containers", "web", "image")),
        ("spec.rules[0].host", ("spec", "rules", "0", "host")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations['a.b/c']", ("metadata", "annotations", "a.b/c")),
        ('["\\"x\\""]', ('"x"',)),
        ("data.*", ("data", ANY)),
        ("containers[*].image", ("containers", ANY, "image")),
        ('data["*"]', ("data", "*")),
        ("/spec/replicas", ("spec", "replicas")),
        ("/metadata/annotations/a.b~1c", ("metadata", "annotations", "a.b/c")),
        ("/spec/containers/0/image", ("spec", "containers", 0, "image")),
        ("/a/~01", ("a", "~1")),
    ],
)
def test_both_notations_are_read(text: str, steps: tuple[Any, ...]) -> None:
    assert parse_path(text) == steps


def test_a_shown_path_is_harmless() -> None:
    shown = show_path(("a\x1b[31m", "b\u202e"), {"a\x1b[31m": {"b\u202e": 1}})

    assert shown == '["a\\u001b[31m"]["b\\u202e"]'


def test_a_pointer_begins_with_a_slash() -> None:
    with pytest.raises(ConfigError, match="does not begin with /"):
        parse_pointer("spec/replicas")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("spec.containers[web].args[1]", [("spec", "containers", 0, "args", 1)]),
        ("spec.containers[1].name", [("spec", "containers", 1, "name")]),
        ("spec.containers[*].name", [("spec", "containers", 0, "name"), ("spec", "containers", 1, "name")]),
        ("spec.ports[53/UDP]", [("spec", "ports", 1)]),
        ("spec.ports[80].port", [("spec", "ports", 0, "port")]),
        ("spec.absent.deeper", []),
        ("spec.containers[9]", []),
        ("spec.containers[web].args[name]", []),
    ],
)
def test_a_path_finds_its_places(text: str, places: list[Any]) -> None:
    assert list(resolve(BODY, parse_path(text))) == places


def test_a_place_is_named_by_the_keys_of_its_elements() -> None:
    assert named(BODY, ("spec", "ports", 1, "port")) == ("spec", "ports", "53/UDP", "port")
    assert named(BODY, ("spec", "containers", 0, "args", 1)) == ("spec", "containers", "web", "args", 1)


def test_editing_drops_and_replaces_without_touching_the_original() -> None:
    made = edited(BODY, [("spec", "containers", 0), ("spec", "ports", 0, "port")], lambda _place, _value: DROP)

    assert made["spec"] == {"containers": [{"name": "side"}], "ports": [{}, {"port": 53, "protocol": "UDP"}]}
    assert BODY["spec"]["containers"][0]["name"] == "web"


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=6)
bodies = st.recursive(
    st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(bodies)
def test_keying_lists_loses_nothing(body: Any) -> None:
    assert plain(keyed(body)) == body


@given(st.dictionaries(texts, st.dictionaries(texts, st.integers(), min_size=1), min_size=1))
def test_a_shown_path_is_read_back(body: dict[str, dict[str, int]]) -> None:
    for outer, inner in body.items():
        for name in inner:
            shown = show_path((outer, name), body)
            assert parse_path(shown) == (outer, name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1000m", 1),
        ("1", 1.0),
        ("1Gi", 1073741824),
        ("1.5Gi", "1536Mi"),
        ("1G", "1000M"),
        ("1e3", "1k"),
        ("1E", "1e18"),
        ("100n", "0.1u"),
        (".5", "500m"),
        ("5.", 5),
        ("-1", -1),
    ],
)
def test_equal_quantities(one: Any, other: Any) -> None:
    assert quantity(one) == quantity(other) is not None


@pytest.mark.parametrize("text", ["", "abc", "1 Gi", "1gi", "Gi", "1e999", "--1", "1" * 50, True, None, [], {}])
def test_what_is_no_quantity(text: Any) -> None:
    assert quantity(text) is None

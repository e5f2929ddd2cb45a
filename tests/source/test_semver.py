from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.source.semver import Version, parse_range, parse_version

INSIDE = [
    (">=1.2 <2", ["1.2.0", "1.9.9", "v1.2.3"], ["1.1.9", "2.0.0", "2.0.0-alpha", "1.5.0-rc.1"]),
    (">=1.2, <2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
    (">1.2", ["1.3.0", "2.0.0"], ["1.2.0", "1.2.9"]),
    (">1.2.3", ["1.2.4"], ["1.2.3"]),
    ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]),
    ("<=1.2.3", ["1.2.3"], ["1.2.4"]),
    ("<1.2", ["1.1.9"], ["1.2.0", "1.2.0-rc.1"]),
    ("1.x", ["1.0.0", "1.99.0"], ["2.0.0", "0.9.0", "1.1.0-beta"]),
    ("1.2.x", ["1.2.0", "1.2.7"], ["1.3.0"]),
    ("v1.2.*", ["1.2.0", "v1.2.7"], ["1.3.0"]),
    ("*", ["0.0.1", "99.0.0"], ["1.0.0-rc.1"]),
    ("^1.2.0", ["1.2.0", "1.9.0"], ["2.0.0", "1.1.0", "2.0.0-rc.1"]),
    ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]),
    ("^0.0.3", ["0.0.3"], ["0.0.4"]),
    ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
    ("^0", ["0.0.0", "0.9.9"], ["1.0.0"]),
    ("^1", ["1.0.0", "1.9.9"], ["2.0.0"]),
    ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
    ("~1.2.3", ["1.2.3", "1.2.9"], ["1.2.2", "1.3.0"]),
    ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
    ("!=1.2.3 >=1.2", ["1.2.2", "1.2.4"], ["1.2.3"]),
    ("=1.2.3", ["1.2.3", "1.2.3+build.5"], ["1.2.4"]),
    ("1.2 - 1.4.5", ["1.2.0", "1.4.5"], ["1.4.6", "1.1.0"]),
    ("1.2 - 1.4", ["1.4.9"], ["1.5.0"]),
    ("^1.2 || ^3", ["1.2.0", "3.5.0"], ["2.0.0"]),
    (">=2.0.0-0", ["2.0.0-alpha", "2.0.0", "3.0.0-rc.1"], ["1.9.9"]),
    (">=1.2.0-rc.1 <2", ["1.2.0-rc.1", "1.2.0-rc.2", "1.2.0"], ["1.2.0-beta", "2.0.0-rc.1"]),
    ("~1.2.0-rc.1", ["1.2.0-rc.2", "1.2.5"], ["1.3.0", "1.2.0-alpha"]),
]


@pytest.mark.parametrize(("text", "inside", "outside"), INSIDE)
def test_what_a_range_holds(text: str, inside: list[str], outside: list[str]) -> None:
    found = parse_range(text)
    assert found is not None
    for tag in (*inside, *outside):
        version = parse_version(tag)
        assert version is not None
        assert found.holds(version) is (tag in inside), f"{tag} in {text}"


@pytest.mark.parametrize(
    "text", ["", "main", "1.2.3", "v1.2", "release/1.x", ">=", ">=1.2 main", "1.2 -", "=>x.1y", "^" * 300]
)
def test_what_is_no_range(text: str) -> None:
    assert parse_range(text) is None


def test_the_best_tag_is_the_highest_version_not_the_last_name() -> None:
    tags = ["v1.9.0", "v1.10.0", "v1.2.0", "v1.11.0-rc.1", "latest", "v2.0.0", "release-1.99.0"]
    found = parse_range("1.x")
    assert found is not None
    assert found.best(tags) == "v1.10.0"
    assert found.best(["latest", "v2.0.0"]) is None
    assert found.best(["1.2.0", "v1.2.0"]) == found.best(["v1.2.0", "1.2.0"]), "two names of one version cannot flap"


def test_the_order_of_the_specification() -> None:
    endings = ["0-alpha", "0-alpha.1", "0-alpha.beta", "0-beta", "0-beta.2", "0-beta.11", "0-rc.1", "0", "1"]
    versions = [parse_version(f"1.0.{ending}") for ending in endings]
    assert all(a is not None and b is not None and a < b for a, b in pairwise(versions))
    assert parse_version("1.0.0+a") == parse_version("1.0.0+b")


numbers = st.tuples(*(st.integers(0, 5),) * 3)


@given(numbers, numbers)
def test_caret_and_tilde_are_what_they_are_short_for(base: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    text = ".".join(map(str, base))
    caret, tilde = parse_range(f"^{text}"), parse_range(f"~{text}")
    assert caret is not None
    assert tilde is not None
    first = next((i for i, number in enumerate(base) if number), 2)
    assert caret.holds(Version(other)) is (other >= base and other[: first + 1] == base[: first + 1])
    assert tilde.holds(Version(other)) is (other >= base and other[:2] == base[:2])


@given(st.text(max_size=60))
def test_any_text_is_a_range_or_none(text: str) -> None:
    found = parse_range(text)
    assert found is None or found.groups

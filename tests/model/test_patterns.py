"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import gitops_tui
from gitops_tui.model.patterns import _Pattern, pattern

MODULES = [found.name for found in walk_packages(gitops_tui.__path__, "gitops_tui.") if "__main__" not in found.name]


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    found = pattern(r"(?P<name>[a-z]+)=\d", re.IGNORECASE)
    assert found.fullmatch("NAME=1")["name"] == "NAME"  # type: ignore[index]
    assert found.sub("x", "a=1 b=2") == "x x"
    assert found.pattern == r"(?P<name>[a-z]+)=\d"
    assert [match.group() for match in pattern(rb"\d+").finditer(b"1 22")] == [b"1", b"22"]


def test_a_pattern_is_compiled_when_it_is_used_and_not_before() -> None:
    broken = pattern("(")
    with pytest.raises(re.error):
        broken.match("")


def test_every_pattern_of_the_program_can_be_compiled() -> None:
    values = [value for name in MODULES for value in vars(import_module(name)).values()]
    values += [item for value in values if isinstance(value, tuple) for item in value]
    values += [item for value in values if isinstance(value, tuple) for item in value]
    found = [value for value in values if isinstance(value, _Pattern)]
    assert found
    assert all(isinstance(each.groups, int) for each in found)

"""Classes of values behave as those that the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from gitops_tui.model import values


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    name: str
    size: int = 3
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    secret: str = dataclasses.field(default="", repr=False)
    note: str = dataclasses.field(default="", compare=False)


@values.dataclass(frozen=True, slots=True)
class Ours:
    name: str
    size: int = 3
    labels: Mapping[str, str] = values.field(default_factory=dict, hash=False)
    secret: str = values.field(default="", repr=False)
    note: str = values.field(default="", compare=False)


@values.dataclass(frozen=True, slots=True)
class Below(Ours):
    more: int = 0


@values.dataclass(frozen=True, slots=True)
class Never:
    """No value of it is made but in the one test that looks at the first."""

    one: int
    two: int = 2


@values.dataclass(slots=True)
class Moving:
    count: int
    seen: list[int] = values.field(default_factory=list)


@values.dataclass(frozen=True, slots=True, order=True)
class Ranked:
    rank: int
    name: str


@values.dataclass(frozen=True, slots=True, eq=False)
class Itself:
    name: str


ARGUMENTS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    (("a",), {}),
    (("a", 4), {}),
    (("a",), {"secret": "s"}),
    (("a",), {"note": "n"}),
    (("a",), {"labels": {"x": "y"}}),
    (("a", 4, {"x": "y"}, "s", "n"), {}),
    (("b",), {"size": 4}),
)


@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_a_value_looks_as_the_standard_one(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, standard = Ours(*given, **named), Standard(*given, **named)
    assert [getattr(ours, each.name) for each in dataclasses.fields(standard)] == list(dataclasses.astuple(standard))
    assert repr(ours) == repr(standard).replace("Standard", "Ours")
    assert hash(ours) == hash(standard)
    assert "'s'" not in repr(ours)


def test_values_compare_as_the_standard_ones() -> None:
    ours = [Ours(*given, **named) for given, named in ARGUMENTS]
    standard = [Standard(*given, **named) for given, named in ARGUMENTS]
    assert [[one == other for one in ours] for other in ours] == [[a == b for a in standard] for b in standard]
    assert Ours("a") != Below("a")
    assert Ours("a").__eq__("a") is NotImplemented


@pytest.mark.parametrize(("given", "named"), [((), {}), (("a", 1, {}, "", "", 6), {}), (("a",), {"none": 1})])
def test_arguments_that_do_not_fit_are_refused(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Ours, Standard):
        with pytest.raises(TypeError):
            kind(*given, **named)


def fresh() -> Any:
    """A class of which no value was made."""

    @values.dataclass(frozen=True, slots=True)
    class Fresh:
        name: str
        size: int = 3
        labels: Mapping[str, str] = values.field(default_factory=dict, hash=False)
        secret: str = values.field(default="", repr=False)
        note: str = values.field(default="", compare=False)

    return Fresh


def is_written(cls: Any) -> bool:
    """Whether its `__init__` was written and compiled for it."""
    return bool(cls.__init__.__code__.co_filename == "<string>")


@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_the_first_values_of_a_class_are_as_those_that_come_when_there_are_many(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    cls = fresh()
    first = cls(*given, **named)
    assert not is_written(cls)
    made = [cls(*given, **named) for _ in range(100)]
    assert is_written(cls)
    assert made == [first] * 100
    assert {repr(each) for each in made} == {repr(first)}


def test_the_first_values_of_a_class_cost_no_function_of_its_own() -> None:
    cls = fresh()
    for _ in range(values._FEW):
        cls("a", note="n")
    assert not is_written(cls)
    cls("a", note="n")
    assert is_written(cls)


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), (("a", 1, {}, "", "", 6), {}), (("a",), {"none": 1}), (("a",), {"name": "b"})]
)
def test_the_first_values_of_a_class_are_refused_in_pythons_own_words(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    cls = fresh()
    with pytest.raises(TypeError) as told:
        cls(*given, **named)
    with pytest.raises(TypeError) as standard:
        Standard(*given, **named)
    assert str(told.value).partition("__init__()")[2] == str(standard.value).partition("__init__()")[2]


def test_the_first_value_is_as_good_as_the_second() -> None:
    assert [Never(1), Never(one=1, two=2)] == [Never(1, 2)] * 2
    with pytest.raises(TypeError):
        Never()  # type: ignore[call-arg]


def test_a_default_that_is_made_is_made_for_each() -> None:
    many = [Moving(1) for _ in range(100)]
    for each in many:
        each.seen.append(5)
    assert [each.seen for each in many] == [[5]] * 100
    assert Moving(1, [5]) == many[0]


def test_what_is_frozen_stays_and_what_moves_moves() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Ours("a").name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del Ours("a").name
    moving = Moving(1)
    moving.count += 1
    assert moving == Moving(2)
    with pytest.raises(TypeError):
        hash(moving)
    for value in (Ours("a"), moving):
        assert not hasattr(value, "__dict__")


def test_values_can_be_put_in_order() -> None:
    assert sorted([Ranked(2, "a"), Ranked(1, "b"), Ranked(1, "a")]) == [Ranked(1, "a"), Ranked(1, "b"), Ranked(2, "a")]
    assert Ranked(1, "a") <= Ranked(1, "a")
    assert Ranked(1, "b") > Ranked(1, "a")
    assert Ranked(1, "b") >= Ranked(1, "a")
    with pytest.raises(TypeError):
        _ = Ranked(1, "b") < 1  # type: ignore[operator]


def test_without_comparing_a_value_is_only_itself() -> None:
    one = Itself("a")
    assert one == one  # noqa: PLR0124 - that is the case
    assert one != Itself("a")
    assert len({one, Itself("a")}) == 2


def test_a_class_below_has_the_fields_of_both() -> None:
    below = Below("a", more=7)
    assert (below.name, below.size, below.more) == ("a", 3, 7)
    assert values.replace(below, name="b") == Below("b", more=7)
    assert isinstance(below, Ours)


@pytest.mark.parametrize("replace", [values.replace, dataclasses.replace])
def test_a_value_is_made_of_another(replace: Any) -> None:
    assert replace(Ours("a", 4, note="n"), name="b") == Ours("b", 4)
    assert replace(Ours("a", note="n"), name="b").note == "n"
    with pytest.raises(TypeError):
        replace(Ours("a"), none=1)


def test_the_standard_library_knows_what_it_is_asked() -> None:
    assert dataclasses.is_dataclass(Ours)
    assert dataclasses.fields(Ours) == dataclasses.fields(Ours), "worked out once"
    assert [each.name for each in dataclasses.fields(Below)] == ["name", "size", "labels", "secret", "note", "more"]
    assert dataclasses.astuple(Ours("a", 4)) == dataclasses.astuple(Standard("a", 4))


def test_a_value_can_be_matched_copied_and_pickled() -> None:
    value = Ours("a", 4)
    match value:
        case Ours(name, size=size):
            assert (name, size) == ("a", 4)
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value  # noqa: S301

"""What is due when: one time a name, the newest counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.engine.schedule.agenda import Agenda

NEVER = float("inf")


def test_what_is_due_is_told_once_in_order() -> None:
    agenda = Agenda()
    for name, when in (("late", 9.0), ("second", 2.0), ("first", 1.0), ("also-second", 2.0)):
        agenda.put(name, when)
    assert agenda.next_due() == 1.0
    assert agenda.take(2.0) == ["first", "second", "also-second"]
    assert agenda.take(2.0) == []
    assert agenda.next_due() == 9.0


def test_a_new_time_takes_the_place_of_the_one_before() -> None:
    agenda = Agenda()
    agenda.put("shop", 1.0)
    agenda.put("shop", 5.0)
    assert agenda.take(4.0) == []
    agenda.put("shop", 3.0)
    assert (agenda.when("shop"), agenda.take(4.0)) == (3.0, ["shop"])
    assert agenda.when("shop") == 3.0
    agenda.put("shop", 3.0)
    assert agenda.take(4.0) == ["shop"]


def test_what_has_no_time_is_never_due() -> None:
    agenda = Agenda()
    agenda.put("shop", 1.0)
    agenda.put("shop", NEVER)
    agenda.put("gone", 2.0)
    agenda.drop("gone")
    assert (agenda.next_due(), agenda.when("shop"), agenda.take(1e9)) == (NEVER, NEVER, [])


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 50))))
def test_it_says_what_a_table_of_times_says(moves: list[tuple[str, int]]) -> None:
    agenda, table = Agenda(), dict[str, int]()
    for name, when in moves:
        agenda.put(name, when)
        table[name] = when
        assert agenda.next_due() == min(table.values())
    assert sorted(agenda.take(25)) == sorted(name for name, when in table.items() if when <= 25)
    assert sorted(agenda.take(50)) == sorted(name for name, when in table.items() if when > 25)

"""A user's conditions on the fields of an object, and messages with fields in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.model.rules import Expression, ExpressionError, Template

DATABASE: dict[str, Any] = {
    "kind": "Database",
    "metadata": {"labels": {"app.kubernetes.io/name": "orders"}, "generation": 3},
    "spec": {"shards": 3, "paused": False, "modes": ["read", "write"], "size": 1.0},
    "status": {
        "phase": "Failed",
        "ready": 2,
        "since": "2026-03-01T12:00:00Z",
        "nothing": None,
        "conditions": [{"type": "Synced", "status": "True"}, {"type": "Ready", "status": "False", "reason": "Lost"}],
        "shards": [{"name": "a b", "ready": True}, {"name": "c", "ready": False}],
    },
}


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "kind == 'Database'",
        'status.phase == "Failed"',
        "status.phase != 'Ready'",
        "status.ready < spec.shards",
        "status.ready <= 2 and status.ready >= 2",
        "not status.ready > 2.5",
        "spec.size == 1",
        "status.since < '2026-03-02'",
        "status.phase in ['Lost', 'Failed']",
        "'write' in spec.modes",
        "not 'drop' in spec.modes",
        "exists status.nothing",
        "not exists status.nextRetry",
        "status.nextRetry == null and status.nothing == null",
        "status.conditions[type=Ready].status == 'False'",
        "status.conditions[ type = 'Ready' ].reason == 'Lost'",
        'status.shards[name="a b"].ready',
        "status.shards[0].ready and not status.shards[1].ready",
        "not exists status.shards[2]",
        'metadata.labels["app.kubernetes.io/name"] == "orders"',
        "false or (true and not false)",
        "true or true and false",
        "not spec.paused == true",
        "not (true == 1)",
    ],
)
def test_what_holds(text: str) -> None:
    assert Expression.parse(text).holds(DATABASE)


@pytest.mark.parametrize(
    "text",
    [
        "false",
        "spec.paused",
        "status.phase",  # a text is no truth
        "status.ready == '2'",
        "status.phase < 3",
        "status.absent < 3 or status.absent > 3",
        "spec.paused < 1",
        "status.phase in status.phase",
        "status.ready in []",
        "status.conditions[type=Absent].status == 'True'",
        "exists status.phase.deeper",
    ],
)
def test_what_does_not_hold(text: str) -> None:
    assert not Expression.parse(text).holds(DATABASE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a path or a value, not the end (character 1)"),
        ("status.phase ==", "expected a path or a value, not the end (character 16)"),
        ("status.phase = 'x'", "`=` is not expected (character 14)"),
        ("'Failed'", "expected a comparison with this value (character 1)"),
        ("status.phase 'x'", "expected `and`, `or` or the end, not `x` (character 14)"),
        ("(status.ready", "expected `)`, not the end (character 14)"),
        ("a in [1, b]", "expected a path or a value, not a path (character 10)"),
        ("exists 3", "expected a path such as `status.phase`, not a value (character 8)"),
        ("status..phase == 1", "is no path from here (character 7)"),
        ("status[type=] == 1", "is no path from here (character 7)"),
        ('a == "\\q"', "has a bad escape between its quotes (character 6)"),
        ('a == "open', '`"` is not expected (character 6)'),
        ("not " * 40 + "a", "is nested too deeply, not `not` (character 121)"),
        ("a == 1 or " * 101 + "b", "is longer than 1000 characters (character 1001)"),
        ("__import__('os')", "expected `and`, `or` or the end, not `(` (character 11)"),
    ],
)
def test_what_is_no_expression_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text)
    assert str(caught.value) == told


def test_messages_show_fields() -> None:
    def filled(text: str) -> str:
        return Template.parse(text).fill(DATABASE)

    assert filled("{status.ready} of {spec.shards} shards") == "2 of 3 shards"
    assert filled("{status.conditions[type=Ready].reason}: {status.absent}") == "Lost: ?"
    assert filled("{{{status.phase}}} {spec.paused} {spec.modes}") == '{Failed} false ["read", "write"]'
    assert filled("") == ""


def test_what_a_message_shows_is_harmless() -> None:
    body = {"status": {"message": "gone\x1b]0;owned\x07\nsecond line"}}

    assert Template.parse("{status.message}").fill(body) == "gone␛]0;owned␇ second line"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{status.phase", "expected `}` after the path (character 14)"),
        ("{}", "expected a path after `{`: write `{{` for the brace itself (character 2)"),
        ("a }", "a `}` without a `{`: write `}}` for the brace itself (character 3)"),
    ],
)
def test_what_is_no_message_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Template.parse(text)
    assert str(caught.value) == told


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(anything, st.sampled_from(["a.b[0] < c", "a[b=x].c in a", "exists a[1]", "not a == b and 'x' in c.b"]))
def test_every_object_gets_an_answer(body: Any, text: str) -> None:
    assert Expression.parse(text).holds(body) in {True, False}


@settings(max_examples=100)
@given(st.text(alphabet="ab.[]='\" ()<>!&,0-{}", max_size=30))
def test_every_text_is_an_expression_or_told_why_not(text: str) -> None:
    for read in (Expression.parse, Template.parse):
        try:
            read(text)
        except ExpressionError as error:
            assert 1 <= error.at <= len(text) + 1

"""What holds for every live object, and how an application's health is made of many."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.health import RULES, assess, counts, lift, worst
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.yamlio import load_all

FILES = sorted((Path(__file__).parent / "verdicts").glob("*/*.yaml"))
OBJECTS: list[dict[str, Any]] = [load_all(file.read_bytes(), name=file.name)[0].value for file in FILES]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in an object."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, item in below for spot in spots(item, (*path, key)))]


def damaged(value: Any, spot: tuple[Any, ...], by: Any) -> Any:
    """The object with one place replaced."""
    if not spot:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[spot[0]] = damaged(copy[spot[0]], spot[1:], by)
    return copy


@given(st.data())
def test_a_malformed_object_gets_a_verdict_too(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(OBJECTS))
    spot = data.draw(st.sampled_from([spot for spot in spots(whole) if spot]))
    broken = damaged(whole, spot, data.draw(json_values))

    assert isinstance(assess(broken, 0.0), Health)
    assert isinstance(lift(broken, [broken], 0.0), Health)


@given(st.sampled_from(sorted(RULES)), json_values, json_values, json_values)
def test_a_rule_takes_whatever_it_is_given(kind: tuple[str, str], spec: Any, status: Any, metadata: Any) -> None:
    group, name = kind
    version = f"{group}/v1" if group else "v1"

    health = assess({"apiVersion": version, "kind": name, "spec": spec, "status": status, "metadata": metadata})

    assert health.code in HealthCode


def test_messages_are_harmless() -> None:
    message = "gone \x1b]0;owned\x07 wrong\nsecond line \u202e"
    broken = {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "status": {"conditions": [{"type": "Ready", "status": "False", "message": message}]},
    }

    shown = assess(broken).message

    assert "\x1b" not in shown
    assert "\n" not in shown
    assert "\u202e" not in shown
    assert shown.startswith("gone ␛]0;owned␇ wrong second line")


def test_a_foreign_kind_of_a_known_name_is_judged_by_its_conditions() -> None:
    knative = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "spec": {"type": "LoadBalancer"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert assess(knative) == Health(HealthCode.HEALTHY, "", "conditions")


def test_the_clock_may_be_wrong() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "status": {
            "phase": "Pending",
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "no node fits",
                    "lastTransitionTime": "2026-03-01T12:00:00Z",
                }
            ],
        },
    }
    then = datetime.fromisoformat("2026-03-01T12:00:00Z").timestamp()

    assert assess(pod, then - 3600).code == HealthCode.PROGRESSING
    assert assess(pod).code == HealthCode.PROGRESSING
    assert assess(pod, then + 15.5).code == HealthCode.DEGRADED


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ([], "Healthy"),
        (["None", "None"], "Healthy"),
        (["Healthy", "Suspended"], "Suspended"),
        (["Suspended", "Progressing", "Healthy"], "Progressing"),
        (["Progressing", "Degraded"], "Degraded"),
        (["Degraded", "Unknown"], "Unknown"),
        (["Missing", "Missing"], "Missing"),
        (["Missing", "Healthy"], "Healthy"),
        (["Missing", "None"], "Healthy"),
        (["Missing", "Progressing"], "Progressing"),
    ],
)
def test_an_application_is_as_bad_as_its_worst_resource(codes: list[str], wanted: str) -> None:
    assert worst(Health(HealthCode(code)) for code in codes).code == wanted


def test_hooks_and_excused_objects_do_not_count() -> None:
    def noted(**notes: str) -> dict[str, Any]:
        return json.loads(json.dumps({"metadata": {"annotations": notes}}))  # type: ignore[no-any-return]

    assert counts(noted())
    assert not counts(noted(**{"argocd.argoproj.io/hook": "PreSync"}))
    assert not counts(noted(**{"helm.sh/hook": "test"}))
    assert not counts(noted(**{"argocd.argoproj.io/ignore-healthcheck": "true"}))
    assert counts(noted(**{"argocd.argoproj.io/ignore-healthcheck": "false"}))

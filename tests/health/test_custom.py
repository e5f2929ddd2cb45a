"""A user says how a custom kind fares; the kind's own rule has the word where nothing of that holds."""

from __future__ import annotations

from typing import Any

from gitops_tui.health import assess, lift
from gitops_tui.model.resources import Health, HealthCode
from gitops_tui.model.rules import Expression, HealthRule, KindRules, Template


def rule(when: str, code: HealthCode, message: str = "") -> HealthRule:
    return HealthRule(Expression.parse(when), code, Template.parse(message))


def rules(group: str, kind: str, *given: HealthRule) -> tuple[KindRules, ...]:
    return (KindRules("other.example.org", kind, (rule("true", HealthCode.UNKNOWN),)), KindRules(group, kind, given))


DATABASE = rules(
    "db.example.org",
    "Database",
    rule("spec.hibernate == true", HealthCode.SUSPENDED, "hibernates"),
    rule("status.shards.ready < spec.shards", HealthCode.DEGRADED, "{status.shards.ready} of {spec.shards} shards"),
    rule("status.phase == 'Running'", HealthCode.HEALTHY, "{status.phase}"),
)


def database(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "db.example.org/v1", "kind": "Database", "spec": spec, "status": status}


def test_the_first_rule_that_holds_decides() -> None:
    few = {"shards": {"ready": 2}, "phase": "Running"}

    assert assess(database(few, shards=3), rules=DATABASE) == Health(
        HealthCode.DEGRADED, "2 of 3 shards", "configured rule 2"
    )
    assert assess(database(few, shards=3, hibernate=True), rules=DATABASE).code == HealthCode.SUSPENDED
    assert assess(database(few, shards=2), rules=DATABASE) == Health(HealthCode.HEALTHY, "Running", "configured rule 3")


def test_where_none_holds_the_kind_is_judged_as_ever() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "False", "message": "no leader"}]}

    assert assess(database(ready), rules=DATABASE) == Health(HealthCode.DEGRADED, "no leader", "conditions")
    assert assess(database({}), rules=DATABASE).code == HealthCode.NONE


def test_an_object_that_is_going_away_is_on_its_way_whatever_a_rule_says() -> None:
    going = {**database({"phase": "Running"}), "metadata": {"deletionTimestamp": "2026-03-01T12:00:00Z"}}

    assert assess(going, rules=DATABASE).message == "pending deletion"


def test_what_a_user_says_of_a_workload_is_not_lifted_over() -> None:
    crashing = {
        "kind": "Pod",
        "spec": {},
        "status": {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
    }
    batch = rules("apps", "Deployment", rule("true", HealthCode.PROGRESSING, "warms up"))

    judged = lift({"apiVersion": "apps/v1", "kind": "Deployment"}, [crashing], rules=batch)

    assert (judged.code, judged.message) == (HealthCode.PROGRESSING, "warms up")

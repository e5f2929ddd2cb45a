"""Sync options change how an object is written, deleted and checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import InvalidError, NotServedError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import Action, Change, ChangeSet, Method, OperationPhase, SyncPhase
from gitops_tui.model.resources import ResourceKey
from gitops_tui.sync import Pair, is_immutable
from gitops_tui.sync.options import creates_namespace, forces, kept_from_apply, propagation_of
from gitops_tui.sync.plan import plan
from tests.sync.world import SHOP, Scene, body, definition, merge

OPTIONS = "argocd.argoproj.io/sync-options"
FLUX = "kustomize.toolkit.fluxcd.io"


def config(name: str, value: str = "1", options: str = "", **notes: str) -> Any:
    given = {**notes, **({OPTIONS: options} if options else {})}
    return body("ConfigMap", name, notes=given or None, data={"a": value})


def key(name: str) -> ResourceKey:
    return ResourceKey("", "ConfigMap", "shop", name)


def only(changeset: ChangeSet) -> Change:
    (change,) = changeset.changes
    return change


def with_policy(**fields: Any) -> Scene:
    return Scene(replace(SHOP, policy=SyncPolicy(**fields)))


def immutable(pair: Pair) -> Pair:
    """As the engine finds it when a dry-run is refused because of an immutable field."""
    return replace(pair, immutable=True, refusal="data: Forbidden: field is immutable when `immutable` is set")


def plan_refused(scene: Scene, *desired: Any) -> ChangeSet:
    known = frozenset(scene.world.objects)
    return plan(scene.application, "c0ffee", [*map(immutable, scene.pairs(*desired))], prune=False, inventory=known)


# Force and Replace


def test_a_field_that_cannot_change_refuses_the_plan_and_names_the_way_out(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)

    (refusal,) = plan_refused(scene, config("a", "new")).refusals

    assert refusal.startswith("ConfigMap shop/a: data: Forbidden: field is immutable")
    assert "argocd.argoproj.io/sync-options: Force=true" in refusal


@pytest.mark.parametrize("notes", [{OPTIONS: "Force=true"}, {f"{FLUX}/force": "enabled"}])
def test_with_force_it_is_deleted_and_made_anew(scene: Scene, notes: dict[str, str]) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    changeset = plan_refused(scene, config("a", "new", **notes))

    change = only(changeset)
    outcome = scene.execute(changeset)

    assert (changeset.refusals, changeset.held) == ((), ())
    assert (change.action, change.method, change.why) == (
        Action.UPDATE,
        Method.RECREATE,
        "made anew: a field cannot change",
    )
    assert change.warnings == ("is deleted and made anew",)
    assert scene.writes == ["delete ConfigMap/a foreground", "apply ConfigMap/a"]
    (row,) = outcome.resources
    assert (row.result.value, row.action) == ("Created", Action.UPDATE)
    assert row.before is not None
    assert row.before["data"] == {"a": "old"}


def test_what_is_nobodys_is_never_deleted_to_be_made_anew(scene: Scene) -> None:
    scene.world.put(config("a", "old"))

    changeset = plan_refused(scene, config("a", "new", "Force=true"))

    assert only(changeset).method is Method.APPLY
    assert changeset.refusals


def test_an_object_that_became_anothers_is_not_deleted_to_be_made_anew(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    changeset = plan_refused(scene, config("a", "new", "Force=true"))
    recreated = scene.world.objects[key("a")]
    scene.world.on_apply = lambda *_: None
    read, looks = scene.world.read, []

    def read_and_lose(at: ResourceKey, *, api_version: str = "") -> Any:
        looks.append(at)
        if len(looks) == 2:  # after the preflight
            merge(recreated, {"metadata": {"annotations": {"gitops-tui.dev/tracking-id": "other:/ConfigMap:shop/a"}}})
        return read(at, api_version=api_version)

    scene.world.read = read_and_lose  # type: ignore[method-assign, assignment]
    outcome = scene.execute(changeset)

    assert outcome.phase is OperationPhase.FAILED
    assert scene.writes == []
    assert "is no longer shop's" in outcome.message


def test_an_object_whose_deletion_hangs_is_reported_with_what_holds_it(scene: Scene) -> None:
    held = config("a", "old")
    held["metadata"]["finalizers"] = ["example.org/wait"]
    scene.world.put(held, application=SHOP)

    outcome = scene.execute(plan_refused(scene, config("a", "new", "Force=true")), timeout=30)

    assert outcome.phase is OperationPhase.FAILED
    assert "is still there after 30 s, held by example.org/wait" in outcome.message


def test_a_volume_claim_made_anew_waits_for_a_person_and_says_what_is_lost(scene: Scene) -> None:
    claim = body("PersistentVolumeClaim", "data", notes={OPTIONS: "Force=true"}, spec={"size": 1})
    scene.world.put(body("PersistentVolumeClaim", "data", spec={"size": 2}), application=SHOP)

    changeset = plan_refused(scene, claim)

    assert changeset.held == ("deletes PersistentVolumeClaim shop/data and makes it anew",)
    assert only(changeset).irreversible == "its data may be lost"


def test_replace_puts_the_whole_object_and_says_so(scene: Scene) -> None:
    scene.world.put({**config("a", "old"), "binaryData": {"b": "eA=="}}, application=SHOP)

    changeset = scene.plan(config("a", "new", "Replace=true"))
    scene.execute(changeset)

    assert only(changeset).method is Method.REPLACE
    assert any("replaces the whole object" in warning for warning in only(changeset).warnings)
    assert scene.writes == ["replace ConfigMap/a"]
    assert "binaryData" not in scene.world.objects[key("a")]


def test_replace_survives_a_status_that_moves_the_object_meanwhile(scene: Scene) -> None:
    scene.world.put({**config("a", "old"), "status": {"seen": 1}}, application=SHOP)
    changeset = scene.plan(config("a", "new", "Replace=true"))
    scene.world.touch(key("a"), status={"seen": 2})

    assert scene.execute(changeset).phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["replace ConfigMap/a"]


def test_replace_and_force_together_always_make_anew(scene: Scene) -> None:
    scene.world.put(config("a", "old"), application=SHOP)
    assert only(scene.plan(config("a", "new", "Replace=true,Force=true"))).method is Method.RECREATE


def test_what_is_in_sync_is_neither_replaced_nor_made_anew(scene: Scene) -> None:
    same = config("a", "1", "Replace=true,Force=true")
    scene.world.put(same, application=SHOP)
    assert only(scene.plan(same)).action is Action.SKIP


def test_a_new_object_is_applied_whatever_its_options_say(scene: Scene) -> None:
    assert only(scene.plan(config("a", "1", "Replace=true,Force=true"))).method is Method.APPLY


def test_where_ignore_rules_leave_fields_to_others_an_object_is_applied_not_replaced() -> None:
    scene = Scene(replace(SHOP, ignore=(IgnoreRule(paths=("data.a",)),)))
    scene.world.put({**config("a", "theirs"), "binaryData": {"b": "eA=="}}, application=SHOP)
    stated = {**config("a", "ours", "Replace=true"), "binaryData": {"b": "eQ=="}}

    change = only(scene.plan(stated))

    assert change.method is Method.APPLY
    assert "applied, not replaced: ignore rules leave fields of it to others" in change.warnings


@pytest.mark.parametrize(
    ("told", "cause", "expected"),
    [
        ('Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable', "", True),
        ("spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", "", True),
        ("spec.clusterIPs[0]: Invalid value: []: may not change once set", "", True),
        ("spec: Forbidden: pod updates may not change fields other than `spec.image`", "", True),
        ("roleRef: Invalid value: cannot change roleRef", "", True),
        ("spec.resources.requests.storage: Forbidden: field can not be less than previous value", "", True),
        ("the API server finds it invalid (not shown)", "type: FieldValueInvalid", True),
        ("the API server finds it invalid (not shown)", "data[a]: FieldValueInvalid", False),
        ('Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be non-negative', "", False),
        ("admission webhook denied the request: no latest tags", "", False),
    ],
)
def test_what_a_server_says_of_a_field_that_cannot_change(told: str, cause: str, expected: bool) -> None:
    assert is_immutable(InvalidError("x", told, status=422, causes=(cause,) if cause else ())) is expected


# what an application says for all its objects


def test_an_object_beats_its_application(scene: Scene) -> None:
    scene = with_policy(options=("Replace=true",))
    scene.world.put(config("a", "old"), config("b", "old"), application=SHOP)

    changeset = scene.plan(config("a", "new"), config("b", "new", "Replace=false"))

    assert [change.method for change in changeset.changes] == [Method.REPLACE, Method.APPLY]


def test_validate_false_lets_the_server_drop_unknown_fields() -> None:
    scene = Scene()
    scene.sync(config("strict"), config("lax", options="Validate=false"))
    assert scene.world.lax == {key("lax")}


def test_prune_false_for_all_keeps_all() -> None:
    scene = with_policy(options=("Prune=false",))
    scene.world.put(config("extra"), application=SHOP)
    assert only(scene.plan(prune=True)).why == "kept by Prune=false"


def test_prune_confirm_waits_for_a_person() -> None:
    scene = with_policy(allow_empty=True, options=("Prune=confirm",))
    scene.world.put(config("extra"), application=SHOP)
    assert scene.plan(prune=True).held == ("ConfigMap shop/extra asks for a confirmed prune",)


@pytest.mark.parametrize("way", ["object", "application"])
def test_the_propagation_of_an_object_or_of_all(way: str) -> None:
    option = "PrunePropagationPolicy=orphan"
    scene = with_policy(allow_empty=True, options=(option,) if way == "application" else ())
    scene.world.put(config("extra", options=option if way == "object" else ""), application=SHOP)
    scene.sync(prune=True)
    assert scene.writes == ["delete ConfigMap/extra orphan"]


def test_prune_last_comes_after_the_hooks_that_follow_the_sync() -> None:
    scene = with_policy(options=("PruneLast=true",), max_prune=1.0)
    scene.world.put(config("gone"), application=SHOP)
    smoke = body("ConfigMap", "smoke", notes={"argocd.argoproj.io/hook": "PostSync"})

    changeset = scene.plan(config("new"), smoke, prune=True)
    scene.execute(changeset)

    assert changeset.changes[-1].phase is SyncPhase.POST_SYNC
    assert scene.writes == ["apply ConfigMap/new", "apply ConfigMap/smoke", "delete ConfigMap/gone foreground"]


# a kind that nobody serves yet


def unserved(scene: Scene, widget: Any) -> list[Pair]:
    error = NotServedError("example.org/Widget", "is not served", status=404)
    return [replace(pair, unserved=True, refusal=str(error)) for pair in scene.pairs(widget)]


def test_a_kind_that_nobody_serves_refuses_the_plan(scene: Scene) -> None:
    changeset = plan(SHOP, "c0ffee", unserved(scene, body("Widget", "w")), prune=False, inventory=frozenset())
    (refusal,) = changeset.refusals
    assert refusal.startswith("example.org/Widget shop/w: ")
    assert "is not served" in refusal


def test_a_namespace_of_the_same_plan_excuses_no_kind_that_nobody_serves(scene: Scene) -> None:
    widget, namespace = body("Widget", "w", namespace="new"), body("Namespace", "new")
    pairs = [*unserved(scene, widget), *scene.pairs(namespace)]
    assert plan(SHOP, "c0ffee", pairs, prune=False, inventory=frozenset()).refusals

    outcome = scene.sync(widget, namespace)

    assert outcome.phase is OperationPhase.FAILED
    assert scene.writes == []


def test_a_kind_that_an_operator_brings_during_the_sync_is_waited_for(scene: Scene) -> None:
    widget = body("Widget", "w", notes={OPTIONS: "SkipDryRunOnMissingResource=true"})
    established = {**definition(), "status": {"conditions": [{"type": "Established", "status": "True"}]}}
    scene.clock.at(5, lambda: scene.world.put(established))
    changeset = plan(SHOP, "c0ffee", unserved(scene, widget), prune=False, inventory=frozenset())

    outcome = scene.execute(changeset)

    assert changeset.refusals == ()
    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply Widget/w"]
    assert scene.clock.time >= 5


# what an object or an application asks for, by itself

ALONE = "left alone by reconcile: disabled"
IGNORED = "left alone by ssa: Ignore"
ONCE = "exists, and ssa: IfNotPresent says to leave it"


@pytest.mark.parametrize(
    ("stated", "live", "why"),
    [
        ({}, {}, ""),
        ({"reconcile": "disabled"}, None, ALONE),
        ({"reconcile": "disabled"}, {}, ALONE),
        ({}, {"reconcile": "disabled"}, ALONE),
        ({"reconcile": "enabled"}, {}, ""),
        ({"ssa": "Ignore"}, None, IGNORED),
        ({}, {"ssa": "Ignore"}, IGNORED),
        ({"ssa": "IfNotPresent"}, None, ""),
        ({"ssa": "IfNotPresent"}, {}, ONCE),
        ({}, {"ssa": "IfNotPresent"}, ""),
        ({"ssa": "Merge"}, {}, ""),
        ({"ssa": "Override"}, {"ssa": "Override"}, ""),
    ],
)
def test_either_side_keeps_an_object_from_being_applied(
    stated: dict[str, str], live: dict[str, str] | None, why: str
) -> None:
    sides = [
        body("ConfigMap", "a", notes={f"{FLUX}/{name}": value for name, value in notes.items()})
        for notes in (stated, live or {})
    ]
    assert kept_from_apply(sides[0], None if live is None else sides[1]) == why


@pytest.mark.parametrize("way", ["foreground", "background", "orphan"])
@pytest.mark.parametrize("usual", ["foreground", "background", "orphan"])
def test_an_object_says_how_what_depends_on_it_goes(way: str, usual: str) -> None:
    policy = SyncPolicy(propagation=usual)
    assert propagation_of(config("a", options=f"PrunePropagationPolicy={way}"), policy) == way
    assert propagation_of(config("a", options="PrunePropagationPolicy=sideways"), policy) == usual
    assert propagation_of(config("a"), policy) == usual


@pytest.mark.parametrize(("value", "forced"), [("enabled", True), ("true", True), ("True", True), ("disabled", False)])
def test_flux_forces_an_object_too(value: str, *, forced: bool) -> None:
    assert forces(config("a", **{f"{FLUX}/force": value}), SyncPolicy()) is forced
    assert forces(config("a", options="Force=true"), SyncPolicy())
    assert not forces(config("a"), SyncPolicy())


@pytest.mark.parametrize(
    ("options", "policy", "made"),
    [
        ((), True, True),
        ((), False, False),
        (("CreateNamespace=true",), False, True),
        (("CreateNamespace=false",), True, False),
    ],
)
def test_a_missing_namespace_is_made_as_the_option_says_else_the_policy(
    options: tuple[str, ...], *, policy: bool, made: bool
) -> None:
    assert creates_namespace(SyncPolicy(options=options, create_namespace=policy)) is made

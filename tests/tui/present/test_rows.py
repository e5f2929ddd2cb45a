"""Values become rows, without a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_tui.model.operations import Action, HistoryEntry, OperationKind, Pause, Pin, Result
from gitops_tui.model.resources import ABSENT, DriftCode, FieldChange, HealthCode, ResourceStatus
from gitops_tui.model.status import ClusterStatus, Snapshot, SyncCode, WorkerState
from gitops_tui.tui.look.spans import plain
from gitops_tui.tui.present import applications, details, frame, history, places, plans, resources
from tests.tui import scenes

SHOP = scenes.shop()
CART = SHOP.applications["cart"]


def texts(cells: tuple[object, ...]) -> list[str]:
    return [plain(cell) for cell in cells]  # type: ignore[arg-type]


def test_an_application_as_a_row() -> None:
    assert texts(applications.cells(CART, scenes.NOW)) == [
        "cart",
        "shop",
        "shop-prod/shop",
        "≠ OutOfSync",
        "● Healthy",
        "738d8b8 ↑",
        "Raise the cart's memory limit after Friday's OOM kills",
        "2h",
        "5/7",
        "3 changed, 1 missing, 1 extra",
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("catalog", ""),
        ("checkout", "stale: apps/checkout/deployment.yaml:23: duplicate key replicas"),
        ("landing-page", "pinned by priya@ops"),
        ("search", "sync 2/5 waiting for Deployment/search: 1 of 3 replicas updated"),
    ],
)
def test_what_is_wrong_in_a_few_words(name: str, what: str) -> None:
    assert plain(applications.what(SHOP.applications[name])) == what


def test_a_commit_of_another_application_is_not_waited_for() -> None:
    older = replace(CART, deployed="a" * 40)
    assert applications.waits(older)
    assert not applications.waits(replace(older, sync=SyncCode.SYNCED, drifted=0))


def test_a_clock_behind_the_commit_shows_no_negative_age() -> None:
    assert texts(applications.cells(CART, 0.0))[7] == "0s"


def test_an_application_that_was_never_read_has_a_row_too() -> None:
    bare = replace(CART, revision=None, latest=None, total=0, resources=(), summary="")
    row = texts(applications.cells(bare, scenes.NOW))
    assert row[5:9] == ["…", "", "", "-"]
    assert "not been read" in plain(applications.headline(bare, scenes.NOW))
    assert "? not verified" in plain(applications.headline(bare, scenes.NOW))
    assert "✓ Verified" in plain(applications.headline(replace(bare, verified=True), scenes.NOW))


def test_every_row_has_a_cell_for_every_column() -> None:
    assert len(applications.cells(CART, 0)) == len(applications.COLUMNS)
    assert len(resources.cells(resources.Branch(CART.resources[0]), 0)) == len(resources.COLUMNS)
    assert len(history.cells(scenes.cart_history()[0], 0)) == len(history.COLUMNS)
    plan, receipt = scenes.cart_plan(), scenes.cart_receipt()
    assert all(len(plans.change_cells(change)) == len(plans.CHANGE_COLUMNS) for change in plan.changes)
    assert all(len(plans.result_cells(result)) == len(plans.RESULT_COLUMNS) for result in receipt.resources)
    assert len(plans.operation_cells(receipt, 0)) == len(plans.OPERATION_COLUMNS)
    assert len(places.repository_cells(places.repositories(SHOP)[0], 0)) == len(places.REPOSITORY_COLUMNS)
    assert len(places.cluster_cells(places.clusters(SHOP)[0])) == len(places.CLUSTER_COLUMNS)


def test_children_stand_below_their_owners_in_the_tree() -> None:
    rows = [(branch.guide, branch.status.key.kind) for branch in resources.tree(CART.resources)]
    assert rows[:6] == [
        ("", "Deployment"),
        ("└─ ", "ReplicaSet"),
        ("   ├─ ", "Pod"),
        ("   ├─ ", "Pod"),
        ("   └─ ", "Pod"),
        ("", "Service"),
    ]
    assert len(rows) == len(CART.resources)


def test_a_circle_of_owners_loses_nobody() -> None:
    one, two = scenes.resource("Pod", "one"), scenes.resource("Pod", "two")
    circle = [replace(one, parent=two.key), replace(two, parent=one.key), replace(one, parent=one.key)]
    assert {branch.status.key.name for branch in resources.tree(circle)} == {"one", "two"}


def test_a_child_whose_owner_is_not_there_stands_at_the_root() -> None:
    orphan = replace(scenes.resource("Pod", "orphan"), parent=scenes.resource("ReplicaSet", "gone").key)
    assert resources.tree([orphan]) == [resources.Branch(orphan)]


def test_filtering_a_tree_keeps_the_owners_above() -> None:
    def wanted(status: ResourceStatus) -> bool:
        return status.key.name.endswith("h9w4d")

    kept = resources.kept(resources.tree(CART.resources), wanted)
    assert [branch.status.key.kind for branch in kept] == ["Deployment", "ReplicaSet", "Pod"]


def test_healthy_resources_in_sync_are_no_trouble() -> None:
    assert not resources.troubled(scenes.resource("Service", "cart"))
    assert resources.troubled(scenes.resource("Service", "cart", DriftCode.MISSING))
    assert resources.troubled(scenes.resource("Service", "cart", health=HealthCode.DEGRADED))


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (HistoryEntry("a" * 40, "", "", 0, "", 5.0, current=True), "● current"),
        (HistoryEntry("a" * 40, "", "", 0, "", 5.0, current=True, pinned=True), "● current ⚑ pinned"),
        (HistoryEntry("a" * 40, "", "", 0, "", 5.0, quarantined=True), "✗ quarantined"),
        (HistoryEntry("a" * 40, "", "", 0, "", 5.0), "○ deployed"),
        (HistoryEntry("a" * 40, "", "", 0, ""), ""),
    ],
)
def test_the_state_of_a_commit(entry: HistoryEntry, state: str) -> None:
    assert plain(history.state(entry)) == state


def test_a_plan_in_words() -> None:
    assert plans.in_words(scenes.cart_plan(prune=True)) == "1 create, 3 update, 1 delete"
    assert plans.in_words(replace(scenes.cart_plan(), changes=())) == "nothing"


def test_field_changes_show_live_then_desired() -> None:
    short = FieldChange("spec.replicas", 3, 5)
    absent = FieldChange("spec.paused", ABSENT, True)
    long = FieldChange("data.text", "new " * 20, "old " * 20)
    shown = [plain(row) for row in plans.field_lines([short, absent, long])]
    assert shown[:4] == ["spec.replicas", "  5  →  3", "spec.paused", "  true  →  (absent)"]
    assert shown[5].startswith("  - old")
    assert shown[6].startswith("  + new")


def test_many_field_changes_are_counted_not_listed() -> None:
    many = [FieldChange(f"data.k{at}", at, at + 1) for at in range(300)]
    assert plain(plans.field_lines(many)[-1]) == "… and 100 more"


def test_a_problem_tells_what_why_and_what_to_do() -> None:
    problem = SHOP.applications["warehouse"].problems[0]
    assert [plain(row) for row in details.of_problem(problem, scenes.NOW)] == [
        "✗ cluster depot-eu  connect",
        "  connection refused (10.4.0.1:6443)",
        "  → is the VPN up? kubectl --context depot-eu get ns",
        "  for 11m, tried again in 25s",
    ]


def test_the_facts_of_an_application_name_who_may_sign_its_commits() -> None:
    source = replace(CART.application.source, signed_by=("/etc/keys/anna.pub", "/etc/keys/team.asc"))
    trusting = replace(CART, application=replace(CART.application, source=source))
    shown = [plain(row) for row in details.of_application(trusting, scenes.NOW)]
    before = [plain(row) for row in details.of_application(CART, scenes.NOW)]
    assert [row for row in shown if row not in before] == [
        "signed by   /etc/keys/anna.pub",
        "signed by   /etc/keys/team.asc",
    ]


def test_the_header_counts_and_warns() -> None:
    first, second = (plain(row) for row in frame.header(SHOP, ("Applications",), 140, read_only=True))
    assert "✗ depot-eu" in first
    assert "! 2 stale" in first
    assert "read-only" in first
    assert first.rstrip().endswith("● idle")
    assert "✓ 3 synced  ≠ 3 out of sync  ? 2 unknown" in second


@pytest.mark.parametrize("cells", [0, 1, 5, 20, 80, 300])
def test_the_header_fills_any_width(cells: int) -> None:
    for row in frame.header(SHOP, ("Applications", "cart" * 40), cells, read_only=False, note="/x"):
        assert len(plain(row)) == cells


def test_many_contexts_are_counted() -> None:
    clusters = {name: ClusterStatus(name) for name in "abcd"}
    assert "4 contexts" in plain(frame.contexts(replace(SHOP, clusters=clusters)))
    assert frame.contexts(Snapshot(worker=WorkerState.STARTING)) == ()


def test_the_footer_always_has_room_for_help() -> None:
    keys = [("d", "Diff", True), ("h", "History", True), ("s", "Sync", False), ("?", "Help", True), ("q", "Quit", True)]
    shown, places_of = frame.footer(keys, 18)
    assert plain(shown).strip() == "d Diff  ? Help"
    assert places_of == ((1, 7), (0, 0), (0, 0), (9, 15), (0, 0))


def test_what_is_made_or_goes_is_told_as_that_and_not_as_unchanged() -> None:
    changes = scenes.cart_plan(prune=True).changes
    made = next(change for change in changes if change.action is Action.CREATE)
    assert texts(tuple(plans.change_lines(replace(made, changes=())))) == ["missing in the cluster", "the whole object"]
    assert texts(tuple(plans.change_lines(changes[-1]))) == ["no longer in Git", "the whole object"]
    left = scenes.cart_plan().changes[-1]
    assert texts(tuple(plans.change_lines(left))) == ["no longer in Git, prune is off"]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Result.CREATED, "the whole object"),
        (Result.PRUNED, "the whole object"),
        (Result.UNCHANGED, "no field changed"),
        (Result.SKIPPED, "no field changed"),
    ],
)
def test_a_receipt_tells_what_became_of_an_object(result: Result, told: str) -> None:
    row = replace(scenes.cart_receipt().resources[0], result=result, message="", warnings=(), changes=())
    assert texts(tuple(plans.result_lines(row))) == [told]


def test_a_commit_says_when_it_was_deployed_or_that_it_is_there_without_that() -> None:
    entry = replace(scenes.cart_history()[0], deployed=None, current=False)
    assert plain(history.told(entry, scenes.NOW)).endswith("never deployed")
    assert plain(history.told(replace(entry, current=True), scenes.NOW)).endswith("but no sync of it succeeded")
    assert plain(history.told(replace(entry, deployed=scenes.NOW - 60), scenes.NOW)).endswith("deployed 1m ago")


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("next-commit", "until a newer commit arrives"),
        ("manual", "until it is unpinned"),
        (str(scenes.NOW + 3600), ", in 1h"),
    ],
)
def test_a_pin_and_a_pause_say_when_they_end(until: str, told: str) -> None:
    pin = Pin("cart", "a" * 40, "b" * 40, "ada@laptop", until=until)
    lifts = None if pin.lifts_at is None else scenes.NOW + 3600
    status = replace(CART, pin=pin, pause=Pause("cart", "ada@laptop", until=lifts))
    shown = [plain(row) for row in details.of_application(status, scenes.NOW)]
    (pinned,) = (row for row in shown if row.startswith("pinned"))
    assert pinned.startswith("pinned      to aaaaaaa by ada@laptop, until ")
    assert pinned.endswith(told)
    (paused,) = (row for row in shown if row.startswith("paused"))
    assert paused.rstrip().endswith("until it is resumed" if lifts is None else told)


def test_the_receipt_of_a_deletion_names_no_commit_where_there_was_none() -> None:
    receipt = replace(scenes.cart_receipt(OperationKind.DELETE, ""), revision="")
    assert plain(plans.receipt_lines(receipt)[1]).startswith("delete  ·  by ")

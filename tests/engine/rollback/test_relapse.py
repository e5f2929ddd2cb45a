"""Which commit is to blame, decided from values alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.engine.rollback.past import newest_good
from gitops_tui.engine.rollback.relapse import ACTOR, Relapse, deployed_last, is_to_blame, relapse, was_tried
from gitops_tui.model.application import Application, Source, SyncPolicy
from gitops_tui.model.operations import (
    Deployment,
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import Health, HealthCode, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, RunningOperation, SyncCode

OLD, GOOD, BAD, SAME_AS_BAD = "a" * 40, "b" * 40, "c" * 40, "d" * 40
NOW = 10_000.0
KEY = ResourceKey("apps", "Deployment", "shop", "web")


def status(**more: Any) -> ApplicationStatus:
    policy = SyncPolicy(auto_rollback=True, soak=600.0)
    made = ApplicationStatus(
        Application("shop", Source("/repo"), policy=policy),
        SyncCode.SYNCED,
        Health(HealthCode.DEGRADED, "web crashes"),
        revision=Revision(BAD),
    )
    return replace(made, **more)


def receipt(phase: OperationPhase = OperationPhase.SUCCEEDED, **more: Any) -> Receipt:
    made = Receipt("op", "shop", BAD, OperationKind.SYNC, "auto-sync", phase, started=NOW - 110, finished=NOW - 100)
    return replace(made, **more)


FAILED = receipt(OperationPhase.FAILED, message="web is not healthy")


def ask(of: ApplicationStatus, last: Receipt | None, degraded: float = 30.0) -> Relapse | None:
    return relapse(of, last, degraded=degraded, since=NOW - degraded, now=NOW)


def test_a_failed_sync_of_what_git_says_now_is_blamed() -> None:
    found = ask(status(sync=SyncCode.OUT_OF_SYNC), FAILED)
    assert found == Relapse(BAD, "op", "the sync of ccccccc failed: web is not healthy", failed=True)


def test_lost_health_is_blamed_with_the_time_and_the_cause() -> None:
    found = ask(status(), receipt())
    assert found == Relapse(BAD, "op", "ccccccc was Degraded 70 s after its sync: web crashes", failed=False)


NOT_OPTED_IN = replace(status().application, policy=SyncPolicy())


@pytest.mark.parametrize(
    "more",
    [
        {"application": NOT_OPTED_IN},
        {"pin": Pin("shop", GOOD, BAD, "alice")},
        {"pause": Pause("shop", "alice")},
        {"running": RunningOperation("", "sync", OperationPhase.RUNNING)},
        {"stale": True},
        {"revision": None},
        {"revision": Revision(GOOD), "sync": SyncCode.OUT_OF_SYNC},
    ],
)
def test_nobody_goes_back_who_did_not_opt_in_is_held_or_unknown(more: dict[str, Any]) -> None:
    assert ask(status(**more), FAILED) is None


@pytest.mark.parametrize(
    ("of", "last", "degraded"),
    [
        (status(), receipt(), 9.0),
        (status(), receipt(started=NOW - 610, finished=NOW - 601), 30.0),
        (status(), receipt(), 111.0),
        (status(sync=SyncCode.OUT_OF_SYNC), receipt(), 30.0),
        (status(health=Health(HealthCode.PROGRESSING)), receipt(), 30.0),
        (status(), receipt(kind=OperationKind.ROLLBACK), 30.0),
        (status(), receipt(OperationPhase.TERMINATED), 30.0),
        (status(), None, 30.0),
    ],
    ids=["a hiccup", "long after", "broken before", "drift", "not degraded", "a rollback", "stopped", "never synced"],
)
def test_what_is_no_relapse(of: ApplicationStatus, last: Receipt | None, degraded: float) -> None:
    assert ask(of, last, degraded) is None


# -- a closer look ---------------------------------------------------------------------------------------------


def same(*revisions: str) -> Callable[[str], bool]:
    return lambda revision: revision in revisions


def deployment(revision: str, time: float, *, verified: bool = True) -> Deployment:
    return Deployment("shop", revision, time, "x", verified)


AFTER_FAILURE = Relapse(BAD, "op", "why", failed=True)
LOST = Relapse(BAD, "op", "why", failed=False)
WROTE = replace(FAILED, resources=(ResourceResult(KEY, Result.CONFIGURED),))


def blame(found: Relapse, of: Receipt, *past: Deployment, hopeless: bool = False) -> bool:
    return is_to_blame(found, of, past, same(BAD, SAME_AS_BAD), soak=600.0, hopeless=hopeless)


def test_a_failure_that_wrote_nothing_is_left_to_the_retries_while_there_are_any() -> None:
    assert not blame(AFTER_FAILURE, FAILED, deployment(GOOD, 1.0))
    assert blame(AFTER_FAILURE, FAILED, deployment(GOOD, 1.0), hopeless=True)
    assert blame(AFTER_FAILURE, WROTE, deployment(GOOD, 1.0))


def test_what_could_be_deployed_before_is_not_what_fails_now() -> None:
    assert not blame(AFTER_FAILURE, WROTE, deployment(SAME_AS_BAD, 2.0), deployment(GOOD, 1.0))


def test_syncing_the_same_again_does_not_make_it_new() -> None:
    again = deployment(BAD, NOW - 100)
    assert blame(LOST, receipt(), again, deployment(GOOD, 1.0))
    assert blame(LOST, receipt(), again, deployment(SAME_AS_BAD, NOW - 500), deployment(GOOD, 1.0))
    assert not blame(LOST, receipt(), again, deployment(SAME_AS_BAD, 2.0), deployment(GOOD, 1.0))
    assert not blame(LOST, receipt(), deployment(GOOD, 1.0))


def test_it_goes_back_once_from_one_content() -> None:
    back = receipt(kind=OperationKind.ROLLBACK, actor=ACTOR, revision=GOOD, quarantined=SAME_AS_BAD)
    by_hand = replace(back, actor="alice")
    other = receipt(revision=GOOD)
    assert was_tried([FAILED, back], same(BAD, SAME_AS_BAD))
    assert not was_tried([FAILED, by_hand], same(BAD, SAME_AS_BAD))
    assert not was_tried([FAILED, other, back], same(BAD, SAME_AS_BAD)), "another release came in between"
    assert not was_tried([], same(BAD))


def test_the_last_good_one_is_verified_and_something_else() -> None:
    past = [deployment(BAD, 4), deployment(SAME_AS_BAD, 3), deployment(GOOD, 2, verified=False), deployment(OLD, 1)]
    assert newest_good(past, same(BAD, SAME_AS_BAD)) == past[3]
    assert newest_good(past[:3], same(BAD, SAME_AS_BAD)) is None


def test_what_heals_or_writes_to_git_deploys_nothing() -> None:
    healed = receipt(kind=OperationKind.SELF_HEAL)
    pushed = receipt(kind=OperationKind.ROLLBACK, commit=OLD)
    assert deployed_last([healed, pushed, FAILED]) == FAILED
    assert deployed_last([healed]) is None

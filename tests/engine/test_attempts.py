"""What was tried says when to try again: each rule by the one thing that tells it from its neighbours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_tui.engine.automation.attempts import Attempts, remembered
from gitops_tui.engine.automation.intent import Gates, Verdict
from gitops_tui.engine.automation.intent import intent as verdict
from gitops_tui.model.errors import HeldError, PlanError, UnreachableError
from gitops_tui.model.operations import Action, OperationKind, OperationPhase, ResourceResult, Result
from gitops_tui.model.resources import DriftCode, ResourceKey
from gitops_tui.model.status import SyncCode
from tests.engine.test_automation import AUTO, HEALING, NEW, OLD, WEB, heal, intent, receipt, status

OTHER = "c" * 40
REFUSED = PlanError("shop", "the namespace is being terminated")


def failed(attempts: Attempts, times: int, sha: str = NEW, kind: OperationKind = OperationKind.SYNC) -> None:
    for _ in range(times):
        attempts.started(kind, sha, 0.0)
        attempts.ended(receipt(OperationPhase.FAILED, sha, kind), 0.0)


def delay_of_the_next(attempts: Attempts, sha: str = NEW) -> float:
    failed(attempts, 1, sha)
    return attempts.not_before


# what begins anew


def test_a_person_who_asks_again_has_it_tried_at_once_with_all_retries() -> None:
    attempts = Attempts(synced=OLD)
    failed(attempts, 4)
    attempts.forget()
    assert intent(status(AUTO), attempts, 0.0) is not None
    assert delay_of_the_next(attempts) == 5.0


def test_a_person_who_asks_again_has_a_refused_plan_made_anew_as_often_as_at_first() -> None:
    attempts = Attempts(synced=OLD)
    for _ in range(4):
        attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    attempts.forget()
    attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    assert attempts.ask_again == 5.0


@pytest.mark.parametrize(("sha", "delay"), [(NEW, 20.0), (OTHER, 5.0)])
def test_another_commit_is_retried_as_often_as_the_first(sha: str, delay: float) -> None:
    attempts = Attempts(synced=OLD)
    failed(attempts, 2)
    assert delay_of_the_next(attempts, sha) == delay


@pytest.mark.parametrize(("sha", "delay"), [(NEW, 20.0), (OTHER, 5.0)])
def test_the_plan_of_another_commit_is_made_anew_as_often_as_the_first(sha: str, delay: float) -> None:
    attempts = Attempts(synced=OLD)
    for each in (NEW, NEW, sha):
        attempts.started(OperationKind.SYNC, each, 0.0)
        attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    assert attempts.ask_again == delay


@pytest.mark.parametrize("phase", [OperationPhase.SUCCEEDED, OperationPhase.SUPERSEDED])
def test_what_succeeded_begins_anew_when_it_fails_later(phase: OperationPhase) -> None:
    attempts = Attempts(synced=OLD)
    failed(attempts, 3)
    attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    attempts.started(OperationKind.SYNC, NEW, 0.0)
    attempts.ended(receipt(phase), 0.0)
    assert attempts.synced == NEW
    assert delay_of_the_next(attempts) == 5.0
    attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    assert attempts.ask_again == 5.0


@pytest.mark.parametrize(("quiet", "delay"), [(300.0, 6.0), (300.5, 2.0)])
def test_healing_begins_anew_only_after_more_than_five_quiet_minutes(quiet: float, delay: float) -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    attempts.started(OperationKind.SELF_HEAL, NEW, 10.0)
    attempts.started(OperationKind.SELF_HEAL, NEW, 10.0 + quiet)
    assert attempts.not_before == pytest.approx(10.0 + quiet + delay)


def test_what_is_started_is_no_longer_told_as_refused() -> None:
    attempts = Attempts(synced=OLD)
    attempts.refused(OperationKind.SYNC, REFUSED, 0.0)
    attempts.started(OperationKind.SYNC, NEW, 0.0)
    assert attempts.why == ""


# what was seen


def test_a_look_that_finds_the_commit_in_the_cluster_leaves_only_healing() -> None:
    attempts = Attempts()
    attempts.in_sync(NEW)
    assert intent(status(AUTO), attempts, 0.0) is None


def test_what_shows_only_after_a_failure_is_not_what_mends_it() -> None:
    attempts = Attempts(synced=OLD)
    attempts.seen("before")
    attempts.ended(receipt(OperationPhase.FAILED, message="no"), 0.0, permanent=True)
    attempts.seen("as the failure left it")
    attempts.seen("as the failure left it")
    assert attempts.why == "no"
    attempts.seen("mended")
    assert attempts.why == ""


# what is not tried again by itself


@pytest.mark.parametrize("error", [UnreachableError("cluster", "is away", temporary=True)])
def test_what_could_not_be_planned_for_a_moment_is_retried(error: UnreachableError) -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, NEW, 0.0)
    attempts.refused(OperationKind.SYNC, error, 0.0)
    assert (attempts.why, attempts.not_before, attempts.ask_again) == ("", 5.0, 5.0)


def test_a_plan_that_is_held_is_asked_about_at_no_time() -> None:
    attempts = Attempts(synced=OLD)
    attempts.refused(OperationKind.SYNC, HeldError("shop", "prunes everything"), 0.0)
    assert attempts.ask_again == float("inf")


def test_a_heal_whose_plan_was_refused_waits_though_no_operation_ever_began() -> None:
    attempts = Attempts(synced=NEW)
    attempts.refused(OperationKind.SELF_HEAL, REFUSED, 0.0)
    held = verdict(status(HEALING), attempts, 4.0)
    assert held.waiting == "not tried again until something changes: the namespace is being terminated"
    assert held.ask_at == 5.0
    assert verdict(status(HEALING), attempts, 5.0).intent is not None


def test_a_heal_that_fails_is_no_retry_of_a_sync() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    failed(attempts, 7, kind=OperationKind.SELF_HEAL)
    assert attempts.retry.failures == 0
    failed(attempts, 7)
    assert verdict(status(HEALING), attempts, 1e9).intent is not None, "what is synced is healed, whatever failed"


# what was cut off


@pytest.mark.parametrize("phase", [OperationPhase.INTERRUPTED, OperationPhase.ERROR])
def test_a_sync_of_which_nobody_knows_how_far_it_came_is_made_again(phase: OperationPhase) -> None:
    attempts = Attempts(synced=OLD)
    attempts.ended(receipt(phase), 0.0)
    assert attempts.unfinished
    assert remembered(receipt(phase), OLD, whole=True, now=0.0).unfinished
    assert not remembered(receipt(phase), OLD, whole=False, now=0.0).unfinished


@pytest.mark.parametrize(
    ("phase", "kind", "unfinished"),
    [
        (OperationPhase.SUCCEEDED, OperationKind.SYNC, False),
        (OperationPhase.TERMINATED, OperationKind.SYNC, False),
        (OperationPhase.FAILED, OperationKind.SYNC, True),
        (OperationPhase.SUPERSEDED, OperationKind.SYNC, True),
        (OperationPhase.SUCCEEDED, OperationKind.SELF_HEAL, True),
    ],
)
def test_only_a_sync_that_ended_finishes_one_that_was_cut_off(
    phase: OperationPhase, kind: OperationKind, *, unfinished: bool
) -> None:
    attempts = Attempts(unfinished=True)
    attempts.ended(receipt(phase, kind=kind), 0.0)
    assert attempts.unfinished is unfinished


def test_a_failure_finishes_nothing_and_cuts_nothing_off() -> None:
    attempts = Attempts()
    attempts.ended(receipt(OperationPhase.FAILED), 0.0)
    assert not attempts.unfinished


def test_without_a_past_only_what_was_deployed_is_known() -> None:
    attempts = remembered(None, OLD, whole=True, now=0.0)
    assert (attempts.synced, attempts.tried, attempts.unfinished) == (OLD, "", False)


# what does not stay as applied


@pytest.mark.parametrize(
    ("result", "action", "counts"),
    [
        (Result.CREATED, Action.CREATE, True),
        (Result.CONFIGURED, Action.UPDATE, True),
        (Result.UNCHANGED, Action.UPDATE, True),
        (Result.UNCHANGED, Action.SKIP, False),
        (Result.CREATED, Action.HOOK, False),
        (Result.FAILED, Action.UPDATE, False),
    ],
)
def test_only_what_was_applied_counts(result: Result, action: Action, *, counts: bool) -> None:
    attempts = Attempts()
    row = ResourceResult(WEB, result, action=action)
    for now in (1.0, 2.0, 3.0):
        attempts.ended(receipt(OperationPhase.SUCCEEDED, resources=(row,)), now)
    assert attempts.restless([(WEB, NEW)], 4.0) == ([(WEB, 601.0)] if counts else [])


def test_what_was_applied_long_ago_counts_no_longer() -> None:
    attempts = Attempts()
    for now in (0.0, 300.0, 600.0):
        heal(attempts, now)
    assert attempts.restless([(WEB, NEW)], 600.0) == []
    heal(attempts, 601.0)
    assert attempts.restless([(WEB, NEW)], 601.0) == [(WEB, 900.0)]
    heal(attempts, 602.0)
    assert attempts.restless([(WEB, NEW)], 602.0) == [(WEB, 1200.0)], "three remain until the first of the last three"
    heal(attempts, 5000.0, ResourceKey("", "ConfigMap", "shop", "a"))
    assert list(attempts._applied) == [(ResourceKey("", "ConfigMap", "shop", "a"), NEW)], "nothing is kept for ever"


def test_what_was_applied_is_restless_for_ten_minutes_and_no_moment_longer() -> None:
    attempts = Attempts()
    for now in (0.0, 10.0, 20.0):
        heal(attempts, now)
    assert attempts.restless([(WEB, NEW)], 599.9) == [(WEB, 600.0)]
    assert attempts.restless([(WEB, NEW)], 600.0) == []
    heal(attempts, 605.0)
    assert [len(times) for times in attempts._applied.values()] == [3], "of what is old nothing is kept"


def test_a_new_commit_waits_only_where_all_that_it_mends_is_restless() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    for now in (100.0, 110.0, 120.0):
        heal(attempts, now, digest="d1")
    restless = status(HEALING, sha=OTHER, digest="d1")
    (web,) = restless.resources
    other = status(HEALING, sha=OTHER, digest="d2").resources
    assert told(verdict(restless, attempts, 121.0)).startswith("backs off")
    mixed = status(HEALING, sha=OTHER, resources=(web, *other))
    assert verdict(mixed, attempts, 121.0).intent is not None
    nothing = status(HEALING, sha=OTHER, drift=DriftCode.EXTRA)
    assert verdict(nothing, attempts, 121.0).intent is not None, "what is extra is not mended without prune"


# what else holds it


@pytest.mark.parametrize(
    ("kind", "waits"),
    [(OperationKind.SYNC, "retry 1 of 5"), (OperationKind.SELF_HEAL, "backs off: healed a moment ago")],
)
def test_who_waits_says_what_for(kind: OperationKind, waits: str) -> None:
    attempts = Attempts(synced=NEW if kind is OperationKind.SELF_HEAL else OLD)
    attempts.started(kind, NEW, 0.0)
    attempts.ended(receipt(OperationPhase.FAILED, kind=kind), 0.0)
    found = verdict(status(HEALING), attempts, 1.0)
    assert (told(found), found.ask_at) == (waits, attempts.not_before)


def test_what_is_missing_is_healed_and_what_is_kept_is_not() -> None:
    pruning = replace(HEALING, prune=True)
    assert verdict(status(HEALING, drift=DriftCode.MISSING), Attempts(synced=NEW), 0.0).intent is not None
    extra = status(pruning, drift=DriftCode.EXTRA)
    assert verdict(extra, Attempts(synced=NEW), 0.0).intent is not None
    (row,) = extra.resources
    kept = status(pruning, resources=(replace(row, kept=True),))
    assert verdict(kept, Attempts(synced=NEW), 0.0).intent is None


def told(found: Verdict) -> str:
    assert found.intent is None
    return found.waiting


def test_syncs_and_heals_wait_for_their_turn_and_a_turn_goes_before_what_is_depended_on() -> None:
    line = Gates(turn="waiting for its turn", dependencies="waiting for db")
    assert told(verdict(status(AUTO), Attempts(synced=OLD), 0.0, line)) == "waiting for its turn"
    assert told(verdict(status(HEALING), Attempts(synced=NEW), 0.0, line)) == "waiting for its turn"


def test_what_was_never_read_is_not_synced() -> None:
    assert verdict(status(AUTO, revision=None, sync=SyncCode.OUT_OF_SYNC), Attempts(), 0.0) == Verdict()

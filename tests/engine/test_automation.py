"""Given a status and what was tried, this is what automation starts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.engine.automation.attempts import Attempts, remembered
from gitops_tui.engine.automation.intent import Gates, Intent, Verdict
from gitops_tui.engine.automation.intent import intent as verdict
from gitops_tui.model.application import Application, Source, SyncMode, SyncPolicy
from gitops_tui.model.errors import HeldError, PlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Pause, Receipt, ResourceResult, Result
from gitops_tui.model.resources import DriftCode, Health, HealthCode, ResourceKey, ResourceStatus
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, RunningOperation, SyncCode
from gitops_tui.model.windows import Standing

OLD, NEW = "a" * 40, "b" * 40
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True)
HEALING = SyncPolicy(mode=SyncMode.AUTO, self_heal=True)


def status(
    policy: SyncPolicy, sha: str = NEW, drift: DriftCode = DriftCode.CHANGED, digest: str = "", **more: Any
) -> ApplicationStatus:
    key = ResourceKey("apps", "Deployment", "shop", "web")
    web = ResourceStatus(key, drift, Health(HealthCode.HEALTHY), digest=digest)
    application = Application("shop", Source("/repo"), policy=policy)
    found = ApplicationStatus(application, SyncCode.OUT_OF_SYNC, revision=Revision(sha), resources=(web,))
    return replace(found, **more)


def intent(status: ApplicationStatus, attempts: Attempts, now: float) -> Intent | None:
    return verdict(status, attempts, now).intent


def receipt(phase: OperationPhase, sha: str = NEW, kind: OperationKind = OperationKind.SYNC, **more: Any) -> Receipt:
    return Receipt("op", "shop", sha, kind, "auto-sync", phase, **more)


def test_a_new_commit_is_synced_with_the_policys_prune() -> None:
    assert intent(status(AUTO), Attempts(synced=OLD), 0.0) == Intent(OperationKind.SYNC, NEW, prune=True)


@pytest.mark.parametrize(
    "held_by",
    [
        {"pause": Pause("shop", "alice")},
        {"running": RunningOperation("", "sync", OperationPhase.RUNNING)},
        {"stale": True},
        {"sync": SyncCode.UNKNOWN},
        {"sync": SyncCode.SYNCED},
    ],
)
def test_nothing_starts_while_it_is_paused_busy_or_unknown(held_by: dict[str, Any]) -> None:
    assert intent(status(AUTO, **held_by), Attempts(synced=OLD), 0.0) is None


def test_nothing_starts_in_manual_mode() -> None:
    assert intent(status(SyncPolicy()), Attempts(synced=OLD), 0.0) is None


def test_drift_of_a_synced_commit_is_left_alone_without_self_heal() -> None:
    assert intent(status(AUTO), Attempts(synced=NEW), 0.0) is None


def test_drift_of_a_synced_commit_is_healed_at_once_with_self_heal() -> None:
    assert intent(status(HEALING), Attempts(synced=NEW), 0.0) == Intent(OperationKind.SELF_HEAL, NEW, prune=False)


def test_an_extra_object_is_healed_only_where_pruning_is_allowed() -> None:
    extra = status(HEALING, drift=DriftCode.EXTRA)
    assert intent(extra, Attempts(synced=NEW), 0.0) is None
    pruning = status(SyncPolicy(mode=SyncMode.AUTO, self_heal=True, prune=True), drift=DriftCode.EXTRA)
    assert intent(pruning, Attempts(synced=NEW), 0.0) is not None


def test_healing_again_and_again_backs_off_by_three_up_to_five_minutes() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    now, delays = 0.0, []
    for _ in range(7):
        attempts.started(OperationKind.SELF_HEAL, NEW, now)
        attempts.ended(receipt(OperationPhase.SUCCEEDED, kind=OperationKind.SELF_HEAL), now)
        delays.append(attempts.not_before - now)
        assert intent(status(HEALING), attempts, attempts.not_before - 0.1) is None
        now = attempts.not_before
        assert intent(status(HEALING), attempts, now) is not None
    assert delays == [2, 6, 18, 54, 162, 300, 300]


def test_a_quiet_time_after_healing_begins_the_back_off_anew() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    attempts.started(OperationKind.SELF_HEAL, NEW, 0.0)
    attempts.started(OperationKind.SELF_HEAL, NEW, 1000.0)
    assert attempts.not_before == 1002.0


def test_a_failed_sync_is_retried_five_times_with_doubling_delays() -> None:
    attempts = Attempts(synced=OLD)
    now, delays = 0.0, []
    for _ in itertools.count():
        wanted = intent(status(AUTO), attempts, now)
        if wanted is None:
            break
        attempts.started(wanted.kind, NEW, now)
        attempts.ended(receipt(OperationPhase.FAILED), now)
        delays.append(attempts.not_before - now)
        now = attempts.not_before
    assert delays == [5, 10, 20, 40, 80, 160], "one try and five retries"


def test_a_newer_commit_ends_the_waiting_for_a_retry() -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, "c" * 40, 0.0)
    attempts.ended(receipt(OperationPhase.FAILED, "c" * 40), 0.0)
    assert intent(status(AUTO), attempts, 0.1) == Intent(OperationKind.SYNC, NEW, prune=True)


# why it waits


def waiting(found: Verdict) -> str:
    assert found.intent is None
    return found.waiting


def test_a_paused_application_says_who_holds_it() -> None:
    paused = status(AUTO, pause=Pause("shop", "alice", "black friday"))
    assert waiting(verdict(paused, Attempts(synced=OLD), 0.0)) == "paused by alice: black friday"


def test_what_is_in_sync_waits_for_nothing_even_when_paused() -> None:
    paused = status(AUTO, pause=Pause("shop", "alice"), sync=SyncCode.SYNCED)
    assert waiting(verdict(paused, Attempts(synced=OLD), 0.0)) == ""


def test_a_closed_window_holds_syncs_and_heals() -> None:
    closed = Gates(window=Standing(False, False, "sync window: opens at ten"))
    assert waiting(verdict(status(AUTO), Attempts(synced=OLD), 0.0, closed)) == "sync window: opens at ten"
    assert waiting(verdict(status(HEALING), Attempts(synced=NEW), 0.0, closed)) == "sync window: opens at ten"


def test_a_dependency_holds_syncs_but_lets_heal() -> None:
    unready = Gates(dependencies="waiting for db: Progressing")
    assert waiting(verdict(status(AUTO), Attempts(synced=OLD), 0.0, unready)) == "waiting for db: Progressing"
    assert verdict(status(HEALING), Attempts(synced=NEW), 0.0, unready).intent is not None


def test_after_the_last_retry_it_says_that_it_gave_up() -> None:
    attempts = Attempts(synced=OLD)
    for _ in range(6):
        attempts.started(OperationKind.SYNC, NEW, 0.0)
        attempts.ended(receipt(OperationPhase.FAILED), 0.0)
    assert "gave up after 5 retries" in waiting(verdict(status(AUTO), attempts, 1e9))


# failures that trying again will not mend


def failed_for_good(attempts: Attempts, now: float = 0.0) -> None:
    attempts.started(OperationKind.SYNC, NEW, now)
    attempts.ended(receipt(OperationPhase.FAILED, message="spec.selector: field is immutable"), now, permanent=True)
    attempts.seen("as it is after the failure")


def test_a_permanent_failure_is_not_retried_and_says_why() -> None:
    attempts = Attempts(synced=OLD)
    failed_for_good(attempts)
    told = waiting(verdict(status(AUTO), attempts, 1e9))
    assert told == "not tried again until something changes: spec.selector: field is immutable"


def test_a_permanent_failure_is_tried_again_when_the_cluster_has_changed() -> None:
    attempts = Attempts(synced=OLD)
    failed_for_good(attempts)
    attempts.seen("as it is after the failure")
    assert intent(status(AUTO), attempts, 1e9) is None
    attempts.seen("somebody deleted the object")
    assert intent(status(AUTO), attempts, 1e9) is not None


def test_a_permanent_failure_is_forgotten_with_the_next_commit() -> None:
    attempts = Attempts(synced=OLD)
    failed_for_good(attempts)
    assert intent(status(AUTO, sha="c" * 40), attempts, 0.0) is not None


def test_a_person_who_says_that_it_is_mended_has_it_tried_again() -> None:
    attempts = Attempts(synced=OLD)
    failed_for_good(attempts)
    attempts.forget()
    assert intent(status(AUTO), attempts, 0.0) is not None


def test_a_plan_that_is_held_is_not_planned_again_and_again() -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, NEW, 0.0)
    attempts.refused(OperationKind.SYNC, HeldError("shop", "held for a person: prunes everything"), 0.0)
    attempts.seen("the same")
    assert "held for a person" in waiting(verdict(status(AUTO), attempts, 1e9))


def test_a_plan_that_is_refused_is_made_anew_less_and_less_often_since_what_refuses_it_may_have_no_object() -> None:
    attempts, now, delays = Attempts(synced=OLD), 0.0, []
    for _ in range(8):
        attempts.started(OperationKind.SYNC, NEW, now)
        attempts.refused(OperationKind.SYNC, PlanError("shop", "the namespace is being terminated"), now)
        attempts.seen("the same")
        found = verdict(status(AUTO), attempts, now)
        assert waiting(found) == "not tried again until something changes: the namespace is being terminated"
        delays.append(found.ask_at - now)
        now = found.ask_at
    assert delays == [5, 10, 20, 40, 80, 160, 300, 300]


def test_what_a_person_stopped_is_not_started_again_by_itself() -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, NEW, 0.0)
    attempts.ended(receipt(OperationPhase.TERMINATED, message="stopped by alice"), 0.0)
    attempts.seen("half of it")
    assert "stopped by alice" in waiting(verdict(status(AUTO), attempts, 1e9))


def test_a_superseded_sync_counts_as_no_failure() -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, OLD, 0.0)
    attempts.ended(receipt(OperationPhase.SUPERSEDED, OLD), 0.0)
    assert intent(status(AUTO), attempts, 0.0) == Intent(OperationKind.SYNC, NEW, prune=True)


# an object that does not stay as applied

WEB = ResourceKey("apps", "Deployment", "shop", "web")


def heal(attempts: Attempts, now: float, key: ResourceKey = WEB, digest: str = "") -> None:
    attempts.started(OperationKind.SELF_HEAL, NEW, now)
    row = ResourceResult(key, Result.CONFIGURED, digest=digest)
    done = receipt(OperationPhase.SUCCEEDED, kind=OperationKind.SELF_HEAL, resources=(row,))
    attempts.ended(done, now)


def test_an_object_applied_three_times_in_ten_minutes_is_left_alone_and_named() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    for now in (100.0, 110.0, 120.0):
        heal(attempts, now)
    found = verdict(status(HEALING), attempts, 400.0)
    assert "apps/Deployment shop/web was applied 3 times in ten minutes" in waiting(found)
    assert found.ask_at == 700.0
    assert verdict(status(HEALING), attempts, 700.5).intent is not None


def test_three_heals_of_different_objects_are_no_fight() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    for now, name in ((100.0, "a"), (110.0, "b"), (120.0, "c")):
        heal(attempts, now, ResourceKey("", "ConfigMap", "shop", name))
    assert verdict(status(HEALING), attempts, 400.0).intent is not None


def test_a_new_commit_is_applied_whatever_became_of_the_one_before() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    for now in (100.0, 110.0, 120.0):
        heal(attempts, now)
    assert verdict(status(HEALING, sha="c" * 40), attempts, 121.0).intent is not None


def test_a_new_commit_that_states_nothing_anew_but_what_does_not_stay_has_to_wait() -> None:
    attempts = Attempts(synced=NEW, tried=NEW)
    for now in (100.0, 110.0, 120.0):
        heal(attempts, now, digest="d1")
    other = "c" * 40
    told = "apps/Deployment shop/web was applied 3 times in ten minutes"
    assert told in waiting(verdict(status(HEALING, sha=other, digest="d1"), attempts, 121.0))
    assert verdict(status(HEALING, sha=other, digest="d2"), attempts, 121.0).intent is not None
    assert verdict(status(HEALING, sha=other, digest="d1"), attempts, 700.5).intent is not None


def after_a_restart(phase: OperationPhase, *, whole: bool = True, **more: Any) -> Attempts:
    return remembered(receipt(phase, **more), OLD, whole=whole, now=0.0)


def test_a_sync_that_was_cut_off_is_made_again_even_where_the_cluster_holds_it_all() -> None:
    attempts = after_a_restart(OperationPhase.INTERRUPTED)
    synced = status(AUTO, sync=SyncCode.SYNCED)
    attempts.in_sync(NEW)
    again = Intent(OperationKind.SYNC, NEW, prune=True)
    assert intent(synced, attempts, 0.0) == again

    attempts.started(OperationKind.SYNC, NEW, 0.0)
    attempts.ended(receipt(OperationPhase.FAILED), 0.0)
    assert (intent(synced, attempts, 0.0), intent(synced, attempts, 5.0)) == (None, again)

    attempts.ended(receipt(OperationPhase.SUCCEEDED), 5.0)
    assert intent(synced, attempts, 5.0) is None


@pytest.mark.parametrize("cut_off", [{"whole": False}, {"kind": OperationKind.SELF_HEAL}])
def test_what_runs_no_hooks_needs_no_second_run_once_its_objects_are_there(cut_off: dict[str, Any]) -> None:
    attempts = after_a_restart(OperationPhase.INTERRUPTED, **cut_off)
    assert intent(status(AUTO, sync=SyncCode.SYNCED), attempts, 0.0) is None
    assert intent(status(AUTO), attempts, 0.0) is not None


def test_what_a_person_stopped_stays_stopped_after_a_restart() -> None:
    attempts = after_a_restart(OperationPhase.TERMINATED, message="stopped by alice")
    attempts.seen("picture")
    told = "not tried again until something changes: stopped by alice"
    assert waiting(verdict(status(AUTO), attempts, 0.0)) == told
    assert intent(status(AUTO, sha="c" * 40), attempts, 0.0) is not None


def test_what_failed_before_a_restart_is_tried_again() -> None:
    assert intent(status(AUTO), after_a_restart(OperationPhase.FAILED), 0.0) is not None

"""Given a status and what was tried, this is what automation starts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.engine.automation.intent import Attempts, Intent, intent
from gitops_tui.model.application import Application, Source, SyncMode, SyncPolicy
from gitops_tui.model.operations import OperationKind, OperationPhase, Pause
from gitops_tui.model.resources import DriftCode, Health, HealthCode, ResourceKey, ResourceStatus
from gitops_tui.model.revision import Revision
from gitops_tui.model.status import ApplicationStatus, RunningOperation, SyncCode

OLD, NEW = "a" * 40, "b" * 40
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True)
HEALING = SyncPolicy(mode=SyncMode.AUTO, self_heal=True)


def status(policy: SyncPolicy, sha: str = NEW, drift: DriftCode = DriftCode.CHANGED, **more: Any) -> ApplicationStatus:
    web = ResourceStatus(ResourceKey("apps", "Deployment", "shop", "web"), drift, Health(HealthCode.HEALTHY))
    application = Application("shop", Source("/repo"), policy=policy)
    found = ApplicationStatus(application, SyncCode.OUT_OF_SYNC, revision=Revision(sha), resources=(web,))
    return replace(found, **more)


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
        attempts.ended(OperationKind.SELF_HEAL, NEW, True, now)
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
        attempts.ended(wanted.kind, NEW, False, now)
        delays.append(attempts.not_before - now)
        now = attempts.not_before
    assert delays == [5, 10, 20, 40, 80, 160], "one try and five retries"


def test_a_newer_commit_ends_the_waiting_for_a_retry() -> None:
    attempts = Attempts(synced=OLD)
    attempts.started(OperationKind.SYNC, "c" * 40, 0.0)
    attempts.ended(OperationKind.SYNC, "c" * 40, False, 0.0)
    assert intent(status(AUTO), attempts, 0.1) == Intent(OperationKind.SYNC, NEW, prune=True)

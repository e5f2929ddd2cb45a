"""What automation would start now: pure decisions (semantics.md: Automation)."""

from __future__ import annotations

from dataclasses import dataclass, field

from gitops_tui.engine.schedule.backoff import Backoff
from gitops_tui.model.application import SyncMode
from gitops_tui.model.operations import OperationKind
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.status import ApplicationStatus, SyncCode

_RETRIES = 5
_HEAL_RESET = 300.0


@dataclass(slots=True)
class Attempts:
    """What automation has tried for one application. Times are monotonic seconds.

    synced: the commit that was last seen or brought in sync; tried: the one that was last attempted.
    """

    synced: str = ""
    tried: str = ""
    not_before: float = 0.0
    healed_at: float = float("-inf")
    retry: Backoff = field(default_factory=lambda: Backoff(5.0, 2.0, 180.0))
    heal: Backoff = field(default_factory=lambda: Backoff(2.0, 3.0, 300.0))

    def in_sync(self, sha: str) -> None:
        """The cluster was seen to hold this commit."""
        self.synced = sha

    def started(self, kind: OperationKind, sha: str, now: float) -> None:
        """An operation begins."""
        if sha != self.tried:
            # The newest commit always supersedes what was retried before.
            self.retry.succeed()
            self.tried = sha
        if kind is OperationKind.SELF_HEAL:
            if now - self.healed_at > _HEAL_RESET:
                self.heal.succeed()
            self.healed_at = now
            self.not_before = now + self.heal.fail()

    def ended(self, kind: OperationKind, sha: str, succeeded: bool, now: float) -> None:
        """An operation ended."""
        if succeeded:
            self.synced = sha
            self.retry.succeed()
        elif kind is not OperationKind.SELF_HEAL:
            self.not_before = now + self.retry.fail()


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that automation wants to start."""

    kind: OperationKind
    revision: str
    prune: bool


def intent(status: ApplicationStatus, attempts: Attempts, now: float) -> Intent | None:
    """The operation to start now, or None. now: monotonic seconds."""
    policy = status.application.policy
    if policy.mode is not SyncMode.AUTO or status.pause is not None or status.running is not None:
        return None
    if status.sync is not SyncCode.OUT_OF_SYNC or status.revision is None or status.stale:
        return None
    sha = status.revision.sha
    if sha not in {attempts.tried, attempts.synced}:
        return Intent(OperationKind.SYNC, sha, policy.prune)
    if now < attempts.not_before:
        return None
    if sha != attempts.synced:
        return Intent(OperationKind.SYNC, sha, policy.prune) if attempts.retry.failures <= _RETRIES else None
    if policy.self_heal and _can_heal(status, policy.prune):
        return Intent(OperationKind.SELF_HEAL, sha, policy.prune)
    return None


def _can_heal(status: ApplicationStatus, prune: bool) -> bool:
    healable = {DriftCode.CHANGED, DriftCode.MISSING} | ({DriftCode.EXTRA} if prune else set())
    return any(resource.drift in healable for resource in status.resources)

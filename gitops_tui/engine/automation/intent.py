"""What automation would start now, or why it waits: pure decisions (semantics.md: Automation)."""

from __future__ import annotations

from gitops_tui.engine.automation.attempts import APPLIED_AT_MOST, RETRIES, Attempts, Stated
from gitops_tui.model.application import SyncMode
from gitops_tui.model.operations import OperationKind
from gitops_tui.model.resources import DriftCode, ResourceKey
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.model.values import dataclass
from gitops_tui.model.windows import OPEN, Standing


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that automation wants to start."""

    kind: OperationKind
    revision: str
    prune: bool


@dataclass(frozen=True, slots=True)
class Gates:
    """What may hold an operation beside the application itself. Texts say what is waited for, "" for nothing."""

    window: Standing = OPEN
    dependencies: str = ""
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The operation to start now, or why the one that is called for waits; neither when nothing is called for.

    ask_at: monotonic seconds at which the answer may change by itself.
    """

    intent: Intent | None = None
    waiting: str = ""
    ask_at: float = float("inf")


NOTHING = Verdict()
_OPEN = Gates()


def intent(status: ApplicationStatus, attempts: Attempts, now: float, gates: Gates = _OPEN) -> Verdict:
    """Decide. now: monotonic seconds."""
    wanted = _wanted(status, attempts)
    if wanted is None:
        return NOTHING
    if status.pause is not None:
        reason = f": {status.pause.why}" if status.pause.why else ""
        return Verdict(waiting=f"paused by {status.pause.who}{reason}")
    held = _held_by_its_past(status, wanted, attempts, now)
    if held is not None:
        return held
    if not gates.window.allowed:
        return Verdict(waiting=gates.window.reason)
    reason = gates.turn or (gates.dependencies if wanted.kind is OperationKind.SYNC else "")
    return Verdict(waiting=reason) if reason else Verdict(wanted)


def _wanted(status: ApplicationStatus, attempts: Attempts) -> Intent | None:
    policy = status.application.policy
    if policy.mode is not SyncMode.AUTO or status.running is not None:
        return None
    if status.revision is None or status.stale or status.sync is SyncCode.UNKNOWN:
        return None
    sha = status.revision.sha
    if attempts.unfinished:
        return Intent(OperationKind.SYNC, sha, policy.prune)
    if status.sync is SyncCode.SYNCED:
        return None
    if sha != attempts.synced:
        return Intent(OperationKind.SYNC, sha, policy.prune)
    healing = Intent(OperationKind.SELF_HEAL, sha, policy.prune)
    return healing if policy.self_heal and _drifted(status, healing) else None


def _held_by_its_past(status: ApplicationStatus, wanted: Intent, attempts: Attempts, now: float) -> Verdict | None:
    """What was tried with this commit, and how it went, may say to wait.

    A new commit begins anew, unless all that it would mend is what does not stay, stated as before.
    """
    stated = _drifted(status, wanted)
    restless = attempts.restless(stated, now)
    if wanted.revision not in {attempts.tried, attempts.synced}:
        return _backs_off(*restless[0]) if restless and len(restless) == len(stated) else None
    if attempts.why and now < attempts.ask_again:
        told = f"not tried again until something changes: {attempts.why}"
        return Verdict(waiting=told, ask_at=attempts.ask_again)
    if wanted.kind is OperationKind.SYNC and attempts.retry.failures > RETRIES:
        return Verdict(waiting=f"gave up after {RETRIES} retries: the next commit or a person starts it again")
    if restless:
        return _backs_off(*restless[0])
    if now < attempts.not_before:
        retry = f"retry {attempts.retry.failures} of {RETRIES}"
        told = retry if wanted.kind is OperationKind.SYNC else "backs off: healed a moment ago"
        return Verdict(waiting=told, ask_at=attempts.not_before)
    return None


def _backs_off(key: ResourceKey, calm_at: float) -> Verdict:
    told = f"backs off: {key} was applied {APPLIED_AT_MOST} times in ten minutes and does not stay as applied"
    return Verdict(waiting=told, ask_at=calm_at)


def _drifted(status: ApplicationStatus, wanted: Intent) -> tuple[Stated, ...]:
    """What an operation would mend."""
    mendable = {DriftCode.CHANGED, DriftCode.MISSING} | ({DriftCode.EXTRA} if wanted.prune else set())
    found = (resource for resource in status.resources if resource.drift in mendable and not resource.kept)
    return tuple((resource.key, resource.digest or wanted.revision) for resource in found)

"""What automation has tried for one application, and what follows from how it went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gitops_tui.engine.schedule.backoff import Backoff
from gitops_tui.model.errors import GitopsError, HeldError
from gitops_tui.model.operations import Action, OperationKind, OperationPhase, Receipt, Result
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.values import dataclass, field

RETRIES: Final = 5
APPLIED_AT_MOST: Final = 3
"""As many times one object may be applied as Git states it in `CALM` seconds (reliability.md: Faults)."""
CALM: Final = 600.0
CUT_OFF: Final = frozenset({OperationPhase.INTERRUPTED, OperationPhase.ERROR})
"""Ends at which nobody knows how far an operation came."""
_WRITTEN: Final = frozenset({Result.CREATED, Result.CONFIGURED})
_HEAL_RESET: Final = 300.0
_NOT_SEEN_YET: Final = "not seen yet"
_NEVER: Final = float("inf")
Stated = tuple[ResourceKey, str]
"""An object as Git states it: by the digest of that, where it is known, else by the commit."""


@dataclass(slots=True)
class Attempts:
    """Times are monotonic seconds.

    synced: the commit that was last seen or brought in sync; tried: the one that was last attempted. why: what the
    last failure said that trying again will not mend, "" when there was none. unfinished: a sync was cut off, so that
    hooks of it may not have run, although the cluster holds what Git says. ask_again: when a plan that was refused is
    made anew, whatever was seen: what refused it may have no object (rights, a quota, a namespace that goes).
    """

    synced: str = ""
    tried: str = ""
    not_before: float = 0.0
    healed_at: float = float("-inf")
    retry: Backoff = field(default_factory=lambda: Backoff(5.0, 2.0, 180.0))
    heal: Backoff = field(default_factory=lambda: Backoff(2.0, 3.0, 300.0))
    why: str = ""
    ask_again: float = _NEVER
    refusals: Backoff = field(default_factory=lambda: Backoff(5.0, 2.0, 300.0))
    unfinished: bool = False
    _failed_at: object = None
    _applied: dict[Stated, list[float]] = field(default_factory=dict)

    def in_sync(self, sha: str) -> None:
        """The cluster was seen to hold this commit."""
        self.synced = sha

    def seen(self, picture: object) -> None:
        """The application was looked at. picture: how desired and live relate, to be told by equality."""
        if self._failed_at == _NOT_SEEN_YET:
            self._failed_at = picture
        elif self._failed_at != picture:
            self.why = ""

    def forget(self) -> None:
        """A person says that something was mended: try again."""
        self.why = ""
        self.not_before = 0.0
        self.retry.succeed()
        self.refusals.succeed()

    def started(self, kind: OperationKind, sha: str, now: float) -> None:
        """An operation begins."""
        self.why = ""
        if sha != self.tried:
            # The newest commit always supersedes what was retried before.
            self.retry.succeed()
            self.refusals.succeed()
            self.tried = sha
        if kind is OperationKind.SELF_HEAL:
            if now - self.healed_at > _HEAL_RESET:
                self.heal.succeed()
            self.healed_at = now
            self.not_before = now + self.heal.fail()

    def ended(self, receipt: Receipt, now: float, *, permanent: bool = False) -> None:
        """An operation ended. permanent: it failed in a way that trying again will not mend."""
        self._remember(receipt, now)
        if receipt.kind is not OperationKind.SELF_HEAL:
            over = {OperationPhase.SUCCEEDED, OperationPhase.TERMINATED}
            self.unfinished = receipt.phase in CUT_OFF or (self.unfinished and receipt.phase not in over)
        if receipt.phase in {OperationPhase.SUCCEEDED, OperationPhase.SUPERSEDED}:
            self.synced = receipt.revision
            self.retry.succeed()
            self.refusals.succeed()
        else:
            was_stopped = receipt.phase is OperationPhase.TERMINATED
            self._failed(receipt.kind, receipt.message, now, permanent=permanent or was_stopped)

    def refused(self, kind: OperationKind, error: GitopsError, now: float) -> None:
        """An operation could not even begin: its plan was refused or held, or could not be made."""
        self._failed(kind, error.message, now, permanent=not error.temporary)
        if not isinstance(error, HeldError):
            self.ask_again = now + self.refusals.fail()

    def _failed(self, kind: OperationKind, why: str, now: float, *, permanent: bool) -> None:
        if permanent:
            # What it did before it failed shows in the next look; what changes after that may mend it.
            self.why, self._failed_at, self.ask_again = why, _NOT_SEEN_YET, _NEVER
        elif kind is not OperationKind.SELF_HEAL:
            self.not_before = now + self.retry.fail()

    def _remember(self, receipt: Receipt, now: float) -> None:
        for slot in [slot for slot, times in self._applied.items() if times[-1] <= now - CALM]:
            del self._applied[slot]
        for row in receipt.resources:
            # What was applied and stayed as it was does not stay as Git states it either.
            was_applied = row.result in _WRITTEN or (row.result is Result.UNCHANGED and row.action is Action.UPDATE)
            if was_applied and row.action is not Action.HOOK:
                times = self._applied.setdefault((row.key, row.digest or receipt.revision), [])
                times[:] = [*(time for time in times if time > now - CALM), now]

    def restless(self, stated: Iterable[Stated], now: float) -> list[tuple[ResourceKey, float]]:
        """Which objects were applied too often and still do not stay, and until when each is left alone."""
        found: list[tuple[ResourceKey, float]] = []
        for key, statement in stated:
            times = [time for time in self._applied.get((key, statement), ()) if time > now - CALM]
            if len(times) >= APPLIED_AT_MOST:
                found.append((key, times[-APPLIED_AT_MOST] + CALM))
        return found


def remembered(last: Receipt | None, deployed: str, *, whole: bool, now: float) -> Attempts:
    """What an application's last operation says after a restart. deployed: the commit that was last brought whole.

    whole: the last operation was of the whole application. Where it was cut off, nobody knows how far it came, so
    automation makes it again; what a person stopped stays stopped.
    """
    if last is None:
        return Attempts(synced=deployed)
    if last.phase in CUT_OFF:
        return Attempts(unfinished=whole and last.kind is not OperationKind.SELF_HEAL)
    attempts = Attempts(synced=deployed, tried=last.revision)
    if last.phase is OperationPhase.TERMINATED:
        attempts.ended(last, now)
    return attempts

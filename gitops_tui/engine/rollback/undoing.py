"""What it takes to undo what was done last: a pure decision on the journal's account of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Final

from gitops_tui.journal.deeds import Deed, DeedKind
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import OperationKind, OperationPhase, Pause, Pin, Receipt, ResourceResult, Result
from gitops_tui.model.values import dataclass
from gitops_tui.sync.guards import PRECIOUS


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy a revision again and hold it there. pin: the one to restore, None for one of its own."""

    revision: str
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """Lift the pin and deploy what is tracked."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Commit what the path was before this commit of ours."""

    commit: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Pause automation again, as it was."""

    pause: Pause


@dataclass(frozen=True, slots=True)
class Release:
    """Let automation go on."""


Way = Deploy | Follow | Restore | Hold | Release

_ITS_TIME: Final = "its time is over"
_BY_ITSELF: Final = {"next commit", "time"}
"""Who lifts a pin or a pause whose end has come."""


def by_somebody(deeds: Sequence[Deed]) -> tuple[Deed, ...]:
    """Return the deeds without the newest ones that nobody did: a pin that a commit lifted is a consequence of it."""
    ends = {DeedKind.UNPIN, DeedKind.RESUME}
    return tuple(dropwhile(lambda deed: deed.kind in ends and deed.who in _BY_ITSELF, deeds))


def way_back(application: str, deeds: Sequence[Deed], results: Sequence[ResourceResult], now: float) -> Way:
    """Return what undoes the newest deed. PlanError, with the reason, when nothing does.

    deeds: newest first. results: of the newest, where it is an operation. now: seconds since the epoch.
    """
    try:
        return _way(deeds, results, now)
    except _StaysError as reason:
        hint = "`rollback` goes to any commit, without what is lost" if reason.loss else "`journal` tells what was done"
        raise PlanError(f"application {application}", f"cannot undo {reason}", hint=hint) from reason


class _StaysError(Exception):
    """Why it cannot be undone. loss: because something is gone for good."""

    def __init__(self, text: str, *, loss: bool = False) -> None:
        super().__init__(text)
        self.loss = loss


def _way(deeds: Sequence[Deed], results: Sequence[ResourceResult], now: float) -> Way:
    if not deeds:
        raise _StaysError("anything: nothing was done yet")
    newest, earlier = deeds[0], deeds[1:]
    match newest.kind:
        case DeedKind.PAUSE:
            return Release()
        case DeedKind.RESUME:
            pause = next((each.pause for each in earlier if each.pause is not None), None)
            if pause is None or (pause.until is not None and pause.until <= now):
                raise _StaysError(f"the end of the pause: {_ITS_TIME if pause else 'the journal does not hold it'}")
            return Hold(pause)
        case DeedKind.UNPIN:
            pin = next((each.pin for each in earlier if each.pin is not None), None)
            if pin is None or (pin.lifts_at is not None and pin.lifts_at <= now):
                raise _StaysError(f"the unpin: {_ITS_TIME if pin else 'the journal does not hold the pin'}")
            return Deploy(pin.revision, pin)
        case DeedKind.PIN:
            return _unheld(earlier)
    if newest.receipt is None:
        raise _StaysError("an operation that left no receipt")
    return _of_operation(newest, newest.receipt, earlier, results, now)


def _of_operation(
    newest: Deed, receipt: Receipt, earlier: Sequence[Deed], results: Sequence[ResourceResult], now: float
) -> Way:
    named = f"the {receipt.kind} of {receipt.revision[:7]}" if receipt.revision else f"the {receipt.kind}"
    if receipt.commit:
        return Restore(receipt.commit)
    lost = next((each.key for each in results if each.key.kind in PRECIOUS and _was_deleted(each)), None)
    if lost is not None:
        raise _StaysError(f"{named}: it deleted {lost}, and what was in it does not come back", loss=True)
    if receipt.kind is OperationKind.ROLLBACK:
        if earlier and earlier[0].pin is not None:
            return _unheld(earlier[1:])
        raise _StaysError(f"{named}: it did nothing ({receipt.message})")
    if receipt.kind is OperationKind.DELETE:
        if any(map(_was_deleted, results)):
            raise _StaysError(f"{named}: the objects are gone; a sync makes them anew")
        return _unpaused(named, receipt, earlier, now)
    return _undeployed(named, newest, receipt, earlier)


def _undeployed(named: str, newest: Deed, receipt: Receipt, earlier: Sequence[Deed]) -> Way:
    """What was deployed before a sync."""
    if newest.partial:
        raise _StaysError(f"{named}: it was of chosen resources only")
    if receipt.kind is not OperationKind.SYNC:
        raise _StaysError(f"{named}: it made the cluster what Git says; change Git instead")
    before = next((each.receipt for each in earlier if _deployed(each)), None)
    if before is None:
        raise _StaysError(f"{named}: nothing was deployed before it")
    if before.revision == receipt.revision:
        raise _StaysError(f"{named}: it deployed what was deployed before")
    return Deploy(before.revision)


def _was_deleted(row: ResourceResult) -> bool:
    """Whether what was live is gone, whether or not something new bears its name."""
    return row.result is Result.PRUNED or row.before is not None


def _deployed(deed: Deed) -> bool:
    receipt = deed.receipt
    if receipt is None or deed.partial or receipt.commit or receipt.phase is not OperationPhase.SUCCEEDED:
        return False
    return receipt.kind in {OperationKind.SYNC, OperationKind.ROLLBACK}


def _unheld(earlier: Sequence[Deed]) -> Way:
    """What was in force before a pin: an earlier pin, or what is tracked."""
    before = next((each for each in earlier if each.kind in {DeedKind.PIN, DeedKind.UNPIN}), None)
    if before is not None and before.pin is not None:
        return Deploy(before.pin.revision, before.pin)
    return Follow()


def _unpaused(named: str, receipt: Receipt, earlier: Sequence[Deed], now: float) -> Way:
    """What held automation before a deletion that left every object: it pauses the application."""
    if not earlier or earlier[0].pause is None:
        raise _StaysError(f"{named}: it did nothing ({receipt.message})")
    before = next((each for each in earlier[1:] if each.kind in {DeedKind.PAUSE, DeedKind.RESUME}), None)
    pause = before.pause if before is not None else None
    return Release() if pause is None or (pause.until is not None and pause.until <= now) else Hold(pause)

"""Going back: planned, shown, approved, done."""

from __future__ import annotations

from gitops_tui.cli import shapes
from gitops_tui.cli.change import Outcomes, show, tell, tell_obstacles
from gitops_tui.cli.diagnostics import DONE, FAILED
from gitops_tui.cli.rollback import shown
from gitops_tui.cli.session import Call
from gitops_tui.engine.requests import LastGood, Plan, PlanRevert, PlanUndo, Revert, Rollback, Undoing, Unpin
from gitops_tui.model.application import SyncMode
from gitops_tui.model.errors import UsageError
from gitops_tui.model.operations import ChangeSet, OperationPhase, Pin, Receipt
from gitops_tui.model.revision import Restoration, Revision, RollbackMode
from gitops_tui.model.status import ApplicationStatus


def rollback(call: Call) -> int:
    """Go back to a commit. Without --yes a person is asked; where there is none, nothing is done."""
    options = call.options
    mode = RollbackMode(options.mode)
    if mode is not RollbackMode.PIN and options.until:
        raise UsageError("--until", "goes with --mode pin: a commit has no end")
    _demand_approval(call, "rollback")
    status = call.application()
    revision = options.commit
    if options.last_good:
        found: Revision = call.ask(LastGood(status.name), "looking for the last good deployment")
        revision = found.sha
    if mode is RollbackMode.PIN:
        return _pin(call, status.name, revision)
    return _revert(call, status, revision, mode)


def _demand_approval(call: Call, verb: str) -> None:
    if not call.options.yes and not call.diagnostics.asking:
        raise UsageError(verb, "asks before it writes, and there is no terminal to ask on", hint="add --yes")


def _shown(call: Call, made: Restoration) -> None:
    call.diagnostics.show([*call.output.lines(shown.HEADS, shown.rows(made)), *shown.told(made)])


def _pin(call: Call, name: str, revision: str) -> int:
    options = call.options
    made: ChangeSet = call.ask(Plan(name, revision), f"planning {name}")
    if made.refusals:
        tell_obstacles(call, made)
        return FAILED
    if not options.yes:
        show(call, made)
        question = f"Roll {name} back to {made.revision[:7]} ({_counted(made)}) and pin it there?"
        if not _agreed(call, question):
            return FAILED
    until = options.until or "next-commit"
    request = Rollback(name, made, call.session.actor, options.why, until, timeout=options.timeout)
    receipt: Receipt = call.ask(request, f"rolling {name} back")
    return tell(call, Outcomes([receipt]), one=True)


def _counted(made: ChangeSet) -> str:
    """How much a plan writes, in words."""
    writes = len(made.writes)
    return "one change" if writes == 1 else f"{writes} changes"


def _agreed(call: Call, question: str) -> bool:
    """Whether a person agrees."""
    if call.diagnostics.ask(question):
        return True
    call.diagnostics.note("nothing was done")
    return False


def _revert(call: Call, status: ApplicationStatus, revision: str, mode: RollbackMode) -> int:
    made: Restoration = call.ask(PlanRevert(status.name, revision, mode), f"planning a commit for {status.name}")
    if not call.options.yes and not _approved(call, made):
        return FAILED
    request = Revert.of(made, call.session.actor, call.options.why)
    receipt: Receipt = call.ask(request, f"pushing to {made.target}")
    code = tell(call, Outcomes([receipt]), one=True)
    if receipt.phase is OperationPhase.SUCCEEDED and mode is RollbackMode.REVERT:
        by_hand = status.application.policy.mode is SyncMode.MANUAL
        call.diagnostics.note(
            f"`gitops-tui sync {status.name}` deploys it" if by_hand else f"automation deploys it to {status.name}"
        )
    return code


def _approved(call: Call, made: Restoration) -> bool:
    """Show a commit and ask a person for it."""
    _shown(call, made)
    files = "one file" if len(made.files) == 1 else f"{len(made.files)} files"
    return _agreed(call, f"Commit this to {made.target} and push it ({files})?")


def unpin(call: Call) -> int:
    """Follow the tracked revision again."""
    name = call.application().name
    lifted: Pin | None = call.ask(Unpin(name, call.session.actor), f"unpinning {name}")
    if not call.output.is_table:
        call.output.data(shapes.pin(name, lifted))
    elif lifted is None:
        call.output.line(f"{name} is not pinned")
    else:
        call.output.line(f"{name} is no longer pinned to {lifted.revision[:7]}")
    return DONE


def undo(call: Call) -> int:
    """Take back what was done last, shown and approved first."""
    _demand_approval(call, "undo")
    options, name = call.options, call.application().name
    made: Undoing = call.ask(PlanUndo(name, call.session.actor, options.why, options.timeout), f"planning {name}")
    if made.plan is not None and made.plan.refusals:
        tell_obstacles(call, made.plan)
        return FAILED
    if not options.yes and not _agreed_to_undo(call, made):
        return FAILED
    done = call.ask(made.request, f"undoing {made.what}")
    if isinstance(done, Receipt):
        return tell(call, Outcomes([done]), one=True)
    if call.output.is_table:
        call.output.line(f"{name}: {made.what} is undone")
    else:
        call.output.data(shapes.pause(name, done))
    return DONE


def _agreed_to_undo(call: Call, made: Undoing) -> bool:
    if made.plan is not None:
        show(call, made.plan)
    if made.restoration is not None:
        _shown(call, made.restoration)
    changes = f" ({_counted(made.plan)})" if made.plan is not None else ""
    return _agreed(call, f"Undo {made.what}: {made.how}{changes}?")

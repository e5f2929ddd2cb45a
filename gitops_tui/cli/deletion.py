"""The verb that takes an application away, after its name was typed."""

from __future__ import annotations

from gitops_tui.cli.change import Outcomes, show, tell, tell_obstacles
from gitops_tui.cli.diagnostics import FAILED
from gitops_tui.cli.session import Call
from gitops_tui.engine.requests import Delete, PlanDeletion
from gitops_tui.model.errors import UsageError
from gitops_tui.model.operations import ChangeSet, Deletion, OperationPhase, Receipt


def delete(call: Call) -> int:
    """Leave the application's objects, or delete them; its automation is paused. Asks for its name to be typed."""
    options = call.options
    name = call.application().name
    if options.yes is not None and options.yes != name:
        raise UsageError("--yes", f"names {options.yes}, not {name}", hint=f"--yes {name}")
    if options.yes is None and not call.diagnostics.asking:
        hint = f"--yes {name}"
        raise UsageError("delete", "asks for the name to be typed, and there is no terminal to ask on", hint=hint)
    how = Deletion.CASCADE if options.cascade else Deletion.LEAVE
    made: ChangeSet = call.ask(PlanDeletion(name, how, hooks=not options.no_hooks), f"planning {name}")
    if made.refusals:
        tell_obstacles(call, made)
        return FAILED
    if options.yes is None:
        show(call, made)
        if not call.diagnostics.asked_for(_question(name, made), name):
            call.diagnostics.note("nothing was done")
            return FAILED
    receipt: Receipt = call.ask(Delete(name, made, call.session.actor, options.timeout), f"deleting {name}")
    code = tell(call, Outcomes([receipt]), one=True)
    if receipt.phase is OperationPhase.SUCCEEDED:
        pause = call.refreshed((name,))[0].pause
        call.diagnostics.note(
            f"{name} is paused: {pause.why}" if pause else f"take {name} out of the configuration too"
        )
    return code


def _question(name: str, made: ChangeSet) -> str:
    if made.deletion is Deletion.LEAVE:
        return f"Type {name} to stop tracking it and leave its {len(made.changes)} objects as they are:"
    return f"Type {name} to delete {len(made.writes)} of its objects for good:"

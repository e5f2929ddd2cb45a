"""The verbs that plan and write: plan, sync, pause, resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gitops_tui.cli import shapes, tables
from gitops_tui.cli.diagnostics import DIFFERENT, DONE, FAILED
from gitops_tui.cli.output import Colour
from gitops_tui.cli.session import Call
from gitops_tui.engine.requests import PauseAutomation, Plan, Request, ResumeAutomation, Sync, Terminate
from gitops_tui.model.errors import GitopsError, PlanError, UsageError
from gitops_tui.model.operations import ChangeSet, OperationPhase, Pause, Receipt
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import ApplicationStatus
from gitops_tui.model.values import dataclass, field

_TRIES = 3
Execute = Callable[[ChangeSet], Request]


def plan(call: Call) -> int:
    """What a sync would do: 0 nothing, 1 something, 2 it cannot run."""
    name = call.application().name
    made: ChangeSet = call.ask(Plan(name, call.options.at, call.options.prune), f"planning {name}")
    if call.output.is_table:
        if made.changes:
            call.output.table(tables.PLAN_HEADS, tables.plan_rows(made))
            call.output.line(tables.plan_summary(made), Colour.FAINT)
        elif call.output.is_terminal:
            call.diagnostics.note(f"{name}: nothing to do at {made.revision[:7]}")
        tell_obstacles(call, made)
    else:
        call.output.data(shapes.plan(made))
    if made.refusals:
        return FAILED
    return DIFFERENT if made.writes else DONE


def tell_obstacles(call: Call, made: ChangeSet) -> None:
    """Say why a plan cannot run, or waits for a person."""
    for refusal in made.refusals:
        call.diagnostics.error(PlanError(f"application {made.application}", refusal))
    for reason in made.held:
        call.diagnostics.warn(f"application {made.application}: held for a person: {reason}")


@dataclass(slots=True)
class Outcomes:
    """What became of several applications."""

    receipts: list[Receipt] = field(default_factory=list)
    errors: list[GitopsError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    """Names of applications that were not synced."""


def sync(call: Call) -> int:
    """Bring the cluster to what Git says; one application that fails does not hold up the others."""
    names = _chosen(call)
    known = call.refreshed(names)
    keys = tuple(_resource_key(text, known[0]) for text in call.options.resources)
    options = call.options
    actor, dry_run, timeout = call.session.actor, options.dry_run, options.timeout

    def execute(changes: ChangeSet) -> Request:
        return Sync(changes.application, changes, actor, dry_run=dry_run, timeout=timeout)

    outcomes = Outcomes()
    for stage in _stages(known):
        ready = _unless_needed_failed(stage, outcomes)
        made = [Plan(name, options.at, options.prune, keys, options.hooks) for name in ready]
        found = _run(call, made, execute, approved=dry_run or options.yes)
        outcomes.receipts += found.receipts
        outcomes.errors += found.errors
        outcomes.failed |= set(ready) - {each.application for each in found.receipts if _is_done(each)}
    return tell(call, outcomes, one=len(names) == 1)


def _stages(known: Sequence[ApplicationStatus]) -> Iterator[list[ApplicationStatus]]:
    """Those that depend on none of the rest, again and again; all that are left when they go round in a circle."""
    left = {each.name: each for each in known}
    while left:
        free = [each for each in left.values() if not left.keys() & set(each.application.depends_on)]
        stage = free or list(left.values())
        yield stage
        for each in stage:
            del left[each.name]


def _unless_needed_failed(stage: Sequence[ApplicationStatus], outcomes: Outcomes) -> list[str]:
    ready = []
    for each in stage:
        needed = sorted(outcomes.failed & set(each.application.depends_on))
        if needed:
            outcomes.failed.add(each.name)
            why = f"not synced, because it depends on {', '.join(needed)}"
            outcomes.errors.append(PlanError(f"application {each.name}", why))
        else:
            ready.append(each.name)
    return ready


def _is_done(receipt: Receipt) -> bool:
    return receipt.phase is OperationPhase.SUCCEEDED


def _chosen(call: Call) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(call.options.applications))
    if call.options.all and names:
        raise UsageError("sync", "takes names or --all, not both")
    if not names and not call.options.all:
        raise UsageError("sync", "names no application", hint="name some, or use --all")
    if call.options.resources and len(names) != 1:
        raise UsageError("--resource", "goes with exactly one application")
    return names


def _run(call: Call, plans: Sequence[Plan], execute: Execute, *, approved: bool) -> Outcomes:
    """Plan, ask where a guard holds, execute; a plan that became stale meanwhile is made again."""
    outcomes = Outcomes()
    for attempt in range(_TRIES):
        ready: list[tuple[Plan, ChangeSet]] = []
        for request, made in zip(plans, call.ask_all(plans, "planning"), strict=True):
            if isinstance(made, GitopsError):
                outcomes.errors.append(made)
            elif approved or _approved(call, made):
                ready.append((request, made))
            else:
                outcomes.errors.append(_not_approved(made))
        answers = call.ask_all([execute(made) for _, made in ready], "working")
        outcomes.receipts += [each for each in answers if isinstance(each, Receipt)]
        failed = [(request, each) for (request, _), each in zip(ready, answers, strict=True) if _is_error(each)]
        again = [request for request, each in failed if each.temporary and attempt < _TRIES - 1 and _is_plan(each)]
        outcomes.errors += [each for request, each in failed if request not in again]
        plans = again
        if not plans:
            break
    return outcomes


def _is_error(answer: Any) -> bool:
    return isinstance(answer, GitopsError)


def _is_plan(error: GitopsError) -> bool:
    return isinstance(error, PlanError)


def _approved(call: Call, made: ChangeSet) -> bool:
    """Whether it may run: nothing holds it, or a person says so."""
    if not made.held or made.refusals:
        return True
    if not call.diagnostics.asking:
        return False
    show(call, made)
    return call.diagnostics.ask(f"Sync {made.application} all the same?")


def _not_approved(made: ChangeSet) -> GitopsError:
    return PlanError(
        f"application {made.application}",
        f"held for a person: {'; '.join(made.held)}",
        hint="look at `plan`, then approve it with --yes",
    )


def show(call: Call, made: ChangeSet) -> None:
    """Show a plan to a person who is about to be asked."""
    call.diagnostics.show(call.output.lines(tables.PLAN_HEADS, tables.plan_rows(made)) if made.changes else ())
    tell_obstacles(call, made)


def tell(call: Call, outcomes: Outcomes, *, one: bool) -> int:
    """Print the receipts and what went wrong. one: a single application was named, so one object is printed."""
    if call.output.is_table:
        for receipt in outcomes.receipts:
            _print_receipt(call, receipt)
    elif not one:
        call.output.data([shapes.receipt(each) for each in outcomes.receipts])
    elif outcomes.receipts:
        call.output.data(shapes.receipt(outcomes.receipts[0]))
    for receipt in outcomes.receipts:
        _comment(call, receipt)
    for error in outcomes.errors:
        call.diagnostics.error(error)
    fine = all(each.phase is OperationPhase.SUCCEEDED for each in outcomes.receipts)
    return DONE if fine and not outcomes.errors else FAILED


def _comment(call: Call, receipt: Receipt) -> None:
    """Say beside a receipt what a person should know of it."""
    for result in receipt.resources:
        for warning in result.warnings:
            call.diagnostics.warn(f"{result.key}: {warning}")
    if receipt.phase is not OperationPhase.SUCCEEDED:
        words = f"{receipt.phase}: {receipt.message}" if receipt.message else str(receipt.phase)
        call.diagnostics.error(GitopsError(f"application {receipt.application}", words))
    elif receipt.resources and receipt.message and not receipt.verified and not receipt.dry_run:
        call.diagnostics.warn(f"application {receipt.application}: not verified: {receipt.message}")


def _print_receipt(call: Call, receipt: Receipt) -> None:
    symbol, colour = tables.PHASE[receipt.phase]
    dry = " (dry run)" if receipt.dry_run else ""
    verified = ", every resource healthy" if receipt.verified else ""
    head = tables.marked(
        f"{receipt.application} {receipt.phase}{dry} at {receipt.revision[:7]}{verified}", (symbol, colour)
    )
    call.output.line(call.output.shown(head), colour)
    if receipt.resources:
        call.output.table(tables.RECEIPT_HEADS, tables.receipt_rows(receipt))
    elif receipt.message:
        call.output.line(receipt.message, Colour.FAINT)


def _resource_key(text: str, application: ApplicationStatus) -> ResourceKey:
    """A key of this application; what it does not have is told with the nearest that it has."""
    known = {each.key.path: each.key for each in application.resources}
    if text in known:
        return known[text]
    import difflib  # noqa: PLC0415 - for a mistake alone

    near = difflib.get_close_matches(text, known, n=3, cutoff=0.3)
    hint = f"did you mean {' or '.join(near)}?" if near else "it is written GROUP/KIND/NAMESPACE/NAME, as `plan` shows"
    try:
        ResourceKey.parse(text)
    except ValueError as error:
        raise UsageError("--resource", str(error), hint=hint) from error
    raise UsageError(f"--resource {text}", f"is no resource of application {application.name}", hint=hint)


def pause(call: Call) -> int:
    """Hold the automation."""
    name, span = call.application().name, call.options.span
    until = time.time() + span if span is not None else None
    made: Pause = call.ask(PauseAutomation(name, call.session.actor, call.options.why, until), f"pausing {name}")
    if call.output.is_table:
        call.output.line(f"{name} is paused until {tables.moment(made.until) or 'it is resumed'}")
    else:
        call.output.data(shapes.pause(name, made))
    return DONE


def stop(call: Call) -> int:
    """Stop the running operation after the write that it is in: 0 when there was one, 1 when none runs."""
    name = call.application().name
    stopped: bool = call.ask(Terminate(name, call.session.actor), f"stopping {name}")
    if call.output.is_table:
        call.output.line(f"{name} is told to stop" if stopped else f"{name} runs no operation")
    else:
        call.output.data({"application": name, "stopped": stopped})
    return DONE if stopped else DIFFERENT


def resume(call: Call) -> int:
    """Let the automation go on."""
    name = call.application().name
    lifted: Pause | None = call.ask(ResumeAutomation(name, call.session.actor), f"resuming {name}")
    if not call.output.is_table:
        call.output.data(shapes.pause(name, lifted))
    else:
        call.output.line(f"{name} is resumed" if lifted else f"{name} is not paused")
    return DONE

"""A user plans and writes: plan, sync, rollback, unpin, pause, resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from gitops_tui.engine.requests import (
    PauseAutomation,
    Plan,
    Request,
    ResumeAutomation,
    Rollback,
    Sync,
    Terminate,
    Unpin,
)
from gitops_tui.model.errors import PlanError, RenderError
from gitops_tui.model.operations import (
    Action,
    Change,
    ChangeSet,
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
    SyncPhase,
)
from gitops_tui.model.resources import ABSENT, FieldChange, ResourceKey
from gitops_tui.model.status import ApplicationStatus
from tests.cli.prepared import (
    COMMIT,
    CONFIG,
    DRIFTED,
    WEB,
    Answer,
    PreparedSession,
    Run,
    Terminal,
    golden,
    snapshot,
    status,
)

JOB = ResourceKey("batch", "Job", "shop", "migrate")
CHANGES = (
    Change(JOB, Action.HOOK, "before the sync", SyncPhase.PRE_SYNC, -1),
    Change(
        WEB,
        Action.UPDATE,
        "differs",
        changes=(FieldChange("spec.replicas", 3, 5), FieldChange("spec.paused", ABSENT, "yes")),
        warnings=("will restart 5 Pods",),
    ),
    Change(CONFIG, Action.DELETE, "Git no longer names it"),
)
PLAN = ChangeSet("shop", COMMIT.sha, CHANGES, prune=True)
HELD = replace(PLAN, held=("it would prune everything",))
REFUSED = replace(PLAN, refusals=("ConfigMap shop/web belongs to cart",))


def receipt_of(request: Sync | Rollback) -> Receipt:
    results = (
        ResourceResult(WEB, Result.CONFIGURED, "", 0.2, ("spec.x is deprecated",)),
        ResourceResult(CONFIG, Result.PRUNED),
    )
    return Receipt(
        "" if getattr(request, "dry_run", False) else "20260101-120000-abc",
        request.application,
        request.plan.revision,
        OperationKind.SYNC,
        request.actor,
        OperationPhase.SUCCEEDED,
        resources=results,
        verified=True,
        dry_run=getattr(request, "dry_run", False),
    )


def ready(plan: ChangeSet = PLAN) -> PreparedSession:
    prepared: dict[type[Request], Answer] = {
        Plan: lambda request: replace(plan, application=request.application),
        Sync: receipt_of,
        Rollback: receipt_of,
    }
    return PreparedSession(snapshot(status(), DRIFTED), prepared)


@pytest.mark.parametrize("form", ["table", "json"])
def test_plan(gitops: Run, form: str) -> None:
    session = ready()
    said = gitops(session, "plan", "shop", "--revision", "v1", "-o", form)
    golden(f"plan.{form}", said.out)
    assert (said.code, said.err) == (1, "")
    assert session.of(Plan) == [Plan("shop", "v1", None)]


def test_a_sync_after_which_something_is_not_healthy_says_so(gitops: Run) -> None:
    def unhealthy(request: Sync) -> Receipt:
        told = "1 unchanged; not healthy after 5 s: apps/Deployment shop/web is Degraded"
        return replace(receipt_of(request), verified=False, message=told)

    session = ready()
    session.answers[Sync] = unhealthy
    said = gitops(session, "sync", "shop")
    assert said.code == 0
    assert "warning: application shop: not verified: 1 unchanged; not healthy after 5 s: " in said.err


def test_a_plan_that_does_nothing(gitops: Run) -> None:
    said = gitops(ready(ChangeSet("shop", COMMIT.sha)), "plan", "shop", "--prune")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_plan_that_cannot_run_or_waits_for_a_person_says_why(gitops: Run) -> None:
    refused = gitops(ready(REFUSED), "plan", "shop")
    assert (refused.code, refused.err) == (2, "error: application shop: ConfigMap shop/web belongs to cart\n")
    held = gitops(ready(HELD), "plan", "shop")
    assert (held.code, held.err) == (1, "warning: application shop: held for a person: it would prune everything\n")


@pytest.mark.parametrize("form", ["table", "json"])
def test_sync(gitops: Run, form: str) -> None:
    session = ready()
    said = gitops(session, "sync", "shop", "--prune", "--timeout", "1m", "-o", form)
    golden(f"sync.{form}", said.out)
    assert (said.code, said.err) == (0, "warning: apps/Deployment shop/web: spec.x is deprecated\n")
    assert session.of(Plan) == [Plan("shop", None, True)]
    assert session.of(Sync) == [Sync("shop", PLAN, "alice@laptop", timeout=60.0)]


def test_sync_of_all_gives_a_list_of_receipts(gitops: Run) -> None:
    session = ready()
    said = gitops(session, "sync", "--all", "--dry-run", "-o", "json")
    assert said.code == 0
    assert [each["application"] for each in json.loads(said.out)] == ["cart", "shop"]
    assert [each.dry_run for each in session.of(Sync)] == [True, True]


def test_one_application_that_cannot_be_planned_does_not_hold_up_the_others(gitops: Run) -> None:
    def plan(request: Plan) -> ChangeSet:
        if request.application == "cart":
            raise RenderError("apps/cart/web.yaml:3", "key 'a' is there twice")
        return PLAN

    session = ready()
    session.answers[Plan] = plan
    said = gitops(session, "sync", "cart", "shop", "-o", "json")
    assert said.code == 2
    assert [each["application"] for each in json.loads(said.out)] == ["shop"]
    assert "error: apps/cart/web.yaml:3: key 'a' is there twice\n" in said.err


def test_a_sync_that_fails_is_an_error_and_still_a_receipt(gitops: Run) -> None:
    session = ready()
    session.answers[Sync] = lambda request: replace(
        receipt_of(request), phase=OperationPhase.FAILED, message="Deployment web: not healthy after 60s"
    )
    said = gitops(session, "sync", "shop", "-o", "json")
    assert said.code == 2
    assert json.loads(said.out)["phase"] == "Failed"
    assert "error: application shop: Failed: Deployment web: not healthy after 60s\n" in said.err


def test_a_plan_that_became_stale_is_made_again(gitops: Run) -> None:
    session = ready()
    newer = replace(PLAN, revision="f" * 40)
    plans = iter([PLAN, newer])
    session.answers[Plan] = lambda _: next(plans)

    def execute(request: Sync) -> Receipt:
        if request.plan is PLAN:
            raise PlanError("application shop", "the plan is stale", temporary=True)
        return receipt_of(request)

    session.answers[Sync] = execute
    said = gitops(session, "sync", "shop", "-o", "json")
    assert (said.code, json.loads(said.out)["revision"]) == (0, newer.revision)


def test_a_plan_that_stays_stale_ends_in_an_error(gitops: Run) -> None:
    def execute(_: Sync) -> Receipt:
        raise PlanError("application shop", "the plan is stale", temporary=True)

    session = ready()
    session.answers[Sync] = execute
    said = gitops(session, "sync", "shop")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: application shop: the plan is stale\n"
    assert len(session.of(Sync)) == 3


def test_what_a_guard_holds_is_not_done_in_a_pipe_without_yes(gitops: Run) -> None:
    session = ready(HELD)
    said = gitops(session, "sync", "shop")
    assert (said.code, said.out, session.of(Sync)) == (2, "", [])
    assert "held for a person: it would prune everything" in said.err
    assert gitops(session, "sync", "shop", "--yes").code == 0
    assert len(session.of(Sync)) == 1


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_what_a_guard_holds_is_asked_on_a_terminal(terminal: Terminal, answer: str, done: bool) -> None:
    session = ready(HELD)
    terminal.type(answer)
    assert terminal.run(session, "sync", "shop") == (0 if done else 2)
    assert bool(session.of(Sync)) is done
    seen = terminal.read()
    assert "Sync shop all the same? [y/N]" in seen
    assert "it would prune everything" in seen


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "names no application"),
        (["shop", "--all"], "not both"),
        (["--all", "--resource", WEB.path], "exactly one application"),
        (["shop", "--resource", "apps/Deployment/shop/wep"], "did you mean apps/Deployment/shop/web"),
        (["shop", "--resource", "Deployment/web"], "did you mean apps/Deployment/shop/web"),
        (["shop", "--resource", "x/y/z/0"], "GROUP/KIND/NAMESPACE/NAME"),
    ],
)
def test_a_sync_of_what_is_not_there_writes_nothing(gitops: Run, words: list[str], complaint: str) -> None:
    session = ready()
    said = gitops(session, "sync", *words)
    assert (said.code, said.out, session.of(Plan)) == (2, "", [])
    assert complaint in said.err


def test_sync_of_chosen_resources(gitops: Run) -> None:
    session = ready()
    assert gitops(session, "sync", "shop", "--resource", WEB.path, "--resource", "/ConfigMap/shop/web").code == 0
    assert session.of(Plan) == [Plan("shop", None, None, (WEB, CONFIG))]


def test_rollback_in_a_pipe_needs_yes(gitops: Run) -> None:
    session = ready()
    said = gitops(session, "rollback", "shop", "1f0c2d3")
    assert (said.code, said.out, session.asked) == (2, "", [])
    assert said.err.endswith("hint: add --yes\n")
    said = gitops(session, "rollback", "shop", "1f0c2d3", "--yes", "--why", "bad image", "-o", "json")
    assert said.code == 0
    assert json.loads(said.out)["revision"] == COMMIT.sha
    assert session.of(Rollback) == [Rollback("shop", PLAN, "alice@laptop", "bad image")]


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("\n", 2)])
def test_rollback_shows_its_plan_and_asks(terminal: Terminal, answer: str, code: int) -> None:
    session = ready()
    terminal.type(answer)
    assert terminal.run(session, "rollback", "shop", "1f0c2d3") == code
    assert bool(session.of(Rollback)) is (code == 0)
    seen = terminal.read()
    assert seen.index("spec.replicas") < seen.index("Roll shop back to 1f0c2d3 (3 changes) and pin it there? [y/N]")


def test_a_rollback_that_is_refused_is_not_even_asked(terminal: Terminal) -> None:
    session = ready(REFUSED)
    assert terminal.run(session, "rollback", "shop", "1f0c2d3") == 2
    assert session.of(Rollback) == []
    assert "belongs to cart" in terminal.read()


def test_unpin(gitops: Run) -> None:
    session = ready()
    session.answers[Unpin] = Pin("shop", COMMIT.sha, "2" * 40, "bob@desk", "bad image", since=1_767_268_800)
    assert gitops(session, "unpin", "shop").out == "shop is no longer pinned to 1f0c2d3\n"
    assert json.loads(gitops(session, "unpin", "shop", "-o", "json").out)["why"] == "bad image"
    session.answers[Unpin] = None
    assert gitops(session, "unpin", "shop").out == "shop is not pinned\n"
    assert session.of(Unpin)[0] == Unpin("shop", "alice@laptop")


def test_pause_and_resume(gitops: Run) -> None:
    session = ready()
    session.answers[PauseAutomation] = lambda request: Pause("shop", request.actor, request.why, request.until, 1.0)
    assert gitops(session, "pause", "shop", "--why", "release").out == "shop is paused until it is resumed\n"
    said = gitops(session, "pause", "shop", "--for", "2h", "-o", "json")
    assert json.loads(said.out)["until"] is not None
    session.answers[ResumeAutomation] = None
    assert gitops(session, "resume", "shop").out == "shop is not paused\n"


def test_chosen_resources_with_the_hooks(gitops: Run) -> None:
    session = ready()
    gitops(session, "sync", "shop", "--resource", "apps/Deployment/shop/web", "--hooks")
    (asked,) = session.of(Plan)
    assert (asked.resources, asked.hooks) == ((WEB,), True)


# applications that need others


def needing(*edges: tuple[str, str]) -> list[ApplicationStatus]:
    names = sorted({name for edge in edges for name in edge})
    needs = {name: tuple(needed for one, needed in edges if one == name) for name in names}
    made = [status(name) for name in names]
    return [replace(each, application=replace(each.application, depends_on=needs[each.name])) for each in made]


def planned(request: Plan) -> ChangeSet:
    return ChangeSet(request.application, COMMIT.sha)


def ended(*failing: str) -> Callable[[Sync], Receipt]:
    def end(request: Sync) -> Receipt:
        phase = OperationPhase.FAILED if request.application in failing else OperationPhase.SUCCEEDED
        return Receipt("op", request.application, COMMIT.sha, OperationKind.SYNC, "alice", phase)

    return end


def test_what_others_need_is_synced_first(gitops: Run) -> None:
    found = needing(("web", "api"), ("api", "database"))
    session = PreparedSession(snapshot(*found), {Plan: planned, Sync: ended()})
    assert gitops(session, "sync", "--all").code == 0
    assert [request.application for request in session.of(Sync)] == ["database", "api", "web"]


def test_what_needs_one_that_failed_is_not_synced(gitops: Run) -> None:
    found = needing(("web", "api"), ("api", "database"), ("other", "other2"))
    session = PreparedSession(snapshot(*found), {Plan: planned, Sync: ended("database")})
    said = gitops(session, "sync", "--all")
    assert said.code == 2
    assert {request.application for request in session.of(Sync)} == {"database", "other", "other2"}
    assert "application api: not synced, because it depends on database" in said.err
    assert "application web: not synced, because it depends on api" in said.err


def test_a_circle_is_synced_at_once(gitops: Run) -> None:
    session = PreparedSession(snapshot(*needing(("a", "b"), ("b", "a"))), {Plan: planned, Sync: ended()})
    assert gitops(session, "sync", "--all").code == 0
    assert len(session.of(Sync)) == 2


@pytest.mark.parametrize(("stopped", "code", "told"), [(True, 0, "is told to stop"), (False, 1, "runs no operation")])
def test_an_operation_is_stopped(gitops: Run, stopped: bool, code: int, told: str) -> None:
    session = PreparedSession(snapshot(status()), {Terminate: stopped})
    said = gitops(session, "stop", "shop")
    assert (said.code, said.out) == (code, f"shop {told}\n")
    assert session.of(Terminate) == [Terminate("shop", "alice@laptop")]

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.journal import Journal
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import (
    OperationKind,
    OperationPhase,
    Pause,
    Pin,
    Receipt,
    ResourceResult,
    Result,
)
from gitops_tui.model.resources import ABSENT, Authorship, FieldChange, ResourceKey

WEB = ResourceKey("apps", "Deployment", "shop", "web")
CONFIG = ResourceKey("", "ConfigMap", "shop", "settings")
ROLE = ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "system:reader")


def receipt(operation: str = "op-1", **changes: object) -> Receipt:
    running = Receipt(
        operation,
        "shop",
        "a" * 40,
        OperationKind.SYNC,
        "alice@host",
        OperationPhase.RUNNING,
        plan_hash="0123456789abcdef",
        started=1_700_000_000.25,
    )
    return replace(running, **changes)  # type: ignore[arg-type]


def done(running: Receipt, phase: OperationPhase = OperationPhase.SUCCEEDED, **changes: object) -> Receipt:
    return replace(running, phase=phase, finished=running.started + 5, **changes)  # type: ignore[arg-type]


def run(journal: Journal, operation: str, **changes: object) -> Receipt:
    running = receipt(operation, **changes)
    journal.begin(running)
    journal.finish(done(running))
    return done(running)


def test_an_operation_is_read_back_as_it_was_written(journal: Journal, folder: Path) -> None:
    result = ResourceResult(
        WEB,
        Result.CONFIGURED,
        "configured",
        0.5,
        ("replicas are managed by an autoscaler",),
        (
            FieldChange(
                "spec.replicas", 3, 1, Authorship("alice", "a1b2c3d", 1.5, "apps/web.yaml:7"), Authorship("kubectl")
            ),
            FieldChange("metadata.labels[x]", None, ABSENT, note="by right the autoscaler's"),
            FieldChange("data.key", ABSENT, {"list": [1, "\ud800 \u202e\x1b[31m", None]}),
        ),
    )
    running = receipt()
    journal.begin(running)
    journal.result("op-1", result)
    finished = done(running, message="1 configured", verified=True, resources=(result,))
    journal.finish(finished)
    journal.close()

    again = Journal.open(folder)
    assert again.receipt("op-1") == finished
    assert again.receipts() == (finished,)
    assert again.receipts(resources=False) == (replace(finished, resources=()),)
    found = again.receipts()[0].resources[0].changes
    assert (found[1].desired, found[1].live, found[2].desired) == (None, ABSENT, ABSENT)
    assert again.verify().intact
    again.close()


def test_results_are_there_while_the_operation_runs_and_a_later_one_replaces_an_earlier(journal: Journal) -> None:
    journal.begin(receipt())
    journal.result("op-1", ResourceResult(WEB, Result.CREATED, "applied"))
    journal.result("op-1", ResourceResult(CONFIG, Result.UNCHANGED))
    journal.result("op-1", ResourceResult(WEB, Result.FAILED, "crash loop"))
    found = journal.receipt("op-1")
    assert found is not None
    assert not found.phase.is_final
    assert [(r.key, r.result) for r in found.resources] == [(WEB, Result.FAILED), (CONFIG, Result.UNCHANGED)]


def test_finish_adds_results_that_were_not_recorded_before(journal: Journal) -> None:
    journal.begin(receipt())
    created = ResourceResult(WEB, Result.CREATED)
    skipped = ResourceResult(ROLE, Result.SKIPPED)
    journal.result("op-1", created)
    journal.finish(done(receipt(), OperationPhase.FAILED, resources=(created, skipped)))
    found = journal.receipt("op-1")
    assert found is not None
    assert found.resources == (created, skipped)


def test_an_operation_on_its_way_can_wait_and_then_finish_once(journal: Journal) -> None:
    journal.begin(receipt())
    journal.finish(receipt(phase=OperationPhase.WAITING))
    journal.finish(done(receipt()))
    with pytest.raises(JournalError, match="op-1: it has ended"):
        journal.finish(done(receipt(), OperationPhase.FAILED))
    with pytest.raises(JournalError, match="op-1: it has ended"):
        journal.result("op-1", ResourceResult(WEB, Result.CREATED))
    with pytest.raises(JournalError, match="op-1: it was begun before"):
        journal.begin(receipt())
    with pytest.raises(JournalError, match="op-2: it was never begun"):
        journal.finish(done(receipt("op-2")))
    assert [r.phase for r in journal.receipts()] == [OperationPhase.SUCCEEDED]


def test_receipts_come_newest_first_by_application_limit_and_time(journal: Journal) -> None:
    for number in range(6):
        run(journal, f"op-{number}", application=("shop", "blog")[number % 2], started=1000.0 * number)
    assert [r.operation for r in journal.receipts()] == [f"op-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert [r.operation for r in journal.receipts("shop", limit=2)] == ["op-4", "op-2"]
    assert [r.operation for r in journal.receipts(since=3000.0)] == ["op-5", "op-4", "op-3"]
    assert journal.receipts("unknown") == ()
    assert journal.receipt("unknown") is None


def test_only_whole_successful_syncs_and_rollbacks_are_deployments(journal: Journal) -> None:
    run(journal, "sync")
    run(journal, "rollback", kind=OperationKind.ROLLBACK, revision="b" * 40)
    run(journal, "heal", kind=OperationKind.SELF_HEAL)
    run(journal, "dry", dry_run=True)
    journal.begin(receipt("partial"), partial=True)
    journal.finish(done(receipt("partial")))
    journal.begin(receipt("failed"))
    journal.finish(done(receipt("failed"), OperationPhase.FAILED))
    journal.begin(receipt("running"))
    run(journal, "other", application="blog")

    found = journal.deployments("shop", 10)
    assert [(d.operation, d.revision[0], d.time) for d in found] == [
        ("rollback", "b", 1_700_000_005.25),
        ("sync", "a", 1_700_000_005.25),
    ]
    assert [d.operation for d in journal.deployments("shop", 1)] == ["rollback"]


def test_a_pin_and_a_pause_are_found_after_a_restart_and_lifted_by_name(journal: Journal, folder: Path) -> None:
    pin = Pin("shop", "a" * 40, "b" * 40, "alice@host", "crash loop", "next-commit", 1_700_000_000.5)
    pause = Pause("shop", "bob", "migration", 1_700_009_999.0, 1_700_000_000.0)
    journal.pin(replace(pin, revision="c" * 40))
    journal.pin(pin)
    journal.pause(pause)
    journal.close()

    again = Journal.open(folder)
    assert again.claim_writer("the test")
    assert again.pins() == {"shop": pin}
    assert again.pauses() == {"shop": pause}
    assert again.unpin("shop", "carol") == pin
    assert again.resume("shop", "carol") == pause
    assert again.unpin("shop", "carol") is None
    assert again.resume("shop", "carol") is None
    assert (again.pins(), again.pauses()) == ({}, {})
    assert again.verify().intact
    again.close()


def test_the_inventory_holds_what_was_intended_until_it_is_struck(journal: Journal) -> None:
    assert not journal.knows("shop", "prod")
    journal.intend("shop", "prod", [WEB, CONFIG])
    journal.intend("shop", "prod", [CONFIG, ROLE])
    journal.intend("shop", "staging", [WEB])
    journal.strike("shop", "prod", CONFIG)
    journal.strike("shop", "prod", CONFIG)
    assert journal.inventory("shop", "prod") == {WEB, ROLE}
    assert journal.inventory("shop", "staging") == {WEB}
    assert journal.inventory("blog", "prod") == frozenset()
    assert journal.knows("shop", "prod")


def test_intending_the_same_objects_again_writes_nothing(journal: Journal) -> None:
    journal.intend("shop", "prod", [WEB, CONFIG])
    before = journal.verify().events
    journal.intend("shop", "prod", [CONFIG, WEB])
    journal.intend("shop", "prod", [])
    assert journal.verify().events == before


def test_an_application_that_owns_nothing_is_known_once_that_was_written_down(journal: Journal) -> None:
    journal.intend("empty", "prod", [])
    assert journal.knows("empty", "prod")
    assert journal.inventory("empty", "prod") == frozenset()


def test_the_last_statuses_are_kept(journal: Journal) -> None:
    journal.save_statuses({"shop": '{"sync": "Synced"}'})
    journal.save_statuses({"shop": '{"sync": "OutOfSync"}', "blog": "{}"})
    assert journal.statuses() == {"shop": '{"sync": "OutOfSync"}', "blog": "{}"}


def test_a_result_too_large_to_keep_says_so(journal: Journal) -> None:
    journal.begin(receipt())
    changes = (FieldChange("data.blob", "x" * (2 << 20), ABSENT),)
    journal.result("op-1", ResourceResult(CONFIG, Result.CONFIGURED, "configured", changes=changes))
    found = journal.receipt("op-1")
    assert found is not None
    assert found.resources[0].changes == ()
    assert found.resources[0].message == "configured; 1 field changes too large to keep"


def test_a_process_that_is_not_the_writer_may_read_and_ask_but_change_nothing(journal: Journal, folder: Path) -> None:
    journal.pin(Pin("shop", "a" * 40, "", "alice"))
    reader = Journal.open(folder)
    assert not reader.is_writer
    assert not reader.claim_writer("a second one")
    assert "the test" in reader.writer
    assert set(reader.pins()) == {"shop"}
    attempts: list[Callable[[], object]] = [
        lambda: reader.pin(Pin("shop", "b" * 40, "", "bob")),
        lambda: reader.begin(receipt()),
        lambda: reader.intend("shop", "prod", [WEB]),
        lambda: reader.save_statuses({"shop": "{}"}),
        lambda: reader.answer(1, {}),
    ]
    for attempt in attempts:
        with pytest.raises(JournalError, match="the test is the writer"):
            attempt()
    assert reader.ask("sync", {"application": "shop"}, "bob") > 0
    reader.close()


def test_the_right_to_write_passes_on_when_it_is_given_back(journal: Journal, folder: Path) -> None:
    second = Journal.open(folder)
    assert not second.claim_writer("second")
    journal.close()
    assert second.writer == ""
    assert second.claim_writer("second")
    assert second.is_writer
    assert "second" in second.writer
    second.close()


def test_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.receipts()


def test_many_threads_write_and_read_without_losing_anything(journal: Journal) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(20):
                run(journal, f"op-{worker}-{number}", application=f"app-{worker}")
                journal.intend(f"app-{worker}", "prod", [WEB._replace(name=str(number))])
                assert len(journal.receipts(f"app-{worker}")) == number + 1
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(journal.receipts(limit=1000)) == 120
    assert journal.verify().events == 360
    assert journal.verify().intact

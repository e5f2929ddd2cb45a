"""Two processes on one state folder, and processes that die."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationPhase, Pin, Result

Process = Callable[[str], "subprocess.Popen[str]"]


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_one_writes_and_the_other_says_who(process: Process, folder: Path) -> None:
    child = process("""
        say(journal.claim_writer("gitops-tui --headless"))
        sys.stdin.readline()
    """)
    assert line(child) == "True"
    journal = Journal.open(folder)
    assert not journal.claim_writer("the test")
    assert f"pid {child.pid} on " in journal.writer
    assert "gitops-tui --headless" in journal.writer
    child.kill()
    child.wait()
    assert journal.writer == ""
    assert journal.claim_writer("the test")
    journal.close()


def test_many_processes_claim_at_once_and_one_gets_it(process: Process) -> None:
    children = [
        process("""
        say("ready"); sys.stdin.readline()
        say(journal.claim_writer("me")); sys.stdin.readline()
    """)
        for _ in range(4)
    ]
    assert [line(child) for child in children] == ["ready"] * 4
    for child in children:
        tell(child)
    assert sorted(line(child) for child in children) == ["False", "False", "False", "True"]


def test_a_request_is_handed_to_the_writer_and_its_answer_comes_back(process: Process, folder: Path) -> None:
    writer = process("""
        journal.claim_writer("writer")
        seen = journal.data_version()
        say("ready")
        while not journal.questions():
            while journal.data_version() == seen:
                time.sleep(0.005)
            seen = journal.data_version()
        for question in journal.questions():
            journal.answer(question.id, {"echo": [question.kind, dict(question.payload), question.who]})
        sys.stdin.readline()
    """)
    assert line(writer) == "ready"
    journal = Journal.open(folder)
    seen = journal.data_version()
    number = journal.ask("sync", {"application": "shop", "prune": None}, "bob")
    assert journal.data_version() != seen
    until(lambda: journal.answer_of(number) is not None)
    assert journal.answer_of(number) == {"echo": ["sync", {"application": "shop", "prune": None}, "bob"]}
    assert journal.questions() == ()
    assert not journal.withdraw(number)
    journal.close()


def test_a_request_that_was_taken_back_is_never_seen(journal: Journal, folder: Path) -> None:
    reader = Journal.open(folder)
    number = reader.ask("sync", {}, "bob")
    assert [question.id for question in journal.questions()] == [number]
    assert reader.withdraw(number)
    assert journal.questions() == ()
    assert reader.answer_of(number) is None
    reader.close()


def test_a_request_to_a_dead_writer_is_refused_by_the_next_one(process: Process, folder: Path) -> None:
    writer = process("journal.claim_writer('writer'); say('ready'); sys.stdin.readline()")
    assert line(writer) == "ready"
    journal = Journal.open(folder)
    number = journal.ask("sync", {"application": "shop"}, "bob")
    writer.kill()
    writer.wait()
    assert journal.claim_writer("the test")
    assert journal.questions() == ()
    assert journal.answer_of(number) == {"error": "the writer ended before it answered; ask again"}
    journal.close()


def test_a_killed_sync_is_interrupted_with_all_it_had_recorded(process: Process, folder: Path) -> None:
    child = process("""
        journal.claim_writer("me")
        journal.intend("shop", "prod", [KEY])
        journal.begin(receipt("op-1"))
        journal.result("op-1", ResourceResult(KEY, Result.CREATED, "applied"))
        journal.begin(receipt("op-2"))
        journal.finish(receipt("op-2", phase=OperationPhase.SUCCEEDED, finished=time.time()))
        say("applied")
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert line(child) == "applied"
    assert child.wait() == -signal.SIGKILL

    journal = Journal.open(folder)
    assert journal.claim_writer("the next start")
    assert len(journal.inventory("shop", "prod")) == 1
    (interrupted,) = journal.interrupt_running()
    assert interrupted.operation == "op-1"
    assert interrupted.phase is OperationPhase.INTERRUPTED
    assert [r.result for r in interrupted.resources] == [Result.CREATED]
    assert journal.receipt("op-1") == interrupted
    assert [d.operation for d in journal.deployments("shop", 10)] == ["op-2"]
    assert journal.interrupt_running() == ()
    assert journal.verify().intact
    journal.close()


def test_a_kill_at_any_instant_leaves_a_readable_journal_with_everything_that_was_promised(
    process: Process, folder: Path
) -> None:
    promised = 0
    for turn in range(6):
        child = process("""
            journal.claim_writer("me")
            journal.interrupt_running()
            first = len(journal.inventory("shop", "prod"))
            for number in range(first, first + 10_000):
                journal.intend("shop", "prod", [ResourceKey("", "ConfigMap", "shop", str(number))])
                say(number)
        """)
        for _ in range(20 * turn + 5):
            promised = max(promised, int(line(child)))
        os.kill(child.pid, signal.SIGKILL)
        # Some of it may have been read already together with the lines above, which `communicate` would pass over.
        said = child.stdout.read() if child.stdout is not None else ""
        child.wait()
        # The last line may be cut, so what it would have said is not counted as promised.
        promised = max([promised, *(int(text) for text in said.splitlines()[:-1])])
        journal = Journal.open(folder)
        assert journal.notes == ()
        assert len(journal.inventory("shop", "prod")) in {promised + 1, promised + 2, promised + 3}
        assert journal.verify().intact
        journal.close()


def test_a_reader_sees_what_the_writer_does_at_once(journal: Journal, folder: Path) -> None:
    reader = Journal.open(folder)
    seen = reader.data_version()
    assert reader.data_version() == seen
    journal.pin(Pin("shop", "a" * 40, "", "alice"))
    assert reader.data_version() != seen
    assert set(reader.pins()) == {"shop"}
    reader.close()

"""What another process does, the one that writes, is seen by those that watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from tests.support.manifests import config_map
from tests.support.stage import Stage, stage

NAME = "default"
BEGUN = Receipt("op-1", NAME, "a" * 40, OperationKind.SYNC, "alice@depot", OperationPhase.RUNNING, started=1.0)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Journal]:
    """The journal of the process that writes."""
    with closing(Journal.open(tmp_path / "state")) as journal:
        assert journal.claim_writer("the daemon")
        yield journal


@pytest.fixture
def watching(tmp_path: Path, writer: Journal) -> Iterator[Stage]:
    files: dict[str, str | None] = {"app/settings.yaml": config_map("settings", colour="blue")}
    with EmbeddedServer.start() as server, stage(tmp_path, server.kubeconfig, NAME, files) as shop:
        assert shop.refresh().writer.endswith("the daemon")
        yield shop


def test_an_operation_of_the_writer_is_running_until_it_has_ended(writer: Journal, watching: Stage) -> None:
    writer.begin(BEGUN)
    running = watching.until(lambda status: status.running is not None).running
    assert running is not None
    assert (running.operation, running.kind, running.phase) == ("op-1", OperationKind.SYNC, OperationPhase.RUNNING)
    assert running.current == "of aaaaaaa by alice@depot"

    writer.finish(replace(BEGUN, phase=OperationPhase.SUCCEEDED, finished=time.time()))
    last = watching.until(lambda status: status.running is None).last
    assert last is not None
    assert last.phase is OperationPhase.SUCCEEDED


def test_what_a_writer_that_is_gone_has_begun_does_not_run(writer: Journal, watching: Stage) -> None:
    writer.begin(BEGUN)
    watching.until(lambda status: status.running is not None)
    writer.close()
    last = watching.until(lambda status: status.running is None).last
    assert last is not None
    assert last.phase is OperationPhase.INTERRUPTED

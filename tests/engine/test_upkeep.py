"""The journal is kept as small as the settings say, by the process that writes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gitops_tui.engine.requests import Operations, Reload
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage


def old_operations(shop: Stage, count: int) -> None:
    shop.journal.claim_writer("the test")
    for number in range(count):
        begun = Receipt(f"op-{number}", shop.name, "a" * 40, OperationKind.SYNC, "alice", OperationPhase.RUNNING)
        shop.journal.begin(begun)
        shop.journal.finish(replace(begun, phase=OperationPhase.SUCCEEDED, finished=1.0))


def operations(shop: Stage) -> int:
    return len(shop.ask(Operations(shop.name, limit=100)))


def test_operations_are_dropped_when_their_time_is_over(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    with stage(tmp_path, control_plane.kubeconfig, namespace, {}) as shop:
        old_operations(shop, 5)
        shop.refresh()
        assert operations(shop) == 5, "by default they are kept for ever"
        settings = replace(shop.config.settings, keep_journal=-1.0)
        shop.ask(Reload(replace(shop.config, settings=settings)))
        assert operations(shop) == 1
        assert shop.journal.verify().intact

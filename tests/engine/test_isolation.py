"""A cluster that hangs and a repository that hangs hold up nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config, Settings
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine import Store
from gitops_tui.engine.requests import Plan, Refresh, Request, Sync, Terminate
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Destination, Repository, Source
from gitops_tui.model.operations import OperationPhase, Receipt
from gitops_tui.model.status import Snapshot, SyncCode
from gitops_tui.source import Mirrors
from tests.support.manifests import config_map
from tests.support.work_tree import WorkTree

_DEADLINE = 60.0


@pytest.fixture
def hanging() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def with_dead_context(kubeconfig: Path, port: int) -> dict[str, Any]:
    """The kubeconfig with a second context whose server hangs."""
    document: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    document["clusters"].append({"name": "dead", "cluster": {"server": f"http://127.0.0.1:{port}"}})
    document["users"].append({"name": "dead", "user": {"token": "x"}})
    document["contexts"].append({"name": "dead", "context": {"cluster": "dead", "user": "dead"}})
    return document


class Engine:
    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def ask(self, request: Request) -> Any:
        return self.worker.submit(request).result(timeout=_DEADLINE)


@pytest.fixture
def engine(tmp_path: Path, hanging: int) -> Iterator[Engine]:
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First", {"app/settings.yaml": config_map("settings", a="b")})
    url = str(repository.path)
    hanging_url = f"https://127.0.0.1:{hanging}/repository"
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer.start())
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(with_dead_context(server.kubeconfig, hanging)))
        settings = Settings(state_dir=tmp_path / "state", kubeconfig=kubeconfig, parallel=2)
        good = [Application("good", Source(url, "main", "app"))]
        dead = [Application(f"dead-{n}", Source(url, "main", "app"), Destination("dead")) for n in range(20)]
        lost = [Application("lost", Source(hanging_url, "main", "app"))]
        config = Config((*dead, *lost, *good), (), (Repository(url), Repository(hanging_url)), settings)
        journal = stack.enter_context(closing(Journal.open(settings.state_dir)))
        clusters = stack.enter_context(closing(Clusters(kubeconfig)))
        mirrors = stack.enter_context(closing(Mirrors(settings.state_dir)))
        worker = Worker(Parts(config, clusters, mirrors, journal, Store(), "tester"))
        worker.start()
        yield Engine(worker)
        mirrors.close()
        worker.stop()


BROKEN = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.org/web:missing"}]}
"""


def test_a_sync_that_never_becomes_healthy_holds_up_no_other(tmp_path: Path) -> None:
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First", {"a/web.yaml": BROKEN, "b/settings.yaml": config_map("settings", a="b")})
    url = str(repository.path)
    with EmbeddedServer.start() as server, ExitStack() as stack:
        settings = Settings(tmp_path / "state", kubeconfig=server.kubeconfig, parallel=1, parallel_syncs=1)
        each = [Application(name, Source(url, "main", name), Destination("", "default")) for name in "ab"]
        journal = stack.enter_context(closing(Journal.open(settings.state_dir)))
        clusters = stack.enter_context(closing(Clusters(server.kubeconfig)))
        mirrors = stack.enter_context(closing(Mirrors(settings.state_dir)))
        config = Config(tuple(each), (), (Repository(url),), settings)
        worker = Worker(Parts(config, clusters, mirrors, journal, Store(), "tester"))
        worker.start()
        stack.callback(worker.stop)
        engine = Engine(worker)
        engine.ask(Refresh())
        broken = worker.submit(Sync("a", engine.ask(Plan("a")), "tester", timeout=3600.0))
        receipt: Receipt = engine.ask(Sync("b", engine.ask(Plan("b")), "tester"))
        assert receipt.phase is OperationPhase.SUCCEEDED
        assert not broken.done()
        assert engine.ask(Terminate("a", "tester"))
        assert broken.result(_DEADLINE).phase is OperationPhase.TERMINATED


def test_twenty_applications_of_a_dead_cluster_and_a_dead_repository_hold_up_nobody(engine: Engine) -> None:
    snapshot: Snapshot = engine.ask(Refresh(("good",)))
    assert snapshot.applications["good"].sync is SyncCode.OUT_OF_SYNC
    assert snapshot.applications["lost"].compared_at is None
    assert all(status.sync is SyncCode.UNKNOWN for name, status in snapshot.applications.items() if name != "good")

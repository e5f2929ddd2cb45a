"""A whole engine on a real repository and a cluster, stepped by the test: nothing waits, nothing sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_tui.cluster import Clusters, Timing
from gitops_tui.config import Config, Settings
from gitops_tui.engine import Store
from gitops_tui.engine.requests import Plan, Refresh, Request, Rollback, Sync
from gitops_tui.engine.schedule.lanes import InlineLanes, Lanes
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Destination, Repository, Source, SyncPolicy
from gitops_tui.model.operations import ChangeSet, Receipt
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.status import ApplicationStatus, Snapshot
from gitops_tui.source import Mirrors
from tests.support.work_tree import WorkTree

_DEADLINE = 120.0
_HEALTH = 3.0
"""Seconds that a sync waits: no kubelet makes pods ready here, and a deletion takes a moment."""


class Clock:
    """Monotonic seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """One user at work: a repository, a cluster, a state folder, and the engine between them.

    Its one application is named like its namespace, since tests share a cluster.
    """

    repository: WorkTree
    worker: Worker
    store: Store
    journal: Journal
    clusters: Clusters
    clock: Clock
    namespace: str
    config: Config

    @property
    def name(self) -> str:
        """The application's name."""
        return self.namespace

    def ask(self, request: Request) -> Any:
        """The answer to a request, worked out in this thread."""
        future = self.worker.submit(request)
        deadline = time.monotonic() + _DEADLINE
        while not future.done():
            self.worker.step()
            assert time.monotonic() < deadline, f"no answer to {request}"
        return future.result()

    def refresh(self) -> Snapshot:
        """Look at everything now."""
        snapshot: Snapshot = self.ask(Refresh())
        return snapshot

    def status(self) -> ApplicationStatus:
        """The application after a fresh look."""
        return self.refresh().applications[self.name]

    def until(self, wanted: Callable[[ApplicationStatus], bool]) -> ApplicationStatus:
        """Step until the application is as wanted; what the cluster tells by its watches needs real time."""
        deadline = time.monotonic() + _DEADLINE
        while True:
            self.clock.now += 1.0
            self.worker.step()
            status = self.store.current.applications[self.name]
            if wanted(status):
                return status
            assert time.monotonic() < deadline, f"still {status.sync} {status.health} {status.problems}"

    def hears(self, written: Body) -> None:
        """Wait until the program knows an object as somebody else has just written it. written: the server's answer."""
        metadata = written["metadata"]
        group = written["apiVersion"].rpartition("/")[0]
        key = ResourceKey(group, written["kind"], metadata.get("namespace", ""), metadata["name"])
        deadline = time.monotonic() + _DEADLINE
        while (live := self.clusters.get().live(key)) is None or live.resource_version != metadata["resourceVersion"]:
            assert time.monotonic() < deadline, f"never heard of {key}"
            threading.Event().wait(0.005)

    def plan(self, name: str = "", **more: Any) -> ChangeSet:
        """What a sync would do. name: of another application than the stage's own."""
        changeset: ChangeSet = self.ask(Plan(name or self.name, **more))
        return changeset

    def sync(self, **more: Any) -> Receipt:
        """Plan and execute."""
        receipt: Receipt = self.ask(Sync(self.name, self.plan(**more), "tester", timeout=_HEALTH))
        return receipt

    def roll_back(self, revision: str) -> Receipt:
        """Plan and execute a rollback to a commit."""
        plan = self.plan(revision=revision)
        receipt: Receipt = self.ask(Rollback(self.name, plan, "tester", "bad release", timeout=_HEALTH))
        return receipt

    def live(self, group: str, kind: str, name: str) -> Body | None:
        """A live object, read from the server."""
        return self.clusters.get().read(ResourceKey(group, kind, self.namespace, name))


@contextmanager
def stage(
    folder: Path,
    kubeconfig: Path,
    namespace: str,
    files: dict[str, str | None],
    *,
    policy: SyncPolicy | None = None,
    repository: WorkTree | None = None,
    state: str = "state",
    automate: bool = True,
    context: str = "",
    timing: Timing | None = None,
    lanes: Lanes | None = None,
    remote: Repository | None = None,
    signed_by: tuple[str, ...] = (),
    **more: Any,
) -> Iterator[Stage]:
    """A stage with one application from folder `app` of a repository with one commit of `files`.

    context: of the kubeconfig, "" for its current one. timing: how patient it is with the cluster. lanes: those
    of the program, where something is to happen while an operation runs. remote: how the repository is reached, by
    its folder otherwise. signed_by: files of the keys that may sign. more: other fields of the application, such as
    `ignore`.
    """
    if repository is None:
        repository = WorkTree(folder / "repository")
        repository.commit("First release", files)
    asked = remote or Repository(str(repository.path), interval=2.0)
    shop = Application(
        namespace,
        Source(asked.url, "main", "app", signed_by=signed_by),
        Destination(context, namespace),
        policy or SyncPolicy(),
        **more,
    )
    settings = Settings(state_dir=folder / state, kubeconfig=kubeconfig, wave_pause=0.0)
    with _running(repository, asked, (shop,), settings, automate=automate, timing=timing, lanes=lanes) as made:
        yield made


@contextmanager
def fleet(
    folder: Path,
    kubeconfig: Path,
    names: Sequence[str],
    files: dict[str, str | None],
    policy: SyncPolicy,
    *,
    timing: Timing | None = None,
) -> Iterator[Stage]:
    """A stage with many applications of one repository: each from the folder of its name, in a namespace of its own."""
    repository = WorkTree(folder / "repository")
    repository.commit("First release", {f"{name}/{path}": text for name in names for path, text in files.items()})
    remote = Repository(str(repository.path), interval=2.0)
    applications = tuple(
        Application(name, Source(remote.url, "main", name), Destination("", name), policy=policy) for name in names
    )
    settings = Settings(state_dir=folder / "state", kubeconfig=kubeconfig, wave_pause=0.0)
    with _running(repository, remote, applications, settings, automate=True, timing=timing) as made:
        yield made


@contextmanager
def _running(
    repository: WorkTree,
    remote: Repository,
    applications: tuple[Application, ...],
    settings: Settings,
    *,
    automate: bool,
    timing: Timing | None,
    lanes: Lanes | None = None,
) -> Iterator[Stage]:
    config = Config(applications, (), (remote,), settings)
    kubeconfig = settings.kubeconfig
    clock, store = Clock(), Store()
    with (
        closing(Journal.open(settings.state_dir)) as journal,
        closing(Clusters(kubeconfig, timing=timing, folder=settings.state_dir / "served")) as clusters,
        closing(Mirrors(settings.state_dir)) as mirrors,
    ):
        parts = Parts(config, clusters, mirrors, journal, store, "tester", automate, lanes or InlineLanes(), clock)
        worker = Worker(parts)
        yield Stage(repository, worker, store, journal, clusters, clock, applications[0].name, config)
        worker.stop()

"""A cluster in a process of its own that already holds what Git says, as we would have left it, and what moves it."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config, Settings
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine import Store
from gitops_tui.engine.schedule.lanes import Lanes, ThreadLanes
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application, Destination, Repository, Source
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Manifest
from gitops_tui.source import Mirrors
from gitops_tui.sync.stamp import stamp
from gitops_tui.yamlio import load_all
from tests.support.manifests import deployment
from tests.support.stage import Clock
from tests.support.work_tree import WorkTree

_STARTED: Final = "2026-01-01T00:00:00Z"
_READY: Final = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


@dataclass(frozen=True, slots=True)
class Fleet:
    """`applications` of `objects` Deployments each, each from the folder of its name, in a namespace of its own."""

    applications: int
    objects: int

    @property
    def names(self) -> Sequence[str]:
        """The applications, which are also their namespaces."""
        return [f"app-{number:04}" for number in range(self.applications)]

    def files(self) -> dict[str, str | None]:
        """What Git says, in one file an application."""
        text = "---\n".join(deployment(_name(number)) for number in range(self.objects))
        return {f"{name}/all.yaml": text for name in self.names}

    def key(self, number: int) -> Key:
        """Where the object is that the event of this number is of: each application in turn, then its next object."""
        turn, place = divmod(number, self.applications)
        return Key("deployments.apps", self.names[place], _name(turn % self.objects))


@dataclass(frozen=True, slots=True)
class Standing:
    """The cluster that holds a fleet, reached by its kubeconfig."""

    kubeconfig: Path
    _pipe: Connection

    def begin(self, a_second: int, seconds: int) -> None:
        """Have the Deployments change by their status, so many a second. Returns at once.

        Each loses a pod, or has all of them again, with one more available than the event before of its application.
        """
        self._pipe.send((a_second, seconds))

    def end(self) -> list[float]:
        """When each change was made, in monotonic seconds, after the last one."""
        return list(self._pipe.recv())

    @classmethod
    @contextmanager
    def of(cls, fleet: Fleet) -> Iterator[Standing]:
        """Such a cluster, with its fleet; gone at the end."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(fleet, there), daemon=True)
        process.start()
        try:
            yield cls(Path(here.recv()), here)
        finally:
            here.send(None)
            process.join(10)
            process.kill()


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine on a fleet. clock: its seconds, where they pass only when they are told to."""

    worker: Worker
    store: Store


@contextmanager
def engine(
    folder: Path, kubeconfig: Path, fleet: Fleet, *, lanes: Lanes | None = None, clock: Clock | None = None
) -> Iterator[Engine]:
    """An engine with a new state folder. lanes, clock: those of the program otherwise."""
    repository = WorkTree(folder / "repository")
    repository.commit("First", fleet.files())
    url = str(repository.path)
    applications = tuple(Application(name, Source(url, "main", name), Destination("", name)) for name in fleet.names)
    settings = Settings(state_dir=folder / "state", kubeconfig=kubeconfig)
    config = Config(applications, (), (Repository(url, interval=60.0),), settings)
    store = Store()
    with (
        closing(Journal.open(settings.state_dir)) as journal,
        closing(Clusters(kubeconfig)) as clusters,
        closing(Mirrors(settings.state_dir)) as mirrors,
    ):
        parts = Parts(
            config,
            clusters,
            mirrors,
            journal,
            store,
            "benchmark",
            True,
            lanes or ThreadLanes(),
            clock or time.monotonic,
        )
        worker = Worker(parts)
        try:
            yield Engine(worker, store)
        finally:
            worker.stop()


def _serve(fleet: Fleet, pipe: Connection) -> None:
    with EmbeddedServer.start() as server:
        for name in fleet.names:
            _fill(server, name, fleet.objects)
        server.store.forget()
        pipe.send(str(server.kubeconfig))
        while (asked := pipe.recv()) is not None:
            pipe.send(_storm(server, fleet, *asked))


def _storm(server: EmbeddedServer, fleet: Fleet, a_second: int, seconds: int) -> list[float]:
    made, begun = [], time.monotonic()
    for number in range(a_second * seconds):
        pause = begun + number / a_second - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        key = fleet.key(number)
        item = server.store.get(key)
        if item is None:
            raise RuntimeError(f"{key} is not there")
        turn = number // fleet.applications
        is_lost = turn // fleet.objects % 2 == 0
        count = turn + 2
        status = {**_READY, "replicas": count, "availableReplicas": count, "updatedReplicas": count + is_lost}
        body = {**item.body, "status": status}
        made.append(time.monotonic())
        server.store.put(key, body, expected=item.revision)
    return made


def _fill(server: EmbeddedServer, name: str, count: int) -> None:
    application = Application(name, Source("", "main", name), Destination("", name))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": f"uid-{name}"}}
    server.store.put(Key("namespaces", "", name), namespace, expected=0)
    for number in range(count):
        text = deployment(_name(number))
        (document,) = load_all(text.encode(), name="it")
        stated: Any = json.loads(json.dumps(document.value))
        placed = {**stated, "metadata": {**stated["metadata"], "namespace": name}}
        body: Any = stamp(Manifest.of(placed), application).body
        metadata = {
            **body["metadata"],
            "uid": f"uid-{name}-{number}",
            "creationTimestamp": _STARTED,
            "generation": 1,
            "managedFields": [_managed(body)],
        }
        live = {**body, "metadata": metadata, "status": _READY}
        server.store.put(Key("deployments.apps", name, _name(number)), live, expected=0)


def _managed(body: Any) -> dict[str, Any]:
    return {
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": body["apiVersion"],
        "time": _STARTED,
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields({"metadata": {"labels": {}, "annotations": {}}, "spec": body["spec"]}),
    }


def _fields(value: Any) -> dict[str, Any]:
    return {f"f:{name}": _fields(each) for name, each in value.items()} if isinstance(value, dict) else {}


def _name(number: int) -> str:
    return f"web-{number:04}"

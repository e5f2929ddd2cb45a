"""A look that judges only what has moved shows just what a look at everything would."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Live, Timing
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine.schedule.lanes import InlineLanes
from gitops_tui.engine.views.judging import Judging
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.engine.views.sights import Sights
from gitops_tui.engine.views.statuses import status_of
from gitops_tui.engine.views.watches import Watches
from gitops_tui.model.errors import InputError, PlanError
from gitops_tui.model.ownership import TRACKING_ANNOTATION, tracking_id
from gitops_tui.model.resources import HealthCode, Manifest, ResourceKey, ResourceStatus
from gitops_tui.model.status import ApplicationStatus
from gitops_tui.source import Mirrors
from gitops_tui.sync.stamp import stamp
from tests.support.manifests import config_map, deployment
from tests.support.stage import Stage, stage

NAMESPACE = "default"
MAPS = ("one", "two", "three")
WEBS = ("web", "api")
FILES: dict[str, str | None] = {
    **{f"app/{name}.yaml": config_map(name, colour="blue") for name in MAPS},
    **{f"app/{name}.yaml": deployment(name) for name in WEBS},
}
WELL = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
LONG_AGO = "2026-01-01T00:00:00Z"
Body = dict[str, Any]


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer) -> Iterator[Stage]:
    with stage(tmp_path, server.kubeconfig, NAMESPACE, FILES, timing=Timing(news=0.0)) as made:
        made.sync()
        for name in WEBS:
            web = server.store.get(Key("deployments.apps", NAMESPACE, name))
            assert web is not None
            server.store.put(web.key, {**web.body, "status": WELL}, expected=web.revision)
        made.until(lambda status: status.health.code is HealthCode.HEALTHY)
        yield made


def owner(body: Body) -> Body:
    """A reference to an owner."""
    names = {name: body["metadata"][name] for name in ("name", "uid")}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], **names}


class Requests(Fault):
    """Hears of every request but the watches, and lets it pass."""

    def __init__(self) -> None:
        super().__init__("answer")
        self.paths: list[str] = []

    def takes(self, method: str, target: str) -> bool:
        del method
        if "watch=" not in target:
            self.paths.append(target.partition("?")[0])
        return False


def start_another_pod(server: EmbeddedServer) -> Body:
    """The Deployment waits for one more replica; its object as it was."""
    web = server.store.get(Key("deployments.apps", NAMESPACE, "web"))
    assert web is not None
    status = {**WELL, "replicas": 2, "updatedReplicas": 2}
    server.store.put(web.key, {**web.body, "status": status}, expected=web.revision)
    return dict(web.body)


KINDS = {
    "ConfigMap": "configmaps",
    "Deployment": "deployments.apps",
    "Pod": "pods",
    "ReplicaSet": "replicasets.apps",
}


class Hands:
    """Somebody who changes things in the cluster and in Git, in ways of their own."""

    def __init__(self, shop: Stage, server: EmbeddedServer, seed: int) -> None:
        self.shop = shop
        self.store = server.store
        self.dice = random.Random(seed)  # noqa: S311 - it guards nothing
        cluster = shop.clusters.get()
        self.made = 0
        self._heard = {key: int(live.resource_version) for key in self._there() if (live := cluster.live(key))}
        # Listeners are told one after the other: what this one has heard of, the program has heard of before.
        cluster.subscribe(self._hear)

    def _hear(self, live: Live, gone: bool) -> None:
        if gone:
            self._heard.pop(live.key, None)
        else:
            self._heard[live.key] = int(live.resource_version)

    def _there(self) -> dict[ResourceKey, int]:
        """The version of each object in the cluster."""
        return {
            ResourceKey("apps" if storage.endswith(".apps") else "", kind, NAMESPACE, item.key.name): item.revision
            for kind, storage in KINDS.items()
            for item in self.items(storage)
        }

    def ways(self) -> list[Callable[[], None]]:
        return [
            *(self.edit, self.edit, self.restart, self.restart, self.delete, self.disown, self.add, self.below),
            *(self.below, self.crash, self.crash, self.unschedule, self.adopt, self.remove, self.warn, self.mend),
            self.commit,
        ]

    def items(self, storage: str) -> list[Any]:
        return list(self.store.list(storage, NAMESPACE)[0])

    def put(self, storage: str, body: Body) -> None:
        key = Key(storage, NAMESPACE, body["metadata"]["name"])
        known = self.store.get(key)
        self.store.put(key, body, expected=known.revision if known else 0)

    def change(self, storage: str, change: Callable[[Body], Body]) -> None:
        items = self.items(storage)
        if items:
            self.put(storage, change(self.dice.choice(items).body))

    def edit(self) -> None:
        colour = self.dice.choice(["blue", "red", "green"])
        self.change("configmaps", lambda body: {**body, "data": {"colour": colour}})

    def restart(self) -> None:
        count = self.dice.randint(0, 2)
        status = {"observedGeneration": 9, "replicas": count, "updatedReplicas": count, "availableReplicas": 1}
        self.change("deployments.apps", lambda body: {**body, "status": status})

    def delete(self) -> None:
        items = self.items(self.dice.choice(["configmaps", "deployments.apps"]))
        if items:
            chosen = self.dice.choice(items)
            self.store.remove(chosen.key, expected=chosen.revision)

    def disown(self) -> None:
        name = self.dice.choice(["other", self.shop.name])

        def owned(body: Body) -> Body:
            metadata = body["metadata"]
            notes = {TRACKING_ANNOTATION: tracking_id(name, ResourceKey.of(body))}
            return {**body, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **notes}}}

        self.change("configmaps", owned)

    def add(self) -> None:
        self.made += 1
        body: Body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"more-{self.made % 3}", "namespace": NAMESPACE, "uid": f"more-{self.made}"},
            "data": {"colour": "blue"},
        }
        self.put("configmaps", dict(stamp(Manifest.of(body), self.shop.config.applications[0]).body))

    def below(self) -> None:
        """A ReplicaSet or a Pod of a Deployment or of a ReplicaSet."""
        parents = self.items("deployments.apps") + self.items("replicasets.apps")
        if parents:
            self.made += 1
            is_set = self.dice.random() < 0.3
            body: Body = {
                "apiVersion": "apps/v1" if is_set else "v1",
                "kind": "ReplicaSet" if is_set else "Pod",
                "metadata": {
                    "name": f"child-{self.made % 6}",
                    "namespace": NAMESPACE,
                    "uid": f"child-{self.made}",
                    "ownerReferences": [owner(self.dice.choice(parents).body)],
                },
                "spec": {},
                "status": {} if is_set else {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
            }
            self.put("replicasets.apps" if is_set else "pods", body)

    def crash(self) -> None:
        reason = self.dice.choice(["CrashLoopBackOff", "ImagePullBackOff"])
        waits = {"name": "web", "state": {"waiting": {"reason": reason}}}
        self.change("pods", lambda body: {**body, "status": {"phase": "Running", "containerStatuses": [waits]}})

    def unschedule(self) -> None:
        nowhere = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": LONG_AGO}
        self.change("pods", lambda body: {**body, "spec": {}, "status": {"phase": "Pending", "conditions": [nowhere]}})

    def adopt(self) -> None:
        """A Pod comes to belong to another parent, or to none."""
        parents = [*self.items("deployments.apps"), *self.items("replicasets.apps"), None]
        parent = self.dice.choice(parents)
        owners = [] if parent is None else [owner(parent.body)]
        self.change("pods", lambda body: {**body, "metadata": {**body["metadata"], "ownerReferences": owners}})

    def remove(self) -> None:
        items = self.items("pods") + self.items("replicasets.apps")
        if items:
            chosen = self.dice.choice(items)
            self.store.remove(chosen.key, expected=chosen.revision)

    def warn(self) -> None:
        items = self.items("deployments.apps")
        if items:
            self.made += 1
            about = self.dice.choice(items).body["metadata"]
            stamp_of = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            body = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"event-{self.made}", "namespace": NAMESPACE, "uid": f"event-{self.made}"},
                "type": "Warning",
                "reason": "FailedCreate",
                "message": f"the {self.made}th",
                "involvedObject": {"kind": "Deployment", "name": about["name"], "uid": about["uid"]},
                "lastTimestamp": stamp_of,
            }
            self.put("events", body)

    def mend(self) -> None:
        # What has come to belong to another application is not taken from it.
        with suppress(PlanError):
            self.shop.sync()

    def commit(self) -> None:
        name = self.dice.choice(MAPS)
        text = config_map(name, colour=self.dice.choice(["blue", "red"]), turn=str(self.made))
        self.shop.repository.commit(f"Change {name}", {f"app/{name}.yaml": text})

    def caught_up(self) -> bool:
        """Whether the program was told of all that the cluster has, and of nothing else."""
        return self._heard == self._there()


@contextmanager
def looking(shop: Stage, folder: Path, findings: Path | None = None) -> Iterator[Reconciler]:
    """Somebody who has never looked before. findings: where others may have left what they found."""
    with closing(Mirrors(shop.config.settings.state_dir)) as mirrors:
        yield Reconciler(
            mirrors=mirrors,
            clusters=shop.clusters,
            watches=Watches(),
            inventory=shop.journal.inventory,
            submit=InlineLanes().submit,
            folder=folder,
            findings=findings,
        )


def whole(shop: Stage, folder: Path) -> ApplicationStatus:
    """The application as a look at everything shows it."""
    with looking(shop, folder) as reconciler:
        now = time.time()
        return status_of(reconciler.sight(shop.config.applications[0], None, None, now=now), now=now)


def by_recall(shop: Stage, folder: Path) -> tuple[ApplicationStatus, int]:
    """The application as the next process sees it, which leaves the same to another; how much it had not to judge."""
    with looking(shop, folder, folder / "findings") as reconciler:
        now = time.time()
        sight = reconciler.sight(shop.config.applications[0], None, None, now=now)
        reconciler.recalled.leave([sight])
        return status_of(sight, now=now), sum(each.is_recalled for each in (*sight.own, *sight.below))


def told(status: ApplicationStatus) -> list[Any]:
    """What a status says, but for when."""
    problems = [(problem.subject, problem.message) for problem in status.problems]
    counts = [status.total, status.drifted, status.revision and status.revision.sha]
    return [status.sync, status.health, *status.resources, *problems, *counts]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_moves_is_shown_as_a_look_at_everything_shows_it(
    tmp_path: Path, shop: Stage, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    glances: list[bool] = []
    glance = Sights.glance

    def counted(self: Sights, *given: Any) -> Any:
        sight = glance(self, *given)
        glances.append(sight is not None)
        return sight

    monkeypatch.setattr(Sights, "glance", counted)
    hands = Hands(shop, server, seed)
    recalled = 0
    for turn in range(40):
        way = hands.dice.choice(hands.ways())
        way()
        shop.until(lambda _: hands.caught_up())
        for _ in range(2):
            shop.clock.now += 3.0
            shop.worker.step()
        shown = shop.store.current.applications[shop.name]
        assert told(shown) == told(whole(shop, tmp_path / f"{turn}")), f"{seed}: {turn}: {way.__name__}"
        next_process, taken = by_recall(shop, tmp_path / "left")
        assert told(shown) == told(next_process), f"{seed}: {turn}: {way.__name__}, as the next process sees it"
        recalled += taken
    assert any(glances)
    assert recalled


def now(status: ApplicationStatus, name: str) -> ResourceStatus:
    """What is said of one resource."""
    return next(each for each in status.resources if each.key.name == name)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the live objects that are decoded, which is how judging one begins."""
    names: list[str] = []
    body = Live.body

    def decoded(live: Live) -> dict[str, Any]:
        names.append(live.key.name)
        return body(live)

    monkeypatch.setattr(Live, "body", decoded)
    return names


def test_a_change_has_only_what_has_moved_judged_and_nothing_asked(
    shop: Stage, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {each.key.name: each for each in shop.status().resources}
    judged = counted(monkeypatch)
    requests = Requests()
    server.faults.add(requests)
    looks: list[str] = []
    sight = Reconciler.sight

    def looked(self: Reconciler, application: Any, *given: Any, **more: Any) -> Any:
        looks.append(application.name)
        return sight(self, application, *given, **more)

    monkeypatch.setattr(Reconciler, "sight", looked)
    start_another_pod(server)

    after = shop.until(lambda status: status.health.message.endswith("1 of 2 updated replicas available"))

    assert judged == ["web"]
    assert looks == []
    assert requests.paths == ["/api/v1/namespaces/default/events"]
    assert [name for name, each in before.items() if now(after, name) is not each] == ["web"]


def test_a_pod_that_comes_below_has_its_workload_judged_again(
    shop: Stage, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = start_another_pod(server)
    shop.until(lambda status: status.health.code is HealthCode.PROGRESSING)
    judged = counted(monkeypatch)
    metadata = {"name": "web-1", "namespace": NAMESPACE, "uid": "web-1", "ownerReferences": [owner(web)]}
    waits = {"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    status = {"phase": "Running", "containerStatuses": [waits]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": status}
    server.store.put(Key("pods", NAMESPACE, "web-1"), pod, expected=0)

    shown = shop.until(lambda status: status.health.code is HealthCode.DEGRADED)

    assert shown.health.message == "Deployment web: 1 of 1 pods crash: CrashLoopBackOff"
    assert sorted(set(judged)) == ["web", "web-1"]


def test_what_cannot_be_judged_at_a_glance_is_told_by_the_look_that_follows(
    shop: Stage, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **more: Any) -> Any:
        del more
        raise InputError("Deployment default/web", "is nested too deeply to be compared")

    monkeypatch.setattr(Judging, "known", refuses)
    start_another_pod(server)

    shown = shop.until(lambda status: bool(status.problems))

    assert shown.problems[0].message == "is nested too deeply to be compared"
    assert shop.worker.failure is None


def test_what_time_alone_changes_is_judged_again(shop: Stage, server: EmbeddedServer, tmp_path: Path) -> None:
    web = start_another_pod(server)
    since = datetime.now(UTC)
    nowhere = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "no node is large enough",
        "lastTransitionTime": since.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    metadata = {"name": "web-1", "namespace": NAMESPACE, "uid": "web-1", "ownerReferences": [owner(web)]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {},
        "status": {"phase": "Pending", "conditions": [nowhere]},
    }
    server.store.put(Key("pods", NAMESPACE, "web-1"), pod, expected=0)
    shop.until(lambda status: any(each.key.name == "web-1" for each in status.resources))
    with looking(shop, tmp_path) as reconciler:
        application, then = shop.config.applications[0], since.timestamp()
        early = reconciler.sight(application, None, None, now=then)
        late = reconciler.sight(application, None, early, now=then + 60)
        assert status_of(early, now=then).health.code is HealthCode.PROGRESSING
        assert (
            status_of(late, now=then).health.message
            == "Deployment web: 1 of 1 pods cannot be scheduled: no node is large enough"
        )
        later = reconciler.sight(application, None, late, now=then + 120)
        assert told(status_of(later, now=then)) == told(status_of(late, now=then))

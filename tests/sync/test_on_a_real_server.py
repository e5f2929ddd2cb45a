"""The same on a real API server, through the product's own client: what a dry-run says there is what counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gitops_tui.cluster import Cluster, Clusters
from gitops_tui.diff import compare, strip_ignored
from gitops_tui.model.application import Application, Destination, Source, SyncPolicy
from gitops_tui.model.errors import ConflictError, StalePlanError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ChangeSet, OperationPhase, ResourceResult
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.sync import Pair, stamp
from gitops_tui.sync.execution import execute
from gitops_tui.sync.plan import plan
from gitops_tui.sync.ports import Outcome
from tests.support.real_cluster import RealCluster


@dataclass
class Notebook:
    """A recorder that remembers."""

    inventory: set[ResourceKey] = field(default_factory=set)

    def intend(self, application: str, keys: Sequence[ResourceKey]) -> None:
        self.inventory.update(keys)

    def applied(self, application: str, key: ResourceKey, uid: str) -> None:
        assert key in self.inventory

    def strike(self, application: str, key: ResourceKey) -> None:
        self.inventory.discard(key)

    def result(self, result: ResourceResult) -> None:
        pass


class Shop:
    """An application in a namespace of its own on the real server."""

    def __init__(self, cluster: Cluster, real: RealCluster, namespace: str) -> None:
        self.cluster = cluster
        self.real = real
        self.namespace = namespace
        self.notebook = Notebook()
        self.application = Application("shop", Source("x"), Destination(namespace=namespace))

    def manifest(self, version: str, kind: str, name: str, **fields: Any) -> Manifest:
        metadata = {"name": name, "namespace": self.namespace, **fields.pop("metadata", {})}
        return Manifest.of({"apiVersion": version, "kind": kind, "metadata": metadata, **fields})

    def pair(self, manifest: Manifest) -> Pair:
        stamped = stamp(manifest, self.application)
        live = self.cluster.read(stamped.key, api_version=stamped.api_version)
        predicted = None
        conflicts: tuple[str, ...] = ()
        if live is not None:
            applied = Manifest.of(strip_ignored(stamped.body, live, self.application.ignore))
            predicted = self.cluster.predict(applied)
            try:
                self.cluster.apply(applied, dry_run=True)
            except ConflictError as error:
                conflicts = error.causes
        drift = compare(stamped.body, live, predicted, self.application.ignore)
        owner = owner_of(live) if live is not None else None
        return Pair(stamped.key, stamped, live, drift, predicted, owner=owner, conflicts=conflicts)

    def extra(self, key: ResourceKey) -> Pair:
        live = self.cluster.read(key)
        assert live is not None
        return Pair(key, None, live, compare(None, live), owner=owner_of(live))

    def plan(self, *pairs: Pair, prune: bool = False) -> ChangeSet:
        inventory = frozenset(self.notebook.inventory)
        return plan(self.application, "c0ffee", pairs, prune=prune, inventory=inventory)

    def run(self, changeset: ChangeSet) -> Outcome:
        stop = threading.Event()
        return execute(
            self.cluster, self.application, changeset, recorder=self.notebook, stop=stop, timeout=10, wave_pause=0
        )

    def sync(self, *manifests: Manifest, prune: Sequence[ResourceKey] = ()) -> Outcome:
        pairs = [*map(self.pair, manifests), *map(self.extra, prune)]
        return self.run(self.plan(*pairs, prune=bool(prune)))

    def edit(self, path: str, patch: Any) -> None:
        """Somebody changes an object by hand."""
        kind = "application/merge-patch+json"
        status, answer = self.real.request("PATCH", f"{path}?fieldManager=kubectl-edit", patch, content_type=kind)
        assert status == 200, answer


@pytest.fixture
def shop(control_plane: RealCluster, namespace: str) -> Iterator[Shop]:
    clusters = Clusters(control_plane.kubeconfig)
    yield Shop(clusters.get(""), control_plane, namespace)
    clusters.close()


def results(outcome: Outcome) -> dict[str, str]:
    return {row.key.kind_name: row.result.value for row in outcome.resources}


def deployment(shop: Shop, image: str = "web:1", replicas: int = 0) -> Manifest:
    container = {
        "name": "web",
        "image": image,
        "ports": [{"containerPort": 8080}],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return shop.manifest(
        "apps/v1",
        "Deployment",
        "web",
        spec={"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    )


def config(shop: Shop, name: str, **data: str) -> Manifest:
    return shop.manifest("v1", "ConfigMap", name, data=data)


def test_what_was_applied_is_in_sync_whatever_the_server_adds(shop: Shop) -> None:
    service = shop.manifest("v1", "Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    secret = shop.manifest("v1", "Secret", "db", stringData={"password": "s3cret"})
    manifests = (deployment(shop), service, secret, config(shop, "web", a="1"))

    outcome = shop.sync(*manifests)
    assert set(results(outcome).values()) == {"Created"}

    for manifest in manifests:
        pair = shop.pair(manifest)
        assert pair.drift.code == "InSync", pair.drift.changes
        stated = compare(stamp(manifest, shop.application).body, pair.live)
        assert (stated.code, stated.approximate) == ("InSync", True), stated.changes
    assert set(results(shop.sync(*manifests)).values()) == {"Unchanged"}


def test_drift_is_seen_and_mended(shop: Shop) -> None:
    shop.sync(deployment(shop))
    path = f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"
    shop.edit(path, {"spec": {"replicas": 3}, "metadata": {"labels": {"by": "hand"}}})

    pair = shop.pair(deployment(shop))
    assert [(change.path, change.desired, change.live) for change in pair.drift.changes] == [("spec.replicas", 0, 3)]
    assert pair.conflicts != ()

    assert results(shop.run(shop.plan(pair))) == {"Deployment/web": "Configured"}
    assert shop.pair(deployment(shop)).drift.code == "InSync"


def test_a_field_removed_from_git_is_removed_by_the_sync(shop: Shop) -> None:
    shop.sync(config(shop, "web", a="1", b="2"))

    pair = shop.pair(config(shop, "web", a="1"))
    assert [change.path for change in pair.drift.changes] == ["data.b"]
    shop.run(shop.plan(pair))

    live = shop.cluster.read(pair.key)
    assert live is not None
    assert live["data"] == {"a": "1"}


def test_an_ignored_field_is_left_alone_whoever_owns_it(shop: Shop) -> None:
    shop.sync(deployment(shop, replicas=0))
    shop.application = replace(shop.application, ignore=(IgnoreRule(paths=("spec.replicas",)),))
    path = f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"

    shop.sync(deployment(shop, "web:2", replicas=5))
    live = shop.cluster.read(deployment(shop).key)
    assert live is not None
    assert live["spec"]["replicas"] == 0

    shop.edit(path, {"spec": {"replicas": 2}})
    assert shop.pair(deployment(shop, "web:2", replicas=5)).drift.code == "InSync"
    shop.sync(deployment(shop, "web:3", replicas=5))
    live = shop.cluster.read(deployment(shop).key)
    assert live is not None
    assert live["spec"]["replicas"] == 2
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "web:3"


def test_a_refused_object_ends_it_before_a_single_write(shop: Shop) -> None:
    bad = shop.manifest("v1", "Service", "bad", spec={"ports": [{"port": 99999}]})

    outcome = shop.sync(config(shop, "web", a="1"), bad)

    assert outcome.phase is OperationPhase.FAILED
    assert results(outcome) == {"ConfigMap/web": "Skipped", "Service/bad": "Failed"}
    assert shop.cluster.read(config(shop, "web").key) is None


def test_a_moved_object_makes_the_plan_stale(shop: Shop) -> None:
    shop.sync(config(shop, "web", a="1"))
    changeset = shop.plan(shop.pair(config(shop, "web", a="2")))
    shop.edit(f"/api/v1/namespaces/{shop.namespace}/configmaps/web", {"data": {"a": "3"}})

    with pytest.raises(StalePlanError):
        shop.run(changeset)


def test_a_conflict_is_refused_where_the_policy_does_not_force(shop: Shop) -> None:
    shop.application = replace(shop.application, policy=SyncPolicy(force_conflicts=False))
    shop.sync(config(shop, "web", a="1"))
    shop.edit(f"/api/v1/namespaces/{shop.namespace}/configmaps/web", {"data": {"a": "3"}})

    changeset = shop.plan(shop.pair(config(shop, "web", a="1")))

    assert len(changeset.refusals) == 1
    assert "kubectl-edit" in changeset.refusals[0]
    outcome = shop.run(replace(changeset, refusals=()))
    assert outcome.phase is OperationPhase.FAILED
    assert "kubectl-edit" in outcome.message


def test_prune_deletes_what_left_git_and_only_that(shop: Shop) -> None:
    shop.sync(config(shop, "keep", a="1"), config(shop, "gone", a="1"))
    shop.real.request(
        "POST", f"/api/v1/namespaces/{shop.namespace}/configmaps", {"metadata": {"name": "theirs"}, "data": {}}
    )
    gone = config(shop, "gone").key

    outcome = shop.sync(config(shop, "keep", a="1"), prune=[gone, config(shop, "theirs").key])

    assert results(outcome) == {"ConfigMap/keep": "Unchanged", "ConfigMap/gone": "Pruned"}
    assert shop.cluster.read(gone) is None
    assert shop.cluster.read(config(shop, "theirs").key) is not None
    assert shop.notebook.inventory == {config(shop, "keep").key}


def test_a_definition_and_its_resources_and_a_namespace_and_its_objects_in_one_sync(shop: Shop) -> None:
    group = f"{shop.namespace}.example.org"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition = Manifest.of(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"widgets.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
            },
        }
    )
    other = f"{shop.namespace}-b"
    namespace = Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    widget = shop.manifest(f"{group}/v1", "Widget", "w", spec={"size": 3})
    inside = Manifest.of(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": other}, "data": {"a": "1"}}
    )
    stamped = [stamp(each, shop.application) for each in (widget, inside, definition, namespace)]
    pairs = [Pair(each.key, each, None, compare(each.body, None)) for each in stamped]
    try:
        outcome = shop.run(shop.plan(*pairs))

        assert (outcome.phase, outcome.verified) == (OperationPhase.SUCCEEDED, True), outcome.message
        assert set(results(outcome).values()) == {"Created"}
    finally:
        shop.real.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}")
        shop.real.request("DELETE", f"/api/v1/namespaces/{other}")


def test_an_object_of_somebody_else_is_adopted_on_request(shop: Shop) -> None:
    shop.real.request(
        "POST",
        f"/api/v1/namespaces/{shop.namespace}/configmaps?fieldManager=kubectl-create",
        {"metadata": {"name": "web"}, "data": {"a": "1"}},
    )

    changeset = shop.plan(shop.pair(config(shop, "web", a="1")))
    assert [change.why for change in changeset.writes] == ["adopt existing object"]
    shop.run(changeset)

    live = shop.cluster.read(config(shop, "web").key)
    assert live is not None
    assert owner_of(live) == "shop"


def test_two_applications_that_plan_the_same_new_object_do_not_take_it_from_each_other(shop: Shop) -> None:
    other = Shop(shop.cluster, shop.real, shop.namespace)
    other.application = replace(shop.application, name="billing")
    pairs = [each.pair(config(each, "contested", who=each.application.name)) for each in (shop, other)]
    plans = [each.plan(replace(pair, tried=True)) for each, pair in zip((shop, other), pairs, strict=True)]

    first, second = (each.run(planned) for each, planned in zip((shop, other), plans, strict=True))

    assert (first.phase, second.phase) == (OperationPhase.SUCCEEDED, OperationPhase.FAILED)
    assert "belongs to application shop, not to billing" in second.message
    live = shop.cluster.read(config(shop, "contested").key)
    assert live is not None
    assert (live["data"], owner_of(live)) == ({"who": "shop"}, "shop")

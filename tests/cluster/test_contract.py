"""The same promises against the embedded API server and a real kube-apiserver."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitops_tui import yamlio
from gitops_tui.cluster import Cluster, Clusters, Scope, Timing
from gitops_tui.model.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotServedError,
    UnreachableError,
)
from gitops_tui.model.ownership import APPLICATION_LABEL, TRACKING_ANNOTATION
from gitops_tui.model.resources import Manifest, ResourceKey
from tests.cluster.conftest import QUICK
from tests.cluster.waiting import Heard, eventually
from tests.support.control_plane import ControlPlane
from tests.support.real_cluster import RealCluster
from tests.support.scripted_server import DEADLINE

OURS = Scope("", "ConfigMap", selector=APPLICATION_LABEL)


def config_map(namespace: str, name: str = "web", **data: str) -> Manifest:
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": {APPLICATION_LABEL: namespace},
        "annotations": {TRACKING_ANNOTATION: f"{namespace}:/ConfigMap:{namespace}/{name}"},
    }
    return Manifest.of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def secret(namespace: str, **data: Any) -> Manifest:
    metadata = {"name": "web", "namespace": namespace}
    return Manifest.of({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


def edit(api: RealCluster, namespace: str, **data: str) -> None:
    """Somebody edits the ConfigMap with another program."""
    path = f"/api/v1/namespaces/{namespace}/configmaps/web?fieldManager=kubectl-edit"
    status, answer = api.request("PATCH", path, {"data": data}, content_type="application/merge-patch+json")
    assert status == 200, answer


def test_a_prediction_writes_nothing_and_an_apply_does(live: Cluster, shop: str) -> None:
    manifest = config_map(shop, color="red")

    assert live.predict(manifest)["data"] == {"color": "red"}
    assert live.read(manifest.key) is None

    applied = live.apply(manifest)
    assert live.read(manifest.key) == applied.body
    assert applied.body["metadata"]["managedFields"][0]["manager"] == "gitops-tui"
    assert live.predict(manifest)["metadata"]["resourceVersion"] == applied.body["metadata"]["resourceVersion"]


def test_another_manager_s_field_is_a_conflict_until_forced(live: Cluster, api: RealCluster, shop: str) -> None:
    manifest = config_map(shop, color="red")
    live.apply(manifest)
    edit(api, shop, color="blue")

    with pytest.raises(ConflictError) as caught:
        live.apply(manifest)
    assert caught.value.subject == f"ConfigMap {shop}/web"
    assert caught.value.causes == (".data.color: kubectl-edit",)

    assert live.predict(manifest)["data"] == {"color": "red"}
    assert live.apply(manifest, force=True).body["data"] == {"color": "red"}


def test_an_apply_that_is_to_make_an_object_changes_none(live: Cluster, shop: str) -> None:
    made = live.apply(config_map(shop, color="red"), force=True, anew=True).body

    with pytest.raises(ConflictError) as caught:
        live.apply(config_map(shop, color="blue"), force=True, anew=True)

    assert caught.value.causes == (), "it is not about fields"
    assert live.read(config_map(shop).key) == made
    assert made["metadata"]["managedFields"][0]["operation"] == "Apply"


def test_an_apply_to_a_version_changes_no_other(live: Cluster, api: RealCluster, shop: str) -> None:
    before = live.apply(config_map(shop, color="red")).body["metadata"]["resourceVersion"]
    edit(api, shop, size="large")

    with pytest.raises(ConflictError) as caught:
        live.apply(config_map(shop, color="blue"), force=True, resource_version=before)
    assert caught.value.causes == ()

    now = live.read(config_map(shop).key) or {}
    assert now["data"] == {"color": "red", "size": "large"}
    version = now["metadata"]["resourceVersion"]
    after = live.apply(config_map(shop, color="blue"), force=True, resource_version=version).body
    assert after["data"] == {"color": "blue", "size": "large"}


def test_an_unknown_field_is_invalid(live: Cluster, shop: str) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": shop}}

    with pytest.raises(InvalidError) as caught:
        live.predict(Manifest.of({**body, "spec": {"replica": 3}}))

    assert caught.value.causes == (".spec.replica: field not declared in schema",)
    assert not caught.value.temporary


@pytest.mark.parametrize("value", [1234567, {"deep": "hunter2"}, "hunter2 is not base64"])
def test_a_refused_secret_is_not_quoted(live: Cluster, shop: str, value: Any) -> None:
    with pytest.raises(InvalidError) as caught:
        live.apply(secret(shop, password=value))

    said = f"{caught.value} {caught.value.causes} {caught.value.hint}"
    assert "hunter2" not in said
    assert "1234567" not in said


def test_a_missing_namespace_is_told(live: Cluster) -> None:
    with pytest.raises(ClusterError, match="create the namespace") as caught:
        live.apply(config_map("no-such-namespace"))

    assert caught.value.status == 404
    assert not isinstance(caught.value, NotServedError)


def test_a_version_that_is_not_served_is_told(live: Cluster, shop: str) -> None:
    body = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "web", "namespace": shop}}

    with pytest.raises(NotServedError):
        live.predict(Manifest.of(body))


def test_only_the_very_object_that_was_meant_is_deleted(live: Cluster, api: RealCluster, shop: str) -> None:
    manifest = config_map(shop, color="red")
    metadata = live.apply(manifest).body["metadata"]

    with pytest.raises(ConflictError):
        live.delete(manifest.key, uid="00000000-0000-0000-0000-000000000000")
    edit(api, shop, color="blue")
    with pytest.raises(ConflictError):
        live.delete(manifest.key, uid=metadata["uid"], resource_version=metadata["resourceVersion"])
    live.delete(manifest.key, uid=metadata["uid"], propagation="background", dry_run=True)
    assert live.read(manifest.key) is not None

    live.delete(manifest.key, uid=metadata["uid"], propagation="background")
    assert live.read(manifest.key) is None
    live.delete(manifest.key, uid=metadata["uid"])


def test_the_cache_follows_what_happens(live: Cluster, api: RealCluster, shop: str) -> None:
    manifest = config_map(shop, color="red")
    heard = Heard(live, shop)
    live.watch([OURS])
    assert live.wait_ready([OURS], DEADLINE)
    assert live.covers(manifest.key)

    applied = live.apply(manifest)
    heard.until(("web", False))
    edit(api, shop, color="blue")
    heard.until(("web", False))
    found = live.live(manifest.key)
    assert found is not None
    assert found.owner == shop
    assert found.body()["data"] == {"color": "blue"}
    assert found.body()["apiVersion"] == "v1"
    assert live.owned(shop) == (found,)

    live.delete(manifest.key, uid=applied.body["metadata"]["uid"], propagation="background")
    heard.until(("web", True))
    assert live.live(manifest.key) is None


def test_what_is_there_before_is_listed(live: Cluster, shop: str) -> None:
    for number in range(3):
        live.apply(config_map(shop, f"web-{number}"))
    live.apply(Manifest.of({**secret(shop).body, "kind": "ConfigMap"}))

    live.watch([OURS])

    assert live.wait_ready([OURS], DEADLINE)
    assert [found.key.name for found in live.owned(shop)] == ["web-0", "web-1", "web-2"]
    assert live.live(ResourceKey("", "ConfigMap", shop, "web")) is None, "it does not carry our label"


def test_a_watch_that_the_server_ends_misses_nothing(api: RealCluster, shop: str) -> None:
    clusters = Clusters(api.kubeconfig, timing=Timing(watch=1.0))
    cluster = clusters.get()
    heard = Heard(cluster, shop)
    cluster.watch([OURS])
    assert cluster.wait_ready([OURS], DEADLINE)

    for number in range(30):
        applied = cluster.apply(config_map(shop, n=str(number)))
        heard.until(("web", False))
    cluster.delete(config_map(shop).key, uid=applied.body["metadata"]["uid"], propagation="background")
    heard.until(("web", True))

    assert cluster.problems() == {}
    clusters.close()


def test_a_kind_is_watched_as_soon_as_it_is_served(live: Cluster, shop: str) -> None:
    group = f"{shop}.example.com"
    crontabs = Scope(group, "CronTab")
    live.watch([crontabs])
    assert live.wait_ready([crontabs], DEADLINE)
    assert isinstance(live.problems()[crontabs], NotServedError)

    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab"}
    definition = Manifest.of(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"crontabs.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
        }
    )
    applied = live.apply(definition)
    eventually(lambda: live.problems() == {})
    assert live.resource(group, "CronTab").plural == "crontabs"

    heard = Heard(live, shop)
    body = {"apiVersion": f"{group}/v1", "kind": "CronTab", "metadata": {"name": "nightly", "namespace": shop}}
    live.apply(Manifest.of(body))
    heard.until(("nightly", False))

    live.delete(definition.key, uid=applied.body["metadata"]["uid"], propagation="background")
    heard.until(("nightly", True))


def test_many_threads_at_once(live: Cluster, shop: str) -> None:
    manifests = [config_map(shop, f"web-{number}") for number in range(60)]

    with ThreadPoolExecutor(24) as pool:
        applied = list(pool.map(live.apply, manifests))
        found = list(pool.map(lambda manifest: live.read(manifest.key), manifests))

    assert found == [answer.body for answer in applied]


def changed(api: RealCluster, folder: Path, **change: Any) -> Clusters:
    """The clusters of a kubeconfig like that of `api`, with other entries for the cluster; None takes one away."""
    config = yamlio.load_all(api.kubeconfig.read_bytes(), name="kubeconfig")[0].value
    for entry in config["clusters"]:
        entries = {**entry["cluster"], **change}
        entry["cluster"] = {name: value for name, value in entries.items() if value is not None}
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return Clusters(path, timing=QUICK)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"certificate-authority-data": None}, "no TLS connection: .*self.signed|unable to get local issuer"),
        ({"tls-server-name": "elsewhere.example.com"}, "no TLS connection: .*elsewhere.example.com"),
    ],
)
def test_a_server_that_cannot_prove_who_it_is_gets_no_token(
    api: RealCluster, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    clusters = changed(api, tmp_path, **change)

    with pytest.raises(UnreachableError, match=words) as caught:
        clusters.get().version()

    assert caught.value.hint
    clusters.close()


def test_a_server_is_trusted_unseen_only_when_told_so_and_then_without_a_word(api: RealCluster, tmp_path: Path) -> None:
    clusters = changed(api, tmp_path, **{"certificate-authority-data": None, "insecure-skip-tls-verify": True})

    with warnings.catch_warnings(record=True) as said:
        assert clusters.get().version().startswith("v1.")

    assert said == []
    clusters.close()


def test_a_pod_s_service_account_is_enough(
    own_control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{own_control_plane.token}\n")
    loader = "kubernetes.config.incluster_config"
    monkeypatch.setattr(f"{loader}.SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(f"{loader}.SERVICE_CERT_FILENAME", str(own_control_plane.certificate_authority))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    host, _, port = own_control_plane.url.removeprefix("https://").rpartition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    clusters = Clusters(timing=QUICK)

    assert clusters.get().read(ResourceKey("", "Namespace", "", "default")) is not None
    clusters.close()


def test_a_viewer_may_look_but_neither_at_secrets_nor_write(control_plane: RealCluster, namespace: str) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("an existing cluster has no viewer of ours")
    clusters = Clusters(control_plane.kubeconfig, timing=QUICK)
    viewer = clusters.get(ControlPlane.viewer_context)
    scopes = [OURS, Scope("", "Secret")]
    viewer.watch(scopes)

    assert viewer.wait_ready(scopes, DEADLINE)
    assert list(viewer.problems()) == scopes[1:]
    assert isinstance(viewer.problems()[scopes[1]], ForbiddenError)
    with pytest.raises(ForbiddenError, match="lacks this permission"):
        viewer.apply(config_map(namespace))
    with pytest.raises(ForbiddenError, match='cannot get resource "secrets"'):
        viewer.read(secret(namespace).key)
    clusters.close()


def test_more_than_a_page_where_streams_are_refused(control_plane_without_streaming: ControlPlane) -> None:
    clusters = Clusters(control_plane_without_streaming.kubeconfig, timing=QUICK)
    cluster = clusters.get()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: cluster.apply(config_map("default", f"web-{number}")), range(260)))
    heard = Heard(cluster, "default")

    cluster.watch([OURS])

    assert cluster.wait_ready([OURS], DEADLINE)
    assert len(cluster.owned("default")) == 260
    cluster.apply(config_map("default", "last"))
    heard.until(("last", False))
    clusters.close()


def test_a_restarted_api_server_loses_nothing(own_control_plane: ControlPlane) -> None:
    clusters = Clusters(own_control_plane.kubeconfig, timing=QUICK)
    cluster = clusters.get()
    cluster.apply(config_map("default"))
    heard = Heard(cluster, "default")
    cluster.watch([OURS])
    assert cluster.wait_ready([OURS], DEADLINE)
    heard.until(("web", False))

    own_control_plane.stop_apiserver()
    eventually(lambda: isinstance(cluster.problems().get(OURS), UnreachableError))
    assert [found.key.name for found in cluster.owned("default")] == ["web"], "unreachable is unknown, never empty"
    assert not cluster.covers(config_map("default").key)

    own_control_plane.start_apiserver()
    eventually(lambda: cluster.problems() == {})
    assert heard.nothing_more(), "nothing has changed"
    cluster.apply(config_map("default", color="red"))
    heard.until(("web", False))
    clusters.close()

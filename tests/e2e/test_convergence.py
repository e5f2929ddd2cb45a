"""Any commits after one another on a real API server: each sync ends in sync, and leaves nothing to do."""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.status import SyncCode
from gitops_tui.yamlio import dump
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
_NAMES = st.sampled_from(["alpha", "beta", "gamma"])
_OPTIONS = st.sampled_from(["", "Replace=true", "PruneLast=true", "Validate=false"])
_PORTS = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)


def _metadata(name: str, options: str) -> dict[str, object]:
    notes = {"argocd.argoproj.io/sync-options": options} if options else {}
    return {"name": name, "annotations": notes} if notes else {"name": name}


def _config(name: str, options: str, data: dict[str, str]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name, options), "data": data}


def _secret(name: str, options: str, data: dict[str, str]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(name, options), "stringData": data}


def _service(name: str, options: str, ports: list[int]) -> dict[str, object]:
    listed = [{"name": f"p{port}", "port": port} for port in ports]
    spec = {"selector": {"app": name}, "ports": listed}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, options), "spec": spec}


def _workload(name: str, options: str, image: int, cpu: str) -> dict[str, object]:
    container = {"name": "main", "image": f"example.org/shop:{image}", "resources": {"requests": {"cpu": cpu}}}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(name, options), "spec": spec}


_DATA = st.dictionaries(st.sampled_from("xyz"), _TEXT, max_size=3)
_OBJECTS = st.one_of(
    st.builds(_config, _NAMES, _OPTIONS, _DATA),
    st.builds(_secret, _NAMES, _OPTIONS, _DATA),
    st.builds(_service, _NAMES, _OPTIONS, _PORTS),
    st.builds(_workload, _NAMES, _OPTIONS, st.integers(1, 3), st.sampled_from(["1", "1000m", "0.5", "500m"])),
)


def _files(objects: list[dict[str, object]], before: set[str]) -> dict[str, str | None]:
    made = {f"app/{each['kind']}-{each['metadata']['name']}.yaml": dump(each) for each in objects}  # type: ignore[index]
    return {name: made.get(name) for name in before | made.keys()}


def _converges(shop: Stage, objects: list[dict[str, object]], before: set[str]) -> set[str]:
    files = _files(objects, before)
    shop.repository.commit("Something else", files)
    shop.clock.now += 10
    shop.refresh()
    receipt = shop.sync(prune=True)
    assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
    shop.until(lambda status: status.sync is SyncCode.SYNCED)  # of what was pruned the watches tell in a moment
    assert shop.plan(prune=True).writes == ()
    return {name for name, text in files.items() if text is not None}


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(_OBJECTS, min_size=1, max_size=5), min_size=1, max_size=3))
def test_each_sync_ends_in_sync(control_plane: RealCluster, commits: list[list[dict[str, object]]]) -> None:
    name = f"gitops-tui-any-{secrets.token_hex(4)}"
    policy = SyncPolicy(allow_empty=True, max_prune=1.0)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with stage(Path(folder), control_plane.kubeconfig, name, {"app/keep.txt": ""}, policy=policy) as shop:
                files: set[str] = set()
                for objects in commits:
                    files = _converges(shop, objects, files)
        finally:
            control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


ODD = 'emoji 😀, line \u2028 and paragraph \u2029, next \x85, delete \x7f, mark \ufeff, tab \t, quote " and \\ end'


def test_characters_that_yaml_treats_in_its_own_way_arrive_as_they_are(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd"}, "data": {"x": ODD}}
    with stage(tmp_path, control_plane.kubeconfig, namespace, {"app/odd.json": json.dumps(config)}) as shop:
        assert shop.sync().phase is OperationPhase.SUCCEEDED
        live = shop.live("", "ConfigMap", "odd")
        assert live is not None
        assert live["data"]["x"] == ODD
        assert shop.status().sync is SyncCode.SYNCED

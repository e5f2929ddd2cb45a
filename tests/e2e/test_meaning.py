"""What means the same is no drift, however it is spelled: on the embedded server, and on a real one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_tui.cluster import Clusters
from gitops_tui.diff import compare
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Compare, Render
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.resources import DriftCode, Manifest
from gitops_tui.model.status import SyncCode
from tests.support.existing_cluster import ExistingCluster
from tests.support.manifests import config_map
from tests.support.real_cluster import RealCluster
from tests.support.served import wait_until_served
from tests.support.stage import Stage, stage

WORKLOADS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {}
  annotations:
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {}
      terminationGracePeriodSeconds: 30
      containers:
        - name: web
          image: example.org/shop:1
          command: []
          env:
            - {name: EMPTY, value: ""}
            - {name: LEVEL, value: info}
          ports:
            - containerPort: 8080
            - {containerPort: 53, protocol: UDP}
          resources:
            requests: {cpu: 1, memory: 1073741824}
            limits: {cpu: 2000m, memory: 2048Mi, ephemeral-storage: 1e9}
        - name: cache
          image: example.org/cache:1
          resources:
            limits: {cpu: 0.5, memory: 0.5Gi}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 0
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers: [{name: store, image: "example.org/store:1"}]
      tolerations: []
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  suspend: true
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: nightly, image: "example.org/shop:1"}]}
"""

SURROUNDINGS = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: dns, port: 53, protocol: UDP}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {requests.cpu: 1000m, limits.memory: 4096Mi, pods: 10}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec: {limits: [{type: Container, default: {cpu: 1000m, memory: 1Gi}, defaultRequest: {cpu: 100m}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: access}
stringData: {token: abc}
data: {other: YWJj}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1073741824}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: shop.example.org
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web}, {kind: User, name: ada}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
"""

CONVERTED = """\
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  maxReplicas: 5
  minReplicas: 1
  targetCPUUtilizationPercentage: 70
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""

GENERATED = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: odd
  creationTimestamp: null
  generation: 7
  selfLink: /apis/apps/v1/odd
spec:
  replicas: 0
  strategy: {}
  selector: {matchLabels: {app: odd}}
  template:
    metadata: {creationTimestamp: null, labels: {app: odd}}
    spec: {containers: [{name: web, image: "example.org/shop:1", resources: {}}]}
status:
  replicas: 5
"""

FILES: dict[str, str | None] = {"app/workloads.yaml": WORKLOADS, "app/surroundings.yaml": SURROUNDINGS}
IMPATIENT = SyncPolicy(health_timeout=0.0)


@pytest.fixture(params=["embedded", "real"])
def api(request: pytest.FixtureRequest) -> Iterator[RealCluster]:
    if request.param == "real":
        yield request.getfixturevalue("control_plane")
        return
    with EmbeddedServer.start() as embedded:
        yield ExistingCluster(embedded.kubeconfig)


def shop_on(api: RealCluster, folder: Path, name: str, files: dict[str, str | None]) -> Any:
    return stage(folder, api.kubeconfig, name, files, policy=IMPATIENT)


def synced(shop: Stage) -> None:
    receipt = shop.sync()
    failed = {
        str(each.key): each.message
        for each in receipt.resources
        if "health" not in each.message and each.result == "Failed"
    }
    assert failed == {}
    status = shop.until(lambda status: status.sync is SyncCode.SYNCED)
    assert not any(resource.approximate for resource in status.resources)


def assert_all_means_the_same(shop: Stage) -> None:
    """Nothing differs: not by what was applied, not by what would be, and not by the stated fields alone."""
    assert shop.ask(Compare(shop.name)) == ()
    status = shop.status()
    keys = tuple(resource.key for resource in status.resources if resource.desired)
    predicted = shop.ask(Compare(shop.name, keys=keys))
    assert {str(each.key): each.changes for each in predicted if each.changes} == {}
    assert {each.approximate for each in predicted} == {False}
    manifests: tuple[Manifest, ...] = shop.ask(Render(shop.name))
    for manifest in manifests:
        live = shop.clusters.get().read(shop_key(shop, manifest), api_version=manifest.api_version)
        stated = compare(manifest.body, live, None)
        assert (stated.code, stated.changes) == (DriftCode.IN_SYNC, ()), f"{manifest.key}, stated fields only"


def shop_key(shop: Stage, manifest: Manifest) -> Any:
    return manifest.key.__class__(manifest.key.group, manifest.key.kind, shop.namespace, manifest.key.name)


def test_quantities_defaults_and_empty_values(api: RealCluster, tmp_path: Path) -> None:
    with shop_on(api, tmp_path, f"meaning-{tmp_path.name[-1]}-{api.__class__.__name__.lower()}", FILES) as shop:
        synced(shop)
        assert_all_means_the_same(shop)
        assert shop.plan().writes == ()


def test_an_object_that_is_stated_at_another_version_than_the_server_prefers(
    control_plane: RealCluster, namespace: str, tmp_path: Path
) -> None:
    with shop_on(control_plane, tmp_path, namespace, {"app/web.yaml": CONVERTED}) as shop:
        synced(shop)
        assert_all_means_the_same(shop)
        shop.repository.commit("More", {"app/web.yaml": CONVERTED.replace("70", "80")})
        shop.clock.now += 10
        shop.until(lambda status: status.drifted == 1)
        (found,) = shop.ask(Compare(shop.name))
        (change,) = found.changes
        assert (change.path, change.live, change.desired) == ("spec.targetCPUUtilizationPercentage", 70, 80)


def test_what_the_server_drops_is_no_drift(api: RealCluster, tmp_path: Path) -> None:
    with shop_on(api, tmp_path, f"dropped-{api.__class__.__name__.lower()}", {"app/odd.yaml": GENERATED}) as shop:
        synced(shop)
        assert_all_means_the_same(shop)


def test_a_field_that_the_server_does_not_know_is_refused_by_name(api: RealCluster, tmp_path: Path) -> None:
    with shop_on(api, tmp_path, f"unknown-{api.__class__.__name__.lower()}", {"app/odd.yaml": GENERATED}) as shop:
        synced(shop)
        shop.repository.commit("Odd", {"app/odd.yaml": GENERATED.replace("replicas: 0", "shape: round")})
        shop.clock.now += 10
        shop.status()
        (refusal,) = shop.plan().refusals
        assert "shape" in refusal


LAX = "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Validate=false}\n"


def test_a_difference_of_what_is_not_validated_is_foretold_like_any_other(api: RealCluster, tmp_path: Path) -> None:
    odd = GENERATED.replace("replicas: 0", "replicas: 0\n  shape: round").replace("metadata:\n", LAX, 1)
    with shop_on(api, tmp_path, f"lax-{api.__class__.__name__.lower()}", {"app/odd.yaml": odd}) as shop:
        synced(shop)
        shop.repository.commit("Newer", {"app/odd.yaml": odd.replace("shop:1", "shop:2")})
        shop.clock.now += 10
        shop.until(lambda status: status.drifted == 1)
        (found,) = shop.ask(Compare(shop.name))
        assert [change.path for change in found.changes] == ["spec.template.spec.containers[web].image"]
        assert (found.approximate, found.note) == (False, "")


REWRITTEN = (
    '[JSONPatch{op: "add", path: "/data/injected", value: "yes"},'
    ' JSONPatch{op: "add", path: "/data/colour", value: "mirror/" + object.data.colour.replace("mirror/", "")}]'
)


@contextmanager
def mutating(cluster: RealCluster, namespace: str) -> Iterator[None]:
    """Admission that adds a field to each ConfigMap of a namespace, and rewrites another one."""
    path = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolic"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "resourceRules": [rule],
        },
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": REWRITTEN}}],
    }
    code, answer = cluster.request("POST", f"{path}ies", {"metadata": {"name": namespace}, "spec": spec})
    if code == 404:
        pytest.skip("this cluster has no mutating admission policies")
    assert code == 201, answer
    binding = {"metadata": {"name": namespace}, "spec": {"policyName": namespace}}
    assert cluster.request("POST", f"{path}ybindings", binding)[0] == 201
    try:
        trial = {"metadata": {"name": "trial"}, "data": {"colour": "x"}}
        where = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
        while "injected" not in cluster.request("POST", where, trial)[1]["data"]:
            pass  # a new policy takes a moment until it is asked
        yield
    finally:
        cluster.request("DELETE", f"{path}ybindings/{namespace}")
        cluster.request("DELETE", f"{path}ies/{namespace}")


def test_what_admission_adds_and_rewrites_is_no_drift(
    control_plane: RealCluster, namespace: str, tmp_path: Path
) -> None:
    # More of them than would be asked for one by one, where nothing had a say in it.
    names = [f"settings-{number}" for number in range(5)]
    files: dict[str, str | None] = {f"app/{name}.yaml": config_map(name, colour="blue") for name in names}
    with mutating(control_plane, namespace), shop_on(control_plane, tmp_path, namespace, files) as shop:
        synced(shop)
        live = shop.live("", "ConfigMap", names[0])
        assert live is not None
        assert live["data"] == {"colour": "mirror/blue", "injected": "yes"}
        assert shop.ask(Compare(shop.name)) == ()
        assert shop.plan().writes == ()

        shop.repository.commit(
            "Make it green", {f"app/{name}.yaml": config_map(name, colour="green") for name in names}
        )
        shop.clock.now += 10
        shop.until(lambda status: status.drifted == len(names))

        found, *others = shop.ask(Compare(shop.name))
        assert len(others) == len(names) - 1
        (change,) = found.changes
        assert (change.path, change.live, change.desired) == ("data.colour", "mirror/blue", "mirror/green")
        assert change.desired_by is not None
        assert change.desired_by.place == "app/settings-0.yaml:6"
        synced(shop)


DAY = "apiVersion: meaning.example.org/v1\nkind: Shift\nmetadata: {name: day}\nspec: {ratio: 80.0}\n"
SHIFT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "ratio": {"type": "number"},
                "count": {"type": "integer", "default": 3},
                "mode": {"type": "string", "default": "calm"},
            },
        }
    },
}


_NAMES = st.sampled_from(
    ["name", "a", "limits", "cpu", "env", "ports", "port", "metadata", "0", "a/b", "a.b", "~", "*"]
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.sampled_from(["1000m", "1Gi", "80.0", ""]),
)
_ANY = st.recursive(
    _SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(_NAMES, below, max_size=4), max_leaves=15
)


def test_any_object_is_in_sync_once_it_was_applied(api: RealCluster) -> None:
    """Whatever a field holds that no schema describes: by a prediction, and by the stated fields alone."""
    group = f"any{secrets.token_hex(4)}.example.org"
    with (
        defined(api, group, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        closing(Clusters(api.kubeconfig)) as clusters,
    ):
        cluster = clusters.get()

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.dictionaries(_NAMES, _ANY, max_size=4))
        def holds(spec: dict[str, Any]) -> None:
            name = f"x{secrets.token_hex(8)}"
            metadata = {"name": name, "namespace": "default"}
            manifest = Manifest.of({"apiVersion": f"{group}/v1", "kind": "Shift", "metadata": metadata, "spec": spec})
            cluster.apply(manifest)
            live = cluster.read(manifest.key)
            for predicted in (cluster.predict(manifest), None):
                drift = compare(manifest.body, live, predicted)
                assert (drift.code, drift.changes) == (DriftCode.IN_SYNC, ())

        holds()


@contextmanager
def defined(api: RealCluster, group: str, schema: dict[str, Any]) -> Iterator[None]:
    """A cluster that serves `Shift` objects."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    code, answer = api.request("POST", path, definition(group, schema))
    assert code == 201, answer
    wait_until_served(api, group, "shifts")
    try:
        yield
    finally:
        api.request("DELETE", f"{path}/shifts.{group}")


def definition(group: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"shifts.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Shift", "plural": "shifts", "singular": "shift", "listKind": "ShiftList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def test_numbers_and_defaults_of_custom_resources(api: RealCluster, tmp_path: Path) -> None:
    crd = definition("meaning.example.org", SHIFT)
    files: dict[str, str | None] = {
        "app/crd.json": json.dumps(crd),
        "app/shift.yaml": DAY,
    }
    with stage(tmp_path, api.kubeconfig, "shifts", files) as shop:
        try:
            synced(shop)
            assert shop.ask(Compare(shop.name)) == ()
            shop.repository.commit("The same number", {"app/shift.yaml": DAY.replace("80.0", "80")})
            shop.clock.now += 10
            status = shop.status()
            assert status.sync is SyncCode.SYNCED
            assert shop.ask(Compare(shop.name)) == ()
        finally:
            api.request("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/shifts.meaning.example.org")

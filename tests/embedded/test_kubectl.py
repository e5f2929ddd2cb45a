"""A user's own kubectl against the embedded server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


@pytest.fixture
def kubectl(server: EmbeddedServer, tmp_path: Path) -> Kubectl:
    if shutil.which("kubectl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("kubectl is not installed; in CI this test may not be skipped", pytrace=False)
        pytest.skip("kubectl is not installed; run `make tools`")

    def run(*words: str, stdin: str | None = None, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        command = ["kubectl", "--kubeconfig", str(server.kubeconfig), "--cache-dir", str(tmp_path / "cache"), *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=180, env={**os.environ, **env}, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def shop(kubectl: Kubectl) -> Kubectl:
    """kubectl, with the manifest applied."""
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    return kubectl


def deployment(kubectl: Kubectl) -> Any:
    return json.loads(kubectl("get", "deployment", "web", "-n", "shop", "-o", "json").stdout)


def test_apply_creates_then_finds_nothing_to_do(kubectl: Kubectl) -> None:
    first = kubectl("apply", "-f", "-", stdin=MANIFEST).stdout
    assert first.splitlines() == ["namespace/shop created", "deployment.apps/web created", "service/web created"]
    second = kubectl("apply", "-f", "-", stdin=MANIFEST).stdout
    assert second.splitlines() == ["namespace/shop unchanged", "deployment.apps/web unchanged", "service/web unchanged"]


def test_apply_changes_what_changed_and_removes_what_went(shop: Kubectl) -> None:
    changed = MANIFEST.replace("replicas: 2", "minReadySeconds: 5").replace("nginx:1.27", "nginx:1.28")
    assert "deployment.apps/web configured" in shop("apply", "-f", "-", stdin=changed).stdout
    spec = deployment(shop)["spec"]
    assert (spec["replicas"], spec["minReadySeconds"]) == (1, 5)
    assert spec["template"]["spec"]["containers"][0]["image"] == "nginx:1.28"


def test_server_side_apply_takes_over_from_apply(shop: Kubectl) -> None:
    changed = MANIFEST.replace("replicas: 2", "replicas: 3")
    shop("apply", "--server-side", "-f", "-", stdin=changed)
    assert deployment(shop)["spec"]["replicas"] == 3


def test_server_side_apply_reports_conflicts_and_can_force(shop: Kubectl) -> None:
    shop("scale", "deployment/web", "-n", "shop", "--replicas=7")
    changed = MANIFEST.replace("replicas: 2", "replicas: 3")
    refused = shop("apply", "--server-side", "-f", "-", stdin=changed, code=1).stderr
    assert 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas' in refused
    shop("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=changed)
    assert deployment(shop)["spec"]["replicas"] == 3


def test_diff_shows_what_apply_would_do(shop: Kubectl) -> None:
    assert shop("diff", "-f", "-", stdin=MANIFEST).stdout == ""
    shown = shop("diff", "-f", "-", stdin=MANIFEST.replace("replicas: 2", "replicas: 5"), code=1).stdout
    assert "-  replicas: 2" in shown
    assert "+  replicas: 5" in shown
    assert deployment(shop)["spec"]["replicas"] == 2


def test_a_typing_mistake_is_told(kubectl: Kubectl) -> None:
    told = kubectl("apply", "-f", "-", stdin=MANIFEST.replace("replicas:", "replcas:"), code=1).stderr
    assert 'unknown field "spec.replcas"' in told


def test_edit_changes_what_the_editor_changed(shop: Kubectl) -> None:
    shop("edit", "deployment/web", "-n", "shop", KUBE_EDITOR="sed -i s/nginx:1.27/nginx:1.28/")
    assert deployment(shop)["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.28"


def test_scale_sets_replicas(shop: Kubectl) -> None:
    shop("scale", "deployment/web", "-n", "shop", "--replicas=7")
    assert deployment(shop)["spec"]["replicas"] == 7


def test_get_prints_the_columns_that_people_know(shop: Kubectl) -> None:
    table = shop("get", "deployments,services", "-n", "shop", "-o", "wide").stdout
    assert "READY   UP-TO-DATE   AVAILABLE   AGE" in table
    assert "deployment.apps/web   0/2" in table
    assert "80/TCP" in table
    names = shop("get", "deploy", "-A", "-l", "app=web", "-o", "name").stdout
    assert names == "deployment.apps/web\n"


def test_get_can_watch(shop: Kubectl) -> None:
    told = shop("get", "deployment", "web", "-n", "shop", "--watch", "--request-timeout=2s", code=0).stdout
    assert "web" in told


def test_describe_and_explain_find_what_they_need(shop: Kubectl) -> None:
    assert "Pod Template:" in shop("describe", "deployment", "web", "-n", "shop").stdout
    assert "selector" in shop("explain", "deployment.spec").stdout


def test_other_ways_to_write(shop: Kubectl) -> None:
    shop("label", "deployment/web", "-n", "shop", "team=a")
    shop("annotate", "deployment/web", "-n", "shop", "note=b")
    shop("set", "image", "deployment/web", "-n", "shop", "web=nginx:2")
    shop("rollout", "restart", "deployment/web", "-n", "shop")
    shop("patch", "deployment", "web", "-n", "shop", "-p", '{"spec":{"replicas":9}}')
    body = deployment(shop)
    assert body["metadata"]["labels"]["team"] == "a"
    assert body["metadata"]["annotations"]["note"] == "b"
    assert body["spec"]["replicas"] == 9
    assert "kubectl.kubernetes.io/restartedAt" in body["spec"]["template"]["metadata"]["annotations"]


def test_delete_waits_until_it_is_gone(shop: Kubectl) -> None:
    shop("delete", "deployment", "web", "-n", "shop")
    assert "NotFound" in shop("get", "deployment", "web", "-n", "shop", code=1).stderr
    shop("delete", "namespace", "shop")
    assert "NotFound" in shop("get", "service", "web", "-n", "shop", code=1).stderr


def test_everything_served_is_listed(kubectl: Kubectl) -> None:
    listed = kubectl("api-resources", "--no-headers").stdout
    assert "deploy" in listed
    assert "networking.k8s.io/v1" in listed
    assert "v1.36" in kubectl("version", "-o", "json").stdout


def test_a_custom_kind_can_be_applied_and_listed(kubectl: Kubectl, client: ApiClient) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".size"}],
                }
            ],
        },
    }
    with client.watch("/apis/apiextensions.k8s.io/v1/customresourcedefinitions") as events:
        kubectl("apply", "-f", "-", stdin=json.dumps(definition))
        # Of a definition that has no condition yet kubectl cannot wait for one, here and on a real cluster.
        next(event for event in events if event["object"]["status"]["conditions"])
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=60s")
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one"}, "size": 3}
    kubectl("apply", "-f", "-", stdin=json.dumps(widget))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps({**widget, "size": 4}))
    lines = kubectl("get", "wd").stdout.splitlines()
    assert [line.split() for line in lines] == [["NAME", "SIZE"], ["one", "4"]]

"""What a user does with kubectl works as on a real cluster: the server over HTTP, the controllers in its threads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.controllers import attach
from tests.embedded.controllers.cluster import template, workload

_TOOLS = os.pathsep.join((str(Path(__file__).parents[3] / ".venv/bin"), os.environ.get("PATH", "")))
KUBECTL = shutil.which("kubectl", path=_TOOLS)
DEADLINE = 180.0

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed; `make tools` fetches it")


class Kubectl:
    """kubectl against one cluster, in a namespace of its own."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._command = [str(KUBECTL), "--kubeconfig", str(kubeconfig), "--namespace", namespace]

    def __call__(self, *arguments: str, given: str | None = None, env: dict[str, str] | None = None) -> str:
        answer = subprocess.run(
            [*self._command, *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            env={**os.environ, **(env or {})},
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self("get", *arguments, "--output", "json"))

    def apply(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        version = "batch/v1" if kind == "Job" else "apps/v1"
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
        self("apply", "--filename", "-", given=json.dumps(body))

    def until(self, found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not found():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as server:
        detach = attach(server, speed=10)
        yield server
        detach()


@pytest.fixture
def kubectl(server: EmbeddedServer, request: pytest.FixtureRequest) -> Kubectl:
    namespace = re.sub(r"[^a-z0-9]+", "-", request.node.name)[:60].strip("-")
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    Kubectl(server.kubeconfig, "default")("apply", "--filename", "-", given=json.dumps(body))
    return Kubectl(server.kubeconfig, namespace)


def test_rollout_status_waits_for_the_end(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(3))
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl("set", "image", "deployment/web", "main=registry.example.com/web:2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    images = {pod["spec"]["containers"][0]["image"] for pod in kubectl.json("pods")["items"]}
    assert "registry.example.com/web:2" in images


def test_rollout_restart_replaces_every_pod(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(2))
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    before = {pod["metadata"]["name"] for pod in kubectl.json("pods")["items"]}
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl.until(lambda: not before & {pod["metadata"]["name"] for pod in kubectl.json("pods")["items"]})


def test_rollout_history_and_undo(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(1))
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl("set", "image", "deployment/web", "main=registry.example.com/web:2")
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert [line.split()[0] for line in kubectl("rollout", "history", "deployment/web").splitlines()[2:4]] == ["1", "2"]
    kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    image = kubectl.json("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "registry.example.com/web:1"


def test_scale_edit_and_delete_pod(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(1))
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert len(kubectl.json("pods")["items"]) == 3
    kubectl("edit", "deployment/web", env={"KUBE_EDITOR": "sed -i s/web:1/web:5/"})
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    managers = {
        row["manager"]
        for row in kubectl.json("deployment", "web", "--show-managed-fields")["metadata"]["managedFields"]
    }
    assert {"kubectl", "kubectl-edit", "kube-controller-manager"} <= managers
    (first, *_) = kubectl.json("pods")["items"]
    kubectl("delete", "pod", first["metadata"]["name"], "--wait=true")
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")


def test_a_bad_rollout_is_told_by_kubectl(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(2, "registry.example.com/web:missing", progressDeadlineSeconds=2))
    with pytest.raises(AssertionError, match="exceeded its progress deadline"):
        kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl.until(lambda: "ErrImagePull" in (told := kubectl("get", "pods")) or "ImagePullBackOff" in told)
    kubectl.until(lambda: "Back-off pulling image" in kubectl("events"))


def test_wait_and_logs_of_a_job(kubectl: Kubectl) -> None:
    spec = {"template": template("registry.example.com/tool:1", restartPolicy="Never")}
    kubectl.apply("Job", "once", spec)
    kubectl("wait", "--for=condition=complete", "job/once", "--timeout=120s")
    assert "finished with exit code 0" in kubectl("logs", "job/once")


def test_describe_tells_the_events(kubectl: Kubectl) -> None:
    kubectl.apply("Deployment", "web", workload(1))
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert "Scaled up replica set" in kubectl("describe", "deployment", "web")
    told = kubectl("describe", "pods", "--selector", "app=web")
    for words in ("Successfully assigned", "Successfully pulled image", "Container started: main"):
        assert words in told


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_deleting_a_deployment_takes_its_pods(kubectl: Kubectl, cascade: str) -> None:
    kubectl.apply("Deployment", "web", workload(2))
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl("delete", "deployment", "web", f"--cascade={cascade}", "--wait=true")
    kubectl.until(lambda: not kubectl.json("pods,replicasets")["items"])


def test_deleting_a_namespace_takes_everything(kubectl: Kubectl, server: EmbeddedServer) -> None:
    kubectl.apply("Deployment", "web", workload(2))
    kubectl.apply("StatefulSet", "db", workload(1, serviceName="db"))
    kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    name = "test-deleting-a-namespace-takes-everything"
    Kubectl(server.kubeconfig, "default")("delete", "namespace", name, "--wait=true")
    assert not [item for item in server.store.everything() if item.key.namespace == name]


def test_controllers_take_up_what_is_there(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        Kubectl(server.kubeconfig, "default").apply("Deployment", "web", workload(2))
    with EmbeddedServer.start(tmp_path) as server:
        detach = attach(server, speed=10)
        kubectl = Kubectl(server.kubeconfig, "default")
        kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        before = {pod["metadata"]["uid"] for pod in kubectl.json("pods")["items"]}
        detach()
    with EmbeddedServer.start(tmp_path) as server:
        detach = attach(server, speed=10)
        kubectl = Kubectl(server.kubeconfig, "default")
        kubectl("scale", "deployment/web", "--replicas=3")
        kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        assert before < {pod["metadata"]["uid"] for pod in kubectl.json("pods")["items"]}
        detach()

"""The real API server that all end-to-end tests stand on keeps what it promises."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.control_plane import APISERVER, ControlPlane, ControlPlaneError
from tests.support.existing_cluster import ExistingCluster
from tests.support.real_cluster import RealCluster

REPOSITORY = Path(__file__).resolve().parents[2]
APPLY = "application/apply-patch+yaml"


def config_map(namespace: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace},
        "data": data,
    }


def pinned_kubernetes() -> str:
    lines = (REPOSITORY / "tests/controlplane/go.mod").read_text().splitlines()
    return next(fields[1] for fields in map(str.split, lines) if fields[:1] == ["k8s.io/kubernetes"])


def test_it_reports_the_version_of_its_binary(own_control_plane: ControlPlane, control_plane_assets: Path) -> None:
    binary = subprocess.run(
        [control_plane_assets / APISERVER, "--version"], check=True, capture_output=True, text=True
    ).stdout

    status, version = own_control_plane.request("GET", "/version")

    assert status == 200
    assert binary.split() == ["Kubernetes", version["gitVersion"]]
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")
    if "KUBEBUILDER_ASSETS" not in os.environ:
        assert version["gitVersion"] == pinned_kubernetes(), "the binaries are older than their pins"


def test_a_server_side_apply_records_its_field_manager(control_plane: RealCluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings?fieldManager=gitops-tui"

    status, applied = control_plane.request("PATCH", path, config_map(namespace, colour="blue"), content_type=APPLY)

    assert status == 201
    assert applied["data"] == {"colour": "blue"}
    (entry,) = applied["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("gitops-tui", "Apply")


def test_another_manager_of_the_same_field_is_a_conflict(control_plane: RealCluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings?fieldManager="
    control_plane.request("PATCH", path + "somebody", config_map(namespace, colour="red"), content_type=APPLY)

    status, refusal = control_plane.request(
        "PATCH", path + "gitops-tui", config_map(namespace, colour="blue"), content_type=APPLY
    )

    assert status == 409
    assert refusal["details"]["causes"][0]["field"] == ".data.colour"
    assert "somebody" in refusal["details"]["causes"][0]["message"]


def streaming_list(collection: str) -> str:
    return (
        f"{collection}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        "&allowWatchBookmarks=true&timeoutSeconds=4&fieldSelector=metadata.name=settings"
    )


def test_lists_are_streamed(control_plane: RealCluster, namespace: str) -> None:
    collection = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.request("POST", collection, config_map(namespace, colour="blue"))

    status, events = control_plane.request("GET", streaming_list(collection))

    assert status == 200
    added, bookmark = events[:2]
    assert (added["type"], added["object"]["data"]) == ("ADDED", {"colour": "blue"})
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_lists_are_not_streamed(control_plane_without_streaming: ControlPlane) -> None:
    collection = "/api/v1/namespaces/default/configmaps"

    status, answer = control_plane_without_streaming.request("GET", streaming_list(collection))

    refusal = answer if status != 200 else answer[0]["object"]
    assert (refusal["kind"], refusal["status"]) == ("Status", "Failure")
    assert refusal["code"] in {422, 500}
    assert control_plane_without_streaming.request("GET", collection)[0] == 200


def test_the_viewer_sees_workloads_but_no_secrets(control_plane: RealCluster, namespace: str) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("an existing cluster has no viewer made for the tests")
    viewer = control_plane.viewer_token

    refused, message = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/secrets", token=viewer)
    listed, deployments = control_plane.request(
        "GET", f"/apis/apps/v1/namespaces/{namespace}/deployments", token=viewer
    )
    written, _ = control_plane.request(
        "POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace), token=viewer
    )

    assert (refused, message["reason"]) == (403, "Forbidden")
    assert (listed, deployments["items"]) == (200, [])
    assert written == 403


def test_a_stranger_is_not_let_in(own_control_plane: ControlPlane) -> None:
    status, _ = own_control_plane.request("GET", "/api/v1/namespaces", token="not-a-token")
    assert status == 401


def test_the_controllers_roll_out_and_collect(controllers: RealCluster, namespace: str) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    replica_sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    labels = {"app": "web"}
    controllers.request(
        "POST",
        deployments,
        {
            "metadata": {"name": "web"},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "web", "image": "example.invalid/web:1"}]},
                },
            },
        },
    )
    wait_until(lambda: len(controllers.request("GET", replica_sets)[1]["items"]) == 1)

    controllers.request("DELETE", f"{deployments}/web", {"propagationPolicy": "Foreground"})

    wait_until(lambda: controllers.request("GET", f"{deployments}/web")[0] == 404)
    assert controllers.request("GET", replica_sets)[1]["items"] == []


def test_the_kubeconfig_is_private_and_leads_to_both_users(control_plane: RealCluster) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("the kubeconfig of an existing cluster is not ours")
    assert control_plane.kubeconfig.stat().st_mode & 0o777 == 0o600

    through_the_file = ExistingCluster(control_plane.kubeconfig)

    assert through_the_file.request("GET", "/api/v1/secrets")[0] == 200
    contexts = yaml.safe_load(control_plane.kubeconfig.read_text())["contexts"]
    assert [context["name"] for context in contexts] == [control_plane.admin_context, control_plane.viewer_context]


def test_an_api_server_that_comes_back_has_its_address_and_data(own_control_plane: ControlPlane) -> None:
    collection = "/api/v1/namespaces/default/configmaps"
    own_control_plane.request("POST", collection, config_map("default", colour="blue"))
    url = own_control_plane.url

    own_control_plane.stop_apiserver()
    with pytest.raises(ConnectionRefusedError):
        own_control_plane.request("GET", "/readyz")
    own_control_plane.start_apiserver()

    assert own_control_plane.url == url
    assert own_control_plane.request("GET", f"{collection}/settings")[1]["data"] == {"colour": "blue"}


def test_nothing_is_left_behind(control_plane_assets: Path) -> None:
    with ControlPlane.start(control_plane_assets) as plane:
        pids, folder = plane.pids, plane.kubeconfig.parent
        assert all(map(runs, pids))

    assert not any(map(runs, pids))
    assert not folder.exists()


def test_nothing_outlives_a_killed_test(control_plane_assets: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from tests.support.control_plane import ControlPlane\n"
        "with ControlPlane.start(pathlib.Path(sys.argv[1])) as plane:\n"
        "    print(plane.kubeconfig.parent, *plane.pids, flush=True)\n"
        "    time.sleep(600)\n"
    )
    argv = [sys.executable, "-c", program, str(control_plane_assets)]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        folder, *pids = test.stdout.readline().split()
        assert len(pids) == 2
        test.send_signal(signal.SIGKILL)

    wait_until(lambda: not any(runs(int(pid)) for pid in pids))
    shutil.rmtree(folder)  # the one thing that a killed test leaves


def test_a_server_that_cannot_start_says_why(tmp_path: Path, control_plane_assets: Path) -> None:
    (tmp_path / "etcd").symlink_to(control_plane_assets / "etcd")
    broken = tmp_path / APISERVER
    broken.write_text("#!/bin/sh\necho the disk is on fire; exit 7\n")
    broken.chmod(0o755)

    with (
        pytest.raises(ControlPlaneError, match=r"(?s)kube-apiserver: ended with exit code 7.*disk is on fire"),
        ControlPlane.start(tmp_path),
    ):
        pytest.fail("it started")


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "error")])
def test_missing_binaries_are_told_and_fatal_in_ci(ci: str, outcome: str, tmp_path: Path) -> None:
    environment = os.environ | {"CI": ci, "KUBEBUILDER_ASSETS": str(tmp_path)}
    environment.pop("GITOPS_TUI_TEST_KUBECONFIG", None)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::test_lists_are_streamed"]

    run = subprocess.run(argv, cwd=REPOSITORY, env=environment, check=False, capture_output=True, text=True)

    assert f"1 {outcome}" in run.stdout
    assert f"no real API server: etcd and kube-apiserver not in {tmp_path}" in run.stdout


def runs(pid: int) -> bool:
    ps = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(ps, check=False, capture_output=True, text=True).stdout
    return state.strip() != "" and not state.startswith("Z")


def wait_until(condition: Callable[[], bool], deadline: float = 120.0) -> None:
    until = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)

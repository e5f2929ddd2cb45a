"""The demo's cluster is shared, outlives its users by a little, and survives everything."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import demo
from gitops_tui.embedded.demo.lease import is_held, wait_until_free
from gitops_tui.embedded.demo.places import Places
from gitops_tui.model.errors import GitopsError

DEADLINE = 120.0


def _request(kubeconfig: Path, path: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
    config = json.loads(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    context = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
    secret = config["users"][0]["user"]["token"] if token is None else token
    request = urllib.request.Request(  # noqa: S310 - the demo's own server
        cluster["server"] + path, headers={"Authorization": f"Bearer {secret}"}
    )
    if body is not None:
        request.data = json.dumps(body).encode()
        request.method = "PATCH"
        request.add_header("Content-Type", "application/merge-patch+json")
    with urllib.request.urlopen(request, context=context, timeout=DEADLINE) as answer:  # noqa: S310
        return json.load(answer)


def _eventually(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def _server(state: Path) -> int:
    return int(json.loads(Places.below(state).server_record.read_text())["pid"])


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_start_makes_everything_and_keeps_it_private(state: Path) -> None:
    ready = demo.prepare(state)
    assert _request(ready.kubeconfig, "/apis/apps/v1/namespaces/shop/deployments/catalog")["spec"]["replicas"] == 5
    assert (ready.repository / "apps/storefront/deployment.yaml").exists()
    assert ready.config.exists()
    places = Places.below(state)
    assert _mode(places.root) == 0o700
    assert _mode(ready.kubeconfig) == 0o600
    assert _mode(ready.config) == 0o600
    assert _mode(places.server_record) == 0o600
    facts = dict(ready.facts)
    assert facts["kubeconfig"] == str(ready.kubeconfig)
    assert facts["repository"] == str(ready.repository)
    assert ready.facts == demo.facts(state)
    ready.close()


def test_it_listens_on_loopback_and_wants_a_token(state: Path) -> None:
    ready = demo.prepare(state)
    server = json.loads(ready.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    assert server.startswith("https://127.0.0.1:")
    with pytest.raises(urllib.error.HTTPError) as refused:
        _request(ready.kubeconfig, "/api/v1/secrets", token="wrong")
    assert refused.value.code == 401
    ready.close()


def test_a_second_process_joins_the_first_ones_cluster(state: Path) -> None:
    first = demo.prepare(state)
    process = _server(state)
    script = (
        "import sys; from pathlib import Path; from gitops_tui.embedded import demo; demo.prepare(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", script, str(state)], check=True, timeout=DEADLINE)
    assert _server(state) == process
    first.close()


def test_processes_that_start_together_share_one_cluster(state: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from gitops_tui.embedded import demo;"
        "ready = demo.prepare(Path(sys.argv[1])); print(ready.kubeconfig.read_text())"
    )
    command = [sys.executable, "-c", script, str(state)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {child.communicate(timeout=2 * DEADLINE)[0] for child in children}
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(answers) == 1


def test_what_a_user_did_survives_a_restart_under_the_same_address(state: Path) -> None:
    ready = demo.prepare(state)
    before = ready.kubeconfig.read_text()
    path = "/apis/apps/v1/namespaces/payments/deployments/payments"
    _request(ready.kubeconfig, path, {"spec": {"replicas": 4}})
    pods = "/api/v1/namespaces/payments/pods?labelSelector=app.kubernetes.io/name%3Dpayments"
    _eventually(lambda: _request(ready.kubeconfig, path)["status"].get("availableReplicas") == 4)
    old = {pod["metadata"]["name"] for pod in _request(ready.kubeconfig, pods)["items"]}
    ready.close()
    assert demo.stop(state)
    assert not demo.stop(state)

    again = demo.prepare(state)
    assert again.kubeconfig.read_text() == before
    assert _request(again.kubeconfig, path)["spec"]["replicas"] == 4
    assert {pod["metadata"]["name"] for pod in _request(again.kubeconfig, pods)["items"]} == old
    again.close()


def test_a_killed_cluster_is_started_again(state: Path) -> None:
    ready = demo.prepare(state)
    process = _server(state)
    os.kill(process, signal.SIGKILL)
    assert wait_until_free(Places.below(state).server_lock, DEADLINE)
    again = demo.prepare(state)
    assert _server(state) != process
    assert _request(again.kubeconfig, "/apis/apps/v1/namespaces/shop/deployments/catalog")["spec"]["replicas"] == 5
    again.close()
    ready.close()


def test_a_deaf_cluster_is_replaced(state: Path) -> None:
    ready = demo.prepare(state)
    process = _server(state)
    os.kill(process, signal.SIGSTOP)
    try:
        again = demo.prepare(state)
    finally:
        if is_held(Places.below(state).server_lock) and _server(state) == process:
            os.kill(process, signal.SIGCONT)
    assert _server(state) != process
    again.close()
    ready.close()


def test_a_past_that_was_interrupted_is_lived_through_anew(state: Path) -> None:
    demo.prepare(state).close()
    demo.stop(state)
    places = Places.below(state)
    places.seeded.unlink()
    log = places.cluster / "store" / "log.jsonl"
    log.write_bytes(log.read_bytes()[:2000])
    again = demo.prepare(state)
    assert _request(again.kubeconfig, "/apis/apps/v1/namespaces/shop/deployments/catalog")["spec"]["replicas"] == 5
    again.close()


def test_a_taken_port_is_left_to_its_owner(state: Path) -> None:
    ready = demo.prepare(state)
    server = json.loads(ready.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    ready.close()
    demo.stop(state)
    with socket.create_server(("127.0.0.1", int(server.rpartition(":")[2]))):
        again = demo.prepare(state)
        assert json.loads(again.kubeconfig.read_text())["clusters"][0]["cluster"]["server"] != server
        assert _request(again.kubeconfig, "/version")["gitVersion"]
        again.close()


def test_the_cluster_ends_after_its_last_user(state: Path) -> None:
    first = demo.prepare(state, idle=1.0)
    second = demo.prepare(state)
    lock = Places.below(state).server_lock
    first.close()
    assert not wait_until_free(lock, 2.5)
    second.close()
    assert wait_until_free(lock, DEADLINE)


def test_the_cluster_ends_after_its_only_user_was_killed(state: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from gitops_tui.embedded import demo;"
        "ready = demo.prepare(Path(sys.argv[1]), idle=1.0); print('ready', flush=True); time.sleep(600)"
    )
    user = subprocess.Popen([sys.executable, "-c", script, str(state)], stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    assert user.stdout.readline() == "ready\n"
    user.kill()
    user.wait()
    user.stdout.close()
    assert wait_until_free(Places.below(state).server_lock, DEADLINE)


def test_starting_over_forgets_cluster_repository_and_journal(state: Path) -> None:
    ready = demo.prepare(state)
    path = "/apis/apps/v1/namespaces/payments/deployments/payments"
    _request(ready.kubeconfig, path, {"spec": {"replicas": 1}})
    (ready.repository / "mine").write_text("x")
    (ready.state_dir / "journal").write_text("x")
    ready.close()
    again = demo.prepare(state, reset=True)
    assert _request(again.kubeconfig, path)["spec"]["replicas"] == 3
    assert not (again.repository / "mine").exists()
    assert not (again.state_dir / "journal").exists()
    again.close()
    demo.reset(state)
    assert not Places.below(state).root.exists()
    demo.reset(state)


def test_a_users_configuration_is_kept(state: Path) -> None:
    ready = demo.prepare(state)
    ready.config.write_text("# mine\n" + ready.config.read_text())
    ready.close()
    again = demo.prepare(state)
    assert again.config.read_text().startswith("# mine\n")
    again.close()


def test_a_module_in_the_working_folder_is_not_run(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')\n")
    monkeypatch.chdir(tmp_path)
    ready = demo.prepare(state)
    assert _request(ready.kubeconfig, "/version")["gitVersion"]
    ready.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GitopsError) as told:
        demo.prepare(tmp_path / "file")
    assert str(tmp_path / "file" / "demo") in str(told.value)


def test_a_cluster_that_cannot_start_says_where_to_read_why(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places.below(state)
    places.cluster.mkdir(parents=True)
    places.cluster.joinpath("access.json").mkdir()
    with pytest.raises(GitopsError) as told:
        demo.prepare(state)
    assert str(places.server_log) in str(told.value)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed; `make tools` fetches it")
def test_the_commands_that_help_shows_work(state: Path) -> None:
    ready = demo.prepare(state)
    facts = dict(ready.facts)
    commands = " && ".join(facts[what] for what in facts if what not in {"kubeconfig", "repository"})
    subprocess.run(["bash", "-c", commands], check=True, capture_output=True, timeout=DEADLINE)
    path = "/apis/apps/v1/namespaces/payments"
    assert _request(ready.kubeconfig, f"{path}/deployments/payments")["spec"]["replicas"] == 5
    assert _request(ready.kubeconfig, f"{path}/statefulsets/ledger")["spec"]["replicas"] == 1
    search = (ready.repository / "apps/search/search.yaml").read_text()
    assert "search:3.7.0" in search
    reports = (ready.repository / "apps/reports/configmap.yaml").read_text()
    assert "board" not in reports
    status = subprocess.run(
        ["git", "-C", str(ready.repository), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout.strip() == ""
    ready.close()

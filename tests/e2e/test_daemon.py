"""The daemon on a real API server: it reconciles, obeys signals, answers probes, and serves other processes."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.manifests import config_map, deployment
from tests.support.program import Daemon, Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree


def configuration(repository: WorkTree, namespace: str, kubeconfig: Path, state: Path, *, mode: str = "auto") -> str:
    return f"""\
repositories:
  - name: shop
    url: {repository.path}
    interval: 1s
applications:
  - name: {namespace}
    source:
      repository: shop
      revision: main
      path: app
    destination:
      namespace: {namespace}
    sync:
      mode: {mode}
      prune: true
      selfHeal: true
settings:
  stateDir: {state}
  kubeconfig: {kubeconfig}
"""


class World:
    def __init__(self, folder: Path, cluster: RealCluster, namespace: str, files: dict[str, str | None]) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.repository = WorkTree(folder / "repository")
        self.first = self.repository.commit("First release", files)
        self.config = folder / "gitops-tui.yaml"
        self.state = folder / "state"
        self.configure("auto")
        self.gitops = Program(("--config", str(self.config)))

    def configure(self, mode: str) -> None:
        self.config.write_text(
            configuration(self.repository, self.namespace, self.cluster.kubeconfig, self.state, mode=mode)
        )

    def config_map(self, name: str) -> Any:
        code, body = self.cluster.request("GET", f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")
        return body if code == 200 else None


def eventually(wanted: Callable[[], Any]) -> Any:
    """Ask until the answer is true; the deadline is for a broken program, not for a slow machine."""
    deadline = time.monotonic() + 120
    while not (answer := wanted()):
        assert time.monotonic() < deadline
    return answer


@pytest.fixture
def world(tmp_path: Path, control_plane: RealCluster, namespace: str) -> World:
    return World(tmp_path, control_plane, namespace, {"app/settings.yaml": config_map("settings", colour="blue")})


def synced_at(sha: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["event"] == "status" and event["sync"] == "Synced" and event["revision"] == sha


def probe(address: str, path: str) -> int:
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=90)
    connection.request("GET", path)
    return connection.getresponse().status


def test_it_deploys_follows_heals_and_ends_in_order(world: World) -> None:
    with world.gitops.daemon("--listen", "127.0.0.1:0") as daemon:
        address = daemon.until(lambda e: e["event"] == "listening")["address"]
        daemon.until(synced_at(world.first))
        assert world.config_map("settings")["data"] == {"colour": "blue"}
        assert (probe(address, "/healthz"), probe(address, "/readyz"), probe(address, "/else")) == (200, 200, 404)

        green = config_map("settings", colour="green")
        second = world.repository.commit("Green", {"app/settings.yaml": green})
        daemon.until(synced_at(second))
        assert world.config_map("settings")["data"] == {"colour": "green"}

        uid = world.config_map("settings")["metadata"]["uid"]
        world.cluster.request("DELETE", f"/api/v1/namespaces/{world.namespace}/configmaps/settings")
        healing = daemon.until(lambda e: e["event"] == "operation-ended" and e["kind"] == "self-heal")
        assert (healing["phase"], healing["actor"], healing["revision"]) == ("Succeeded", "self-heal", second)
        healed = eventually(lambda: world.config_map("settings"))
        assert healed["metadata"]["uid"] != uid
        assert daemon.terminate() == 0


def test_a_broken_configuration_is_refused_on_sighup_and_a_good_one_taken(world: World) -> None:
    good = world.config.read_text()
    with world.gitops.daemon() as daemon:
        daemon.until(synced_at(world.first))
        world.config.write_text(good.replace("prune: true", "prnue: true"))
        daemon.process.send_signal(signal.SIGHUP)
        refused = daemon.until(lambda e: e["event"] == "reload-refused")
        assert any("prnue" in mistake and "prune" in mistake for mistake in refused["mistakes"])
        world.config.write_text(good.replace("path: app", "path: other"))
        more = {"other/other.yaml": config_map("other", a="b"), "other/settings.yaml": config_map("settings", a="b")}
        world.repository.commit("Another folder", dict(more))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda e: e["event"] == "reloaded")
        eventually(lambda: world.config_map("other"))
        assert daemon.terminate() == 0


def test_a_file_that_is_not_there_on_sighup_is_told_and_the_configuration_in_use_is_kept(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody named the file: it is where the program looks for one, and nowhere for the moment of the signal."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file, aside = tmp_path / ".config/gitops-tui/config.yaml", tmp_path / "aside.yaml"
    file.parent.mkdir(parents=True)
    world.config.rename(file)
    with Program(()).daemon() as daemon:
        daemon.until(synced_at(world.first))
        file.rename(aside)
        daemon.process.send_signal(signal.SIGHUP)
        refused = daemon.until(lambda e: e["event"] == "reload-refused")
        assert refused["message"].startswith(str(file))
        assert refused["message"].endswith("the configuration in use is kept")
        aside.rename(file)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda e: e["event"] == "reloaded")
        assert daemon.terminate() == 0


def test_a_repository_of_the_command_line_that_is_not_there_on_sighup_is_told(world: World, tmp_path: Path) -> None:
    place, aside = world.repository.path, tmp_path / "aside"
    options = ("--repo", str(place), "--path", "app", "--namespace", world.namespace, "--state-dir", str(world.state))
    with Program((*options, "--kubeconfig", str(world.cluster.kubeconfig))).daemon() as daemon:
        daemon.until(lambda e: e["event"] == "status")
        place.rename(aside)
        daemon.process.send_signal(signal.SIGHUP)
        refused = daemon.until(lambda e: e["event"] == "reload-refused")
        assert "no such folder" in refused["message"]
        aside.rename(place)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda e: e["event"] == "reloaded")
        assert daemon.terminate() == 0


def test_another_address_is_taken_on_sighup_and_one_that_is_in_use_is_told(world: World) -> None:
    before = world.config.read_text()

    def listen(daemon: Daemon, address: str) -> None:
        world.config.write_text(before.replace("settings:\n", f"settings:\n  listen: {address}\n", 1))
        daemon.process.send_signal(signal.SIGHUP)

    world.config.write_text(before.replace("settings:\n", "settings:\n  listen: 127.0.0.1:0\n", 1))
    with world.gitops.daemon(as_configured=True) as daemon, socket.create_server(("127.0.0.1", 0)) as taken:
        first = daemon.until(lambda e: e["event"] == "listening")["address"]
        daemon.until(synced_at(world.first))
        listen(daemon, "localhost:0")
        second = daemon.until(lambda e: e["event"] == "listening" and e["address"] != first)["address"]
        assert probe(second, "/healthz") == 200
        with pytest.raises(ConnectionRefusedError):
            probe(first, "/healthz")
        listen(daemon, f"127.0.0.1:{taken.getsockname()[1]}")
        problem = daemon.until(lambda e: e["event"] == "problem" and "listen" in e["message"])
        assert problem["message"].endswith("the address in use is kept")
        assert probe(second, "/healthz") == 200
        assert daemon.terminate() == 0


def test_once_makes_one_pass_with_the_exit_codes_of_the_verbs(world: World) -> None:
    world.configure("manual")
    assert world.gitops("--headless", "--once", code=1).out == ""
    assert world.config_map("settings") is None, "manual mode writes nothing"
    world.configure("auto")
    world.gitops("--headless", "--once", code=0)
    assert world.config_map("settings")["data"] == {"colour": "blue"}
    world.repository.commit("Oops", {"app/settings.yaml": "kind: ["})
    world.gitops("--headless", "--once", code=2)


def test_other_processes_hand_their_writes_to_the_daemon(world: World) -> None:
    world.configure("manual")
    with world.gitops.daemon() as daemon:
        daemon.until(lambda e: e["event"] == "status")
        receipt = world.gitops.json("sync", world.namespace, code=0)
        assert receipt["phase"] == "Succeeded"
        handed = daemon.until(lambda e: e["event"] == "operation-ended")
        assert handed["operation"] == receipt["operation"]
        rollback = world.gitops.json("rollback", world.namespace, world.first, "--yes", code=0)
        assert rollback["phase"] == "Succeeded"
        assert world.gitops("unpin", world.namespace, code=0)
        kinds = [entry["kind"] for entry in world.gitops.json("journal", code=0)]
        assert kinds == ["rollback", "sync"]
        assert daemon.terminate() == 0


def test_a_kill_in_the_middle_of_a_sync_loses_nothing(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    # Without a kubelet the Deployment never becomes healthy, so the sync waits between its two waves.
    later = config_map("later", a="b").replace(
        "name: later\n", 'name: later\n  annotations:\n    argocd.argoproj.io/sync-wave: "1"\n'
    )
    world = World(tmp_path, control_plane, namespace, {"app/web.yaml": deployment("web"), "app/later.yaml": later})
    world.configure("manual")
    running = world.gitops.start("sync", namespace)
    where = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    eventually(lambda: control_plane.request("GET", where)[0] == 200)
    running.kill()
    running.communicate(timeout=60)
    assert world.config_map("later") is None, "it was killed between the waves"

    (status,) = world.gitops.json("status", code=1)
    assert (status["resources"], status["drifted"]) == (2, 1)
    uid = control_plane.request("GET", where)[1]["metadata"]["uid"]
    world.gitops("sync", namespace, "--timeout", "0", code=0)
    assert world.config_map("later") is not None
    assert control_plane.request("GET", where)[1]["metadata"]["uid"] == uid, "what was applied stays"
    phases = [entry["phase"] for entry in world.gitops.json("journal", code=0)]
    assert phases == ["Succeeded", "Interrupted"]

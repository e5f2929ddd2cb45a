"""Which clusters there are, from the files and the environment that kubectl would use."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Clusters, connection
from gitops_tui.cluster.connection import credentials, kubeconfig
from gitops_tui.model.errors import ClusterError, Stage


def write(path: Path, **sections: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **sections}))
    return path


def context(name: str, server: str, **user: Any) -> dict[str, Any]:
    return {
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": user}],
    }


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a kubeconfig, outside of any cluster."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_the_home_s_kubeconfig_is_the_default(home: Path) -> None:
    write(home / ".kube/config", **context("prod", "https://prod:6443/"), **{"current-context": "prod"})
    clusters = Clusters()

    assert clusters.current == "prod"
    assert clusters.contexts() == ("prod",)
    assert clusters.get().server == "https://prod:6443"
    assert clusters.get("prod") is clusters.get()


def test_the_current_context_stays_what_it_was_and_is_asked_of_the_disk_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(home / ".kube/config", **context("prod", "https://prod"), **{"current-context": "prod"})
    clusters, now, located = Clusters(), [100.0], []
    monkeypatch.setattr("gitops_tui.cluster.clusters.time.monotonic", lambda: now[0])
    locate = connection.locate

    def counted(*arguments: Any) -> tuple[Path, ...]:
        located.append(arguments)
        return locate(*arguments)

    monkeypatch.setattr(connection, "locate", counted)

    assert {clusters.get().context for _ in range(10)} | {clusters.current for _ in range(10)} == {"prod"}
    assert len(located) == 1

    write(file, **context("test", "https://test.example.org"), **{"current-context": "test"})
    now[0] += 1

    assert clusters.get().context == clusters.current == "prod"
    assert Clusters().current == "test", "the next process takes the one that is current then"


def test_several_files_are_merged_as_kubectl_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "one", **context("prod", "https://first"), **{"current-context": "prod"})
    second = write(tmp_path / "two", **context("prod", "https://second"), **{"current-context": "test"})
    third = write(tmp_path / "three", **context("test", "https://test"))
    missing = tmp_path / "missing"
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, ["", missing, first, second, third])))
    clusters = Clusters()

    assert clusters.current == "prod"
    assert clusters.contexts() == ("prod", "test")
    assert clusters.get().server == "https://first"
    assert clusters.get("test").server == "https://test"


def test_paths_are_relative_to_their_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login"}
    one = write(tmp_path / "a/one", **context("prod", "https://x", tokenFile="token", exec=plugin))
    monkeypatch.chdir(tmp_path)

    user = kubeconfig.load(Path("a/one"), {}).target("prod").user

    assert user["tokenFile"] == str(tmp_path / "a/token")
    assert Path(user["exec"]["command"]) == tmp_path / "a/login"
    assert one.exists()


def test_nothing_configured_says_what_to_do(home: Path) -> None:
    with pytest.raises(ClusterError) as caught:
        Clusters().get()

    assert caught.value.stage is Stage.CONNECT
    assert f"there is no {home}/.kube/config" in str(caught.value)
    assert "--demo" in caught.value.hint


def test_a_named_file_that_is_missing_is_no_reason_to_take_another(home: Path, tmp_path: Path) -> None:
    write(home / ".kube/config", **context("prod", "https://prod"), **{"current-context": "prod"})

    with pytest.raises(ClusterError, match="no such file"):
        Clusters(tmp_path / "missing").contexts()


def test_an_unknown_context_names_the_nearest(home: Path) -> None:
    write(home / ".kube/config", **context("production", "https://prod"))

    with pytest.raises(ClusterError, match=r"context prodction: .*did you mean production\?"):
        Clusters().get("prodction")
    with pytest.raises(ClusterError, match="there are: production"):
        Clusters().get("other")
    with pytest.raises(ClusterError, match="no current context"):
        Clusters().get()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid YAML"),
        ("a: [s3cret", "is not valid YAML"),
        ("- a", "a mapping is expected"),
        ("contexts: 3", "`contexts` is not a list"),
        ("users: [3]", "an entry of `users` has no name"),
        ("clusters: [{name: a, cluster: b}]", "`cluster` of a is not a mapping"),
    ],
)
def test_a_broken_file_is_named_and_not_quoted(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)

    with pytest.raises(ClusterError, match=words) as caught:
        Clusters(path).contexts()

    assert str(path) in caught.value.subject
    assert "s3cret" not in str(caught.value)
    assert caught.value.hint


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="cannot be read: Is a directory"):
        Clusters(tmp_path).contexts()


@pytest.mark.parametrize("server", ["", "ftp://x", "prod:6443"])
def test_a_context_without_a_usable_server_is_told_when_it_is_used(home: Path, server: str) -> None:
    write(home / ".kube/config", **context("prod", server), **{"current-context": "prod"})
    cluster = Clusters().get()

    with pytest.raises(ClusterError, match="context prod: names no cluster with a server URL"):
        cluster.version()


def test_inside_a_pod_the_service_account_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    clusters = Clusters()

    assert clusters.contexts() == ("in-cluster",)
    assert clusters.current == "in-cluster"
    with pytest.raises(ClusterError, match="token file does not exist"):
        clusters.get().version()


def test_asking_for_a_cluster_imports_and_opens_nothing(home: Path) -> None:
    write(home / ".kube/config", **context("prod", "https://prod"), **{"current-context": "prod"})
    program = """if True:
        import socket, sys
        socket.socket.connect = None
        from gitops_tui.cluster import Clusters, Scope
        Clusters().get().watch([])
        print(sorted({"kubernetes", "urllib3", "requests"} & set(sys.modules)))
    """

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_refreshed_tokens_are_kept_with_the_file_s_mode(tmp_path: Path) -> None:
    path = write(tmp_path / "kubeconfig", **context("prod", "https://x", **{"auth-provider": {"config": {}}}))
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    target = kubeconfig.load(link, {}).target("prod")

    credentials._keep_tokens(target, {"id-token": "new", "refresh-token": "newer", "client-secret": "untouched"})

    kept = kubeconfig.load(path, {}).target("prod").user["auth-provider"]["config"]
    assert kept == {"id-token": "new", "refresh-token": "newer"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "home", link, path])

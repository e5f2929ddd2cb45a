"""Differences through the command line, on a real API server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.manifests import config_map, secret
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

CANARY = "hunter2-canary"


@pytest.fixture
def repository(tmp_path: Path, namespace: str) -> WorkTree:
    tree = WorkTree(tmp_path / "repository")
    files = {
        "settings.yaml": config_map("settings", colour="blue", size="9"),
        "access.yaml": secret("access", token=CANARY),
    }
    tree.commit("First release", {f"apps/{namespace}/{name}": text for name, text in files.items()})
    return tree


def program(folder: Path, cluster: RealCluster, repository: WorkTree, *more: str) -> Program:
    options = ("--repo", str(repository.path), "--path", "apps/*", "--kubeconfig", str(cluster.kubeconfig))
    return Program((*options, "--state-dir", str(folder / "state"), *more))


@pytest.fixture
def gitops(tmp_path: Path, control_plane: RealCluster, repository: WorkTree, namespace: str) -> Program:
    made = program(tmp_path, control_plane, repository)
    made("sync", namespace, code=0)
    return made


def paint(cluster: RealCluster, namespace: str, colour: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings?fieldManager=kubectl-edit"
    body = {"data": {"colour": colour}}
    code, answer = cluster.request("PATCH", path, body, content_type="application/merge-patch+json")
    assert code == 200, answer


def test_between_two_commits_what_is_live_and_what_was_deployed(
    gitops: Program, repository: WorkTree, control_plane: RealCluster, namespace: str
) -> None:
    first = repository.git("rev-parse", "HEAD")
    path = f"apps/{namespace}/settings.yaml"
    second = repository.commit("Make it green", {path: config_map("settings", colour="green", size="9")})
    paint(control_plane, namespace, "red")

    def changed(*words: str) -> list[tuple[str, Any, Any]]:
        answer = gitops.json("diff", namespace, *words, code=1)
        return [(c["path"], c["live"], c["desired"]) for r in answer["resources"] for c in r["changes"]]

    assert changed() == [("data.colour", "red", "green")]
    assert changed("--from", first[:8], "--to", second) == [("data.colour", "blue", "green")]
    assert changed("--from", "deployed", "--to", "main") == [("data.colour", "blue", "green")]
    assert changed("--from", "deployed", "--to", "live") == [("data.colour", "blue", "red")]
    assert changed("--to", first) == [("data.colour", "red", "blue")]
    assert gitops("diff", namespace, "--from", first, "--to", "deployed", code=0).out == ""
    assert "there is no commit" in gitops("diff", namespace, "--from", "feedbeef", code=2).err
    assert gitops("diff", namespace, "--from", "live", "--to", "live", code=2).err


def test_who_wrote_it_stands_behind_each_line(gitops: Program, control_plane: RealCluster, namespace: str) -> None:
    paint(control_plane, namespace, "red")
    lines = gitops("diff", namespace, code=1).out.splitlines()
    (removed,) = [line for line in lines if line.startswith("-  colour")]
    (added,) = [line for line in lines if line.startswith("+  colour")]
    assert removed.endswith("# kubectl-edit, just now")
    assert "# Ada " in added


def test_a_comment_for_a_pull_request_without_the_value_of_a_secret(
    gitops: Program, repository: WorkTree, namespace: str
) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.commit("Another token", {f"apps/{namespace}/access.yaml": secret("access", token=CANARY + "2")})
    for words in ((), ("--from", first, "--to", "main")):
        comment = gitops("diff", namespace, "-o", "markdown", *words, code=1)
        assert "<details>" in comment.out
        assert "```diff" in comment.out
        assert "access" in comment.out
        assert CANARY not in comment.out + comment.err


def test_an_object_that_nobody_states_is_told_when_asked_for(
    gitops: Program, control_plane: RealCluster, namespace: str
) -> None:
    where = f"/api/v1/namespaces/{namespace}/configmaps"
    assert control_plane.request("POST", where, {"metadata": {"name": "forgotten"}})[0] == 201
    (status,) = gitops.json("status", namespace, "--orphans", code=0)
    assert [(each["kind"], each["name"]) for each in status["orphaned"]] == [("ConfigMap", "forgotten")]
    assert (status["extra"], status["shared"], status["unlisted"]) == ([], [], [])


def test_who_may_only_look_compares_what_git_states_and_is_told_so(
    gitops: Program, control_plane: RealCluster, repository: WorkTree, tmp_path: Path, namespace: str
) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("the cluster under test has no viewer that we know of")
    repository.commit("No secret", {f"apps/{namespace}/access.yaml": None})
    viewer = program(tmp_path / "viewer", control_plane, repository, "--context", control_plane.viewer_context)
    paint(control_plane, namespace, "red")

    answer = viewer.json("diff", namespace, code=1)

    (found,) = answer["resources"]
    (change,) = found["changes"]
    assert (change["path"], change["desired"], change["live"]) == ("data.colour", "blue", "red")
    assert change["liveBy"]["name"] == "kubectl-edit"
    assert found["approximate"] is True
    assert "cannot patch" in found["note"]
    table = viewer("diff", namespace, code=1).out
    assert "approximate: the server could not predict it" in table
    assert "cannot patch" in table


@contextmanager
def broken_webhook(cluster: RealCluster, namespace: str) -> Iterator[None]:
    """A webhook that is asked before each change of a ConfigMap in one namespace, and never answers."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}
    hook = {
        "name": "guard.example.org",
        "clientConfig": {"url": "https://127.0.0.1:1/guard"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
    }
    code, answer = cluster.request("POST", path, {"metadata": {"name": namespace}, "webhooks": [hook]})
    assert code == 201, answer
    try:
        yield
    finally:
        cluster.request("DELETE", f"{path}/{namespace}")


def test_a_webhook_in_the_way_makes_it_approximate_and_is_named(
    gitops: Program, control_plane: RealCluster, namespace: str
) -> None:
    paint(control_plane, namespace, "red")
    with broken_webhook(control_plane, namespace):
        # The server takes a while to ask a new webhook.
        deadline = time.monotonic() + 120
        while not (found := gitops.json("diff", namespace, code=1)["resources"][0])["approximate"]:
            assert time.monotonic() < deadline
    assert "guard.example.org" in found["note"]
    (change,) = found["changes"]
    assert (change["desired"], change["live"]) == ("blue", "red")

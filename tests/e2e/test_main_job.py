"""The main job through the command line, on a real API server: every step with its JSON and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.manifests import config_map, secret
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

CANARY = "hunter2-canary"


@pytest.fixture
def repository(tmp_path: Path, namespace: str) -> WorkTree:
    tree = WorkTree(tmp_path / "repository")
    files = {
        "settings.yaml": config_map("settings", colour="blue"),
        "access.yaml": secret("access", token=CANARY),
    }
    tree.commit("First release", {f"apps/{namespace}/{name}": text for name, text in files.items()})
    return tree


@pytest.fixture
def gitops(tmp_path: Path, control_plane: RealCluster, repository: WorkTree) -> Program:
    return Program(
        (
            *("--repo", str(repository.path), "--path", "apps/*"),
            *("--kubeconfig", str(control_plane.kubeconfig), "--state-dir", str(tmp_path / "state")),
        )
    )


def change_behind_git(cluster: RealCluster, namespace: str, colour: str) -> None:
    """As `kubectl patch` does."""
    code, answer = cluster.request(
        "PATCH",
        f"/api/v1/namespaces/{namespace}/configmaps/settings?fieldManager=kubectl-patch",
        {"data": {"colour": colour}},
        content_type="application/merge-patch+json",
    )
    assert code == 200, answer


def test_see_sync_drift_and_roll_back(
    gitops: Program, repository: WorkTree, control_plane: RealCluster, namespace: str
) -> None:
    # Nothing is there yet.
    (before,) = gitops.json("status", code=1)
    assert (before["name"], before["sync"], before["health"]) == (namespace, "OutOfSync", "Missing")
    assert (before["resources"], before["drifted"], before["problems"]) == (2, 2, [])
    first = before["revision"]

    # The plan says what a sync does, and the sync does it.
    assert [step["action"] for step in gitops.json("plan", namespace, code=1)["changes"]] == ["create", "create"]
    receipt = gitops.json("sync", namespace, code=0)
    assert (receipt["phase"], receipt["revision"]) == ("Succeeded", first)
    assert {(r["kind"], r["result"]) for r in receipt["resources"]} == {("ConfigMap", "Created"), ("Secret", "Created")}
    (synced,) = gitops.json("status", namespace, code=0)
    assert (synced["sync"], synced["health"], synced["verified"]) == ("Synced", "Healthy", True)

    # Somebody changes it with kubectl: it is seen, and undone.
    change_behind_git(control_plane, namespace, "red")
    diff = gitops.json("diff", namespace, code=1)
    assert [(r["name"], r["drift"]) for r in diff["resources"]] == [("settings", "Changed")]
    (change,) = diff["resources"][0]["changes"]
    assert (change["path"], change["desired"], change["live"]) == ("data.colour", "blue", "red")
    assert (change["desiredBy"]["name"], change["liveBy"]["name"]) == ("Ada", "kubectl-patch")
    plan = gitops.json("plan", namespace, code=1)
    (update,) = [step for step in plan["changes"] if step["action"] == "update"]
    assert any("kubectl-patch" in warning for warning in update["warnings"]), "whose field is taken is told"
    gitops.json("sync", namespace, code=0)
    assert gitops("diff", namespace, code=0).out == ""

    # A new commit comes, and is deployed.
    path = f"apps/{namespace}/settings.yaml"
    second = repository.commit("Make it green", {path: config_map("settings", colour="green")})
    assert gitops.json("status", code=1)[0]["revision"] == second
    gitops.json("sync", namespace, code=0)

    # It was a mistake: back, and pinned.
    assert gitops("rollback", namespace, first, code=2).err, "without a terminal it asks for --yes"
    rollback = gitops.json("rollback", namespace, first[:10], "--yes", "--why", "too green", code=0)
    assert (rollback["phase"], rollback["revision"]) == ("Succeeded", first)
    (pinned,) = gitops.json("status", code=0)
    assert (pinned["sync"], pinned["revision"]) == ("Synced", first)
    history = gitops.json("history", namespace, code=0)
    assert [(commit["sha"], commit["subject"]) for commit in history] == [
        (second, "Make it green"),
        (first, "First release"),
    ]
    assert all(commit["deployed"] for commit in history)
    code, live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/settings")
    assert (code, live["data"]) == (200, {"colour": "blue"})

    # Unpinned it follows its branch again.
    gitops("unpin", namespace, code=0)
    assert gitops.json("status", code=1)[0]["revision"] == second
    journal = gitops.json("journal", namespace, code=0)
    assert [(entry["kind"], entry["phase"]) for entry in journal] == [
        ("rollback", "Succeeded"),
        ("sync", "Succeeded"),
        ("sync", "Succeeded"),
        ("sync", "Succeeded"),
    ]


def test_the_value_of_a_secret_appears_nowhere(
    gitops: Program, repository: WorkTree, tmp_path: Path, namespace: str
) -> None:
    said = [gitops("diff", namespace), gitops("plan", namespace, "-o", "json"), gitops("render", namespace)]
    said.append(gitops("sync", namespace, "-o", "json", code=0))
    repository.commit("Another token", {f"apps/{namespace}/access.yaml": secret("access", token=CANARY + "2")})
    said += [gitops("diff", namespace, "-o", form, code=1) for form in ("table", "json", "yaml")]
    said.append(gitops("journal", "-o", "json"))
    assert not [answer for answer in said if CANARY in answer.out + answer.err]
    journal = [file for file in (tmp_path / "state").rglob("*") if file.is_file() and "journal" in file.name]
    assert journal
    assert not [file for file in journal if CANARY.encode() in file.read_bytes()]


def test_a_dry_run_writes_nothing(gitops: Program, control_plane: RealCluster, namespace: str) -> None:
    receipt = gitops.json("sync", namespace, "--dry-run", code=0)
    assert {r["result"] for r in receipt["resources"]} == {"Created"}
    code, _ = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/settings")
    assert code == 404
    assert gitops.json("journal") == []


def test_only_the_chosen_resource_is_synced(gitops: Program, namespace: str) -> None:
    gitops("sync", namespace, "--resource", f"/ConfigMap/{namespace}/settings", code=0)
    (status,) = gitops.json("status", code=1)
    assert status["drifted"] == 1


def test_prune_deletes_what_git_dropped_and_only_when_asked(
    gitops: Program, repository: WorkTree, control_plane: RealCluster, namespace: str
) -> None:
    gitops("sync", namespace, code=0)
    repository.commit("No settings", {f"apps/{namespace}/settings.yaml": None})
    gitops("sync", namespace, code=0)
    where = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    assert control_plane.request("GET", where)[0] == 200
    receipt = gitops.json("sync", namespace, "--prune", code=0)
    assert ("ConfigMap", "Pruned") in {(r["kind"], r["result"]) for r in receipt["resources"]}
    assert control_plane.request("GET", where)[0] == 404
    assert gitops("status", code=0)


def test_a_cluster_that_does_not_answer_is_unknown_and_the_reason_is_told(
    repository: WorkTree, tmp_path: Path, namespace: str, unused_tcp_port: int
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        f"""\
apiVersion: v1
kind: Config
clusters: [{{name: gone, cluster: {{server: "http://127.0.0.1:{unused_tcp_port}"}}}}]
contexts: [{{name: gone, context: {{cluster: gone, user: gone}}}}]
users: [{{name: gone, user: {{token: x}}}}]
current-context: gone
"""
    )
    options = ("--repo", str(repository.path), "--path", "apps/*", "--kubeconfig", str(kubeconfig))
    gitops = Program((*options, "--state-dir", str(tmp_path / "state")))
    (status,) = gitops.json("status", code=2)
    assert status["sync"] == "Unknown"
    (problem,) = status["problems"]
    assert problem["stage"] == "connect"
    assert problem["hint"]
    assert gitops("history", namespace, code=0).out, "what needs no cluster still works"


def test_the_table_is_plain_in_a_pipe(gitops: Program, namespace: str) -> None:
    answer = gitops("status")
    assert "\x1b" not in answer.out
    assert namespace in answer.out
    assert answer.err == ""

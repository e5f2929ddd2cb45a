"""What a script or a pipe relies on, from a configuration file to a real API server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops_tui.yamlio import load_all
from tests.support.manifests import secret
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

CANARY = "canary-5ecret-value"


@pytest.fixture
def repository(tmp_path: Path) -> WorkTree:
    return WorkTree(tmp_path / "fleet")


@pytest.fixture
def gitops(tmp_path: Path, control_plane: RealCluster, repository: WorkTree, namespace: str) -> Program:
    """With a configuration that names one application and, by a relative path, its repository."""
    application = {
        "name": namespace,
        "source": {"repository": "./fleet", "revision": "main", "path": "app"},
        "destination": {"namespace": namespace},
    }
    settings = {"kubeconfig": str(control_plane.kubeconfig), "stateDir": "./state"}
    config = tmp_path / "gitops-tui.yaml"
    config.write_text(json.dumps({"applications": [application], "settings": settings}), encoding="utf-8")
    return Program(("--config", str(config)))


def test_a_rendering_can_be_applied_with_its_secrets_and_only_with_them(
    gitops: Program, repository: WorkTree, control_plane: RealCluster, namespace: str
) -> None:
    repository.commit("First release", {"app/secret.yaml": secret("db", token=CANARY)})

    def apply(text: str) -> int:
        (document,) = load_all(text.encode(), name="stdout")
        path = f"/api/v1/namespaces/{namespace}/secrets/db?fieldManager=kubectl"
        return control_plane.request("PATCH", path, document.value, content_type="application/apply-patch+yaml")[0]

    masked = gitops("render", namespace, code=0)
    assert CANARY not in masked.out + masked.err
    assert "do not apply" in masked.err
    assert apply(masked.out) >= 400  # 500 for a server-side apply of what is no base64
    assert apply(gitops("render", namespace, "--show-secrets", code=0).out) == 201


def test_what_is_wrong_is_told_with_its_place_and_the_rest_still_works(
    gitops: Program, repository: WorkTree, namespace: str
) -> None:
    repository.commit("Broken", {"app/all.yaml": "kind: ConfigMap\nkind: Secret\n"})
    (status,) = gitops.json("status", code=2)
    assert status["sync"] == "Unknown"
    (problem,) = status["problems"]
    assert problem["stage"] == "render"
    assert "app/all.yaml:2" in problem["subject"]
    refused = gitops("sync", namespace, code=2)
    assert (refused.out, "app/all.yaml:2" in refused.err) == ("", True)
    assert gitops.json("history", namespace, code=0)[0]["subject"] == "Broken"


def test_a_resource_that_is_not_there_is_told_with_the_nearest(
    gitops: Program, repository: WorkTree, namespace: str
) -> None:
    repository.commit("First release", {"app/secret.yaml": secret("db", token=CANARY)})
    refused = gitops("sync", namespace, "--resource", f"/Secret/{namespace}/bd", code=2)
    assert f"did you mean /Secret/{namespace}/db?" in refused.err

"""Whoever started the program had asked not to hear of children that end, which every process below inherits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gitops_tui.embedded import EmbeddedServer
from tests.support.manifests import config_map
from tests.support.work_tree import WorkTree

DEAF = """
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-m", "gitops_tui", *sys.argv[1:]])
"""


def test_what_became_of_git_and_helm_is_known_all_the_same(tmp_path: Path, server: EmbeddedServer) -> None:
    repository = WorkTree(tmp_path / "repository")
    broken = {"broken/Chart.yaml": "no chart\n"}
    chart = {"app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n", "app/templates/a.yaml": config_map("web")}
    repository.commit("Charts", {**chart, **broken})
    where = [f"--repo={repository.path}", "--path=*", f"--kubeconfig={server.kubeconfig}", f"--state-dir={tmp_path}/s"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", DEAF, *where, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    rendered = run("render", "app", "-o", "json")
    assert rendered.stderr == ""
    assert [body["metadata"]["name"] for body in json.loads(rendered.stdout)] == ["web"]
    refused = run("render", "broken")
    assert refused.returncode == 2
    assert "cannot load Chart.yaml" in refused.stderr

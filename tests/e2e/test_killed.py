"""SIGKILL at each step that is written down, on a real API server: the next run ends where an unbroken one does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationPhase
from tests.support import mortal
from tests.support.manifests import config_map
from tests.support.mortal import AtCommit
from tests.support.orphans import no_orphans
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree


@pytest.fixture(scope="module")
def _loaded() -> Iterator[None]:
    with mortal.prepared():
        yield


def stated(edition: int) -> dict[str, str | None]:
    """A release that changes one object, brings one and drops one."""
    later = config_map("later", edition=str(edition)).replace(
        "name: later\n", 'name: later\n  annotations: {argocd.argoproj.io/sync-wave: "1"}\n'
    )
    files: dict[str, str | None] = {
        "app/settings.yaml": config_map("settings", edition=str(edition)),
        "app/later.yaml": later,
        f"app/of-{edition}.yaml": config_map(f"of-{edition}", a="b"),
    }
    return files | ({f"app/of-{edition - 1}.yaml": None} if edition else {})


def test_the_next_run_finishes_what_was_cut_off_anywhere(
    tmp_path: Path, control_plane: RealCluster, namespace: str, _loaded: None
) -> None:
    where = f"/api/v1/namespaces/{namespace}/configmaps"
    strangers = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-nobody"}}
    control_plane.request("POST", where, strangers)

    def live() -> dict[str, Any]:
        items = control_plane.request("GET", where)[1]["items"]
        found = {item["metadata"]["name"]: item for item in items}
        found.pop("kube-root-ca.crt", None)
        return found

    before = live()["of-nobody"]
    repository, state = WorkTree(tmp_path / "repository"), tmp_path / "state"
    config = tmp_path / "gitops-tui.yaml"
    config.write_text(
        f"applications:\n  - name: {namespace}\n"
        f"    source: {{repository: {repository.path}, revision: main, path: app}}\n"
        f"    destination: {{namespace: {namespace}}}\n    sync: {{maxPrune: 100%}}\n"
        f"settings: {{kubeconfig: {control_plane.kubeconfig}, stateDir: {state}, wavePause: 0s}}\n"
    )
    verb = ("--config", str(config), "sync", namespace, "--prune", "--yes")
    for edition in itertools.count():
        sha = repository.commit(f"Release {edition}", stated(edition))
        with no_orphans():
            killed = mortal.start(tmp_path / "log", verb, AtCommit(edition)).wait()
            is_there = set(live()) == {"settings", "later", f"of-{edition}", "of-nobody"}
            assert mortal.start(tmp_path / "log", verb).wait() == 0, (tmp_path / "log").read_text()

        found = live()
        assert set(found) == {"settings", "later", f"of-{edition}", "of-nobody"}
        assert {found[name]["data"]["edition"] for name in ("settings", "later")} == {str(edition)}
        assert found["of-nobody"] == before
        with closing(Journal.open(state)) as journal:
            assert journal.deployments(namespace, 1)[0].revision == sha
            assert journal.verify().intact
            phases = [each.phase for each in journal.receipts(namespace) if each.revision == sha]
        if killed == 0:
            break
        assert phases[0] is OperationPhase.SUCCEEDED
        # Killed after its end was written down, it had done it all.
        assert phases[1:] in ([], [OperationPhase.INTERRUPTED], *([[OperationPhase.SUCCEEDED]] if is_there else []))
    assert edition > len(("claim", "begin", "settings", "later", "of", "pruned", "finish"))

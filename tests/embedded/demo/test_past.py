"""The demo's past is what a real sync of each commit would have left."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.demo.configuration import ROWS
from gitops_tui.embedded.demo.past import NEWEST_NOT_DEPLOYED, RENDERED, deployments, history_of, receipts
from gitops_tui.embedded.demo.repository import create_repository
from gitops_tui.embedded.demo.seed import live_through
from gitops_tui.embedded.lifecycle.namespaces import make_first_namespaces
from gitops_tui.embedded.store.items import Key
from gitops_tui.embedded.store.store import Store
from gitops_tui.model.application import Application, Source
from gitops_tui.model.errors import SourceError
from gitops_tui.model.operations import OperationPhase, Result
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Manifest
from gitops_tui.sync import stamp

_DATA = Path(__file__).parents[3] / "gitops_tui/embedded/demo/rendered"
_TOOLS = os.pathsep.join((str(Path(__file__).parents[3] / ".venv/bin"), os.environ.get("PATH", "")))
_UPDATE = "GITOPS_TUI_UPDATE_RENDERED"
NOW = 1_800_000_000.0


def _rendered(application: str, root: Path) -> str:
    folder = str(root / "apps" / application)
    command = {
        "checkout": ["kubectl", "kustomize", folder],
        "payments": [
            "helm",
            "template",
            "payments",
            folder,
            "-n",
            "payments",
            "-f",
            f"{folder}/values-production.yaml",
        ],
    }[application]
    tool = shutil.which(command[0], path=_TOOLS)
    if tool is None:
        pytest.skip(f"{command[0]} is not installed; `make tools` fetches it")
    return subprocess.run([tool, *command[1:]], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("application", sorted(RENDERED))
def test_what_the_package_carries_is_what_the_tools_make(application: str, tmp_path: Path) -> None:
    commits = list(history_of(application))
    if application in NEWEST_NOT_DEPLOYED:
        commits.pop()
    assert len(list((_DATA / application).iterdir())) == len(commits)
    for turn, (_, tree) in enumerate(commits, 1):
        root = tmp_path / str(turn)
        for path, text in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        made = _rendered(application, root)
        kept = _DATA / application / f"{turn}.yaml"
        if os.environ.get(_UPDATE):
            kept.write_text(made)
        assert kept.read_text() == made, f"make it anew with {_UPDATE}=1"


def test_objects_carry_the_marks_of_a_real_sync() -> None:
    for each in deployments():
        application = Application(each.row.name, Source("fleet"))
        for body in each.bodies:
            metadata = {key: value for key, value in body["metadata"].items() if key not in {"labels", "annotations"}}
            for key in ("labels", "annotations"):
                own = {name: value for name, value in body["metadata"][key].items() if "gitops-tui.dev/" not in name}
                if own:
                    metadata[key] = own
            written = Manifest.of({**body, "metadata": metadata})
            assert stamp(written, application).body == body
            assert owner_of(body) == each.row.name


@pytest.fixture(scope="module")
def lived() -> Backend:
    backend = Backend(Store())
    make_first_namespaces(backend)
    live_through(backend, NOW)
    return backend


def _body(backend: Backend, storage: str, namespace: str, name: str) -> dict[str, Any]:
    item = backend.store.get(Key(storage, namespace, name))
    assert item is not None
    return item.body


def _pods(backend: Backend, namespace: str, prefix: str) -> list[dict[str, Any]]:
    items, _ = backend.store.list("pods", namespace)
    return [item.body for item in items if item.key.name.startswith(prefix)]


def test_workloads_are_as_old_as_their_commits(lived: Backend) -> None:
    rows = {each.row.name: each for each in reversed(deployments())}
    created = _body(lived, "deployments.apps", "shop", "storefront")["metadata"]["creationTimestamp"]
    assert created == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - rows["storefront"].ago))


def test_search_crashes_beside_its_old_pods(lived: Backend) -> None:
    pods = _pods(lived, "search", "search-")
    crashing = [pod for pod in pods if pod["status"]["containerStatuses"][0]["restartCount"]]
    assert len(crashing) == 1
    status = crashing[0]["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 8
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert len(pods) == 4
    rows = _body(lived, "deployments.apps", "search", "search")["status"]["conditions"]
    assert {row["reason"] for row in rows} == {"MinimumReplicasAvailable", "ProgressDeadlineExceeded"}


def test_somebody_changed_the_catalog_by_hand(lived: Backend) -> None:
    body = _body(lived, "deployments.apps", "shop", "catalog")
    assert body["spec"]["replicas"] == 5
    managers = {row["manager"] for row in body["metadata"]["managedFields"]}
    assert {"gitops-tui", "kubectl", "kubectl-edit"} <= managers
    assert len(_pods(lived, "shop", "catalog-")) == 5


def test_everything_else_is_well(lived: Backend) -> None:
    names = {"storefront": "shop", "checkout": "shop", "payments": "payments", "reports": "analytics"}
    for name, namespace in names.items():
        status = _body(lived, "deployments.apps", namespace, name)["status"]
        assert status["availableReplicas"] == status["replicas"] == status["updatedReplicas"]
    assert _body(lived, "statefulsets.apps", "payments", "ledger")["status"]["readyReplicas"] == 3
    assert _body(lived, "daemonsets.apps", "monitoring", "node-exporter")["status"]["numberReady"] == 2
    assert lived.store.get(Key("namespaces", "", "messaging")) is None


def test_events_are_no_older_than_an_hour(lived: Backend) -> None:
    items, _ = lived.store.list("events")
    oldest = min(item.body["lastTimestamp"] for item in items)
    assert oldest >= time.strftime("%Y-%m-%dT%H:%M", time.gmtime(NOW - 3600))
    assert "BackOff" in {item.body["reason"] for item in items}


def test_a_journal_can_be_told_the_past(tmp_path: Path) -> None:
    create_repository(tmp_path / "repository", NOW)
    told = receipts(tmp_path / "repository")
    assert len({receipt.operation for receipt in told}) == len(told)
    assert [receipt.started for receipt in told] == sorted(receipt.started for receipt in told)
    assert {receipt.application for receipt in told} == {row.name for row in ROWS} - {"notifications"}
    newest = {receipt.application: receipt for receipt in told}
    command = ["git", "-C", str(tmp_path / "repository"), "show", "-s", "--format=%s"]
    for name, subject in (("checkout", "checkout: 1.14.2"), ("storefront", "storefront: announce free returns")):
        shown = subprocess.run([*command, newest[name].revision], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == subject
    results = {row.key.kind: row.result for row in newest["storefront"].resources}
    assert results["ConfigMap"] is Result.CONFIGURED
    assert results["Deployment"] is Result.UNCHANGED
    assert [receipt.application for receipt in told if not receipt.verified] == ["search"]
    ended = {receipt.verified: receipt.phase for receipt in told}
    assert ended == {True: OperationPhase.SUCCEEDED, False: OperationPhase.FAILED}


def test_of_a_rewritten_history_only_what_is_left_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    create_repository(folder, NOW)
    whole = receipts(folder)
    subprocess.run(["git", "-C", str(folder), "reset", "--quiet", "--hard", "HEAD~10"], check=True)
    left = receipts(folder)
    assert left
    assert left == whole[: len(left)]
    with pytest.raises(SourceError, match="cannot be read"):
        receipts(tmp_path / "nowhere")

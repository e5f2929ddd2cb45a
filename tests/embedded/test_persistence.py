"""A cluster that survives: restarts, kills, torn files."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer, start_process
from gitops_tui.embedded.store import log
from gitops_tui.model.errors import GitopsError
from tests.support.api_client import ApiClient

MAPS = "/api/v1/namespaces/default/configmaps"
WIDGETS = {
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "data": data}


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        kept = client.create(MAPS, config_map("kept", a="1")).ok()
        client.create(MAPS, config_map("gone")).ok()
        client.delete(f"{MAPS}/gone").ok()
        client.patch(f"{MAPS}/kept", {"data": {"a": "2"}}).ok()
        before = client.get(f"{MAPS}/kept").ok()
        token = server.access.token

    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        assert client.get(f"{MAPS}/kept").ok() == before
        assert before["metadata"]["uid"] == kept["metadata"]["uid"]
        assert client.get(f"{MAPS}/gone").code == 404
        assert server.access.token == token
        later = client.create(MAPS, config_map("later")).ok()
        assert int(later["metadata"]["resourceVersion"]) > int(before["metadata"]["resourceVersion"])
        namespaces = client.get("/api/v1/namespaces").ok()["items"]
        assert len(namespaces) == len({row["metadata"]["uid"] for row in namespaces}) == 4


def test_custom_kinds_are_served_again_at_once(tmp_path: Path) -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        with client.watch(definitions) as events:
            client.create(definitions, WIDGETS).ok()
            next(event for event in events if event["object"]["status"]["conditions"])
        widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "size": 3}
        client.create("/apis/example.com/v1/namespaces/default/widgets", widget).ok()
    with EmbeddedServer.start(tmp_path) as server:
        widget = ApiClient(server.kubeconfig).get("/apis/example.com/v1/namespaces/default/widgets/w").ok()
        assert widget["size"] == 3


def test_a_watch_from_before_the_restart_has_expired(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        old = client.create(MAPS, config_map("a")).ok()["metadata"]["resourceVersion"]
        client.create(MAPS, config_map("b")).ok()
    with (
        EmbeddedServer.start(tmp_path) as server,
        ApiClient(server.kubeconfig).watch(MAPS, resourceVersion=old) as events,
    ):
        assert next(events)["object"]["code"] == 410


def test_only_one_process_has_a_folder(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path):
        with pytest.raises(BlockingIOError):
            EmbeddedServer.start(tmp_path)
        with pytest.raises(GitopsError):
            start_process(tmp_path, arguments=("--bare",))
    EmbeddedServer.start(tmp_path).stop()


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        ApiClient(server.kubeconfig).create(MAPS, config_map("whole")).ok()
    with (tmp_path / "store" / "log.jsonl").open("ab") as file:
        file.write(b'{"revision":99,"key":["configmaps","default","torn"],"body":{"meta')
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        assert client.get(f"{MAPS}/whole").code == 200
        assert client.get(f"{MAPS}/torn").code == 404
        client.create(MAPS, config_map("next")).ok()
    with EmbeddedServer.start(tmp_path) as server:
        assert ApiClient(server.kubeconfig).get(f"{MAPS}/next").code == 200


def test_a_long_log_is_compacted_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "COMPACT_AFTER", 20)
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        client.create(MAPS, config_map("a")).ok()
        for number in range(50):
            client.patch(f"{MAPS}/a", {"data": {"n": str(number)}}).ok()
        assert len((tmp_path / "store" / "log.jsonl").read_bytes().splitlines()) < 20
    with EmbeddedServer.start(tmp_path) as server:
        assert ApiClient(server.kubeconfig).get(f"{MAPS}/a").ok()["data"] == {"n": "49"}


def test_its_files_are_nobody_else_s(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with EmbeddedServer.start(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_process_of_its_own_takes_the_same_port_again_after_a_kill(tmp_path: Path) -> None:
    first = start_process(tmp_path, arguments=("--bare",))
    ApiClient(first.kubeconfig).create(MAPS, config_map("kept")).ok()
    os.kill(first.pid, signal.SIGKILL)
    first.stop()

    second = start_process(tmp_path, arguments=("--bare",))
    try:
        assert second.url == first.url
        assert ApiClient(second.kubeconfig).get(f"{MAPS}/kept").code == 200
    finally:
        second.stop()
    second.stop()


def test_a_process_of_its_own_runs_the_controllers_unless_told_not_to(tmp_path: Path) -> None:
    running = start_process(tmp_path)
    try:
        with ApiClient(running.kubeconfig).watch("/api/v1/nodes") as events:
            assert next(events)["object"]["kind"] == "Node"
    finally:
        running.stop()


def test_dependents_keep_their_owners_over_a_restart(tmp_path: Path) -> None:
    """Also where an owner comes after its dependent in the order of kinds and names."""
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        owner = client.create(MAPS, config_map("z-owner")).ok()
        for name, above in (("m-child", "z-owner"), ("a-grandchild", "m-child")):
            reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": above, "uid": owner["metadata"]["uid"]}
            body = {"metadata": {"name": name, "ownerReferences": [reference]}}
            owner = client.create(MAPS, body).ok()
    with EmbeddedServer.start(tmp_path) as server:
        client = ApiClient(server.kubeconfig)
        # What is made last is collected last, so nothing before it was collected when it is gone.
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "none",
            "uid": "00000000-0000-0000-0000-000000000000",
        }
        with client.watch(MAPS, resourceVersion=server.store.revision) as events:
            client.create(MAPS, {"metadata": {"name": "stray", "ownerReferences": [reference]}}).ok()
            told = [next(events), next(events)]
        assert [(event["type"], event["object"]["metadata"]["name"]) for event in told] == [
            ("ADDED", "stray"),
            ("DELETED", "stray"),
        ]
        for name in ("z-owner", "m-child", "a-grandchild"):
            assert client.get(f"{MAPS}/{name}").code == 200

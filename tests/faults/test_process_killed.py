"""SIGKILL at any step of a sync: the next run ends where an unbroken one does, and nothing is done twice."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Checkpoint
from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationPhase
from tests.faults.conftest import SHOP
from tests.support import mortal
from tests.support.api_client import DEADLINE, ApiClient
from tests.support.manifests import config_map
from tests.support.mortal import AtChild, AtCommit, Death
from tests.support.oracle import Diary, held, told
from tests.support.orphans import no_orphans
from tests.support.work_tree import WorkTree

ALL = 10_000
SHARES = 4
"""Tests that share the many requests, so that they can run side by side."""
PERSON = ("sync", SHOP, "--prune", "--yes")
AUTOMATION = ("--headless", "--once")


def noted(text: str, **annotations: str) -> str:
    rows = "".join(f'    {name}: "{value}"\n' for name, value in annotations.items())
    return text.replace("\ndata:\n", f"\n  annotations:\n{rows}data:\n", 1)


def argo(**annotations: str) -> dict[str, str]:
    return {f"argocd.argoproj.io/{name.replace('_', '-')}": value for name, value in annotations.items()}


def frozen(edition: str) -> str:
    """What cannot change, so that it is deleted and made anew."""
    stated = config_map("frozen", edition=edition) + "immutable: true\n"
    return noted(stated, **argo(sync_options="Force=true,Replace=true"))


FIRST: dict[str, str | None] = {
    "app/before.yaml": noted(config_map("before", hook="anew"), **argo(hook="PreSync")),
    "app/once.yaml": noted(config_map("once", hook="kept"), **argo(hook="PreSync", hook_delete_policy="HookFailed")),
    "app/settings.yaml": config_map("settings", colour="blue"),
    "app/prices.yaml": config_map("prices", tea="3"),
    "app/frozen.yaml": frozen("1"),
}
SECOND: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="green"),
    "app/prices.yaml": None,
    "app/frozen.yaml": frozen("2"),
    "app/later.yaml": noted(config_map("later", a="b"), **argo(sync_wave="1")),
    "app/after.yaml": noted(config_map("after", a="b"), **argo(hook="PostSync", hook_delete_policy="HookSucceeded")),
}
DONE = {
    "MODIFIED configmaps/settings": 1,
    "MODIFIED configmaps/prices": 1,
    "DELETED configmaps/prices": 1,
    "MODIFIED configmaps/frozen": 1,
    "DELETED configmaps/frozen": 1,
    "ADDED configmaps/frozen": 1,
    "ADDED configmaps/later": 1,
}
OF_OTHERS = (
    {"name": "nobodys"},
    {
        "name": "anothers",
        "labels": {"gitops-tui.dev/application": "another"},
        "annotations": {"gitops-tui.dev/tracking-id": f"another:/ConfigMap:{SHOP}/anothers"},
    },
    {
        "name": "copied",
        "labels": {"gitops-tui.dev/application": SHOP},
        "annotations": {"gitops-tui.dev/tracking-id": f"{SHOP}:/ConfigMap:{SHOP}/prices"},
    },
)
BY_POLICY = {"ADDED", "DELETED"}
"""What a hook that may run again goes through."""


@dataclass
class Town:
    """A cluster where the first release is deployed, and a repository with the second."""

    server: EmbeddedServer
    folder: Path
    config: Path
    before: Checkpoint
    prepared: Path
    deployed: dict[str, Any]
    said: dict[str, Any]
    runs: int = 0

    @contextmanager
    def again(self, face: tuple[str, ...] = PERSON) -> Iterator[Path]:
        """The second release once more, in a state folder of its own; killed in the block, it is run to its end."""
        self.server.faults.restore(self.before)
        self.runs += 1
        state = self.folder / f"state-{self.runs}"
        shutil.copytree(self.prepared, state, symlinks=True)
        diary = Diary(self.server, SHOP)
        with no_orphans():
            yield state
            self.ends_as_if_nothing_had_been(state, diary, face)
        diary.stop()

    def start(self, state: Path, death: Death | None = None, face: tuple[str, ...] = PERSON) -> mortal.Mortal:
        arguments = ("--config", str(self.config), "--state-dir", str(state), *face)
        return mortal.start(self.folder / "log", arguments, death)

    def killed_at(self, step: int, *, writes: bool = False, done: bool = False, face: tuple[str, ...] = PERSON) -> bool:
        """Kill the second release at its k-th request, or write; False when it has fewer.

        done: the server carries it out all the same.
        """
        method, path = ("POST|PUT|PATCH|DELETE", "^((?!dryRun).)*$") if writes else (".*", "")
        with self.again(face) as state:
            hung = self.server.faults.hang(method=method, path=path, skip=step, done=done)
            killed = self.start(state, face=face).kill_when(hung.met.is_set)
            self.server.faults.clear()
        return killed

    def wait_for_deletions(self) -> None:
        """What was to be deleted goes: the cluster's garbage collector, which nobody kills, takes its moment."""
        deadline = time.monotonic() + DEADLINE
        while any("deletionTimestamp" in item["metadata"] for item in held(self.server, SHOP).values()):
            assert time.monotonic() < deadline, "it does not go"
            time.sleep(0.005)

    def ends_as_if_nothing_had_been(self, state: Path, diary: Diary, face: tuple[str, ...]) -> None:
        """The next run comes to the same end, and both together did nothing more than once."""
        with closing(Journal.open(state)) as journal:
            left = journal.receipts(SHOP)[0]
            ended = left.phase is OperationPhase.SUCCEEDED and left.revision == self.said["revision"]
        if ended:
            assert held(self.server, SHOP) == self.deployed, "what was said to be done is done"
        self.wait_for_deletions()
        again = self.start(state, face=face)
        assert again.wait() == 0, again.log.read_text()
        assert held(self.server, SHOP) == self.deployed
        assert_done_once(diary())
        with closing(Journal.open(state)) as journal:
            assert told(journal, SHOP, "demo") == self.said
            assert journal.verify().intact
            phases = [each.phase for each in journal.receipts(SHOP)][:-1]
        cut = OperationPhase.SUCCEEDED if ended else OperationPhase.INTERRUPTED
        assert phases in ([OperationPhase.SUCCEEDED], [OperationPhase.SUCCEEDED, cut])


def assert_done_once(changes: Mapping[str, int]) -> None:
    once = {change: count for change, count in changes.items() if not change.endswith(("/before", "/after"))}
    assert once == DONE
    hooks = {change.partition(" ")[0] for change in changes if change not in once}
    assert hooks == BY_POLICY


@pytest.fixture(scope="module")
def _loaded() -> Iterator[None]:
    with mortal.prepared():
        yield


@pytest.fixture
def town(tmp_path: Path, server: EmbeddedServer, _loaded: None) -> Town:
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First release", FIRST)
    config = tmp_path / "gitops-tui.yaml"
    config.write_text(
        f"applications:\n  - name: {SHOP}\n    source: {{repository: {repository.path}, revision: main, path: app}}\n"
        f"    destination: {{namespace: {SHOP}}}\n    sync: {{mode: auto, prune: true, maxPrune: 100%}}\n"
        f"settings:\n  kubeconfig: {server.kubeconfig}\n  wavePause: 0s\n"
    )
    for metadata in OF_OTHERS:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        ApiClient(server.kubeconfig).create(f"/api/v1/namespaces/{SHOP}/configmaps", body).ok()
    prepared, state = tmp_path / "prepared", tmp_path / "unbroken"
    made = Town(server, tmp_path, config, server.faults.checkpoint(), prepared, {}, {})
    assert made.start(prepared).wait() == 0, (tmp_path / "log").read_text()
    repository.commit("Second release", SECOND)
    made.before = server.faults.checkpoint()
    shutil.copytree(prepared, state, symlinks=True)
    diary = Diary(server, SHOP)
    assert made.start(state).wait() == 0, (tmp_path / "log").read_text()
    assert_done_once(diary())
    diary.stop()
    made.deployed = held(server, SHOP)
    with closing(Journal.open(state)) as journal:
        made.said = told(journal, SHOP, "demo")
    return made


def test_killed_at_each_transaction_of_the_journal(town: Town) -> None:
    for step in range(ALL):
        with town.again() as state:
            if town.start(state, AtCommit(step)).wait() == 0:
                break
    assert step > len(DONE)


@pytest.mark.parametrize("first", range(SHARES))
def test_killed_at_each_request_before_it_is_done(town: Town, first: int) -> None:
    steps = itertools.takewhile(town.killed_at, range(first, ALL, SHARES))
    assert len(list(steps)) * SHARES > len(DONE)


def test_killed_at_each_write_that_is_done_and_nobody_hears_of(town: Town) -> None:
    for step in range(ALL):
        if not town.killed_at(step, writes=True, done=True):
            break
    assert step >= len(DONE)


def test_killed_at_each_write_of_automation(town: Town) -> None:
    for step in range(ALL):
        if not town.killed_at(step, writes=True, face=AUTOMATION):
            break
    assert step >= len(DONE)


def test_killed_at_each_child_that_it_starts(town: Town) -> None:
    for step in range(ALL):
        with town.again() as state:
            shutil.rmtree(state / "mirrors")
            if town.start(state, AtChild(step)).wait() == 0:
                break
    assert step > len(("ls-remote", "init", "fetch", "cat-file"))

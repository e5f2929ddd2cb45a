"""What may cost nothing costs nothing: requests, writes, renderings and processes, counted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Clusters
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault
from gitops_tui.engine.requests import Compare
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import Manifest
from gitops_tui.model.status import SyncCode
from gitops_tui.render import render
from tests.support.existing_cluster import ExistingCluster
from tests.support.git_commands import git_commands
from tests.support.manifests import config_map
from tests.support.stage import Stage, fleet, stage

OBJECTS = 12
CHANGED = 5


@dataclass
class Requests(Fault):
    """Hears of every request to the server, and lets it pass. Watches are not counted: they stay open."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def takes(self, method: str, target: str) -> bool:
        if "watch=" not in target:
            self.seen.append((method, target))
        return False

    @property
    def dry_runs(self) -> list[str]:
        return [target for method, target in self.seen if method != "GET" and "dryRun" in target]

    @property
    def writes(self) -> list[str]:
        return [target for method, target in self.seen if method != "GET" and "dryRun" not in target]

    def of_objects(self, kind: str) -> list[tuple[str, str]]:
        """Those that name a single object of a kind, by its plural."""
        return [(method, target) for method, target in self.seen if f"/{kind}/" in target]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def requests(server: EmbeddedServer) -> Iterator[Requests]:
    counted = Requests("answer")
    server.faults.add(counted)
    yield counted
    server.faults.clear()


@pytest.fixture
def namespace(server: EmbeddedServer) -> str:
    name = f"shop-{secrets.token_hex(3)}"
    clusters = Clusters(server.kubeconfig)
    clusters.get().apply(Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    clusters.close()
    return name


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer, namespace: str) -> Iterator[Stage]:
    with stage(tmp_path, server.kubeconfig, namespace, files("blue")) as made:
        yield made


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are run."""
    return git_commands(monkeypatch)


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The applications that are rendered."""
    names: list[str] = []

    def counted(folder: Path, application: Any, **more: Any) -> Any:
        names.append(application.name)
        return render(folder, application, **more)

    monkeypatch.setattr("gitops_tui.engine.views.desired.render", counted)
    return names


def files(colour: str, count: int = OBJECTS) -> dict[str, str | None]:
    return {f"app/settings-{n}.yaml": config_map(f"settings-{n}", colour=colour) for n in range(count)}


def pass_an_interval(shop: Stage) -> None:
    """Until after the next ask of the repository, and after the next look at all that is quiet."""
    shop.clock.now += 10
    shop.worker.step()


def test_a_quiet_pass_asks_nobody_but_the_repository_once(
    shop: Stage, requests: Requests, git: list[str], renderings: list[str]
) -> None:
    shop.sync()
    assert shop.status().sync is SyncCode.SYNCED
    pass_an_interval(shop)
    for counted in (requests.seen, git, renderings):
        counted.clear()
    pass_an_interval(shop)
    assert requests.seen == []
    assert git == ["ls-remote"]
    assert renderings == []


def test_a_look_at_what_we_applied_asks_nothing(shop: Stage, requests: Requests, renderings: list[str]) -> None:
    shop.sync()
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    requests.seen.clear()
    renderings.clear()
    assert shop.status().sync is SyncCode.SYNCED
    assert requests.seen == []
    assert renderings == []


def test_what_differs_is_foretold_once(shop: Stage, requests: Requests) -> None:
    shop.sync()
    shop.repository.commit("Some green", files("green", CHANGED))
    shop.clock.now += 10
    assert shop.status().drifted == CHANGED
    requests.seen.clear()
    assert shop.status().drifted == CHANGED
    assert requests.seen == []


ADMISSION = "/apis/admissionregistration.k8s.io/v1/"


def test_what_follows_from_what_is_live_is_not_asked(shop: Stage, requests: Requests) -> None:
    shop.sync()
    shop.repository.commit("Some green", files("green", CHANGED))
    shop.clock.now += 10
    requests.seen.clear()
    assert shop.status().drifted == CHANGED
    # Whether anything may have a say in such writes is asked once.
    assert [(method, target.partition("?")[0]) for method, target in requests.seen] == [
        ("GET", f"{ADMISSION}mutatingwebhookconfigurations"),
        ("GET", f"{ADMISSION}validatingwebhookconfigurations"),
    ]
    (first, *others) = shop.ask(Compare(shop.name))
    assert len(others) == CHANGED - 1
    assert [(change.path, change.live, change.desired) for change in first.changes] == [
        ("data.colour", "blue", "green")
    ]
    assert not first.approximate
    requests.seen.clear()
    assert len(shop.plan().writes) == CHANGED
    assert len(requests.dry_runs) == CHANGED


def test_what_a_webhook_may_have_a_say_in_is_asked(shop: Stage, server: EmbeddedServer, requests: Requests) -> None:
    shop.sync()
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}
    hook = {
        "name": "guard.example.org",
        "clientConfig": {"url": "https://guard.example.org"},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "rules": [rule],
    }
    cluster = ExistingCluster(server.kubeconfig)
    path = f"{ADMISSION}mutatingwebhookconfigurations"
    assert cluster.request("POST", path, {"metadata": {"name": shop.name}, "webhooks": [hook]})[0] == 201
    try:
        shop.repository.commit("Some green", files("green", CHANGED))
        shop.clock.now += 10
        requests.seen.clear()
        assert shop.status().drifted == CHANGED
        assert len(requests.dry_runs) == CHANGED
    finally:
        cluster.request("DELETE", f"{path}/{shop.name}")


def test_a_few_that_differ_are_asked_for_rather_than_admission(shop: Stage, requests: Requests) -> None:
    shop.sync()
    shop.repository.commit("Three green", files("green", 3))
    shop.clock.now += 10
    requests.seen.clear()
    assert shop.status().drifted == 3
    assert len(requests.dry_runs) == len(requests.seen) == 3


def test_a_sync_writes_what_changed_and_tries_it_once_before(shop: Stage, requests: Requests) -> None:
    shop.sync()
    shop.repository.commit("Some green", files("green", CHANGED))
    shop.clock.now += 10
    requests.seen.clear()
    assert shop.status().drifted == CHANGED
    assert shop.sync().phase is OperationPhase.SUCCEEDED
    assert len(requests.writes) == CHANGED
    # By the plan that is shown; the one that is made again, and the execution, know what was answered.
    assert len(requests.dry_runs) == CHANGED
    assert [method for method, _ in requests.of_objects("configmaps")] == ["PATCH"] * (2 * CHANGED)


def test_a_first_sync_lists_what_is_missing_instead_of_reading_it(shop: Stage, requests: Requests) -> None:
    shop.status()
    assert requests.of_objects("configmaps") == []
    requests.seen.clear()
    plan = shop.plan()
    assert len(plan.changes) == OBJECTS
    assert [method for method, _ in requests.of_objects("configmaps")] == ["PATCH"] * OBJECTS
    requests.seen.clear()
    shop.sync()
    assert len(requests.writes) == OBJECTS
    assert requests.dry_runs == []


def test_another_path_of_the_repository_renders_nothing(shop: Stage, requests: Requests, renderings: list[str]) -> None:
    shop.sync()
    shop.until(lambda status: status.sync is SyncCode.SYNCED)
    requests.seen.clear()
    renderings.clear()
    sha = shop.repository.commit("Elsewhere", {"other/readme.yaml": config_map("other")})
    shop.clock.now += 10
    status = shop.status()
    assert status.revision is not None
    assert status.revision.sha == sha
    assert renderings == []
    assert requests.seen == []


def test_a_kustomization_is_rendered_again_only_when_what_it_is_made_from_changes(
    tmp_path: Path, server: EmbeddedServer, namespace: str, renderings: list[str]
) -> None:
    tree: dict[str, str | None] = {
        "app/kustomization.yaml": "resources: [../base]\nnamePrefix: my-\n",
        "base/kustomization.yaml": "resources: [settings.yaml]\n",
        "base/settings.yaml": config_map("settings", colour="blue"),
    }
    with stage(tmp_path, server.kubeconfig, namespace, tree) as shop:
        assert shop.status().total == 1
        assert renderings == [shop.name]
        shop.repository.commit("Elsewhere", {"other/readme.md": "nothing"})
        shop.clock.now += 10
        assert shop.status().total == 1
        assert renderings == [shop.name]
        shop.repository.commit("The base", {"base/settings.yaml": config_map("settings", colour="green")})
        shop.clock.now += 10
        assert shop.status().total == 1
        assert renderings == [shop.name] * 2


def test_a_new_commit_is_one_question_to_git_for_all_that_was_rendered(shop: Stage, git: list[str]) -> None:
    shop.status()
    shop.repository.commit("Elsewhere", {"other/readme.md": "nothing"})
    shop.clock.now += 10
    git.clear()
    shop.status()
    assert git.count("cat-file") == 1
    assert git.count("ls-tree") == 0


def test_a_new_commit_of_plain_files_is_read_from_git_alone(shop: Stage, tmp_path: Path, git: list[str]) -> None:
    shop.status()
    git.clear()
    shop.repository.commit("Green", {"app/settings-0.yaml": config_map("settings-0", colour="green")})
    assert shop.status().total == OBJECTS
    to_guard_what_was_shown = ["rev-parse", "for-each-ref", "update-ref"]
    to_the_mirror = ["ls-remote", "for-each-ref", "fetch", "for-each-ref", "merge-base"]
    assert git == [*to_guard_what_was_shown, *to_the_mirror, "log", "cat-file", "ls-tree", "cat-file"]
    assert not list(tmp_path.rglob("checkouts/*/*"))


def test_the_files_of_many_applications_are_read_at_once(
    tmp_path: Path, server: EmbeddedServer, git: list[str]
) -> None:
    names = [f"shop-{number}" for number in range(8)]
    tree: dict[str, str | None] = {f"{name}.yaml": config_map(name) for name in "ab"}
    with fleet(tmp_path, server.kubeconfig, names, tree, SyncPolicy()) as made:
        made.refresh()
        assert [status.total for status in made.store.current.applications.values()] == [2] * 8
    assert git.count("ls-tree") == 1
    assert git.count("cat-file") == 2  # what is at the paths of the applications, and what is in their files


def test_the_next_process_asks_the_repository_once_and_lists(
    tmp_path: Path, shop: Stage, requests: Requests, git: list[str], renderings: list[str]
) -> None:
    def started() -> AbstractContextManager[Stage]:
        kubeconfig = shop.config.settings.kubeconfig or tmp_path
        return stage(tmp_path, kubeconfig, shop.namespace, {}, repository=shop.repository, automate=False)

    shop.sync()
    with started() as before:
        assert before.status().sync is SyncCode.SYNCED
    for counted in (requests.seen, git, renderings):
        counted.clear()
    with started() as made:
        assert made.status().sync is SyncCode.SYNCED
        assert git == ["ls-remote"]
        assert requests.seen == []
        assert renderings == []

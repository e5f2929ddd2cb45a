"""Given folders of a repository, these are the applications."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_tui.cluster import Clusters
from gitops_tui.config import Config, Settings
from gitops_tui.engine import Store
from gitops_tui.engine.requests import Refresh, Reload
from gitops_tui.engine.schedule.lanes import InlineLanes
from gitops_tui.engine.views.folders import applications_from
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.application import FolderTemplate, Repository
from gitops_tui.model.status import Snapshot
from gitops_tui.source import Mirrors
from tests.support.keys import Ssh, needs_ssh, sign
from tests.support.stage import Clock
from tests.support.work_tree import WorkTree


def names(repository: str, *folders: str) -> list[str]:
    return [application.name for application in applications_from(FolderTemplate(repository), folders)]


def test_each_folder_is_an_application_named_after_it() -> None:
    web, api = applications_from(FolderTemplate("/srv/shop", pattern="apps/*"), ("apps/web", "apps/api"))
    assert (web.name, web.source.path, web.destination.namespace) == ("web", "apps/web", "web")
    assert api.name == "api"


def test_two_folders_of_one_name_are_told_apart_by_their_parents() -> None:
    assert names("/srv/shop", "blue/web", "green/web", "green/api") == ["blue-web", "green-web", "api"]


def test_the_root_is_named_after_the_repository() -> None:
    assert names("git@host:team/Shop_Config.git", "") == ["shop-config"]
    assert names("https://host/team/shop/", "") == ["shop"]


def test_a_name_is_always_a_label_value() -> None:
    (name,) = names("/r", "apps/" + "Ünïcode!" * 20)
    assert len(name) <= 63
    assert name.strip("-") == name
    assert name.replace("-", "").isalnum()


def test_folders_whose_names_become_one_label_are_told_apart_by_their_paths() -> None:
    known = names("/r", "apps/web", "apps/db")
    web, db, *others = names(
        "/r", "apps/web", "apps/db", "apps/Web", "apps/日本", "apps/中文", "apps/x-日本", "apps/x-中文"
    )
    assert [web, db] == known, "who comes later takes nobody's name"
    assert len({web, db, *others}) == 7
    assert others[0].startswith("web-")
    assert [*names("/r", "apps/x-中文", "apps/x-日本")] == [*reversed(others[3:])], "whatever their order"


def test_names_that_are_told_apart_are_label_values_too() -> None:
    long = "apps/" + "x" * 80
    first, second = names("/r", f"{long}1", f"{long}2")
    assert first != second
    assert max(len(first), len(second)) <= 63


def test_a_given_namespace_holds_for_all() -> None:
    (web,) = applications_from(FolderTemplate("/r", namespace="shop"), ("web",))
    assert web.destination.namespace == "shop"


# what the engine makes of folders that cannot be found


class Look:
    """An engine that looks at the folders of one repository. There is no cluster."""

    def __init__(self, worker: Worker, config: Config, clock: Clock) -> None:
        self.worker, self.config, self.clock = worker, config, clock

    def now(self) -> Snapshot:
        self.clock.now += 10
        asked = self.worker.submit(Refresh())
        while not asked.done():
            self.worker.step()
        snapshot: Snapshot = asked.result()
        return snapshot

    def at(self, *templates: FolderTemplate) -> Snapshot:
        asked = self.worker.submit(Reload(replace(self.config, folders=templates)))
        while not asked.done():
            self.worker.step()
        return self.now()


@pytest.fixture
def repository(tmp_path: Path) -> WorkTree:
    made = WorkTree(tmp_path / "repository")
    made.commit("First", {"apps/web/a.yaml": "a: b\n", "apps/api/a.yaml": "a: b\n", "db/a.yaml": "a: b\n"})
    return made


@pytest.fixture
def look(repository: WorkTree, tmp_path: Path) -> Iterator[Look]:
    url, clock = str(repository.path), Clock()
    settings = Settings(state_dir=tmp_path / "state", kubeconfig=tmp_path / "none")
    config = Config((), (FolderTemplate(url, "main", "apps/*"),), (Repository(url, interval=2.0),), settings)
    with (
        closing(Journal.open(settings.state_dir)) as journal,
        closing(Clusters(settings.kubeconfig)) as clusters,
        closing(Mirrors(settings.state_dir)) as mirrors,
    ):
        worker = Worker(Parts(config, clusters, mirrors, journal, Store(), "tester", False, InlineLanes(), clock))
        yield Look(worker, config, clock)
        worker.stop()


def test_a_pattern_that_matches_nothing_is_a_problem_with_repository_and_ref(look: Look, repository: WorkTree) -> None:
    snapshot = look.at(FolderTemplate(str(repository.path), "main", "app/*"))
    (problem,) = snapshot.problems
    assert str(repository.path) in problem.subject
    assert problem.message.startswith("no folder matches app/* at main ")
    assert not snapshot.applications


def test_folders_that_all_went_away_leave_their_applications_and_a_problem(look: Look, repository: WorkTree) -> None:
    assert set(look.now().applications) == {"web", "api"}
    repository.commit("Move", {"apps/web/a.yaml": None, "apps/api/a.yaml": None, "services/web/a.yaml": "a: b\n"})
    snapshot = look.now()
    assert set(snapshot.applications) == {"web", "api"}
    (problem,) = snapshot.problems
    repository.commit("And back", {"apps/web/a.yaml": "a: b\n"})
    snapshot = look.now()
    assert (set(snapshot.applications), snapshot.problems) == ({"web"}, ()), problem


def test_a_folder_that_comes_later_takes_over_no_application(look: Look, repository: WorkTree) -> None:
    url = str(repository.path)
    templates = (FolderTemplate(url, "main", "teams/*"), FolderTemplate(url, "main", "apps/*"))
    repository.commit("A team", {"teams/red/a.yaml": "a: b\n"})
    assert set(look.at(*templates).applications) == {"red", "web", "api"}
    repository.commit("Its web", {"teams/web/a.yaml": "a: b\n"})

    snapshot = look.now()

    assert snapshot.applications["web"].application.source.path == "apps/web"
    (problem,) = snapshot.problems
    assert problem.subject == "application web"
    assert problem.message.startswith("teams/web at main of ")
    assert "is left out: apps/web at main of " in problem.message
    repository.commit("Renamed", {"teams/web/a.yaml": None, "teams/site/a.yaml": "a: b\n"})
    snapshot = look.now()
    assert (set(snapshot.applications), snapshot.problems) == ({"red", "site", "web", "api"}, ())


def test_a_branch_that_is_missing_hides_no_folders_of_another(look: Look, repository: WorkTree) -> None:
    url = str(repository.path)
    snapshot = look.at(FolderTemplate(url, "gone", "apps/*"), FolderTemplate(url, "main", "db"))
    assert set(snapshot.applications) == {"db"}
    (problem,) = snapshot.problems
    assert "there is no branch, tag or commit gone" in problem.message
    assert snapshot.repositories[url].problem is None


@needs_ssh
def test_an_unsigned_commit_changes_no_list_of_applications(look: Look, repository: WorkTree, tmp_path: Path) -> None:
    anna = Ssh(tmp_path, "anna")
    sign(repository, anna)
    template = FolderTemplate(str(repository.path), "main", "apps/*", signed_by=(str(anna.public),))
    assert set(look.at(template).applications) == {"web", "api"}
    unsigned = repository.commit("Another, and one less", {"apps/eve/a.yaml": "a: b\n", "apps/web/a.yaml": None})
    snapshot = look.now()
    assert set(snapshot.applications) == {"web", "api"}
    (problem,) = snapshot.problems
    assert problem.subject == f"folders apps/* of repository {repository.path}"
    assert problem.message == f"commit {unsigned[:7]} is not signed with an OpenPGP or SSH key"
    sign(repository, anna)
    snapshot = look.now()
    assert (set(snapshot.applications), snapshot.problems) == ({"eve", "api"}, ())


@needs_ssh
def test_at_a_start_there_is_no_list_to_keep_and_that_of_an_unsigned_commit_is_shown(
    look: Look, repository: WorkTree, tmp_path: Path
) -> None:
    anna = Ssh(tmp_path, "anna")
    snapshot = look.at(FolderTemplate(str(repository.path), "main", "apps/*", signed_by=(str(anna.public),)))
    assert (set(snapshot.applications), snapshot.problems) == ({"web", "api"}, ())

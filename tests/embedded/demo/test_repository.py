"""The sample repository looks like somebody's work, and a user can go on with it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_tui.config import load
from gitops_tui.embedded.demo.configuration import ROWS, configuration
from gitops_tui.embedded.demo.history import trees
from gitops_tui.embedded.demo.repository import create_repository
from gitops_tui.model.errors import InputError, SourceError
from gitops_tui.yamlio import load_all

NOW = 1_800_000_000.0


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    environ = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "repository"
    create_repository(folder, NOW)
    return folder


def test_it_has_a_history_of_several_authors(repository: Path) -> None:
    rows = [line.split("\t") for line in git(repository, "log", "--format=%an\t%ct\t%s", "main").splitlines()]
    assert len(rows) >= 15
    assert len({author for author, _, _ in rows}) >= 4
    times = [int(time) for _, time, _ in rows]
    assert times == sorted(times, reverse=True)
    assert NOW - 3600 < times[0] < NOW
    assert times[-1] > NOW - 60 * 86_400
    assert len({subject for _, _, subject in rows}) == len(rows)


def test_its_work_tree_is_clean_and_on_main(repository: Path) -> None:
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "branch", "--show-current") == "main"
    assert git(repository, "fsck", "--strict") == ""


def test_its_work_tree_follows_what_is_pushed_to_it(tmp_path: Path) -> None:
    folder, clone = tmp_path / "repository", tmp_path / "clone"
    create_repository(folder, NOW)
    git(tmp_path, "clone", "--quiet", str(folder), str(clone))
    (clone / "pushed").write_text("here\n")
    git(clone, "add", "pushed")
    git(clone, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "Push")
    git(clone, "push", "--quiet")
    assert (folder / "pushed").read_text() == "here\n"
    assert git(folder, "status", "--porcelain") == ""


def test_every_application_is_configured_and_there(repository: Path) -> None:
    folders = {folder.name for folder in (repository / "apps").iterdir()}
    assert folders == {row.name for row in ROWS}
    assert len(folders) >= 6
    readme = (repository / "README.md").read_text()
    for row in ROWS:
        assert f"| {row.name} |" in readme
        assert any(row.name in line and row.namespace in line for line in readme.splitlines())


def test_the_newest_commit_of_reports_alone_is_broken() -> None:
    broken: dict[str, set[str]] = {}
    for commit, tree in trees():
        for path, text in tree.items():
            if path.endswith(".yaml") and "/templates/" not in path:
                try:
                    load_all(text.encode(), name=path)
                except InputError as error:
                    broken.setdefault(commit.message, set()).add(error.subject)
    subjects = {subject for some in broken.values() for subject in some}
    assert subjects == {"apps/reports/configmap.yaml:10:9"}
    assert next(iter(broken)) == "reports: send them to the board as well"


def test_it_is_made_once(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    create_repository(repository, NOW + 1_000_000)
    assert git(repository, "rev-parse", "HEAD") == head


def test_a_user_without_a_name_can_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    create_repository(folder, time.time())
    (folder / "apps/catalog/catalog.yaml").write_text("# nothing\n")
    git(folder, "commit", "--all", "--message", "catalog: take it down")
    assert git(folder, "log", "-1", "--format=%an <%ae>") == "You <you@example.com>"


def test_a_users_own_name_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n[core]\n\tautocrlf = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    folder = tmp_path / "repository"
    create_repository(folder, NOW)
    git(folder, "commit", "--allow-empty", "--message", "mine")
    assert git(folder, "log", "-1", "--format=%an") == "Ada"
    assert b"\r\n" not in (folder / "README.md").read_bytes()


def test_a_git_hook_that_starts_the_demo_keeps_its_own_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    create_repository(tmp_path / "repository", NOW)
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert git(tmp_path / "repository", "rev-list", "--count", "main") == str(len(list(trees())))
    assert git(other, "for-each-ref") == ""


def test_without_git_the_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        create_repository(tmp_path / "repository", NOW)
    assert list(tmp_path.iterdir()) == []


def test_paths_of_any_shape_are_valid_configuration(tmp_path: Path) -> None:
    odd = tmp_path / 'a "quoted": #path'
    odd.mkdir()
    path = odd / "gitops-tui.yaml"
    path.write_text(configuration(odd / "repository", odd / "kubeconfig", odd / "state"))
    config = load(path)
    assert [application.name for application in config.applications] == [row.name for row in ROWS]
    assert config.settings.kubeconfig == odd / "kubeconfig"
    assert config.settings.state_dir == odd / "state"
    assert config.settings.interval == 2
    assert {repository.interval for repository in config.repositories} == {2}

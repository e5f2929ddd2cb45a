from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Fetch, Mirror, Mirrors
from tests.support.git_origin import Origin

CopyOf = Callable[[], Path]


def test_the_first_look_brings_everything_here(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({"apps/web/web.yaml": "kind: ConfigMap\n"}, "Add web")
    assert not mirror.exists
    assert mirror.fetch() == Fetch(changed=True)
    assert mirror.exists
    assert mirror.resolve("main").sha == sha


def test_a_quiet_remote_changes_nothing(mirror: Mirror, origin: Origin, copy_of: CopyOf) -> None:
    origin.commit()
    mirror.fetch()
    before = {path: path.stat().st_mtime_ns for path in copy_of().rglob("*")}
    assert mirror.fetch() == Fetch(changed=False)
    assert {path: path.stat().st_mtime_ns for path in copy_of().rglob("*")} == before


def test_a_new_commit_a_new_branch_and_a_new_tag_are_changes(mirror: Mirror, origin: Origin) -> None:
    origin.commit()
    mirror.fetch()
    second = origin.commit()
    assert mirror.fetch() == Fetch(changed=True)
    assert mirror.resolve("").sha == second
    origin.git("branch", "feature/x")
    assert mirror.fetch().changed
    assert mirror.resolve("feature/x").ref == "refs/heads/feature/x"
    origin.tag("v1.0.0", annotated=True)
    assert mirror.fetch().changed
    assert mirror.resolve("v1.0.0").sha == second


def test_a_force_push_is_followed_and_told(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit({"a": "1"})
    second = origin.commit({"a": "2"})
    mirror.fetch()
    origin.git("reset", "--quiet", "--hard", first)
    third = origin.commit({"a": "3"})
    found = mirror.fetch()
    assert found.changed
    assert found.note == f"main moved from {second[:7]} to {third[:7]}, which does not contain it"
    assert mirror.resolve("main").sha == third
    assert mirror.revision(second).sha == second, "what was deployed before can still be looked at"
    assert mirror.fetch() == Fetch(changed=False)


def test_a_force_push_is_told_by_each_process_whoever_fetched_it_first(
    mirror: Mirror, origin: Origin, state: Path
) -> None:
    first = origin.commit({"a": "1"})
    origin.commit({"a": "2"})
    mirror.fetch()
    another = Mirrors(state).mirror(mirror.repository)
    another.fetch()
    origin.git("reset", "--quiet", "--hard", first)
    origin.commit({"a": "3"})
    note = another.fetch().note
    assert note.endswith("which does not contain it")
    assert mirror.fetch() == Fetch(changed=True, note=note)
    assert mirror.fetch() == Fetch(changed=False)


def test_a_moved_tag_a_deleted_branch_and_a_new_default_are_told(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit()
    origin.tag("stable")
    origin.git("branch", "old")
    mirror.fetch()
    second = origin.commit()
    origin.git("tag", "--force", "stable")
    origin.git("branch", "--delete", "--force", "old")
    origin.git("checkout", "--quiet", "-b", "trunk")
    found = mirror.fetch()
    assert found.note.split("; ") == [
        "branch old was deleted",
        f"tag stable moved from {first[:7]} to {second[:7]}",
        "the default branch is trunk now",
    ]
    assert mirror.resolve("HEAD").ref == "refs/heads/trunk"
    with pytest.raises(SourceError, match="there is no branch, tag or commit old"):
        mirror.resolve("old")


def test_many_movements_are_told_in_one_line(mirror: Mirror, origin: Origin) -> None:
    origin.commit()
    for number in range(9):
        origin.git("branch", f"b{number}")
    mirror.fetch()
    for number in range(9):
        origin.git("branch", "--delete", "--force", f"b{number}")
    assert mirror.fetch().note.endswith("branch b2 was deleted; and 6 more")


def test_a_branch_may_become_a_folder_of_branches(mirror: Mirror, origin: Origin) -> None:
    origin.commit()
    origin.git("branch", "team")
    mirror.fetch()
    origin.git("branch", "--move", "team", "team/x")
    assert mirror.fetch().changed
    assert mirror.resolve("team/x").ref == "refs/heads/team/x"


def test_an_empty_remote_and_its_first_commit(mirror: Mirror, origin: Origin) -> None:
    mirror.fetch()
    with pytest.raises(SourceError, match="it has no commits yet"):
        mirror.resolve("HEAD")
    sha = origin.commit()
    assert mirror.fetch().changed
    assert mirror.resolve("HEAD").sha == sha


def test_a_detached_head_is_followed_without_asking_for_more_each_time(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit()
    origin.commit()
    mirror.fetch()
    origin.git("checkout", "--quiet", "--detach", first)
    lone = origin.commit()
    assert mirror.fetch().changed
    assert mirror.resolve("HEAD").sha == lone
    assert mirror.resolve("HEAD").ref == ""
    assert mirror.fetch() == Fetch(changed=False)


def test_a_remote_that_shows_nothing_any_more_is_not_believed(mirror: Mirror, origin: Origin, state: Path) -> None:
    sha = origin.commit()
    mirror.fetch()
    origin.git("update-ref", "-d", "refs/heads/main")
    for known in (mirror, Mirrors(state).mirror(Repository(str(origin.path)))):
        with pytest.raises(SourceError, match="it shows no branch and no tag any more") as failure:
            known.fetch()
        assert failure.value.temporary
        assert known.resolve("main").sha == sha
    origin.git("update-ref", "refs/heads/main", sha)
    assert mirror.fetch() == Fetch(changed=False)


def test_everything_stays_readable_while_the_remote_is_gone(mirror: Mirror, origin: Origin, state: Path) -> None:
    sha = origin.commit({"apps/web/web.yaml": "a: 1\n"}, "Add web")
    mirror.fetch()
    away = origin.path.rename(origin.path.with_name("away"))
    with pytest.raises(SourceError) as failure:
        mirror.fetch()
    assert str(origin.path) in failure.value.subject
    assert failure.value.message == "there is no such folder"
    assert failure.value.temporary

    restarted = Mirrors(state).mirror(Repository(str(origin.path)))
    assert restarted.exists
    assert restarted.resolve("main").sha == sha
    assert (restarted.checkout(sha) / "apps/web/web.yaml").read_text() == "a: 1\n"
    assert [r.subject for r in restarted.history(sha, "apps/web")] == ["Add web"]

    away.rename(origin.path)
    assert mirror.fetch() == Fetch(changed=False)


def test_a_folder_that_is_no_repository(mirrors: Mirrors, tmp_path: Path) -> None:
    mirror = mirrors.mirror(Repository(str(tmp_path)))
    with pytest.raises(SourceError, match="there is no such repository"):
        mirror.fetch()
    with pytest.raises(SourceError, match="it has not been fetched yet"):
        mirror.resolve("main")
    assert not mirror.exists


def test_all_users_of_a_url_share_one_mirror(mirrors: Mirrors, origin: Origin) -> None:
    one = mirrors.mirror(Repository(str(origin.path)))
    assert mirrors.mirror(Repository(f"{origin.path}/")) is one
    assert mirrors.mirror(Repository(f"file://{origin.path}", name="shop")) is one
    assert one.repository.name == "shop"
    assert mirrors.mirror(Repository(f"{origin.path}2")) is not one


def test_bare_repositories_and_sha256(mirrors: Mirrors, tmp_path: Path) -> None:
    work = Origin(tmp_path / "work", "--object-format=sha256")
    sha = work.commit({"a": "1"})
    work.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    mirror = mirrors.mirror(Repository(str(tmp_path / "bare.git")))
    mirror.fetch()
    assert len(sha) == 64
    assert mirror.resolve("HEAD").sha == sha
    assert (mirror.checkout(sha) / "a").read_text() == "1"
    assert Mirrors.__name__
    again = Mirrors(tmp_path / "state").mirror(Repository(str(tmp_path / "bare.git")))
    assert (again.checkout(sha) / "a").read_text() == "1"


def test_kept_commits_outlive_gits_clean_up(mirror: Mirror, origin: Origin, copy_of: CopyOf) -> None:
    first = origin.commit({"a": "1"})
    kept = origin.commit({"a": "kept"})
    origin.git("reset", "--quiet", "--hard", first)
    lost = origin.commit({"a": "lost"})
    origin.git("branch", "kept", kept)
    mirror.fetch()
    origin.git("branch", "--delete", "--force", "kept")
    origin.git("reset", "--quiet", "--hard", first)
    mirror.fetch()
    mirror.keep([kept, first, "f" * 40])
    subprocess.run(["git", "gc", "--quiet", "--prune=now"], cwd=copy_of(), check=True)
    fresh = Mirrors(copy_of().parents[2]).mirror(mirror.repository)
    assert fresh.revision(kept).sha == kept
    with pytest.raises(SourceError, match=f"there is no commit {lost}"):
        fresh.revision(lost)
    assert fresh.resolve("main").sha == first
    mirror.keep([first])
    refs = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname)"], cwd=copy_of(), check=True, capture_output=True
    )
    assert refs.stdout.decode().split() == [
        "refs/gitops-tui/head",
        f"refs/gitops-tui/keep/{first}",
        "refs/heads/main",
    ]


def test_two_processes_fetch_at_once_and_both_see_the_commit(state: Path, origin: Origin) -> None:
    sha = origin.commit({"a": "1"})
    script = (
        "import sys; from pathlib import Path; from gitops_tui.source import Mirrors;"
        "from gitops_tui.model.application import Repository;"
        "m = Mirrors(Path(sys.argv[1])).mirror(Repository(sys.argv[2])); m.fetch();"
        "print(m.resolve('main').sha, (m.checkout(m.resolve('main').sha) / 'a').read_text())"
    )
    command = [sys.executable, "-c", script, str(state), str(origin.path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [child.communicate(timeout=180)[0] for child in children] == [f"{sha} 1\n"] * 3
    assert len(list(state.glob("mirrors/*/copy-*"))) == 1


def test_many_threads_use_one_mirror(mirror: Mirror, origin: Origin) -> None:
    shas = [origin.commit({"a": str(number)}) for number in range(5)]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for number, sha in enumerate(shas):
                mirror.fetch()
                assert mirror.resolve("main").sha == shas[-1]
                assert (mirror.checkout(sha) / "a").read_text() == str(number)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_everything_is_for_its_owner_alone(mirror: Mirror, origin: Origin, state: Path) -> None:
    mirror.checkout((origin.commit({"a": "1"}), mirror.fetch())[0])
    for path in [state, *state.rglob("*")]:
        if not path.is_symlink():
            inside_private = any(stat.S_IMODE(parent.stat().st_mode) == 0o700 for parent in path.parents)
            assert inside_private or stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_the_users_and_the_repositorys_git_settings_change_nothing(
    mirror: Mirror, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({"a": "1"})
    trap = tmp_path / "trap"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {trap}\n")
    hook.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[core]\n\tfsmonitor = {hook}\n\tsshCommand = {hook}\n[url "/nowhere"]\n\tinsteadOf = {origin.path}\n'
        "[fetch]\n\tprune = false\n[log]\n\tshowSignature = true\n"
    )
    shutil.copy(hook, origin.path / ".git/hooks/post-upload-pack")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(hook))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(hook))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path))
    mirror.fetch()
    assert mirror.resolve("main").sha == sha
    assert (mirror.checkout(sha) / "a").read_text() == "1"
    assert mirror.history(sha, "")[0].sha == sha
    assert not trap.exists()
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a\u2029b"])
def test_a_branch_whose_name_holds_what_ends_a_line_elsewhere(
    mirrors: Mirrors, mirror: Mirror, origin: Origin, name: str
) -> None:
    sha = origin.commit({"a": "1"})
    origin.git("branch", name)
    assert mirror.fetch() == Fetch(changed=True)
    assert mirror.resolve(name).sha == mirror.resolve("main").sha == sha
    assert mirror.fetch() == Fetch(changed=False)

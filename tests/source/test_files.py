"""The files of a commit, from Git's objects: no folder is made, and as few processes as can be."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror, files, listing
from tests.support.git_commands import git_commands
from tests.support.git_origin import Origin


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are run."""
    return git_commands(monkeypatch)


def test_what_is_in_them_and_where(mirror: Mirror, origin: Origin, state: Path, git: list[str]) -> None:
    (origin.path / "link").symlink_to("app/a.yaml")
    sha = origin.commit({"app/a.yaml": "a", "app/sub/b.yaml": b"\x00\xff\n", "app/empty": "", "z": "a"})
    mirror.fetch()
    git.clear()
    found = mirror.files(sha)
    assert [found.names(folder) for folder in ("", "app", "app/sub", "z", "nope")] == [
        ["app", "link", "z"],
        ["a.yaml", "empty", "sub"],
        ["b.yaml"],
        (),
        (),
    ]
    modes = {path: found.mode(path) for path in ("", "app", "app/a.yaml", "link", "nope", "app/a.yaml/x")}
    assert modes == {
        "": stat.S_IFDIR,
        "app": stat.S_IFDIR,
        "app/a.yaml": stat.S_IFREG,
        "link": stat.S_IFLNK,
        "nope": 0,
        "app/a.yaml/x": 0,
    }
    assert found.size("app/sub/b.yaml") == 3
    wanted = ("z", "app/sub/b.yaml", "app/empty", "link", "app/a.yaml")
    assert list(found.contents(wanted)) == [b"a", b"\x00\xff\n", b"", b"app/a.yaml", b"a"]
    assert mirror.files(sha[:12]) is found
    assert git == ["log", "ls-tree", "cat-file", "rev-parse", "log"]
    assert not list(state.glob("checkouts/*/*"))


def test_what_others_will_ask_for_is_read_with_the_first(mirror: Mirror, origin: Origin, git: list[str]) -> None:
    apps = {f"apps/{name}/{file}": name for name in "abcd" for file in ("x.yaml", "sub/Y.YML", "notes.txt")}
    sha = origin.commit({**apps, "other/x.yaml": "other"})
    mirror.fetch()
    found = mirror.files(sha)
    found.expect(["apps/a", "apps/b", "apps/c", "nope"], (".yaml", ".yml"))
    git.clear()
    for name in "cab":
        assert list(found.contents([f"apps/{name}/x.yaml", f"apps/{name}/sub/Y.YML"])) == [name.encode()] * 2
    assert git == ["cat-file"]
    assert list(found.contents(["apps/a/notes.txt", "apps/d/x.yaml"])) == [b"a", b"d"]
    assert git == ["cat-file"] * 2


def test_what_is_expected_is_not_read_where_it_is_too_much(
    mirror: Mirror, origin: Origin, git: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({f"{name}/x.yaml": name * 100 for name in "abc"})
    mirror.fetch()
    monkeypatch.setattr(files, "_AHEAD", 250)
    found = mirror.files(sha)
    found.expect("abc", (".yaml",))
    git.clear()
    assert [list(found.contents([f"{name}/x.yaml"])) for name in "abc"] == [[name.encode() * 100] for name in "abc"]
    assert git == ["cat-file"] * 3


def test_large_files_are_read_a_few_at_a_time(
    mirror: Mirror, origin: Origin, git: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({str(number): str(number) * 100 for number in range(5)})
    mirror.fetch()
    monkeypatch.setattr(files, "_BATCH", 150)
    git.clear()
    found = mirror.files(sha).contents(str(number) for number in range(5))
    assert next(found) == b"0" * 100
    assert git.count("cat-file") == 1
    assert list(found) == [str(number).encode() * 100 for number in range(1, 5)]
    assert git.count("cat-file") == 3


def test_whoever_asks_at_once_gets_all(mirror: Mirror, origin: Origin) -> None:
    names = [f"{number}.yaml" for number in range(30)]
    sha = origin.commit({f"app/{name}": name for name in names})
    mirror.fetch()
    found = mirror.files(sha)
    found.expect(["app"], (".yaml",))

    def ask(_: int) -> list[bytes]:
        return [next(found.contents([f"app/{name}"])) for name in (*names, *names[:3])]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert answers == [[name.encode() for name in (*names, *names[:3])]] * 6
    assert list(found.contents(["app/1.yaml"] * 3)) == [b"1.yaml"] * 3


def test_a_checkout_after_it_lists_nothing_again(mirror: Mirror, origin: Origin, git: list[str]) -> None:
    sha = origin.commit({"a": "1"})
    mirror.fetch()
    mirror.files(sha)
    git.clear()
    assert (mirror.checkout(sha) / "a").read_text() == "1"
    assert git == ["cat-file"]


def test_a_checkout_of_another_commit_is_of_that_one(mirror: Mirror, origin: Origin) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    mirror.fetch()
    mirror.files(second)
    assert (mirror.checkout(first) / "a").read_text() == "1"


def test_its_caps_are_those_of_a_checkout(mirror: Mirror, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = origin.commit({str(number): "x" for number in range(5)})
    mirror.fetch()
    monkeypatch.setattr(listing, "LARGEST_COUNT", 4)
    with pytest.raises(SourceError, match="it holds 5 files"):
        mirror.files(sha)


def test_a_copy_that_was_damaged_meanwhile_is_cloned_anew(
    mirror: Mirror, origin: Origin, copy_of: Callable[[], Path]
) -> None:
    sha = origin.commit({"a": "1", "b": "2"})
    mirror.fetch()
    found = mirror.files(sha)
    for path in [*copy_of().glob("objects/??/*"), *copy_of().glob("objects/pack/*.pack")]:
        path.chmod(0o600)
        os.truncate(path, 5)
    assert list(found.contents(["b", "a"])) == [b"2", b"1"]


def test_a_checkout_holds_its_own_commit_while_another_is_looked_at(
    mirror: Mirror, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    mirror.fetch()
    mirror.files(first)
    made: list[str] = []
    plainly = object.__setattr__

    def interrupted(self: Mirror, name: str, value: object) -> None:
        """Another thread has its turn after each thing that a Mirror takes down."""
        plainly(self, name, value)
        made.append((self.checkout(first) / "a").read_text())

    with monkeypatch.context() as patch:
        patch.setattr(Mirror, "__setattr__", interrupted)
        mirror.files(second)
    assert set(made) == {"1"}
    assert (mirror.checkout(second) / "a").read_text() == "2"

"""What one process read of a mirror saves the next one from asking again, as long as it is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror, Mirrors
from tests.support.git_commands import git_commands
from tests.support.git_origin import Origin

Next = Callable[[], Any]


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are run."""
    return git_commands(monkeypatch)


@pytest.fixture
def process(state: Path, origin: Origin, git: list[str]) -> Next:
    """A new process: its mirror, until it ends; git's commands are counted from its start."""

    @contextmanager
    def start() -> Iterator[Mirror]:
        mirrors = Mirrors(state)
        git.clear()
        try:
            yield mirrors.mirror(Repository(str(origin.path)))
        finally:
            mirrors.close()

    return start


def look(mirror: Mirror) -> tuple[str, str, str | None, tuple[str, ...]]:
    """What a start asks of a mirror."""
    mirror.fetch()
    revision = mirror.resolve("main")
    mirror.keep([revision.sha])
    return (
        revision.sha,
        revision.subject,
        mirror.tree_id(revision.sha, "apps/web"),
        mirror.folders(revision.sha, "apps/*"),
    )


def test_a_process_after_another_asks_the_remote_alone(process: Next, origin: Origin, git: list[str]) -> None:
    origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as mirror:
        before = look(mirror)
    with process() as mirror:
        assert look(mirror) == before
        assert git == ["ls-remote"]


def test_a_branch_that_is_known_is_told_without_the_disk(
    process: Next, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as mirror:
        mirror.fetch()
        assert mirror.resolve("main").sha == sha
        asked: list[Path] = []
        readlink = Path.readlink

        def counted(path: Path) -> Path:
            asked.append(path)
            return readlink(path)

        monkeypatch.setattr(Path, "readlink", counted)

        assert [mirror.resolve("main").sha for _ in range(10)] == [sha] * 10
        assert not asked


def test_a_new_commit_is_seen_by_the_next_process(process: Next, origin: Origin) -> None:
    origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as mirror:
        look(mirror)
    sha = origin.commit({"apps/api/a.yaml": "a: 1"})
    with process() as mirror:
        assert mirror.fetch().changed
        assert mirror.resolve("main").sha == sha
        assert mirror.folders(sha, "apps/*") == ("apps/api", "apps/web")


def test_what_another_process_changed_meanwhile_is_read_again(process: Next, origin: Origin) -> None:
    first = origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as slow:
        look(slow)
        second = origin.commit({"apps/web/a.yaml": "a: 2"})
        with process() as other:
            look(other)
    # The slow one ended last, and knows the older commit.
    with process() as mirror:
        assert mirror.resolve("main").sha == second
        assert mirror.resolve(first).sha == first


def test_a_memory_that_is_damaged_is_none(process: Next, origin: Origin, state: Path) -> None:
    origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as mirror:
        before = look(mirror)
    (file,) = state.glob("mirrors/*.known")
    for text in ("", "[]", '{"print": "', file.read_text().replace('"refs"', '"none"')):
        file.write_text(text)
        with process() as mirror:
            assert look(mirror) == before
    assert file.stat().st_mode & 0o077 == 0


def test_damage_that_left_no_trace_is_met_where_it_is_read(process: Next, origin: Origin, state: Path) -> None:
    origin.commit({"apps/web/a.yaml": os.urandom(3000).hex()})
    with process() as mirror:
        look(mirror)
    (pack,) = state.glob("mirrors/*/copy-*/objects/pack/*.pack")
    times = (pack.stat().st_atime_ns, pack.stat().st_mtime_ns)
    data = bytearray(pack.read_bytes())
    data[40:-40] = b"\0" * (len(data) - 80)
    pack.chmod(0o600)
    pack.write_bytes(data)
    os.utime(pack, ns=times)
    with process() as mirror:
        sha = look(mirror)[0]
        folder = mirror.checkout(sha)
        assert (folder / "apps/web/a.yaml").is_file()
        assert mirror.fetch().note == "the local copy was damaged and was cloned anew"


def test_an_old_git_in_place_of_the_one_before_is_found_out(
    state: Path, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit()
    mirrors = Mirrors(state)
    mirrors.mirror(Repository(str(origin.path))).fetch()
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 1.8.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Exception, match="too old"):
        Mirrors(state).mirror(Repository(str(origin.path))).fetch()


def test_the_remote_may_be_asked_before_it_is_fetched(process: Next, origin: Origin, git: list[str]) -> None:
    origin.commit({"apps/web/a.yaml": "a: 1"})
    with process() as mirror:
        look(mirror)
    with process() as mirror:
        mirror.ask_ahead()
        mirror.fetch()
        assert git == ["ls-remote"]
        sha = origin.commit({"apps/web/a.yaml": "a: 2"})
        assert mirror.fetch().changed, "what was asked ahead is an answer for one fetch"
        assert mirror.resolve("main").sha == sha


def test_what_fails_ahead_is_told_where_it_is_wanted(process: Next, origin: Origin) -> None:
    origin.path.rename(origin.path.with_name("elsewhere"))
    with process() as mirror:
        mirror.ask_ahead()
        with pytest.raises(SourceError, match="there is no such folder"):
            mirror.fetch()

"""Which commit of an application's history is deployed, where most commits are about something else."""

from __future__ import annotations

import pytest

from gitops_tui.source import Mirror
from tests.support.git_commands import git_commands
from tests.support.git_origin import Origin

NOWHERE = "f" * 40


def rows(mirror: Mirror) -> list[str]:
    return [commit.sha for commit in mirror.history(mirror.resolve("main").sha, "app")]


def test_a_commit_elsewhere_holds_the_one_before_it(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit({"app/a": "1"})
    after_first = [origin.commit({"other/x": str(number)}) for number in range(3)]
    second = origin.commit({"app/a": "2"})
    after_second = origin.commit({"other/x": "9"})
    mirror.fetch()
    shas = {first, second, *after_first, after_second}
    assert mirror.holding("app", rows(mirror), shas) == {
        first: first,
        second: second,
        after_second: second,
        **dict.fromkeys(after_first, first),
    }


def test_what_came_back_is_told_from_what_was_there_before(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit({"app/a": "1"})
    early = origin.commit({"other/x": "1"})
    origin.commit({"app/a": "2"})
    again = origin.commit({"app/a": "1"})
    late = origin.commit({"other/x": "2"})
    mirror.fetch()
    assert mirror.holding("app", rows(mirror), {early, late}) == {early: first, late: again}


def test_a_merge_holds_what_either_side_brought(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"app/a": "1"})
    origin.git("checkout", "--quiet", "-b", "feature")
    feature = origin.commit({"app/a": "2"})
    origin.git("checkout", "--quiet", "main")
    origin.commit({"other/x": "1"})
    who = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"), "x")
    origin.git("merge", "--quiet", "--no-ff", "--no-edit", "feature", environment=who)
    merge = origin.git("rev-parse", "HEAD")
    after = origin.commit({"other/x": "2"})
    mirror.fetch()
    assert mirror.holding("app", rows(mirror), {merge, after}) == {merge: feature, after: feature}


def test_what_is_on_an_earlier_page_or_gone_is_left_out(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"app/a": "1"})
    early = origin.commit({"other/x": "1"})
    second = origin.commit({"app/a": "2"})
    late = origin.commit({"other/x": "2"})
    mirror.fetch()
    assert mirror.holding("app", [second], {early, late, NOWHERE, "--all", ""}) == {late: second}
    assert mirror.holding("app", [], {late}) == {}
    assert mirror.holding("app", rows(mirror), {NOWHERE}) == {}


def test_another_line_of_history_with_other_content_holds_none(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"app/a": "1"})
    origin.git("checkout", "--quiet", "-b", "other")
    changed = origin.commit({"app/a": "3"})
    after = origin.commit({"other/x": "1"})
    origin.git("checkout", "--quiet", "main")
    origin.commit({"app/a": "2"})
    mirror.fetch()
    assert mirror.holding("app", rows(mirror), {changed, after}) == {}


def test_it_takes_two_processes_for_however_many(
    mirror: Mirror, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        origin.commit({"app/a": str(number)})
        origin.commit({"other/x": str(number)})
    mirror.fetch()
    shas = set(origin.git("rev-list", "main").split())
    found = rows(mirror)
    git = git_commands(monkeypatch)
    assert len(mirror.holding("app", found, shas)) == len(shas)
    assert git == ["rev-list", "cat-file"]

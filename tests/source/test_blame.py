from __future__ import annotations

import pytest

from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror
from tests.support.git_origin import Origin


def test_the_commit_that_last_changed_each_line(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"apps/web.yaml": "kind: Deployment\nreplicas: 2\nimage: web:1\n"}, "Begin", "Ada")
    origin.commit({"apps/web.yaml": "kind: Deployment\nreplicas: 2\nimage: web:2\n"}, "Release 2", "Bob")
    origin.commit({"apps/other.yaml": "kind: Service\n"}, "Something else", "Eve")
    mirror.fetch()
    head = mirror.resolve("main").sha

    found = mirror.blame(head, "apps/web.yaml", [(1, 1), (3, 3)])

    assert {line: (made.author, made.subject) for line, made in found.items()} == {
        1: ("Ada", "Begin"),
        3: ("Bob", "Release 2"),
    }
    assert mirror.blame(head, "apps/web.yaml", []) == {}
    assert {made.author for made in mirror.blame(found[1].sha, "apps/web.yaml", [(1, 3)]).values()} == {"Ada"}


def test_a_moved_file_keeps_its_authors(mirror: Mirror, origin: Origin) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    origin.commit({"old.yaml": text}, "Begin", "Ada")
    origin.git("mv", "old.yaml", "new.yaml")
    origin.commit({}, "Move", "Bob")
    mirror.fetch()
    assert mirror.blame(mirror.resolve("main").sha, "new.yaml", [(5, 5)])[5].author == "Ada"


def test_names_are_those_of_the_commit_and_harmless(mirror: Mirror, origin: Origin) -> None:
    mailmap = "Somebody Else <alice@example.org>\n"
    origin.commit({".mailmap": mailmap, "web.yaml": "a: 1\n"}, "Mean \x1b[31mit", "Ada\x1b[2J")
    mirror.fetch()
    (found,) = mirror.blame(mirror.resolve("main").sha, "web.yaml", [(1, 1)]).values()
    assert (found.author, found.subject) == ("Ada␛[2J", "Mean ␛[31mit")


@pytest.mark.parametrize(("path", "lines"), [("web.yaml", [(7, 9)]), ("absent.yaml", [(1, 1)]), ("../x", [(1, 1)])])
def test_lines_that_are_not_there(mirror: Mirror, origin: Origin, path: str, lines: list[tuple[int, int]]) -> None:
    origin.commit({"web.yaml": "a: 1\n"})
    mirror.fetch()
    with pytest.raises(SourceError):
        mirror.blame(mirror.resolve("main").sha, path, lines)

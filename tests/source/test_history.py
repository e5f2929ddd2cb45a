from __future__ import annotations

import pytest

from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror
from tests.support.git_origin import Origin


def test_only_commits_that_touch_the_folder_newest_first_in_pages(mirror: Mirror, origin: Origin) -> None:
    for number in range(6):
        origin.commit({f"apps/{('web', 'api')[number % 2]}/x.yaml": str(number)}, f"Change {number}\n\nBecause.", "Bob")
    mirror.fetch()
    head = mirror.resolve("main").sha
    found = mirror.history(head, "apps/web")
    assert [r.subject for r in found] == ["Change 4", "Change 2", "Change 0"]
    assert (found[0].author, found[0].email, found[0].time) == ("Bob", "alice@example.org", 1_700_000_300.0)
    assert found[0].message == "Change 4\n\nBecause."
    assert [r.subject for r in mirror.history(head, "apps/web", limit=1, offset=1)] == ["Change 2"]
    assert mirror.history(head, "apps/web", offset=9) == ()
    assert len(mirror.history(head, "")) == 6
    assert len(mirror.history(head, "apps", limit=4)) == 4
    older = found[1].sha
    assert [r.subject for r in mirror.history(older, "./apps/web/")] == ["Change 2", "Change 0"]


def test_history_follows_a_folder_that_was_moved(mirror: Mirror, origin: Origin) -> None:
    body = "\n".join(f"line {number}: of a manifest" for number in range(20))
    for number in range(3):
        origin.commit(
            {"old/web/web.yaml": f"{body}\n{number}\n", "old/web/svc.yaml": f"{body}\nsvc\n"}, f"Old {number}"
        )
    origin.git("mv", "old", "middle")
    origin.commit({}, "Move to middle")
    origin.commit({"middle/web/web.yaml": f"{body}\nmiddle\n"}, "Middle")
    (origin.path / "apps").mkdir()
    origin.git("mv", "middle/web", "apps/web")
    origin.commit({}, "Move to apps")
    origin.commit({"apps/web/web.yaml": f"{body}\nnew\n"}, "New")
    mirror.fetch()
    head = mirror.resolve("main").sha
    expected = ["New", "Move to apps", "Middle", "Move to middle", "Old 2", "Old 1", "Old 0"]
    assert [r.subject for r in mirror.history(head, "apps/web")] == expected
    for limit in (1, 2, 3, 4):
        pages = [mirror.history(head, "apps/web", limit=limit, offset=offset) for offset in range(0, 7, limit)]
        assert [r.subject for page in pages for r in page] == expected


def test_files_gathered_from_several_places_are_a_new_folder(mirror: Mirror, origin: Origin) -> None:
    text = "\n".join(f"some line {number}" for number in range(30))
    origin.commit({"one/a.yaml": text + "a", "two/b.yaml": text + "b"}, "Apart")
    (origin.path / "apps").mkdir()
    origin.git("mv", "one/a.yaml", "apps/a.yaml")
    origin.git("mv", "two/b.yaml", "apps/b.yaml")
    origin.commit({}, "Together")
    mirror.fetch()
    assert [r.subject for r in mirror.history(mirror.resolve("main").sha, "apps")] == ["Together"]


def test_a_path_that_the_commit_does_not_have(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit({"apps/web/x.yaml": "1"})
    second = origin.commit({"apps/web/x.yaml": None, "apps/api/x.yaml": "2"})
    mirror.fetch()
    assert mirror.tree_id(first, "apps/web") is not None
    assert mirror.tree_id(second, "apps/web") is None
    with pytest.raises(SourceError) as failure:
        mirror.history(second, "apps/web")
    assert f"commit {second[:7]} has no path apps/web" in str(failure.value)


@pytest.mark.parametrize("path", ["../x", "/etc", "apps/../../x", "a\0b", "apps/\nHEAD"])
def test_a_path_that_leaves_the_repository_is_refused(mirror: Mirror, origin: Origin, path: str) -> None:
    sha = origin.commit({"apps/x": "1"})
    mirror.fetch()
    for ask in (mirror.tree_id, mirror.history, mirror.folders):
        with pytest.raises(SourceError, match="is no path inside a repository"):
            ask(sha, path)


def test_magic_in_a_path_is_only_a_name(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({"apps/web/x": "1", ":(top)": "2", "a*": "3", "--all": "4"}, "Odd")
    origin.commit({"apps/web/x": "5"}, "Plain")
    mirror.fetch()
    head = mirror.resolve("main").sha
    for path in (":(top)", "a*", "--all"):
        assert [r.sha for r in mirror.history(head, path)] == [sha]
    assert mirror.tree_id(head, "a?") is None


def test_a_tree_id_changes_only_with_the_content_of_its_path(mirror: Mirror, origin: Origin) -> None:
    first = origin.commit({"apps/web/x": "1", "apps/api/x": "1"})
    second = origin.commit({"apps/api/x": "2"})
    mirror.fetch()
    assert mirror.tree_id(first, "apps/web") == mirror.tree_id(second, "apps/web/")
    assert mirror.tree_id(first, "apps/api") != mirror.tree_id(second, "apps/api")
    assert mirror.tree_id(first, "") == origin.git("rev-parse", f"{first}^{{tree}}")
    assert mirror.tree_ids(second, ["", "apps/web", "nope"]) == {
        "": mirror.tree_id(second, ""),
        "apps/web": mirror.tree_id(first, "apps/web"),
        "nope": None,
    }


def test_folders_by_pattern(mirror: Mirror, origin: Origin) -> None:
    names = ["apps/web/a", "apps/api/a", "apps/api/deep/a", "apps/.hidden/a", "infra/dns/a", "apps/file", "top/a b/c"]
    sha = origin.commit(dict.fromkeys(names, "x"))
    mirror.fetch()
    assert mirror.folders(sha, "apps/*") == ("apps/api", "apps/web")
    assert mirror.folders(sha, "*/*") == ("apps/api", "apps/web", "infra/dns", "top/a b")
    assert mirror.folders(sha, "apps/**") == ("apps/api", "apps/api/deep", "apps/web")
    assert mirror.folders(sha, "**/deep") == ("apps/api/deep",)
    assert mirror.folders(sha, "apps/w[aeiou]b") == ("apps/web",)
    assert mirror.folders(sha, "apps/.h*") == ("apps/.hidden",)
    assert mirror.folders(sha, "apps/web") == ("apps/web",)
    assert mirror.folders(sha, "nope/*") == ()
    assert mirror.folders(sha, "") == mirror.folders(sha, ".") == ("",)


def test_hostile_commits_are_shown_harmless(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"a": "1"}, "Evil \x1b]0;pwned\x07 [/x] \u202egnp\n\nbody \x1b[2J\u2066", "Eve\x1b[31m", "e\x07@x")
    tree = origin.git("rev-parse", "HEAD^{tree}")
    raw = origin.raw_commit(tree, b"bytes \xff\xfe and \xc2\x9b31m\n\nx")
    origin.git("update-ref", "refs/heads/raw", raw)
    mirror.fetch()
    found = mirror.resolve("main")
    shown = found.subject + found.message + found.author + found.email
    assert not set(shown) & set("\x1b\x07\u202e\u2066\x9b")
    assert "[/x]" in found.subject
    assert found.message.count("\n") == 2
    assert mirror.resolve("raw").subject.startswith("bytes \ufffd\ufffd and ")


def test_a_commit_without_a_usable_date_or_message(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"a": "1"})
    tree = origin.git("rev-parse", "HEAD^{tree}")
    body = f"tree {tree}\nauthor A <a@a> 99999999999999999999 +0000\ncommitter A <a@a> 1700000000 +0000\n\n"
    odd = origin.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=body.encode())
    origin.git("update-ref", "refs/heads/odd", odd)
    mirror.fetch()
    found = mirror.resolve("odd")
    assert (found.sha, found.subject, found.message) == (odd, "", "")
    assert found.time >= 0


def test_a_very_long_message_is_cut(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"a": "1"})
    tree = origin.git("rev-parse", "HEAD^{tree}")
    origin.git("update-ref", "refs/heads/long", origin.raw_commit(tree, b"x" * 3_000_000))
    mirror.fetch()
    found = mirror.resolve("long")
    assert len(found.subject) == 300
    assert len(found.message) == 10_000

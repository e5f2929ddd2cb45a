from __future__ import annotations

import pytest

from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror
from tests.support.git_origin import Origin


def test_a_branch_goes_before_a_tag_of_its_name(mirror: Mirror, origin: Origin) -> None:
    tagged = origin.commit()
    origin.tag("release")
    branched = origin.commit()
    origin.git("update-ref", "refs/heads/release", branched)
    mirror.fetch()
    assert (mirror.resolve("release").sha, mirror.resolve("release").ref) == (branched, "refs/heads/release")
    assert mirror.resolve("refs/tags/release").sha == tagged
    assert mirror.resolve("refs/heads/release").sha == branched


def test_annotated_and_nested_tags_are_peeled(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({}, "Release it")
    origin.tag("v1", annotated=True)
    origin.git(
        "tag",
        "-a",
        "-m",
        "again",
        "v1-signed",
        "v1",
        environment={"GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c"},
    )
    mirror.fetch()
    for name in ("v1", "v1-signed"):
        found = mirror.resolve(name)
        assert (found.sha, found.ref, found.subject) == (sha, f"refs/tags/{name}", "Release it")


def test_ranges_choose_the_highest_tag(mirror: Mirror, origin: Origin) -> None:
    shas = {}
    for version in ("v1.2.0", "v1.10.0", "v1.9.0", "v2.0.0", "v2.1.0-rc.1"):
        shas[version] = origin.commit({}, version)
        origin.tag(version, annotated=version == "v1.10.0")
    mirror.fetch()
    assert mirror.resolve("1.x").sha == shas["v1.10.0"]
    assert mirror.resolve(">=1.2 <1.10").ref == "refs/tags/v1.9.0"
    assert mirror.resolve("*").ref == "refs/tags/v2.0.0"
    assert mirror.resolve(">=2.0.0-0").ref == "refs/tags/v2.1.0-rc.1"
    with pytest.raises(SourceError, match=r"no tag is in the range \^3"):
        mirror.resolve("^3")


def test_full_and_abbreviated_shas(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({}, "One")
    origin.commit({}, "Two")
    mirror.fetch()
    for text in (sha, sha[:7], sha[:12].upper()):
        assert mirror.resolve(text).sha == sha
        assert mirror.resolve(text).ref == ""
    assert mirror.revision(sha[:7]).subject == "One"


def test_a_branch_named_like_a_sha_cannot_stand_for_it(mirror: Mirror, origin: Origin) -> None:
    good = origin.commit({"a": "good"})
    evil = origin.commit({"a": "evil"})
    origin.git("update-ref", f"refs/heads/{good}", evil)
    mirror.fetch()
    assert mirror.resolve(good).sha == good
    assert (mirror.checkout(good) / "a").read_text() == "good"
    assert mirror.revision(good).sha == good
    assert mirror.tree_id(good, "a") == origin.git("rev-parse", f"{good}:a")


@pytest.mark.parametrize(
    ("tracked", "message"),
    [
        ("maim", "there is no branch, tag or commit maim (did you mean main"),
        ("", ""),
        ("f" * 40, "there is no commit " + "f" * 40),
        ("abcdef1", "there is no commit abcdef1"),
        ("--upload-pack=x", "there is no branch, tag or commit --upload-pack=x"),
        ("main\x1b[31m", "there is no branch, tag or commit main␛[31m"),
        ("main~1", "there is no branch, tag or commit main~1"),
        ("main:secret", "there is no branch, tag or commit main:secret"),
        ("../../etc", "there is no branch, tag or commit ../../etc"),
        ("ma\0in", "there is no branch, tag or commit ma␀in"),
    ],
)
def test_a_name_that_means_nothing_is_told_with_the_nearest(
    mirror: Mirror, origin: Origin, tracked: str, message: str
) -> None:
    origin.commit()
    origin.tag("mainline")
    mirror.fetch()
    if not tracked:
        assert mirror.resolve(tracked).ref == "refs/heads/main"
        return
    with pytest.raises(SourceError) as failure:
        mirror.resolve(tracked)
    assert message in str(failure.value)
    assert str(failure.value).startswith(f"repository {origin.path}: ")


@pytest.mark.parametrize("sha", ["main", "abc", "HEAD", "--help", "", "a1b2c3d^"])
def test_what_is_no_sha_is_refused(mirror: Mirror, origin: Origin, sha: str) -> None:
    origin.commit()
    mirror.fetch()
    with pytest.raises(SourceError, match="is no commit"):
        mirror.revision(sha)


def test_a_tree_or_blob_is_no_commit(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({"a": "1"})
    mirror.fetch()
    blob = origin.git("rev-parse", f"{sha}:a")
    with pytest.raises(SourceError, match="there is no commit"):
        mirror.revision(blob)


def test_ancestors(mirror: Mirror, origin: Origin) -> None:
    first, second = origin.commit(), origin.commit()
    mirror.fetch()
    assert mirror.is_ancestor(first, second)
    assert not mirror.is_ancestor(second, first)
    assert mirror.is_ancestor(first, first)
    with pytest.raises(SourceError, match="there is no commit"):
        mirror.is_ancestor("f" * 40, first)

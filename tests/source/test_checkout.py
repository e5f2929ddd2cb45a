from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror, Mirrors, listing
from gitops_tui.source.checkout import Checkouts
from gitops_tui.source.transport.runner import Runner
from tests.support.git_origin import Origin


def tree(origin: Origin, *entries: tuple[str, str, str]) -> str:
    """A commit of a tree made byte by byte: (mode, name, object id)."""
    body = b"".join(
        mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(identity) for mode, name, identity in entries
    )
    made = origin.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=body)
    return origin.raw_commit(made)


def blob(origin: Origin, content: bytes) -> str:
    return origin.git("hash-object", "-w", "--stdin", stdin=content)


def test_a_folder_holds_exactly_the_commit(mirror: Mirror, origin: Origin) -> None:
    binary = bytes(range(256)) * 5000
    origin.write({"run.sh": "#!/bin/sh\n", "apps/web/x.yaml": "a: 1\n", "bin/big": binary, "empty": ""})
    (origin.path / "run.sh").chmod(0o755)
    (origin.path / "link").symlink_to("apps/web/x.yaml")
    (origin.path / "outside").symlink_to("/etc/hostname")
    (origin.path / "folder-link").symlink_to("apps")
    (origin.path / "dangling").symlink_to("nowhere")
    sha = origin.commit()
    origin.commit({"apps/web/x.yaml": "a: 2\n", "later": "1"})
    mirror.fetch()
    folder = mirror.checkout(sha)
    assert folder.name == sha
    assert (folder / "apps/web/x.yaml").read_text() == "a: 1\n"
    assert (folder / "bin/big").read_bytes() == binary
    assert (folder / "empty").read_bytes() == b""
    assert {name: str((folder / name).readlink()) for name in ("link", "outside", "folder-link", "dangling")} == {
        "link": "apps/web/x.yaml",
        "outside": "/etc/hostname",
        "folder-link": "apps",
        "dangling": "nowhere",
    }
    assert not (folder / "later").exists()
    assert not (folder / ".git").exists()
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("run.sh", "empty", "apps", ".")}
    assert modes == {"run.sh": 0o500, "empty": 0o400, "apps": 0o500, ".": 0o500}


def test_odd_names_are_kept(mirror: Mirror, origin: Origin) -> None:
    names = ["with space", "new\nline", "tab\t", 'quote"', "-dash", "ü", "a" * 200, "back\\slash"]
    origin.write(dict.fromkeys(names, "x"))
    (origin.path / os.fsdecode(b"latin-\xff")).write_text("x")
    sha = origin.commit()
    mirror.fetch()
    assert {path.name for path in mirror.checkout(sha).iterdir()} == {*names, os.fsdecode(b"latin-\xff")}
    again = Mirrors(mirror.checkout(sha).parents[2]).mirror(mirror.repository)
    assert again.checkout(sha) == mirror.checkout(sha)


def test_it_is_made_once(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit({"a": "1"})
    mirror.fetch()
    first = mirror.checkout(sha)
    made = (first / "a").stat()
    assert mirror.checkout(sha[:10]) == first
    restarted = Mirrors(first.parents[2]).mirror(mirror.repository)
    assert restarted.checkout(sha) == first
    assert (first / "a").stat().st_ino == made.st_ino


@pytest.mark.parametrize("change", ["content", "zero length", "missing", "added", "link instead of file", "same size"])
def test_a_folder_that_is_not_the_commit_is_made_anew(mirror: Mirror, origin: Origin, state: Path, change: str) -> None:
    """As after a power failure, or after somebody edited it."""
    sha = origin.commit({"apps/a": "good", "b": "x"})
    mirror.fetch()
    file = mirror.checkout(sha) / "apps/a"
    file.parent.chmod(0o700)
    file.chmod(0o600)
    match change:
        case "content":
            file.write_text("evil manifest")
        case "same size":
            file.write_text("evil")
        case "zero length":
            file.write_text("")
        case "missing":
            file.unlink()
        case "added":
            (file.parent / "c").write_text("evil")
        case _:
            file.unlink()
            file.symlink_to("/etc/hostname")
    restarted = Mirrors(state).mirror(mirror.repository)
    folder = restarted.checkout(sha)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert found == {"apps", "apps/a", "b"}
    assert (folder / "apps/a").read_text() == "good"
    assert not (folder / "apps/a").is_symlink()
    assert list(folder.parent.glob("making-*")) == []


def test_what_a_killed_process_left_is_removed(mirror: Mirror, origin: Origin, state: Path) -> None:
    first = origin.commit({"a": "1"})
    second = origin.commit({"a": "2"})
    mirror.fetch()
    left = mirror.checkout(first).parent / "making-0badcafe"
    left.mkdir()
    (left / "a").write_text("half")
    mirror.checkout(second)
    assert {path.name for path in left.parent.iterdir()} == {first, second, "lock"}


def test_submodules_are_left_out(mirror: Mirror, origin: Origin) -> None:
    origin.commit({"a": "1"})
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    origin.git(
        "commit",
        "--quiet",
        "-m",
        "x",
        environment={
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a",
        },
    )
    sha = origin.git("rev-parse", "HEAD")
    mirror.fetch()
    assert {path.name for path in mirror.checkout(sha).iterdir()} == {"a"}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("dots", r"the path \.\./escaped is not allowed"),
        ("git", r"the path \.GIT/config is not allowed"),
        ("slash", "is not allowed"),
        ("file and folder", "it cannot be written"),
        ("link then folder", "it cannot be written"),
    ],
)
def test_no_tree_climbs_out(origin: Origin, state: Path, tmp_path: Path, kind: str, message: str) -> None:
    evil = blob(origin, b"evil")
    outside = blob(origin, str(tmp_path).encode())
    inner = origin.git(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=(b"100644 escaped\0" + bytes.fromhex(evil))
    )
    config = origin.git(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=(b"100644 config\0" + bytes.fromhex(evil))
    )
    trees = {
        "dots": [("40000", "..", inner)],
        "git": [("40000", ".GIT", config)],
        "slash": [("100644", "../../escaped", evil)],
        "file and folder": [("100644", "a", evil), ("40000", "a", inner)],
        "link then folder": [("120000", "a", outside), ("40000", "a", inner)],
    }
    sha = tree(origin, *trees[kind])
    made = Checkouts(state / "checkouts", Runner())
    with pytest.raises(SourceError, match=message):
        made.get(origin.path / ".git", sha)
    assert not list(tmp_path.rglob("escaped"))
    assert [path.name for path in (state / "checkouts").iterdir()] == ["lock"]


def test_a_malformed_tree_does_not_even_enter_the_mirror(mirror: Mirror, origin: Origin) -> None:
    good = origin.commit({"a": "1"})
    mirror.fetch()
    evil = blob(origin, b"evil")
    origin.git("update-ref", "refs/heads/evil", tree(origin, ("100644", "..", evil)))
    with pytest.raises(SourceError, match="the server sent a malformed object, which is refused"):
        mirror.fetch()
    assert mirror.resolve("main").sha == good


def test_a_commit_over_the_caps_is_refused_before_anything_is_written(
    mirror: Mirror, origin: Origin, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({str(number): "x" * 100 for number in range(50)})
    mirror.fetch()
    monkeypatch.setattr(listing, "LARGEST_COUNT", 49)
    with pytest.raises(SourceError, match="it holds 50 files"):
        mirror.checkout(sha)
    monkeypatch.setattr(listing, "LARGEST_COUNT", 50)
    monkeypatch.setattr(listing, "LARGEST_SIZE", 4999)
    with pytest.raises(SourceError, match="keep manifests in a repository of their own"):
        mirror.checkout(sha)
    assert list(state.glob("checkouts/*/[0-9a-f]*")) == []
    monkeypatch.setattr(listing, "LARGEST_SIZE", 5000)
    assert mirror.checkout(sha).is_dir()


def test_a_commit_of_one_big_blob_repeated_is_counted_in_full(mirror: Mirror, origin: Origin, state: Path) -> None:
    """A few kilobytes in the repository, 64 GiB on the disk."""
    big = blob(origin, bytes(32 << 20))
    sha = tree(origin, *(("100644", f"{number:04}", big) for number in range(2048)))
    origin.git("update-ref", "refs/heads/main", sha)
    mirror.fetch()
    with pytest.raises(SourceError, match="2048 files with 65536 MiB"):
        mirror.checkout(sha)
    assert list(state.glob("checkouts/*/[0-9a-f]*")) == []


def test_old_folders_are_swept_and_kept_and_recent_ones_stay(mirror: Mirror, origin: Origin) -> None:
    shas = [origin.commit({"a": str(number)}) for number in range(25)]
    mirror.fetch()
    mirror.keep([shas[0]])
    folders = [mirror.checkout(sha) for sha in shas]
    assert all(folder.is_dir() for folder in folders), "none is removed while somebody may be reading it"
    long_ago = time.time() - 7200
    for number, folder in enumerate(folders):
        os.utime(folder, (long_ago + number, long_ago + number))
    newest = origin.commit({"a": "newest"})
    mirror.fetch()
    mirror.checkout(newest)
    left = {folder.name for folder in folders if folder.is_dir()}
    assert left == {shas[0], *shas[-19:]}
    assert (mirror.checkout(shas[1]) / "a").read_text() == "1", "a swept one is made again when it is asked for"


def test_an_empty_commit_is_an_empty_folder(mirror: Mirror, origin: Origin) -> None:
    sha = origin.commit()
    mirror.fetch()
    assert list(mirror.checkout(sha).iterdir()) == []
    assert mirror.tree_id(sha, "") == origin.git("rev-parse", f"{sha}^{{tree}}")
    assert mirror.folders(sha, "*") == ()


def test_export_attributes_do_not_change_it(mirror: Mirror, origin: Origin) -> None:
    files = {".gitattributes": "* export-ignore export-subst text eol=crlf ident\n", "a": "$Format:%H$ $Id$\n"}
    sha = origin.commit(files)
    mirror.fetch()
    assert (mirror.checkout(sha) / "a").read_bytes() == b"$Format:%H$ $Id$\n"


def test_an_unknown_commit(mirror: Mirror, origin: Origin, mirrors: Mirrors, tmp_path: Path) -> None:
    origin.commit()
    mirror.fetch()
    with pytest.raises(SourceError, match="there is no commit"):
        mirror.checkout("e" * 40)
    other = mirrors.mirror(Repository(str(tmp_path / "other")))
    with pytest.raises(SourceError, match="it has not been fetched yet"):
        other.checkout("e" * 40)

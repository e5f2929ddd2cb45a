from __future__ import annotations

from pathlib import Path

import pytest

from gitops_tui.model.errors import SourceError
from gitops_tui.source.transport.address import parse, shown


@pytest.mark.parametrize(
    ("url", "given", "protocol"),
    [
        ("/srv/repo", "/srv/repo", "file"),
        ("/srv/repo.git/", "/srv/repo.git", "file"),
        ("file:///srv/my%20repo", "/srv/my repo", "file"),
        ("file://localhost/srv/repo", "/srv/repo", "file"),
        ("/srv/odd:name", "/srv/odd:name", "file"),
        ("https://example.org/team/shop.git", "https://example.org/team/shop.git", "https"),
        ("https://bob@example.org:8443/shop", "https://bob@example.org:8443/shop", "https"),
        ("https://[::1]:8443/shop", "https://[::1]:8443/shop", "https"),
        ("ssh://git@example.org:2222/shop.git", "ssh://git@example.org:2222/shop.git", "ssh"),
        ("git@example.org:team/shop.git", "git@example.org:team/shop.git", "ssh"),
        ("example.org:shop", "example.org:shop", "ssh"),
    ],
)
def test_allowed_addresses(url: str, given: str, protocol: str) -> None:
    address = parse(url)
    assert (address.url, address.protocol) == (given, protocol)


def test_relative_paths_and_home_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/alice")
    assert parse("./repo").url == str(tmp_path / "repo")
    assert parse("repo").url == str(tmp_path / "repo")
    assert parse("~/repo").url == "/home/alice/repo"
    assert parse("~").url == "/home/alice"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ext::sh -c 'touch /tmp/x'",
        "ext::sh%20-c%20id",
        "fd::17/repo",
        "http://example.org/repo",
        "git://example.org/repo",
        "ftp://example.org/repo",
        "file://otherhost/srv/repo",
        "--upload-pack=touch /tmp/x",
        "-u",
        "ssh://-oProxyCommand=id/repo",
        "ssh://git@-oProxyCommand=id/repo",
        "-oProxyCommand=id:repo",
        "git@-oProxyCommand=id:repo",
        "git@host:-repo",
        "https://example.org/a\nb",
        "https://example.org/a b",
        "https://exa\x1bmple.org/a",
        "https://example.org:port/a",
        "https://example.org:99999/a",
        "https:///a",
        "https://example.org/a?b=c",
        "/srv/\x1b]0;title\x07repo",
        "~nobody-of-that-name/repo",
    ],
)
def test_everything_else_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(SourceError) as failure:
        parse(url)
    assert "allowed are a local path, file://, https://, ssh:// or user@host:path" in str(failure.value)
    assert "\x1b" not in str(failure.value)


def test_a_password_in_a_url_is_refused_and_never_shown() -> None:
    with pytest.raises(SourceError) as failure:
        parse("https://bob:hunter2@example.org/repo")
    assert "hunter2" not in str(failure.value)
    assert "https://bob:***@example.org/repo" in str(failure.value)
    assert shown("ssh://x:hunter2@h/r and https://:hunter2@h/r") == "ssh://x:***@h/r and https://:***@h/r"


def test_keys_are_readable_unique_and_stable() -> None:
    urls = ["https://example.org/team/shop.git", "https://example.org/team/shop", "git@example.org:team/shop.git"]
    keys = [parse(url).key for url in urls]
    assert len(set(keys)) == 3
    assert all("team-shop-" in key for key in keys)
    assert keys == [parse(url + "/").key for url in urls]
    assert "/" not in parse("/../../etc").key

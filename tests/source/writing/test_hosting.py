"""Where a pull request is opened, by the URL of the repository."""

from __future__ import annotations

import pytest

from gitops_tui.source.writing.hosting import pull_request_url, told_url

BRANCH = "revert/shop-1234567"
MERGE = "https://gitlab.example.org/ops/team/fleet/-/merge_requests/new"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (
            "https://github.com/acme/fleet.git",
            "https://github.com/acme/fleet/compare/main...revert/shop-1234567?expand=1",
        ),
        ("git@github.com:acme/fleet.git", "https://github.com/acme/fleet/compare/main...revert/shop-1234567?expand=1"),
        (
            "ssh://git@gitlab.example.org:2222/ops/team/fleet.git",
            f"{MERGE}?merge_request%5Bsource_branch%5D=revert%2Fshop-1234567&merge_request%5Btarget_branch%5D=main",
        ),
        (
            "https://bob@bitbucket.org/acme/fleet",
            "https://bitbucket.org/acme/fleet/pull-requests/new?source=revert%2Fshop-1234567&dest=main",
        ),
        (
            "https://gitea.example.org:3000/acme/fleet.git",
            "https://gitea.example.org:3000/acme/fleet/compare/main...revert/shop-1234567",
        ),
        ("https://codeberg.org/acme/fleet", "https://codeberg.org/acme/fleet/compare/main...revert/shop-1234567"),
        ("https://git.example.org/acme/fleet.git", ""),
        ("/srv/git/github/fleet.git", ""),
        ("file:///srv/github/fleet.git", ""),
        ("~/github/fleet", ""),
    ],
)
def test_the_page_is_guessed_by_the_name_of_the_host(url: str, page: str) -> None:
    assert pull_request_url(url, BRANCH, "main") == page


SAID = """remote: Create a pull request for 'x' on GitHub by visiting:
remote:   https://git.example.org/acme/fleet/pull/new/x
To https://git.example.org/acme/fleet
"""


def test_what_the_server_says_itself_beats_a_guess_if_it_is_its_own_page() -> None:
    assert told_url(SAID, "https://git.example.org/acme/fleet.git") == "https://git.example.org/acme/fleet/pull/new/x"
    assert told_url(SAID, "git@git.example.org:acme/fleet") == "https://git.example.org/acme/fleet/pull/new/x"
    assert told_url(SAID, "https://elsewhere.example.org/acme/fleet") == ""
    assert told_url(SAID, "/srv/fleet") == ""


def test_a_page_that_a_browser_takes_for_another_hosts_is_none_of_the_servers() -> None:
    """To a browser a backslash ends the host."""
    for said in (r"https://evil.example.org\@git.example.org/x", "https://git.example.org@evil.example.org/x"):
        assert told_url(f"remote: {said}\n", "https://git.example.org/acme/fleet") == ""

"""Where a pull request from a branch may be opened: a guess by the name of the host, without asking it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from gitops_tui.model.patterns import pattern

_SCP: Final = pattern(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>.+)")
_ADDRESS: Final = pattern(r"https://[^\s\x00-\x1f\x7f<>\"'\\]+")


def pull_request_url(url: str, branch: str, onto: str) -> str:
    """Return the page on which a pull request is opened; "" where the host's kind cannot be told."""
    host, path = _place(url)
    if not host or path.count("/") < 1:
        return ""
    here, there = quote(branch, safe=""), quote(onto, safe="")
    base = f"https://{host}/{quote(path)}"
    kind = host.rpartition("@")[2]
    if "github" in kind:
        return f"{base}/compare/{quote(onto)}...{quote(branch)}?expand=1"
    if "gitlab" in kind:
        name = "merge_request%5B{}_branch%5D"
        return f"{base}/-/merge_requests/new?{name.format('source')}={here}&{name.format('target')}={there}"
    if "bitbucket" in kind:
        return f"{base}/pull-requests/new?source={here}&dest={there}"
    if any(word in kind for word in ("gitea", "forgejo", "codeberg")):
        return f"{base}/compare/{quote(onto)}...{quote(branch)}"
    return ""


def told_url(said: str, url: str) -> str:
    """Return the page that the server itself named in answer to a push, if it is one of its own."""
    host, _ = _place(url)
    for line in said.splitlines():
        for address in _ADDRESS.findall(line) if host and line.startswith("remote:") else ():
            if urlsplit(address).hostname == host.partition(":")[0]:
                return str(address)
    return ""


def _place(url: str) -> tuple[str, str]:
    """(host for the browser, path without .git); ("", "") for a folder."""
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "ssh"} or not parts.hostname:
            return "", ""
        host = parts.hostname
        if parts.scheme == "https" and parts.port:
            host = f"{host}:{parts.port}"
        path = parts.path
    else:
        match = _SCP.fullmatch(url)
        if match is None or url.startswith(("/", ".", "~")):
            return "", ""
        host, path = match["host"], match["path"]
    return host, path.strip("/").removesuffix(".git")
